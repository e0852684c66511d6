//! What a file is, read from its bytes, and what a model can be given of it.

use chat::{AttachmentKind, ErrorCode, ErrorReport};

use super::aside;
use crate::pictures;

/// A larger file is not taken.
pub(super) const MOST_BYTES: usize = 20 * 1024 * 1024;
/// Longer texts fit into no model's reading; about 100,000 tokens.
pub(super) const MOST_CHARACTERS: usize = 400_000;

/// What it is and what is kept of it: a data URL, or text.
pub(super) async fn read(name: &str, bytes: Vec<u8>) -> Result<(AttachmentKind, String), ErrorReport> {
    if bytes.is_empty() {
        return Err(unreadable(name, "It is empty."));
    }
    if bytes.len() > MOST_BYTES {
        return Err(unreadable(name, "It is larger than 20 MB."));
    }
    if pictures::is_picture(&bytes) {
        // Large ones take longer than anybody on the async threads may.
        let picture = tokio::task::spawn_blocking(move || pictures::picture(&bytes)).await.ok().flatten();
        let picture = picture.ok_or_else(|| unreadable(name, "The picture is damaged or too large."))?;
        return Ok((AttachmentKind::Image { width: picture.width, height: picture.height }, picture.url));
    }
    let text = if is_pdf(&bytes) {
        aside::text(bytes).await.map_err(|error| unreadable(name, &error.to_string()).fix(error.fix()))?
    } else {
        let other = || unreadable(name, "It is neither text nor a PDF nor a PNG, JPEG, GIF or WebP picture.");
        text_in(bytes).ok_or_else(other)?
    };
    let characters = counted(name, &text)?;
    Ok((AttachmentKind::Text { characters }, text))
}

/// Some programs write a few words of their own first.
fn is_pdf(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(1024)];
    // A text that only speaks of it is a text.
    head.starts_with(b"%PDF-") || bytes.contains(&0) && head.windows(5).any(|it| it == b"%PDF-")
}

fn counted(name: &str, text: &str) -> Result<usize, ErrorReport> {
    let characters = text.chars().count();
    if characters > MOST_CHARACTERS {
        return Err(unreadable(
            name,
            &format!("It has {characters} characters; {MOST_CHARACTERS} can be read at once."),
        ));
    }
    Ok(characters)
}

/// UTF-8, or UTF-16 that says so. What holds zeros is no text.
fn text_in(bytes: Vec<u8>) -> Option<String> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| from([pair[0], pair[1]])).collect();
        String::from_utf16(&units).ok()
    };
    let text = match bytes.get(..2) {
        Some([0xff, 0xfe]) => wide(u16::from_le_bytes)?,
        Some([0xfe, 0xff]) => wide(u16::from_be_bytes)?,
        _ => String::from_utf8(bytes).ok()?,
    };
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    (!text.contains('\0')).then_some(text)
}

pub(super) fn unreadable(name: &str, why: &str) -> ErrorReport {
    ErrorReport::new(ErrorCode::InvalidInput, format!("{name} cannot be attached."))
        .because(why)
        .fix("Attach a text or code file, a PDF or a picture (PNG, JPEG, GIF, WebP), up to 20 MB.")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(name: &str, bytes: &[u8], expected: Result<AttachmentKind, &str>) {
        match (read(name, bytes.to_vec()).await, expected) {
            (Ok((kind, body)), Ok(wanted)) => {
                assert_eq!(kind, wanted, "{name}");
                assert!(!body.is_empty());
            }
            (Err(report), Err(why)) => assert!(report.cause.is_some_and(|cause| cause.contains(why)), "{name}"),
            (found, _) => panic!("{name}: {found:?}"),
        }
    }

    #[tokio::test]
    async fn a_file_is_what_its_bytes_say() {
        check("a.rs", "fn main() {} // ä".as_bytes(), Ok(AttachmentKind::Text { characters: 17 })).await;
        check("bom.txt", b"\xef\xbb\xbfhi", Ok(AttachmentKind::Text { characters: 2 })).await;
        check("wide.txt", b"\xff\xfeh\0i\0", Ok(AttachmentKind::Text { characters: 2 })).await;
        check(
            "picture.txt",
            &crate::pictures::tests::bytes(3136, 100),
            Ok(AttachmentKind::Image { width: 1568, height: 50 }),
        )
        .await;
        check("empty.txt", b"", Err("empty")).await;
        check("zeros.txt", b"a\0b", Err("neither text")).await;
        check("program.exe", b"MZ\x90\x00\x03", Err("neither text")).await;
        check("about.md", b"A PDF begins with %PDF-1.7.", Ok(AttachmentKind::Text { characters: 27 })).await;
        check("broken.png", b"\x89PNG\r\n\x1a\n....", Err("damaged")).await;
        check("long.txt", "x".repeat(400_001).as_bytes(), Err("400001 characters")).await;
        check("broken.pdf", b"%PDF-1.7\nnothing", Err("damaged")).await;
    }
}
