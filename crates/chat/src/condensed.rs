//! A history that was summed up, so that a model can go on where it could not read all of it. Nothing is lost: the
//! turns stay as they were, only what a model is told of them changes.

use serde::{Deserialize, Serialize};

use crate::{Turn, TurnId};

/// Stands for all turns up to one, for the turn that carries it and for those that follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Condensed {
    /// The last turn that it stands for.
    pub upto: TurnId,
    /// How many turns it stands for.
    pub turns: u32,
    /// In the model's words.
    pub summary: String,
    pub at: u64,
    /// Whether a person took it back: then everything is told again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub undone: bool,
}

/// What a model is told of what was said before: the latest summary that holds, and the turns after it.
pub fn recalled<'a>(earlier: &'a [Turn], own: Option<&'a Condensed>) -> (Option<&'a Condensed>, &'a [Turn]) {
    let all = earlier.iter().filter_map(|turn| turn.condensed.as_ref()).chain(own);
    let held = all.rev().filter(|condensed| !condensed.undone).find_map(|condensed| {
        let last = earlier.iter().position(|turn| turn.id == condensed.upto)?;
        Some((condensed, &earlier[last + 1..]))
    });
    held.map_or((None, earlier), |(condensed, rest)| (Some(condensed), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Item, Message, ModelRef, Role};

    fn turn(id: &str, condensed: Option<Condensed>) -> Turn {
        let model = ModelRef { provider: "p".into(), model: "m".into() };
        let (text, reasoning) = (id.to_owned(), String::new());
        let (at, spoke_at, attachments) = (1, None, vec![]);
        let message = Message { id: id.into(), role: Role::User, round: 0, text, reasoning, at, spoke_at, attachments };
        Turn { condensed, ..Turn::new(id.into(), model, Item::Message(message), 1) }
    }

    fn condensed(upto: &str, undone: bool) -> Condensed {
        Condensed { upto: upto.into(), turns: 1, summary: format!("until {upto}"), at: 2, undone }
    }

    #[test]
    fn the_latest_summary_that_holds_stands_for_what_was_before_it() {
        let rows = [
            (vec![None, None, None], None, "all: a b c"),
            (vec![None, None, None], Some(condensed("b", false)), "until b: c"),
            (vec![None, Some(condensed("a", false)), None], None, "until a: b c"),
            (vec![None, Some(condensed("a", false)), None], Some(condensed("c", false)), "until c:"),
            // Taken back, the one before it holds again.
            (vec![None, Some(condensed("a", false)), None], Some(condensed("b", true)), "until a: b c"),
            (vec![None, Some(condensed("a", true)), None], None, "all: a b c"),
            // Of another branch: what it stands for is not among these turns.
            (vec![None, None, Some(condensed("elsewhere", false))], None, "all: a b c"),
        ];
        for (held, own, told) in rows {
            let turns: Vec<Turn> = ["a", "b", "c"].iter().zip(held).map(|(id, held)| turn(id, held)).collect();
            let (condensed, rest) = recalled(&turns, own.as_ref());
            let ids: Vec<&str> = rest.iter().map(|turn| turn.id.as_str()).collect();
            let head = condensed.map_or("all", |condensed| condensed.summary.as_str());
            assert_eq!(format!("{head}: {}", ids.join(" ")).trim_end(), told);
        }
    }
}
