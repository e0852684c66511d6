//! What servers say of themselves, with nothing hidden in it.

/// The text with every character written out that a person cannot see but a model reads: controls, zero-width,
/// direction, tag and filler characters become `⟨U+200B⟩`. Line breaks and tabs stay.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        if is_hidden(c) {
            shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown
}

fn is_hidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'
                ..='\u{180f}'
        )
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}')
        || matches!(c, '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        let rows = [
            ("plain text\n\twith lines", "plain text\n\twith lines"),
            ("Grüße 日本 ✔️", "Grüße 日本 ✔️"),
            ("a\u{200b}b", "a⟨U+200B⟩b"),
            ("a\u{202e}b\u{2066}", "a⟨U+202E⟩b⟨U+2066⟩"),
            ("x\u{e0041}", "x⟨U+E0041⟩"),
            ("bell\u{7}", "bell⟨U+0007⟩"),
            ("\u{feff}two\r\nlines\r", "⟨U+FEFF⟩two\nlines⟨U+000D⟩"),
        ];
        for (text, shown) in rows {
            assert_eq!(visible(text), shown);
            assert_eq!(visible(shown), shown);
        }
    }
}
