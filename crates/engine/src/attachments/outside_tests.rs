//! Files that people attach, spoilt: they are read or refused, and nothing else comes of it.

use super::reading::read;

#[tokio::test]
async fn files_that_come_with_questions_are_read_or_refused() {
    let picture = crate::pictures::tests::bytes(4, 4);
    let pdf: &[u8] =
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
        3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n\
        4 0 obj<</Length 33>>stream\nBT /F 10 Tf 50 700 Td (Hi) Tj ET  \nendstream endobj\n\
        5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF";
    for seed in [picture.as_slice(), pdf, "Wörter \u{feff}".as_bytes()] {
        for number in 0..400 {
            // As bytes: a picture is no text, so it is spoilt here.
            let mut dice = testkit::Dice::new(number + 1);
            let mut bytes = seed.to_vec();
            for _ in 0..=dice.below(6) {
                let at = dice.below(bytes.len());
                match dice.below(3) {
                    0 => bytes.truncate(at + 1),
                    1 => bytes[at] = dice.any().to_le_bytes()[0],
                    _ => drop(bytes.splice(at..at, [0xff, 0xff, 0x7f])),
                }
            }
            match read("a file", bytes).await {
                Ok((_, body)) => assert!(!body.is_empty()),
                Err(report) => assert!(report.cause.is_some() && report.fix.is_some()),
            }
        }
    }
}
