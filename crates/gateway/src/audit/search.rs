//! Looking things up in a log: newest first, page by page, read from its end.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::files;

/// So many at once.
const PAGE: usize = 50;
const BLOCK: u64 = 64 << 10;

/// What is looked for; what is left out may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase", default)]
pub struct AuditFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub tenant: Option<String>,
    /// A part of the tool's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub tool: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub decision: Option<AuditDecision>,
    /// Milliseconds since 1970: from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub since: Option<u64>,
    /// Before then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub until: Option<u64>,
    /// Records before the one of that number: the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub before: Option<u64>,
}

/// What became of what was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum AuditDecision {
    /// It ran.
    Allowed,
    /// It was let through, and did not succeed.
    Failed,
    /// It was not let through.
    Refused,
    /// A person was asked.
    Asked,
    /// About the gateway itself, and about whoever knocked without being known.
    Gateway,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Counts up: the later, the larger.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub seq: u64,
    /// Milliseconds since 1970.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: u64,
    /// `call`, `prompt`, `resource`, `completion`, `subscription`, `begun`, `approval`, `denied`, `started` …
    pub kind: String,
    pub tool: String,
    pub actor: String,
    pub tenant: String,
    pub credential: String,
    pub roles: Vec<String>,
    pub decision: AuditDecision,
    /// `ok`, or the code of the refusal.
    pub result: String,
    /// Who said yes or no, where a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub duration_ms: Option<f64>,
    pub correlation: String,
    /// As the log has them: names and kinds, or values with secrets masked.
    #[cfg_attr(feature = "ts", ts(type = "unknown"))]
    pub arguments: Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct AuditPage {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    pub more: bool,
}

/// As it stands in the file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    seq: u64,
    at: Timestamp,
    kind: String,
    #[serde(default)]
    correlation: String,
    #[serde(default)]
    credential: String,
    #[serde(default)]
    actor: String,
    #[serde(default)]
    tenant: String,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    tool: String,
    #[serde(default)]
    arguments: Value,
    #[serde(default)]
    result: String,
    #[serde(default)]
    by: Option<String>,
    #[serde(default)]
    duration_ms: Option<f64>,
}

impl Line {
    fn decision(&self) -> AuditDecision {
        match (self.kind.as_str(), self.duration_ms) {
            ("approval", _) => AuditDecision::Asked,
            _ if self.tool.is_empty() => AuditDecision::Gateway,
            ("begun", _) => AuditDecision::Allowed,
            (_, Some(_)) if self.result == "ok" => AuditDecision::Allowed,
            (_, Some(_)) => AuditDecision::Failed,
            (_, None) => AuditDecision::Refused,
        }
    }

    fn entry(self) -> AuditEntry {
        AuditEntry {
            decision: self.decision(),
            seq: self.seq,
            at: u64::try_from(self.at.as_millisecond()).unwrap_or_default(),
            kind: self.kind,
            tool: self.tool,
            actor: self.actor,
            tenant: self.tenant,
            credential: self.credential,
            roles: self.roles,
            result: self.result,
            by: self.by,
            duration_ms: self.duration_ms,
            correlation: self.correlation,
            arguments: self.arguments,
        }
    }
}

impl AuditFilter {
    fn fits(&self, entry: &AuditEntry) -> bool {
        let part = |part: &String| entry.tool.to_lowercase().contains(&part.to_lowercase());
        // What ran is told by its end; that it was begun says something only where the end is missing.
        entry.kind != "begun"
            && self.tenant.as_ref().is_none_or(|tenant| *tenant == entry.tenant)
            && self.tool.as_ref().is_none_or(part)
            && self.decision.is_none_or(|decision| decision == entry.decision)
            && self.until.is_none_or(|until| entry.at < until)
            && self.before.is_none_or(|before| entry.seq < before)
    }
}

