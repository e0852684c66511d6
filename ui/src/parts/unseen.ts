// Characters that a person cannot see but a model reads, written out so that nothing hides in a text.

/** In names, arguments and results: the same characters as `chat::visible` writes out. */
const UNSEEN =
  // eslint-disable-next-line no-control-regex, no-misleading-character-class -- These are the very characters meant.
  /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\uffa0\ufe00-\ufe0e\ufeff\ufff9-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

/** In prose, joiners and marks of direction are part of Persian, Hindi or an emoji: those stay as they are. */
const UNSEEN_IN_PROSE =
  // eslint-disable-next-line no-control-regex -- These are the very characters meant.
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u206f\u3164\uffa0\ufeff\ufff9-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

/** England, Scotland and Wales: the only flags that are spelled with tag characters. */
const FLAG =
  /(\u{1f3f4}\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f})/u;

/** What colours text in a terminal, and says nothing anywhere else. */
// eslint-disable-next-line no-control-regex -- Colours begin with an escape.
const COLOUR = /\x1b\[[0-9;:]*m/g;

function written(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** A name, an argument or a result with nothing hidden in it. Line breaks and tabs stay. */
export function visible(text: string): string {
  return plainly(text).replace(UNSEEN, written);
}

/** Words of a person or a model with nothing hidden in them. */
export function readable(text: string): string {
  const plain = plainly(text);
  if (plain.search(UNSEEN_IN_PROSE) < 0) return plain;
  return plain
    .split(FLAG)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(UNSEEN_IN_PROSE, written)))
    .join("");
}

function plainly(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(COLOUR, "");
}
