// Where maths stands in Markdown: `$…$`, `$$…$$`, `\(…\)` and `\[…\]`, as models write them. Sums of money are none.
import type MarkdownIt from "markdown-it";

type Reader = InstanceType<typeof MarkdownIt>;

const DOLLAR = 0x24;
const BACKSLASH = 0x5c;

/** Teaches a reader the tokens `math_inline` and `math_block`; their content is TeX. */
export function math(reader: Reader): void {
  reader.inline.ruler.before("escape", "math_inline", inline);
  reader.block.ruler.before("fence", "math_block", block, { alt: ["paragraph", "blockquote", "list"] });
}

type InlineRule = Parameters<Reader["inline"]["ruler"]["before"]>[2];
type BlockRule = Parameters<Reader["block"]["ruler"]["before"]>[2];

const inline: InlineRule = (state, silent) => {
  const found = inlineAt(state.src, state.pos, state.posMax);
  if (!found) return false;
  if (!silent) {
    const token = state.push("math_inline", "math", 0);
    token.content = found.tex;
    token.markup = found.markup;
  }
  state.pos = found.end;
  return true;
};

interface Found {
  tex: string;
  end: number;
  markup: string;
}

function inlineAt(source: string, start: number, most: number): Found | undefined {
  const first = source.charCodeAt(start);
  if (first === BACKSLASH) {
    const open = source.slice(start, start + 2);
    const close = open === "\\(" ? "\\)" : open === "\\[" ? "\\]" : undefined;
    return close ? between(source, start, open, close, most) : undefined;
  }
  if (first !== DOLLAR) return undefined;
  if (source.startsWith("$$", start)) return between(source, start, "$$", "$$", most);
  return dollars(source, start, most);
}

function between(source: string, start: number, open: string, close: string, most: number): Found | undefined {
  const end = source.indexOf(close, start + open.length);
  if (end < 0 || end + close.length > most) return undefined;
  const tex = source.slice(start + open.length, end);
  return tex.trim() ? { tex, end: end + close.length, markup: open } : undefined;
}

/** As pandoc reads it: no space inside the dollars, no digit after them, so that “$5 and $6” stays money. */
function dollars(source: string, start: number, most: number): Found | undefined {
  if (/\s/.test(source[start + 1] ?? " ")) return undefined;
  for (let at = start + 1; at < most; at += 1) {
    const code = source.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === DOLLAR) {
      const fits = at > start + 1 && !/\s/.test(source[at - 1] ?? "") && !/\d/.test(source[at + 1] ?? "");
      return fits ? { tex: source.slice(start + 1, at), end: at + 1, markup: "$" } : undefined;
    }
  }
  return undefined;
}

/** A block begins its line with `$$` or `\[` and runs to the line that ends with its close. */
const block: BlockRule = (state, startLine, endLine, silent) => {
  const lineOf = (line: number) =>
    state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line]);
  const first = lineOf(startLine);
  const open = first.startsWith("$$") ? "$$" : first.startsWith("\\[") ? "\\[" : undefined;
  if (!open || (state.sCount[startLine] ?? 0) - state.blkIndent >= 4) return false;
  const close = open === "$$" ? "$$" : "\\]";
  const rest = first.slice(2).trimEnd();
  // Words after the close: then it stands inside a paragraph.
  if (rest.includes(close) && !rest.endsWith(close)) return false;
  if (silent) return true;
  const oneLine = rest.length >= 2 && rest.endsWith(close);
  const lines = [oneLine ? rest.slice(0, -2) : rest];
  let closed = oneLine;
  let line = startLine + 1;
  for (; !closed && line < endLine; line += 1) {
    if ((state.sCount[line] ?? 0) < state.blkIndent) break;
    const text = lineOf(line).trimEnd();
    closed = text.endsWith(close);
    lines.push(closed ? text.slice(0, -2) : text);
  }
  const token = state.push("math_block", "math", 0);
  token.block = true;
  token.content = lines.join("\n").trim();
  token.markup = open;
  token.map = [startLine, line];
  token.meta = { closed };
  state.line = line;
  return true;
};
