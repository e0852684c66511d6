use std::time::{Duration, Instant};

use lopdf::{
    Dictionary, Document, EncryptionState, EncryptionVersion, Object, ObjectId, Permissions, Stream, dictionary,
};

use super::*;

const MOST: usize = 1_000;

/// A PDF of pages with these drawings; what they draw with is told by `resources`.
fn pdf(pages: &[&str], resources: impl FnOnce(&mut Document) -> Dictionary) -> Document {
    let mut document = Document::with_version("1.7");
    let resources = resources(&mut document);
    let resources = document.add_object(resources);
    let parent = document.new_object_id();
    let mut page = |drawing: &str| {
        let content = document.add_object(Stream::new(dictionary! {}, drawing.as_bytes().to_vec()));
        let page = dictionary! {
            "Type" => "Page", "Parent" => parent, "Contents" => content, "Resources" => resources,
        };
        Object::Reference(document.add_object(page))
    };
    let kids: Vec<Object> = pages.iter().map(|drawing| page(drawing)).collect();
    let count = i64::try_from(kids.len()).unwrap();
    document.set_object(parent, dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count });
    let root = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => parent });
    document.trailer.set("Root", root);
    document.trailer.set("ID", vec![Object::string_literal("0123456789abcdef"), Object::string_literal("x")]);
    document
}

fn helvetica() -> Dictionary {
    dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding" }
}

fn fonts(document: &mut Document) -> Dictionary {
    let font = document.add_object(helvetica());
    dictionary! { "Font" => dictionary! { "F" => font } }
}

fn bytes(mut document: Document) -> Vec<u8> {
    let mut bytes = vec![];
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn check(document: Document, expected: Result<&str, PdfError>) {
    assert_eq!(text(bytes(document), MOST).as_deref(), expected.as_ref().copied());
}

#[test]
fn where_words_stand_tells_lines_spaces_columns_and_paragraphs() {
    let drawing = "BT /F 10 Tf 12 TL 50 700 Td (Caf\\351) Tj T* [(Two) -300 (wor) 20 (ds)] TJ 0 -40 Td (Next) Tj ET \
        q 2 0 0 2 0 0 cm BT /F 5 Tf 1 0 0 1 100 324 Tm (right) Tj ET Q BT /F 10 Tf 50 600 Td (Last) Tj ET";
    check(pdf(&[drawing], fonts), Ok("Café\nTwo words\n\nNext\tright\n\nLast"));
    let turned = "BT /F 10 Tf 0 1 -1 0 300 100 Tm (Turned) Tj 0 1 -1 0 300 140 Tm (words) Tj \
        0 1 -1 0 312 100 Tm (below) Tj ET";
    check(pdf(&[turned], fonts), Ok("Turned words\nbelow"));
}

#[test]
fn widths_tell_gaps_where_words_are_placed_one_by_one() {
    let fonts = |_: &mut Document| {
        let mut font = helvetica();
        font.set("FirstChar", 97);
        font.set("Widths", vec![Object::from(100), Object::from(1000)]);
        dictionary! { "Font" => dictionary! { "F" => font } }
    };
    let drawing = "BT /F 10 Tf 1 0 0 1 0 0 Tm (aa) Tj 1 0 0 1 5 0 Tm (bb) Tj 1 0 0 1 25 0 Tm (b) Tj ET";
    check(pdf(&[drawing], fonts), Ok("aa bbb"));
}

#[test]
fn a_page_without_text_is_named_and_pages_are_counted() {
    let words = "BT /F 10 Tf (Words) Tj ET";
    check(
        pdf(&[words, "0 0 m 9 9 l S", words], fonts),
        Ok("[Page 1]\n\nWords\n\n[Page 2: no text]\n\n[Page 3]\n\nWords"),
    );
    check(pdf(&["0 0 m 9 9 l S", ""], fonts), Err(PdfError::NoText));
    assert_eq!(text(bytes(pdf(&[], fonts)), MOST), Err(PdfError::Damaged));
}

#[test]
fn what_a_font_says_of_its_codes_goes_before_how_they_are_drawn() {
    let fonts = |document: &mut Document| {
        let map = b"/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n\
            /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n\
            /CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n\
            1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n\
            2 beginbfchar\n<0001> <0048>\n<0002> <FB01>\nendbfchar\n\
            endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend";
        let map = document.add_object(Stream::new(dictionary! {}, map.to_vec()));
        let within = dictionary! {
            "Type" => "Font", "Subtype" => "CIDFontType2", "DW" => 500,
            "W" => vec![Object::from(1), Object::Array(vec![Object::from(900)])],
        };
        let told = dictionary! {
            "Type" => "Font", "Subtype" => "Type0", "Encoding" => "Identity-H", "ToUnicode" => map,
            "DescendantFonts" => vec![Object::from(within.clone())],
        };
        let untold = dictionary! {
            "Type" => "Font", "Subtype" => "Type0", "Encoding" => "Identity-H",
            "DescendantFonts" => vec![Object::from(within)],
        };
        dictionary! { "Font" => dictionary! { "T" => told, "U" => untold } }
    };
    check(pdf(&["BT /T 10 Tf <00010002> Tj ET"], fonts), Ok("Hfi"));
    check(pdf(&["BT /U 10 Tf <00010002> Tj ET"], fonts), Err(PdfError::NoText));
}

/// A drawing that is drawn by name, with these words of its own.
fn form(document: &mut Document, drawing: &str) -> ObjectId {
    let about = dictionary! { "Type" => "XObject", "Subtype" => "Form" };
    document.add_object(Stream::new(about, drawing.as_bytes().to_vec()))
}

#[test]
fn drawings_within_drawings_are_read_and_end() {
    let with_form = |drawing: &'static str| {
        move |document: &mut Document| {
            let mut resources = fonts(document);
            let form = form(document, drawing);
            resources.set("XObject", dictionary! { "X" => form });
            resources
        }
    };
    check(pdf(&["/X Do"], with_form("BT /F 9 Tf (Within) Tj ET")), Ok("Within"));
    check(pdf(&["/X Do"], with_form("/X Do")), Err(PdfError::NoText));
    // Each draws itself twice: that would never end, were it not for the depth.
    check(pdf(&["/X Do"], with_form("/X Do /X Do")), Err(PdfError::NoText));
}

