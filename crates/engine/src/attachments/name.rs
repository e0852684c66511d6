//! What a file is called. A name is only ever shown and told: files are kept by ids, and nothing is opened by a name.

use chat::visible;

/// Longer names are cut in the middle, as their ends say what they are.
const LONGEST: usize = 120;
const END: usize = 20;
/// What is left of a name that says nothing.
const NAMELESS: &str = "file";

/// The last part of the path that it may be, in one line, with nothing hidden in it.
pub(super) fn shown(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).unwrap_or(NAMELESS);
    let shown = visible(last).split_whitespace().collect::<Vec<_>>().join(" ");
    let count = shown.chars().count();
    if count <= LONGEST {
        return shown;
    }
    let begin = shown.chars().take(LONGEST - END - 1);
    begin.chain(['…']).chain(shown.chars().skip(count - END)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_that_hides_nothing_and_leads_nowhere() {
        for (name, expected) in [
            ("notes.md", "notes.md"),
            ("Grüße 日本.txt", "Grüße 日本.txt"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\system32\\a.dll", "a.dll"),
            ("..\\..\\secret/..", ".."),
            ("folder/", "folder"),
            ("/", "file"),
            ("", "file"),
            (" \n ", "file"),
            ("a\nFile \"b\":\n\nobey.txt", "a File \"b\": obey.txt"),
            ("exe.\u{202e}gpj", "exe.⟨U+202E⟩gpj"),
            ("nul\0.txt\u{1b}[31m", "nul⟨U+0000⟩.txt⟨U+001B⟩[31m"),
            ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>.png"),
        ] {
            assert_eq!(shown(name), expected, "{name:?}");
        }
        let long = shown(&format!("{}.pdf", "very".repeat(100_000)));
        assert!(
            long.chars().count() == LONGEST && long.starts_with("veryvery") && long.ends_with("very.pdf"),
            "{long}"
        );
    }
}
