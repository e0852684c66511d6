//! What stands on a page: its drawing is followed without drawing, only for its words and where they stand.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Object, ObjectId};

use super::font::Font;
use super::lines::{Lines, Place};
use super::{MOST_OF_A_PART, PdfError, why};

/// Drawings within drawings are followed so deep.
const MOST_DEEP: usize = 12;
/// So many states are put aside at most.
const MOST_ASIDE: usize = 512;

/// What is drawn with.
#[derive(Clone)]
struct State<'a> {
    place: Place,
    font: Option<Rc<Font<'a>>>,
    size: f32,
    leading: f32,
    between_letters: f32,
    between_words: f32,
    stretched: f32,
}

pub(super) struct Reading<'a> {
    document: &'a Document,
    most: usize,
    until: Instant,
    fonts: HashMap<ObjectId, Option<Rc<Font<'a>>>>,
    lines: Lines,
    state: State<'a>,
    aside: Vec<State<'a>>,
    /// Where the line begins, and where the next letter stands.
    line: Place,
    at: Place,
}

impl<'a> Reading<'a> {
    pub(super) fn new(document: &'a Document, most: usize, until: Instant) -> Self {
        let (fonts, lines, aside) = (HashMap::new(), Lines::default(), vec![]);
        let (state, line, at) = (State::new(), Place::HERE, Place::HERE);
        Self { document, most, until, fonts, lines, state, aside, line, at }
    }

    pub(super) fn page(&mut self, page: ObjectId) -> Result<String, PdfError> {
        (self.lines, self.state) = (Lines::default(), State::new());
        self.aside.clear();
        if Instant::now() > self.until {
            return Err(PdfError::TooSlow);
        }
        let document = self.document;
        let content = document.get_page_content_with_limit(page, MOST_OF_A_PART).map_err(|error| why(&error))?;
        let (own, others) = document.get_page_resources(page).map_err(|error| why(&error))?;
        let others = others.into_iter().filter_map(|id| document.get_dictionary(id).ok());
        let resources: Vec<&Dictionary> = own.into_iter().chain(others).collect();
        self.follow(&content, &resources, MOST_DEEP)?;
        Ok(self.lines.text.trim().to_owned())
    }

