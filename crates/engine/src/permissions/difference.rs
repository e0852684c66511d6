//! Two definitions beside each other, word by word.

use chat::{Piece, PieceKind};
use similar::{ChangeTag, TextDiff};

/// More of what stayed the same than this is shortened: what changed is to be seen.
const LONGEST_SAME: usize = 400;
/// Longer texts are compared by their beginnings; comparing takes the square of their length at worst.
const LONGEST: usize = 40_000;

pub(super) fn pieces(before: &str, after: &str) -> Vec<Piece> {
    let (before, after) = (beginning(before), beginning(after));
    let diff = TextDiff::from_words(before.as_str(), after.as_str());
    let mut pieces: Vec<Piece> = vec![];
    for change in diff.iter_all_changes() {
        let kind = match change.tag() {
            ChangeTag::Equal => PieceKind::Same,
            ChangeTag::Delete => PieceKind::Removed,
            ChangeTag::Insert => PieceKind::Added,
        };
        match pieces.last_mut() {
            Some(last) if last.kind == kind => last.text.push_str(change.value()),
            _ => pieces.push(Piece { kind, text: change.value().to_owned() }),
        }
    }
    for piece in pieces.iter_mut().filter(|piece| piece.kind == PieceKind::Same) {
        piece.text = shortened(&piece.text);
    }
    pieces
}

fn beginning(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn shortened(text: &str) -> String {
    let count = text.chars().count();
    if count <= LONGEST_SAME {
        return text.to_owned();
    }
    let half = LONGEST_SAME / 2;
    let head: String = text.chars().take(half).collect();
    let tail: String = text.chars().skip(count - half).collect();
    format!("{head} … {tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> String {
        let mark = |piece: Piece| match piece.kind {
            PieceKind::Same => piece.text,
            PieceKind::Removed => format!("[-{}-]", piece.text),
            PieceKind::Added => format!("[+{}+]", piece.text),
        };
        pieces(before, after).into_iter().map(mark).collect()
    }

    #[test]
    fn words_that_came_and_went_are_told() {
        assert_eq!(told("reads a file", "reads a file"), "reads a file");
        assert_eq!(told("reads a file", "reads and sends a file"), "reads [+and sends +]a file");
        assert_eq!(told("reads one file", "reads two file"), "reads [-one-][+two+] file");
        let long = "word ".repeat(1000);
        let told = told(&format!("{long}old"), &format!("{long}new"));
        assert!(told.len() < 500 && told.contains(" … ") && told.ends_with("[-old-][+new+]"), "{told}");
    }
}
