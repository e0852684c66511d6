//! Why a tool did not answer, told so that the reader can do better the next time.

use std::fmt::Display;

use jiff::civil::Date;

use crate::words::InvoiceId;

/// Becomes a tool result with `isError`, never a protocol error: a language model reads the former and corrects itself.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("No {kind} {asked}. Known: {known}. {advice}")]
    Unknown { kind: &'static str, asked: String, known: String, advice: &'static str },
    #[error("Give at least one of: {wanted}.")]
    NothingAsked { wanted: &'static str },
    #[error("{asked} contradicts {other}. Give only one of them, or two that belong together.")]
    Contradiction { asked: String, other: String },
    #[error("The range is empty: it starts on {start} and ends on {end}.")]
    EmptyRange { start: Date, end: Date },
    #[error("{invoice} was issued on {issued}, so on {as_of} there was none. Give a later as_of, or none.")]
    NotIssued { invoice: InvoiceId, issued: Date, as_of: Date },
    #[error("{place} {problem}. Arguments: {accepted}.")]
    Arguments { place: String, problem: serde_json::Error, accepted: String },
    #[error("The answer could not be written: {0}")]
    Unwritable(#[from] serde_json::Error),
}

impl Refusal {
    /// `known` is shortened to ranges: `CUST-001 … CUST-008`.
    pub(crate) fn unknown<K: Display>(
        kind: &'static str,
        asked: impl Display,
        known: impl IntoIterator<Item = K>,
        advice: &'static str,
    ) -> Self {
        let known = ranges(known.into_iter().map(|id| id.to_string()).collect());
        Self::Unknown { kind, asked: asked.to_string(), known, advice }
    }
}

/// Both ends are inclusive; an end before the start is refused rather than answered with nothing.
pub(crate) fn check_range(start: Option<Date>, end: Option<Date>) -> Result<(), Refusal> {
    match (start, end) {
        (Some(start), Some(end)) if end < start => Err(Refusal::EmptyRange { start, end }),
        (_, _) => Ok(()),
    }
}

fn ranges(mut ids: Vec<String>) -> String {
    ids.sort();
    let mut runs: Vec<(String, String)> = Vec::new();
    for id in ids {
        match runs.last_mut() {
            Some((_, last)) if follows(last, &id) => *last = id,
            Some(_) | None => runs.push((id.clone(), id)),
        }
    }
    let written = runs.into_iter().map(|(first, last)| if first == last { first } else { format!("{first} … {last}") });
    written.collect::<Vec<_>>().join(", ")
}

fn follows(id: &str, next: &str) -> bool {
    let number =
        |id: &str| id.rsplit_once('-').and_then(|(head, tail)| Some((head.to_owned(), tail.parse::<u32>().ok()?)));
    match (number(id), number(next)) {
        (Some((head, number)), Some((next_head, next_number))) => head == next_head && next_number == number + 1,
        (_, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_ids_name_what_exists() {
        let known = ["AST-SRV-002", "AST-LAP-001", "AST-SRV-001", "AST-SRV-003"];
        let refusal = Refusal::unknown("asset", "AST-XYZ-001", known, "Try again.");
        assert_eq!(
            refusal.to_string(),
            "No asset AST-XYZ-001. Known: AST-LAP-001, AST-SRV-001 … AST-SRV-003. Try again."
        );
    }
}