    fn follow(&mut self, content: &[u8], resources: &[&'a Dictionary], deep: usize) -> Result<(), PdfError> {
        for (at, operation) in Content::decode_iter(content).enumerate() {
            // What came before the first thing that nobody understands is there all the same.
            let Ok(operation) = operation else { break };
            let takes_long = matches!(operation.operator.as_str(), "Tf" | "Do");
            if (takes_long || at.is_multiple_of(256)) && Instant::now() > self.until {
                return Err(PdfError::TooSlow);
            }
            if self.lines.text.len() / 4 > self.most {
                return Err(PdfError::TooLong(self.most));
            }
            match operation.operator.as_str() {
                "Tf" => self.choose(&operation, resources),
                "Do" if deep > 0 => self.inner(&operation, resources, deep - 1)?,
                _ => self.hear(&operation),
            }
        }
        Ok(())
    }

    fn named(&self, resources: &[&'a Dictionary], kind: &[u8], operation: &Operation) -> Option<&'a Object> {
        let name = operation.operands.first()?.as_name().ok()?;
        resources.iter().find_map(|it| it.get_deref(kind, self.document).ok()?.as_dict().ok()?.get(name).ok())
    }

    fn choose(&mut self, operation: &Operation, resources: &[&'a Dictionary]) {
        self.state.size = float(operation, 1);
        let found = self.named(resources, b"Font", operation);
        let document = self.document;
        let read = |font: &'a Object| Some(Rc::new(Font::read(font.as_dict().ok()?, document)?));
        self.state.font = match found {
            Some(Object::Reference(id)) => {
                let known = self.fonts.entry(*id);
                known.or_insert_with(|| document.get_object(*id).ok().and_then(read)).clone()
            }
            Some(font) => read(font),
            None => None,
        };
    }

    /// A drawing within the drawing.
    fn inner(&mut self, operation: &Operation, resources: &[&'a Dictionary], deep: usize) -> Result<(), PdfError> {
        let document = self.document;
        let found = self.named(resources, b"XObject", operation);
        let found = found.and_then(|it| document.dereference(it).ok()?.1.as_stream().ok());
        let form =
            |it: &&lopdf::Stream| it.dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|it| it == b"Form");
        let Some(form) = found.filter(form) else { return Ok(()) };
        let Ok(content) = form.get_plain_content_with_limit(MOST_OF_A_PART) else { return Ok(()) };
        let own = form.dict.get_deref(b"Resources", document).and_then(Object::as_dict).ok();
        let before = (self.state.clone(), std::mem::take(&mut self.aside), self.line, self.at);
        if let Ok(matrix) = form.dict.get_deref(b"Matrix", document).and_then(Object::as_array) {
            self.state.place = place(matrix).within(self.state.place);
        }
        let followed = match own {
            Some(own) => self.follow(&content, &[own], deep),
            None => self.follow(&content, resources, deep),
        };
        (self.state, self.aside, self.line, self.at) = before;
        followed
    }

    fn hear(&mut self, operation: &Operation) {
        let operands = operation.operands.as_slice();
        match operation.operator.as_str() {
            "q" if self.aside.len() < MOST_ASIDE => self.aside.push(self.state.clone()),
            "Q" => self.state = self.aside.pop().unwrap_or_else(|| self.state.clone()),
            "cm" => self.state.place = place(operands).within(self.state.place),
            "BT" => self.begin(Place::HERE),
            "TL" => self.state.leading = float(operation, 0),
            "Tc" => self.state.between_letters = float(operation, 0),
            "Tw" => self.state.between_words = float(operation, 0),
            "Tz" => self.state.stretched = float(operation, 0) / 100.0,
            "Td" => self.step(float(operation, 0), float(operation, 1)),
            "TD" => {
                self.state.leading = -float(operation, 1);
                self.step(float(operation, 0), float(operation, 1));
            }
            "Tm" => self.begin(place(operands)),
            "T*" => self.step(0.0, -self.state.leading),
            "Tj" | "TJ" => self.show(operands),
            "'" => {
                self.step(0.0, -self.state.leading);
                self.show(operands);
            }
            "\"" => {
                (self.state.between_words, self.state.between_letters) = (float(operation, 0), float(operation, 1));
                self.step(0.0, -self.state.leading);
                self.show(operands.get(2..).unwrap_or_default());
            }
            _ => (),
        }
    }

    fn begin(&mut self, at: Place) {
        (self.line, self.at) = (at, at);
    }

    fn step(&mut self, x: f32, y: f32) {
        self.begin(Place::moved(x, y).within(self.line));
    }

    fn show(&mut self, operands: &[Object]) {
        for operand in operands {
            match operand {
                Object::String(bytes, _) => self.say(bytes),
                Object::Array(pieces) => {
                    for piece in pieces {
                        match piece {
                            Object::String(bytes, _) => self.say(bytes),
                            piece => self.advance(-piece.as_float().unwrap_or_default() / 1000.0 * self.state.size),
                        }
                    }
                }
                _ => (),
            }
        }
    }

    fn advance(&mut self, along: f32) {
        self.at = Place::moved(along * self.state.stretched, 0.0).within(self.at);
    }

    fn say(&mut self, bytes: &[u8]) {
        let Some(font) = self.state.font.clone() else { return };
        let (said, widths) = font.say(bytes);
        let begins = self.stands();
        let spaces = said.chars().filter(|it| *it == ' ').count();
        let letters: f32 = widths.iter().map(|width| width * self.state.size + self.state.between_letters).sum();
        let spaces = f32::from(u16::try_from(spaces).unwrap_or(u16::MAX));
        self.advance(letters + spaces * self.state.between_words);
        self.lines.add(&said, begins, self.stands());
    }

    /// Where the next letter stands on the page, as high as it is.
    fn stands(&self) -> Place {
        let size = self.state.size;
        Place([size, 0.0, 0.0, size, 0.0, 0.0]).within(self.at).within(self.state.place)
    }
}

impl State<'_> {
    fn new() -> Self {
        let (place, font, size, leading) = (Place::HERE, None, 1.0, 0.0);
        Self { place, font, size, leading, between_letters: 0.0, between_words: 0.0, stretched: 1.0 }
    }
}

fn float(operation: &Operation, at: usize) -> f32 {
    operation.operands.get(at).and_then(|it| it.as_float().ok()).unwrap_or_default()
}

fn place(numbers: &[Object]) -> Place {
    let mut place = Place::HERE;
    for (number, given) in place.0.iter_mut().zip(numbers) {
        *number = given.as_float().unwrap_or(*number);
    }
    place
}