/// The newest records that fit. What is no record is passed over: [`super::verify`] is for that.
pub(crate) fn search(path: &Path, filter: &AuditFilter) -> io::Result<AuditPage> {
    let mut entries = vec![];
    for file in files(path)?.iter().rev() {
        let mut lines = Backwards::open(file)?;
        while let Some(line) = lines.next()? {
            let Ok(line) = serde_json::from_slice::<Line>(&line) else { continue };
            let entry = line.entry();
            if filter.since.is_some_and(|since| entry.at < since) {
                // What comes now is older still.
                return Ok(AuditPage { entries, more: false });
            }
            if !filter.fits(&entry) {
                continue;
            }
            if entries.len() == PAGE {
                return Ok(AuditPage { entries, more: true });
            }
            entries.push(entry);
        }
    }
    Ok(AuditPage { entries, more: false })
}

/// A file's lines, the last one first.
struct Backwards {
    file: File,
    /// What lies before is unread.
    from: u64,
    /// What was read and not yet given away.
    rest: Vec<u8>,
}

impl Backwards {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        Ok(Self { from: file.metadata()?.len(), file, rest: vec![] })
    }

    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(at) = self.rest.iter().rposition(|byte| *byte == b'\n') {
                let line = self.rest.split_off(at + 1);
                self.rest.pop();
                if !line.is_empty() {
                    return Ok(Some(line));
                }
                continue;
            }
            if self.from == 0 {
                let line = std::mem::take(&mut self.rest);
                return Ok(Some(line).filter(|line| !line.is_empty()));
            }
            let size = self.from.min(BLOCK);
            self.from -= size;
            self.file.seek(SeekFrom::Start(self.from))?;
            let mut block = vec![];
            (&mut self.file).take(size).read_to_end(&mut block)?;
            block.append(&mut self.rest);
            self.rest = block;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seq: u64) -> String {
        let (tenant, tool) = (["acme", "other"][seq as usize % 2], ["memory_write", "crm_read"][seq as usize % 2]);
        let took = if seq.is_multiple_of(3) { "" } else { "\"durationMs\":1.5," };
        let result = if seq.is_multiple_of(3) { "role_not_allowed" } else { "ok" };
        let at = Timestamp::from_second(1_000_000 + i64::try_from(seq).unwrap()).unwrap();
        format!(
            "{{\"seq\":{seq},\"at\":\"{at}\",\"kind\":\"call\",\"correlation\":\"c{seq}\",\"actor\":\"ann\",\
             \"tenant\":\"{tenant}\",\"tool\":\"{tool}\",{took}\"result\":\"{result}\",\"hash\":\"{}\"}}\n",
            "x".repeat(300)
        )
    }

    #[test]
    fn pages_go_back_through_every_file() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("audit.log");
        let text = |from: u64, to: u64| (from..=to).map(record).collect::<String>();
        std::fs::write(folder.path().join("audit.log.000001"), text(1, 700)).unwrap();
        std::fs::write(&path, format!("{}no record\n\n", text(701, 1000))).unwrap();
        let all = |filter: AuditFilter| {
            let (mut filter, mut all) = (filter, vec![]);
            loop {
                let page = search(&path, &filter).unwrap();
                assert!(page.entries.len() <= PAGE);
                all.extend(page.entries.iter().map(|entry| entry.seq));
                filter.before = all.last().copied();
                if !page.more {
                    return all;
                }
            }
        };
        assert_eq!(all(AuditFilter::default()), (1..=1000).rev().collect::<Vec<u64>>());
        let acme = all(AuditFilter { tenant: Some("acme".into()), ..AuditFilter::default() });
        assert!(acme.len() == 500 && acme.iter().all(|seq| seq % 2 == 0));
        assert_eq!(all(AuditFilter { tool: Some("CRM".into()), ..AuditFilter::default() }).len(), 500);
        let refused = AuditFilter { decision: Some(AuditDecision::Refused), ..AuditFilter::default() };
        assert_eq!(all(refused).len(), 333);
        let (since, until) = (Some(1_000_690_000), Some(1_000_710_000));
        assert_eq!(all(AuditFilter { since, until, ..AuditFilter::default() }), (690..710).rev().collect::<Vec<u64>>());
    }
}
