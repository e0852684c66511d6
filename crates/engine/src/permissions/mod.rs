//! What a person allowed for longer than once: kept in the home, void as soon as a definition changes.
//!
//! The file is read again whenever it changed: the window and `loq` may run at the same time.

mod difference;
mod making;
mod rules;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use chat::{CallStatus, Change, Covers, Effect, ErrorCode, ErrorReport, Policy, Remembered, Tool, ToolCall};
use mcp::Catalogue;
use serde::{Deserialize, Serialize};

pub use making::NewRule;
pub(crate) use rules::leave_by;
pub use rules::{Explanation, RuleState, RuleView, Verdict};
pub(crate) use words::words;

pub(crate) struct Permissions {
    path: PathBuf,
    known: Mutex<Known>,
}

/// What the file held when it was read.
#[derive(Default)]
struct Known {
    kept: Kept,
    written: Option<SystemTime>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    remembered: Vec<Remembered>,
    /// The text of each definition that was allowed, by its fingerprint: what a changed one is compared with.
    definitions: BTreeMap<String, String>,
}

impl Permissions {
    /// Those of a home. A file that cannot be read allows nothing, and is never overwritten.
    pub(crate) fn load(path: PathBuf, troubles: &mut Vec<ErrorReport>) -> Self {
        let permissions = Self { path, known: Mutex::default() };
        if let Err(error) = permissions.refresh() {
            troubles.push(error);
        }
        permissions
    }

    /// All that is remembered now.
    pub(crate) fn remembered(&self) -> Vec<Remembered> {
        match self.refresh() {
            Ok(known) => known.kept.remembered.clone(),
            Err(error) => {
                tracing::warn!("what was allowed before cannot be read: {}", error.message);
                vec![]
            }
        }
    }

    /// Keeps a yes. Those that it makes up for, void since the tool changed, go.
    pub(crate) fn remember(&self, remembered: Remembered, call: &ToolCall, tools: &[Tool]) -> Result<(), ErrorReport> {
        self.change(|kept| {
            let same_place = |known: &Remembered| known.conversation == remembered.conversation;
            for known in kept.remembered.iter_mut().filter(|known| same_place(known) && known.is_void_for(call)) {
                match &mut known.covers {
                    Covers::ReadOnly { definitions } => drop(definitions.remove(&call.tool)),
                    Covers::Tool { definition, .. }
                    | Covers::Arguments { definition, .. }
                    | Covers::Pattern { definition, .. } => definition.clear(),
                    Covers::Server => (),
                }
            }
            kept.remembered.retain(|known| !same_place(known) || !is_empty(known));
            let same = |known: &Remembered| {
                let same_covers = match (&known.covers, &remembered.covers) {
                    (Covers::ReadOnly { .. }, Covers::ReadOnly { .. }) => true,
                    (one, other) => one == other,
                };
                let same_kind = known.effect == remembered.effect && known.standing == remembered.standing;
                same_place(known) && known.server == remembered.server && same_kind && same_covers
            };
            kept.remembered.retain(|known| !same(known));
            for tool in tools {
                kept.definitions.insert(tool.definition.clone(), mcp::definition_text(tool));
            }
            kept.remembered.push(remembered);
        })
    }

    /// Keeps a rule that a person made, with the definition to which a yes holds. What stood before where it now
    /// stands goes, and with it what was allowed of a tool that shall be asked about or refused.
    pub(crate) fn put(&self, rule: Remembered, tool: Option<&Tool>) -> Result<(), ErrorReport> {
        self.change(|kept| {
            kept.remembered.retain(|known| !replaces(&rule, known));
            if let Some(tool) = tool {
                kept.definitions.insert(tool.definition.clone(), mcp::definition_text(tool));
            }
            kept.remembered.push(rule);
        })
    }

    /// Takes a rule back.
    pub(crate) fn forget(&self, id: &str) -> Result<(), ErrorReport> {
        if !self.remembered().iter().any(|known| known.id == id) {
            return Err(ErrorReport::new(ErrorCode::NotFound, "There is no such rule (any more)."));
        }
        self.change(|kept| kept.remembered.retain(|known| known.id != id))
    }

