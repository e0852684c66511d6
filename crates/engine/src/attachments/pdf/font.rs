//! What the codes of a font say and how wide they are.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, Encoding, Object};

use super::MOST_OF_A_PART;

/// How wide a letter is that nobody knows the width of: about half as wide as high.
const USUAL: f32 = 0.5;
/// So many widths of a font are read at most: one font has no more letters.
const MOST_WIDTHS: usize = 1 << 17;

/// Widths are in the height of the letters.
pub(super) enum Font<'a> {
    /// One byte is one letter.
    Simple { letters: Vec<String>, widths: Vec<f32> },
    /// Two bytes are one letter, nearly always.
    Composite { encoding: Encoding<'a>, widths: BTreeMap<u16, f32>, other: f32 },
}

impl<'a> Font<'a> {
    /// Nothing, if nobody can tell what its codes say.
    pub(super) fn read(font: &'a Dictionary, document: &'a Document) -> Option<Self> {
        let subtype = font.get(b"Subtype").and_then(Object::as_name).unwrap_or_default();
        if subtype == b"Type0" {
            let (widths, other) = composite_widths(font, document);
            let encoding = mapped(font, document).or_else(|| unmapped(font, document))?;
            return Some(Self::Composite { encoding, widths, other });
        }
        let mapped = mapped(font, document);
        let named = font.get_font_encoding_with_limit(document, MOST_OF_A_PART).ok();
        let say = |encoding: &Option<Encoding<'_>>, code: u8| {
            let said = encoding.as_ref()?.bytes_to_string(&[code]).ok()?;
            (!said.is_empty() && !said.contains(char::REPLACEMENT_CHARACTER)).then_some(said)
        };
        let letter = |code| say(&mapped, code).or_else(|| say(&named, code)).unwrap_or_default();
        let letters = (0..=u8::MAX).map(letter).collect();
        Some(Self::Simple { letters, widths: simple_widths(font, document, subtype) })
    }

    /// What these codes say, and how wide each of them is.
    pub(super) fn say(&self, bytes: &[u8]) -> (String, Vec<f32>) {
        match self {
            Self::Simple { letters, widths } => {
                let said = bytes.iter().filter_map(|code| letters.get(usize::from(*code))).map(String::as_str);
                let wide = |code: &u8| widths.get(usize::from(*code)).copied().unwrap_or(USUAL);
                (said.collect(), bytes.iter().map(wide).collect())
            }
            Self::Composite { encoding, widths, other } => {
                let codes = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
                let wide = codes.map(|code| widths.get(&code).copied().unwrap_or(*other)).collect();
                (encoding.bytes_to_string(bytes).unwrap_or_default(), wide)
            }
        }
    }
}

/// What a font says itself of the meaning of its codes. It goes before any other encoding, which is for drawing.
fn mapped<'a>(font: &Dictionary, document: &Document) -> Option<Encoding<'a>> {
    let meaning = font.get(b"ToUnicode").ok()?.clone();
    let alone = Dictionary::from_iter([("Type", Object::Name(b"Font".to_vec())), ("ToUnicode", meaning)]);
    match alone.get_font_encoding_with_limit(document, MOST_OF_A_PART) {
        Ok(Encoding::UnicodeMapEncoding(map)) => Some(Encoding::UnicodeMapEncoding(map)),
        _ => None,
    }
}

/// The meaning of two-byte codes that have a known name. Mere numbers of drawings have no meaning.
fn unmapped<'a>(font: &'a Dictionary, document: &'a Document) -> Option<Encoding<'a>> {
    match font.get_font_encoding_with_limit(document, MOST_OF_A_PART) {
        Ok(encoding @ Encoding::SimpleEncoding(_)) => Some(encoding),
        _ => None,
    }
}

fn number(object: &Object, document: &Document) -> Option<f32> {
    document.dereference(object).ok()?.1.as_float().ok()
}

fn simple_widths(font: &Dictionary, document: &Document, subtype: &[u8]) -> Vec<f32> {
    let mut widths = vec![USUAL; 256];
    let first = font.get_deref(b"FirstChar", document).and_then(Object::as_i64).unwrap_or_default();
    let Ok(given) = font.get_deref(b"Widths", document).and_then(Object::as_array) else { return widths };
    // Letters that are drawings say themselves how large their unit is; for all others it is a thousandth.
    let matrix = font.get_deref(b"FontMatrix", document).and_then(Object::as_array).ok();
    let unit = matrix.filter(|_| subtype == b"Type3").and_then(|it| number(it.first()?, document)).unwrap_or(0.001);
    let first = usize::try_from(first).unwrap_or_default();
    for (width, given) in widths.iter_mut().skip(first).zip(given) {
        *width = number(given, document).map_or(USUAL, |given| given * unit);
    }
    widths
}

/// The widths of two-byte codes, and that of all which have none of their own.
fn composite_widths(font: &Dictionary, document: &Document) -> (BTreeMap<u16, f32>, f32) {
    let mut widths = BTreeMap::new();
    let within = font.get_deref(b"DescendantFonts", document).and_then(Object::as_array).ok();
    let within = within.and_then(|it| document.dereference(it.first()?).ok()?.1.as_dict().ok());
    let Some(within) = within else { return (widths, USUAL) };
    let other = within.get(b"DW").ok().and_then(|it| number(it, document)).unwrap_or(1000.0) / 1000.0;
    let Ok(given) = within.get_deref(b"W", document).and_then(Object::as_array) else { return (widths, other) };
    let code = |object: &Object| object.as_i64().ok().and_then(|code| u16::try_from(code).ok());
    let (mut rest, mut read) = (given.as_slice(), 0);
    // Either a code and the widths from there on, or the first and the last code of a width.
    while let [first, second, more @ ..] = rest {
        let Some(first) = code(first) else { break };
        if let Ok((_, Object::Array(list))) = document.dereference(second) {
            let each = list.iter().filter_map(|it| number(it, document)).map(|width| width / 1000.0);
            widths.extend((first..=u16::MAX).zip(each));
            (rest, read) = (more, read + list.len());
        } else if let ([width, more @ ..], Some(last)) = (more, code(second)) {
            let width = number(width, document).unwrap_or(1000.0) / 1000.0;
            widths.extend((first..=last).map(|code| (code, width)));
            (rest, read) = (more, read + usize::from(last.saturating_sub(first)));
        } else {
            break;
        }
        if read > MOST_WIDTHS {
            break;
        }
    }
    (widths, other)
}
