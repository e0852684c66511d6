//! What the outside may send: texts that are right, with something wrong in them, always the same ones.

use serde_json::{Value, json};

/// A small deterministic generator (xorshift), so that what failed can be had again.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        // Never zero, of which nothing else would ever come.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn any(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below that; nothing else than 0 where there is none.
    pub fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.any() % u64::try_from(sides.max(1)).unwrap_or(u64::MAX)).unwrap_or_default()
    }
}

/// What parsers stumble over.
const STONES: [&str; 32] = [
    "\0",
    "\u{feff}",
    "\r\n",
    "\n\n",
    "\t",
    " ",
    "é",
    "\u{202e}",
    "🦀",
    "\"",
    "'",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "-",
    "*",
    "&a",
    "*a",
    "<<: ",
    "!!",
    "%",
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "18446744073709551616",
    "${X}",
];

/// So many texts that come of these: with pieces taken out, doubled, changed, put in and mixed.
pub fn spoilt(seeds: &[&str], many: u64) -> impl Iterator<Item = Vec<u8>> {
    (0..many).map(move |number| {
        let mut dice = Dice::new(number + 1);
        let mut text = seeds.get(dice.below(seeds.len())).map(|seed| seed.as_bytes().to_vec()).unwrap_or_default();
        for _ in 0..=dice.below(8) {
            let from = dice.below(text.len() + 1);
            let to = (from + dice.below(16)).min(text.len());
            match dice.below(7) {
                0 => drop(text.drain(from..to)),
                1 => text.truncate(from),
                2 => {
                    let piece = text[from..to].to_vec();
                    let more = piece.repeat(dice.below(40));
                    drop(text.splice(to..to, more));
                }
                3 => {
                    if let Some(byte) = text.get_mut(from) {
                        *byte = dice.any().to_le_bytes()[0];
                    }
                }
                4 => {
                    let other = seeds.get(dice.below(seeds.len())).map(|seed| seed.as_bytes()).unwrap_or_default();
                    let cut = dice.below(other.len() + 1);
                    drop(text.splice(from..to, other[cut..].iter().copied()));
                }
                _ => drop(text.splice(from..to, STONES[dice.below(STONES.len())].bytes())),
            }
        }
        text
    })
}

/// So many values that come of these: with parts of them taken out, changed for other ones, and put elsewhere.
pub fn bent(seeds: &[Value], many: u64) -> impl Iterator<Item = Value> {
    (0..many).map(move |number| {
        let mut dice = Dice::new(number + 1);
        let mut value = seeds.get(dice.below(seeds.len())).cloned().unwrap_or_default();
        for _ in 0..=dice.below(4) {
            let with = match dice.below(3) {
                0 => seeds.get(dice.below(seeds.len())).map(|seed| part(seed, &mut dice).clone()).unwrap_or_default(),
                _ => odd(&mut dice),
            };
            bend(&mut value, with, &mut dice);
        }
        value
    })
}

/// Any part of it, itself included.
fn part<'a>(value: &'a Value, dice: &mut Dice) -> &'a Value {
    let inner = match value {
        Value::Array(list) => list.get(dice.below(list.len())),
        Value::Object(map) => map.values().nth(dice.below(map.len())),
        _ => None,
    };
    match inner {
        Some(inner) if dice.below(4) > 0 => part(inner, dice),
        _ => value,
    }
}

/// Puts that in the place of any part, or takes a part out.
fn bend(value: &mut Value, with: Value, dice: &mut Dice) {
    let deeper = dice.below(4) > 0;
    let goes = dice.below(6) == 0;
    match value {
        Value::Array(list) if !list.is_empty() && deeper => {
            let at = dice.below(list.len());
            if goes { drop(list.remove(at)) } else { bend(&mut list[at], with, dice) }
        }
        Value::Object(map) if !map.is_empty() && deeper => {
            let name = map.keys().nth(dice.below(map.len())).cloned().unwrap_or_default();
            if goes {
                map.remove(&name);
            } else if let Some(inner) = map.get_mut(&name) {
                bend(inner, with, dice);
            }
        }
        value => *value = with,
    }
}

fn odd(dice: &mut Dice) -> Value {
    match dice.below(9) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(u64::MAX),
        4 => json!(1e300),
        5 => json!([]),
        6 => json!({}),
        7 => json!([[[[{}]]]]),
        _ => json!(STONES[dice.below(STONES.len())].repeat(dice.below(20))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_bent_in_every_place() {
        let seeds = [json!({ "a": [1, { "b": "c" }], "d": null })];
        let texts: std::collections::BTreeSet<String> = bent(&seeds, 500).map(|value| value.to_string()).collect();
        assert!(texts.len() > 100, "only {}", texts.len());
        assert_eq!(bent(&seeds, 50).collect::<Vec<_>>(), bent(&seeds, 50).collect::<Vec<_>>());
    }

    #[test]
    fn they_are_the_same_each_time_and_hardly_ever_the_seed() {
        let texts = || spoilt(&["one: {two: [3]}", "four"], 500).collect::<Vec<_>>();
        assert_eq!(texts(), texts());
        assert!(texts().iter().filter(|text| text.as_slice() == b"four").count() < 50);
        assert!(spoilt(&[], 20).all(|text| text.len() < 1000));
    }
}