#[test]
fn what_is_too_much_says_so() {
    let long = format!("BT /F 9 Tf ({}) Tj ET", "x".repeat(4 * MOST + 4));
    check(pdf(&[&long], fonts), Err(PdfError::TooLong(MOST)));
    check(pdf(&[""; MOST_PAGES + 1], fonts), Err(PdfError::TooManyPages));

    let mut bomb = pdf(&[""], fonts);
    let page = bomb.page_iter().next().unwrap();
    let mut zeros = Stream::new(dictionary! {}, vec![b' '; MOST_OF_A_PART + 1]);
    zeros.compress().unwrap();
    assert!(zeros.content.len() < 100_000);
    let zeros = bomb.add_object(zeros);
    bomb.get_dictionary_mut(page).unwrap().set("Contents", zeros);
    check(bomb, Err(PdfError::TooLarge));

    let drawing = "BT /F 9 Tf (x) Tj ET".repeat(300);
    let document = bytes(pdf(&[&drawing], fonts));
    let over = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
    assert_eq!(text_of(&document, MOST, over), Err(PdfError::TooSlow));
}

#[test]
fn a_password_is_asked_for_only_where_there_is_one() {
    for (user_password, expected) in [("secret", Err(PdfError::Locked)), ("", Ok("Words"))] {
        let mut document = pdf(&["BT /F 9 Tf (Words) Tj ET"], fonts);
        let version = EncryptionVersion::V2 {
            document: &document,
            owner_password: "owner",
            user_password,
            key_length: 128,
            permissions: Permissions::all(),
        };
        let state = EncryptionState::try_from(version).unwrap();
        document.encrypt(&state).unwrap();
        check(document, expected);
    }
}

#[test]
fn whatever_is_damaged_is_only_damaged() {
    let whole = bytes(pdf(&["BT /F 9 Tf (Words) Tj ET"], fonts));
    for end in (0..whole.len()).step_by(23) {
        let _ = text(whole[..end].to_vec(), MOST);
    }
    for at in (0..whole.len()).step_by(7) {
        for with in [0, b'<', b'[', b'9', 0xff] {
            let mut damaged = whole.clone();
            damaged[at] = with;
            let _ = text(damaged, MOST);
        }
    }
    for deep in ["[", "<<", "<< /Kids [", "("] {
        let mut hostile = b"%PDF-1.7\n1 0 obj\n".to_vec();
        hostile.extend(deep.repeat(200_000).into_bytes());
        hostile.extend(b"\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF");
        assert!(text(hostile, MOST).is_err(), "{deep}");
    }
}
