//! Words as lines of text: a PDF says where words stand, not where lines and spaces are.

/// A gap of so much of the letters' height is a space.
const SPACE: f32 = 0.15;
/// A gap of so much is the next column of a table.
const COLUMN: f32 = 2.0;
/// What stands so much lower or higher is another line.
const LINE: f32 = 0.4;
/// What stands so much lower or higher is another paragraph.
const PARAGRAPH: f32 = 1.9;

/// Where something stands, how large and how turned: the six numbers of a PDF's matrix.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place(pub(super) [f32; 6]);

impl Place {
    pub(super) const HERE: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    pub(super) fn moved(x: f32, y: f32) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    /// This place, which is told within another one, as seen from where that one is told.
    pub(super) fn within(self, outer: Self) -> Self {
        let ([a, b, c, d, e, f], [oa, ob, oc, od, oe, of]) = (self.0, outer.0);
        Self([
            a * oa + b * oc,
            a * ob + b * od,
            c * oa + d * oc,
            c * ob + d * od,
            e * oa + f * oc + oe,
            e * ob + f * od + of,
        ])
    }

    fn stands(self) -> (f32, f32) {
        (self.0[4], self.0[5])
    }

    /// Where lines run to, of length one.
    fn direction(self) -> (f32, f32) {
        let length = self.0[0].hypot(self.0[1]).max(f32::MIN_POSITIVE);
        (self.0[0] / length, self.0[1] / length)
    }

    fn height(self) -> f32 {
        self.0[2].hypot(self.0[3]).max(0.001)
    }
}

#[derive(Default)]
pub(super) struct Lines {
    pub(super) text: String,
    /// Where the last word ended.
    end: Option<(f32, f32)>,
}

impl Lines {
    /// Adds words that begin and end at these places, as high as their places are.
    pub(super) fn add(&mut self, said: &str, begins: Place, ends: Place) {
        if said.is_empty() {
            return;
        }
        self.part(begins);
        for letter in said.chars().filter(|c| !c.is_control() || *c == '\t') {
            self.text.push_str(ligature(letter).unwrap_or(letter.encode_utf8(&mut [0; 4])));
        }
        self.end = Some(ends.stands());
    }

    /// Ends the line or the word where what follows stands apart.
    fn part(&mut self, begins: Place) {
        let Some(end) = self.end else { return };
        let ((x, y), (to_x, to_y), height) = (begins.stands(), begins.direction(), begins.height());
        let (dx, dy) = (x - end.0, y - end.1);
        let (along, across) = ((dx * to_x + dy * to_y) / height, (dy * to_x - dx * to_y).abs() / height);
        if across > LINE {
            self.text.truncate(self.text.trim_end_matches([' ', '\t']).len());
            self.text.push_str(if across > PARAGRAPH { "\n\n" } else { "\n" });
        } else if along > COLUMN {
            self.text.truncate(self.text.trim_end_matches(' ').len());
            self.gap('\t');
        } else if !(-COLUMN..=SPACE).contains(&along) {
            self.gap(' ');
        }
    }

    fn gap(&mut self, gap: char) {
        if !self.text.is_empty() && !self.text.ends_with([' ', '\t', '\n']) {
            self.text.push(gap);
        }
    }
}

/// Letters that are drawn as one and read as several.
fn ligature(letter: char) -> Option<&'static str> {
    Some(match letter {
        '\u{fb00}' => "ff",
        '\u{fb01}' => "fi",
        '\u{fb02}' => "fl",
        '\u{fb03}' => "ffi",
        '\u{fb04}' => "ffl",
        _ => return None,
    })
}
