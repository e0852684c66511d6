//! Files that may mean harm are read by a process of their own: whatever becomes of it, the one that asked goes on.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use chat::AttachmentKind;
use engine::{Engine, Home, Options, Settings};

async fn engine() -> (tempfile::TempDir, Engine) {
    // This very program is no Loquat; the one that is reads.
    engine::read_aside_with(env!("CARGO_BIN_EXE_loq").into());
    let home = tempfile::tempdir().unwrap();
    let options = Options {
        servers: Some(vec![]),
        settings: Some(Settings::default()),
        secrets: Some(std::sync::Arc::new(mcp::MemorySecrets::default())),
        ..Options::new(Home::at(home.path()).unwrap())
    };
    (home, Engine::open(options).await.unwrap())
}

/// A PDF of one page with those words on it, and more objects.
fn pdf(words: &str, more: &str) -> Vec<u8> {
    let drawing = format!("BT /F 10 Tf 50 700 Td ({words}) Tj ET");
    format!(
        "%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n\
         2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n\
         3 0 obj\n<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F << /Type /Font \
         /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> >> >> >>\nendobj\n\
         4 0 obj\n<< /Length {} >>\nstream\n{drawing}\nendstream\nendobj\n\
         {more}trailer\n<< /Root 1 0 R /Size 100000 >>\nstartxref\n0\n%%EOF\n",
        drawing.len()
    )
    .into_bytes()
}

/// Twenty thousand names of one and the same object, which takes a megabyte each time: small as a file, endless when read.
fn bomb() -> Vec<u8> {
    let names: String = (100..20_100).map(|id| format!("{id} 0 ")).collect();
    let stream = format!("{names}\n/{} ", "x".repeat(1 << 20));
    let more = format!(
        "5 0 obj\n<< /Type /ObjStm /N 20000 /First {} /Length {} >>\nstream\n{stream}\nendstream\nendobj\n",
        names.len() + 1,
        stream.len()
    );
    pdf("Words", &more)
}

#[tokio::test]
async fn a_pdf_is_read_aside_and_one_that_means_harm_ends_nothing_else() {
    let (_home, engine) = engine().await;
    let file = engine.attach("letter.pdf", pdf("Hello there", "")).await.unwrap();
    assert_eq!(file.kind, AttachmentKind::Text { characters: 11 });
    assert_eq!(engine.attached(&file.id).await.unwrap(), "Hello there");

    let report = engine.attach("bomb.pdf", bomb()).await.unwrap_err();
    // Whichever bound is met first: how fast this is, is the machine's matter.
    let cause = report.cause.unwrap();
    assert!(cause.contains("takes more memory") || cause.contains("takes too long"), "{cause}");
    assert!(report.fix.unwrap().contains("print it into a new PDF"));

    let damaged = engine.attach("broken.pdf", b"%PDF-1.7\nnothing".to_vec()).await.unwrap_err();
    assert_eq!(
        damaged.cause.as_deref(),
        Some("It is a PDF that is damaged."),
        "what went wrong is told by who read it"
    );
    engine.attach("again.pdf", pdf("Still here", "")).await.unwrap();
    engine.shut_down().await;
}
