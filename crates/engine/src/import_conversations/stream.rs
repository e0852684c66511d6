//! Reads the conversations of a file one after the other, however many there are: none is held longer than it takes to
//! look at it.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// JSON readers stop at this depth.
const DEEPEST: usize = 127;
/// Under this name lies the list, where the file is an object.
const LIST: &str = "conversations";
const ZIP: [u8; 2] = *b"PK";

/// Why a file was not read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamError {
    #[error("the file cannot be read")]
    Io(#[from] std::io::Error),
    #[error("the archive cannot be read")]
    Archive(#[from] zip::result::ZipError),
    #[error("there is no list of conversations in the archive")]
    NothingInArchive,
    #[error("what is in the file is no JSON")]
    NotJson { cause: String },
    #[error("the file is nested too deeply")]
    TooDeep,
}

/// What is given every entry as it is read. `false` ends the reading.
pub(super) type Take<'a> = &'a mut dyn FnMut(Value) -> bool;

/// Hands over every conversation of the file, in order: of a list, of an object's `conversations`, the object itself,
/// or the lists in an archive.
pub(super) fn read(path: &Path, take: Take<'_>) -> Result<(), StreamError> {
    let mut file = File::open(path)?;
    let mut start = [0; 2];
    let is_zip = file.read(&mut start)? == 2 && start == ZIP;
    file.rewind()?;
    if !is_zip {
        return read_json(BufReader::with_capacity(1 << 16, file), take);
    }
    let mut archive = zip::ZipArchive::new(BufReader::new(file))?;
    let mut names: Vec<String> =
        archive.file_names().flatten().filter(|name| is_list(name)).map(|name| name.into_owned()).collect();
    if names.is_empty() {
        return Err(StreamError::NothingInArchive);
    }
    names.sort();
    for name in names {
        read_json(BufReader::with_capacity(1 << 16, archive.by_name(&name)?), take)?;
    }
    Ok(())
}

/// `conversations.json`, also in parts such as `conversations-001.json`.
fn is_list(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.starts_with(LIST) && file.ends_with(".json")
}

fn read_json(source: impl Read, take: Take<'_>) -> Result<(), StreamError> {
    let mut too_deep = false;
    let watched = Depth { source, too_deep: &mut too_deep, depth: 0, in_text: false, escaped: false };
    let mut reader = serde_json::Deserializer::from_reader(watched);
    let read = Entries { take }.deserialize(&mut reader);
    let read = read.and_then(|whole| if whole { reader.end() } else { Ok(()) });
    drop(reader);
    match read {
        Ok(()) => Ok(()),
        Err(_) if too_deep => Err(StreamError::TooDeep),
        Err(error) => Err(StreamError::NotJson { cause: error.to_string() }),
    }
}

/// The entries of a whole file; answers whether it was read to its end.
struct Entries<'a> {
    take: Take<'a>,
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of conversations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while let Some(entry) = list.next_element::<Value>()? {
            if !(self.take)(entry) {
                // The rest is passed over, so that what follows is where it is expected.
                while list.next_element::<IgnoredAny>()?.is_some() {}
            }
        }
        Ok(true)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let take = self.take;
        let mut rest = Map::new();
        let mut listed = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == LIST {
                map.next_value_seed(Entries { take: &mut *take })?;
                listed = true;
            } else {
                rest.insert(key, map.next_value()?);
            }
        }
        if !listed {
            take(Value::Object(rest));
        }
        Ok(true)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<bool, E> {
        Err(E::custom("there is nothing in it"))
    }
}

/// Passes bytes on, and notices where they nest more deeply than they can be read.
struct Depth<'a, R> {
    source: R,
    too_deep: &'a mut bool,
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl<R: Read> Read for Depth<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        for byte in &buffer[..count] {
            match (byte, self.in_text, self.escaped) {
                (_, true, true) => self.escaped = false,
                (b'\\', true, false) => self.escaped = true,
                (b'"', _, _) => self.in_text = !self.in_text,
                (b'[' | b'{', false, _) => self.depth += 1,
                (b']' | b'}', false, _) => self.depth = self.depth.saturating_sub(1),
                _ => (),
            }
            *self.too_deep |= self.depth > DEEPEST;
        }
        Ok(count)
    }
}