    /// The call with how its tool differs from the one that was allowed, where that is why it asks.
    pub(crate) fn with_change(&self, call: ToolCall, policy: &Policy, catalogue: &Catalogue) -> ToolCall {
        let CallStatus::AwaitingApproval { reason, .. } = &call.status else { return call };
        let Some(change) = self.change_of(&call, policy, catalogue) else { return call };
        let status = CallStatus::AwaitingApproval { reason: reason.clone(), change: Some(change) };
        ToolCall { status, ..call }
    }

    fn change_of(&self, call: &ToolCall, policy: &Policy, catalogue: &Catalogue) -> Option<Change> {
        let voided = policy.voided(call)?;
        let tool = catalogue.get(&call.server, &call.tool).filter(|tool| tool.definition == call.definition)?;
        let known = self.refresh().ok()?;
        let before = known.kept.definitions.get(voided.definition_of(call)?)?;
        Some(Change { allowed_at: voided.at, pieces: difference::pieces(before, &mcp::definition_text(tool)) })
    }

    /// What is known, read anew where the file changed.
    fn refresh(&self) -> Result<MutexGuard<'_, Known>, ErrorReport> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let written = std::fs::metadata(&self.path).and_then(|meta| meta.modified()).ok();
        if written == known.written {
            return Ok(known);
        }
        *known = Known::default();
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(known),
            Err(error) => return Err(self.unusable("read", &error.to_string())),
        };
        let kept = serde_json::from_str(&text).map_err(|error| self.unusable("read", &error.to_string()))?;
        *known = Known { kept, written };
        Ok(known)
    }

    fn change(&self, change: impl FnOnce(&mut Kept)) -> Result<(), ErrorReport> {
        let mut known = self.refresh()?;
        let mut kept = known.kept.clone();
        change(&mut kept);
        let used: Vec<String> = kept.remembered.iter().flat_map(definitions).cloned().collect();
        kept.definitions.retain(|definition, _| used.contains(definition));
        let text = serde_json::to_string_pretty(&kept).map_err(|error| self.unusable("written", &error.to_string()))?;
        mcp::write_atomically(&self.path, text.as_bytes())
            .map_err(|error| self.unusable("written", &error.to_string()))?;
        let written = std::fs::metadata(&self.path).and_then(|meta| meta.modified()).ok();
        *known = Known { kept, written };
        Ok(())
    }

    fn unusable(&self, what: &str, cause: &str) -> ErrorReport {
        let message = format!("The permissions in {} cannot be {what}.", self.path.display());
        ErrorReport::new(ErrorCode::StorageFailed, message)
            .because(cause)
            .fix("Mend the file, or move it away. Until then every call that may change something asks.")
    }
}

/// Whether a rule has no use any more once the new one is there.
fn replaces(new: &Remembered, known: &Remembered) -> bool {
    if known.server != new.server || known.conversation != new.conversation {
        return false;
    }
    let tool = |covers: &Covers| match covers {
        Covers::Tool { tool, .. } => Some(tool.clone()),
        Covers::Arguments { .. } | Covers::ReadOnly { .. } | Covers::Pattern { .. } | Covers::Server => None,
    };
    let same_thing = match (&known.covers, &new.covers) {
        (Covers::Server, Covers::Server) => true,
        (Covers::Pattern { tool, arguments, .. }, Covers::Pattern { tool: other, arguments: others, .. }) => {
            tool == other && arguments == others
        }
        (one, other) => tool(one).is_some() && tool(one) == tool(other),
    };
    let overruled = new.standing && new.effect != Effect::Allow && known.effect == Effect::Allow;
    same_thing && (known.standing == new.standing || overruled)
}

/// A yes to nothing. A no, and the wish to be asked, need no definition.
fn is_empty(remembered: &Remembered) -> bool {
    remembered.effect == Effect::Allow
        && match &remembered.covers {
            Covers::ReadOnly { definitions } => definitions.is_empty(),
            Covers::Tool { definition, .. }
            | Covers::Arguments { definition, .. }
            | Covers::Pattern { definition, .. } => definition.is_empty(),
            Covers::Server => false,
        }
}

fn definitions(remembered: &Remembered) -> Vec<&String> {
    match &remembered.covers {
        Covers::ReadOnly { definitions } => definitions.values().collect(),
        Covers::Tool { definition, .. } | Covers::Arguments { definition, .. } | Covers::Pattern { definition, .. } => {
            vec![definition]
        }
        Covers::Server => vec![],
    }
}
