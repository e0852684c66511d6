// Markdown as a small tree. What is not a kind of node here cannot appear on the page: there is no HTML anywhere.
import MarkdownIt, { type Token } from "markdown-it";
import footnote from "markdown-it-footnote";
import { math } from "./math";

export type MdNode =
  | { kind: "text"; text: string }
  | { kind: "whole"; text: string }
  | { kind: "break" }
  | { kind: "rule" }
  | { kind: "code"; text: string }
  | { kind: "block"; text: string; language: string; closed: boolean }
  | { kind: "link"; href: string; children: MdNode[] }
  | { kind: "image"; src: string; alt: string }
  | { kind: "task"; done: boolean }
  | { kind: "note"; label: string; target: string; id: string }
  | { kind: "noteBack"; target: string }
  | { kind: "math"; tex: string; display: boolean; closed: boolean }
  | { kind: "table"; head: Cell[]; rows: Cell[][] }
  | { kind: "source"; text: string }
  | { kind: "element"; tag: Tag; children: MdNode[]; start?: number; id?: string };

const HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"] as const;
const TEXTS = ["p", "em", "strong", "s", "ul", "ol", "li", "blockquote", "section"] as const;
const TAGS = [...HEADINGS, ...TEXTS] as const;
/** The empty tag draws its children alone. */
export type Tag = (typeof TAGS)[number] | "";

/** One cell of a table; no alignment is that of the text. */
export interface Cell {
  nodes: MdNode[];
  align?: string;
}

export interface ParsedBlock {
  node: MdNode;
  /** The first line of its source, from 0. */
  line: number;
}

/** What is nested deeper is shown as it was written: no text gets lost, and no page freezes. */
const DEEPEST = 40;
/** So is a block of more nodes than this. */
const MOST_NODES = 6_000;
const LONGEST_LIST = 40;
const reader = new MarkdownIt({ html: false, linkify: true, typographer: false }).use(footnote).use(math);
// Only these become links or pictures at all; anything else stays text.
reader.validateLink = (url) => mayOpen(url) || /^data:image\/(png|jpeg|gif|webp);base64,/i.test(url.trim());

/** Whether a link may be opened, when clicked, in the browser or the mail program. */
export function mayOpen(url: string): boolean {
  return /^(https?:\/\/|mailto:)/i.test(url.trim());
}

/** The words alone, as a reader hears them. */
export function textOf(nodes: MdNode[]): string {
  return nodes.map(wordsOf).join("");
}

function wordsOf(node: MdNode): string {
  if ("children" in node) return textOf(node.children);
  if (node.kind === "text" || node.kind === "whole" || node.kind === "code") return node.text;
  if (node.kind === "math") return node.tex;
  if (node.kind === "image") return node.alt;
  return node.kind === "task" ? (node.done ? "☑ " : "☐ ") : "";
}

/** Ids such as `AST-SRV-001`: read at a glance, so never broken at a hyphen. */
const ID = /(?<![\p{L}\p{N}-])(?=[\p{L}-]*-\d|[\p{L}\d]*\d-)[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)+(?![\p{L}\p{N}-])/gu;
const LONGEST_ID = 28;

/** Text with its ids apart. */
export function parted(text: string): { kind: "text" | "whole"; text: string }[] {
  const nodes: { kind: "text" | "whole"; text: string }[] = [];
  let end = 0;
  for (const { 0: id, index } of text.matchAll(ID)) {
    if (id.length > LONGEST_ID) continue;
    if (index > end) nodes.push({ kind: "text", text: text.slice(end, index) });
    nodes.push({ kind: "whole", text: id });
    end = index + id.length;
  }
  if (end < text.length) nodes.push({ kind: "text", text: text.slice(end) });
  return nodes;
}

/** The top-level blocks of a text, in order. */
export function parse(text: string): ParsedBlock[] {
  const env = {};
  const tokens = reader.parse(text, env);
  const blocks: ParsedBlock[] = [];
  const rest = new Tokens(tokens);
  const lines = new Lines(text);
  while (rest.first) {
    // Footnotes come last and belong to no line.
    const [from, to] = rest.first.map ?? [0, Infinity];
    const tooDeep = rest.nestsDeeper(DEEPEST);
    const node = take(rest, lines);
    if (!node) continue;
    const source = tooDeep || (!isLongList(node) && weighs(node, MOST_NODES) > MOST_NODES);
    blocks.push({ node: source ? { kind: "source", text: lines.between(from, to) } : node, line: from });
  }
  return blocks;
}

/** How many nodes it is; counting ends where there are more than `most`. */
function weighs(node: MdNode, most: number): number {
  const inside =
    node.kind === "table"
      ? [node.head, ...node.rows.slice(0, 100)].flat().flatMap((cell) => cell.nodes)
      : "children" in node
        ? node.children
        : [];
  let sum = node.kind === "table" ? 1 + node.head.length : 1;
  for (const child of inside) {
    sum += weighs(child, most);
    if (sum > most) break;
  }
  return sum;
}

function isLongList(node: MdNode): node is MdNode & { kind: "element" } {
  return node.kind === "element" && (node.tag === "ul" || node.tag === "ol") && node.children.length > LONGEST_LIST;
}

/** A long list as several that go on where the one before ended, so that it need not be drawn at once. */
export function inParts(node: MdNode): MdNode[] {
  if (!isLongList(node)) return [node];
  const parts: MdNode[] = [];
  for (let at = 0; at < node.children.length; at += LONGEST_LIST) {
    const start = node.start === undefined ? {} : { start: node.start + at };
    parts.push({ ...node, ...start, children: node.children.slice(at, at + LONGEST_LIST) });
  }
  return parts;
}

/** Tokens in order; taking one costs nothing however many there are. */
class Tokens {
  private at = 0;
  constructor(private readonly all: Token[]) {}

  get first(): Token | undefined {
    return this.all[this.at];
  }

  take(): Token | undefined {
    return this.all[this.at++];
  }

  /** Whether the block at the front has anything inside it that deep. */
  nestsDeeper(most: number): boolean {
    for (let at = this.at; at < this.all.length; at += 1) {
      const token = this.all[at];
      if (!token) break;
      if (token.level > most || token.children?.some((child) => child.level > most)) return true;
      if (token.level === 0 && token.nesting !== 1) break;
    }
    return false;
  }
}

/** The lines of a source, parted once for all who ask. */
class Lines {
  private parted: string[] | undefined;
  constructor(private readonly source: string) {}

  at(line: number): string {
    this.parted ??= this.source.split("\n");
    return this.parted[line] ?? "";
  }

  between(from: number, to: number): string {
    this.parted ??= this.source.split("\n");
    return this.parted.slice(from, to).join("\n");
  }
}

/** Takes one node, with all that is inside it, off the front. */
function take(tokens: Tokens, lines: Lines): MdNode | undefined {
  const token = tokens.take();
  if (!token) return undefined;
  if (token.type === "table_open") return table(tokens, lines);
  if (token.nesting !== 1) return leaf(token, lines);
  const children = inside(tokens, lines);
  tokens.take();
  return container(token, children);
}

/** Everything up to the token that closes what is open. */
function inside(tokens: Tokens, lines: Lines): MdNode[] {
  const children: MdNode[] = [];
  while (tokens.first && tokens.first.nesting !== -1) {
    const first = tokens.first;
    if (first.type === "inline") {
      tokens.take();
      children.push(...inline(first, lines));
    } else {
      const child = take(tokens, lines);
      if (child) children.push(child);
    }
  }
  return children;
}

function inline(token: Token, lines: Lines): MdNode[] {
  const rest = new Tokens(token.children ?? []);
  const nodes: MdNode[] = [];
  while (rest.first) {
    const node = take(rest, lines);
    const last = nodes.at(-1);
    if (!node) continue;
    if (node.kind === "text" && last?.kind === "text") last.text += node.text;
    else nodes.push(node);
  }
  return nodes.flatMap((node): MdNode[] => (node.kind === "text" ? parted(node.text) : [node]));
}

/** All up to the end of a table that has just been opened. */
function table(tokens: Tokens, lines: Lines): MdNode {
  const rows: Cell[][] = [];
  for (let token = tokens.take(); token && token.type !== "table_close"; token = tokens.take()) {
    if (token.type === "tr_open") rows.push([]);
    if (token.type !== "th_open" && token.type !== "td_open") continue;
    const align = alignOf(token);
    rows.at(-1)?.push({ nodes: inside(tokens, lines), ...(align ? { align } : {}) });
  }
  return { kind: "table", head: rows[0] ?? [], rows: rows.slice(1) };
}

function alignOf(token: Token): string | undefined {
  return /text-align:(left|center|right)/.exec(attribute(token, "style"))?.[1];
}

function container(token: Token, children: MdNode[]): MdNode | undefined {
  if (token.type === "link_open") return { kind: "link", href: attribute(token, "href"), children };
  if (token.type === "footnote_block_open") return { kind: "element", tag: "section", children };
  if (token.type === "footnote_open") return { kind: "element", tag: "li", id: noteId(token), children };
  if (token.type === "paragraph_open" && token.hidden) return { kind: "element", tag: "", children };
  const tag = TAGS.find((each) => each === token.tag) ?? "";
  const node: MdNode = { kind: "element", tag, children };
  if (tag === "ol") node.start = Number(token.attrGet("start") ?? 1);
  if (tag === "li") markTask(children);
  return node;
}

/** `[ ]` or `[x]` at the start of a list item is a task. */
function markTask(children: MdNode[]): void {
  const first = children[0];
  if (first?.kind !== "element" || (first.tag !== "" && first.tag !== "p")) return;
  const text = first.children[0];
  const mark = text?.kind === "text" ? /^\[([ xX])\]\s+/.exec(text.text) : null;
  if (text?.kind !== "text" || !mark) return;
  text.text = text.text.slice(mark[0].length);
  first.children.unshift({ kind: "task", done: mark[1] !== " " });
}

function leaf(token: Token, lines: Lines): MdNode | undefined {
  switch (token.type) {
    case "text":
    case "html_inline":
    case "html_block":
      return { kind: "text", text: token.content };
    case "softbreak":
      return { kind: "text", text: "\n" };
    case "hardbreak":
      return { kind: "break" };
    case "hr":
      return { kind: "rule" };
    case "code_inline":
      return { kind: "code", text: token.content };
    case "code_block":
      return { kind: "block", text: token.content, language: "", closed: true };
    case "fence": {
      const language = token.info.trim().split(/\s+/)[0] ?? "";
      return { kind: "block", text: token.content, language, closed: isClosed(token, lines) };
    }
    case "math_inline":
      return {
        kind: "math",
        tex: token.content,
        display: token.markup === "$$" || token.markup === "\\[",
        closed: true,
      };
    case "math_block":
      return { kind: "math", tex: token.content, display: true, closed: (token.meta as { closed: boolean }).closed };
    case "image":
      return { kind: "image", src: attribute(token, "src"), alt: token.content };
    case "inline":
      return { kind: "element", tag: "", children: inline(token, lines) };
    case "footnote_ref":
      return { kind: "note", label: String(noteNumber(token)), target: noteId(token), id: `ref-${noteNumber(token)}` };
    case "footnote_anchor":
      return { kind: "noteBack", target: `ref-${noteNumber(token)}` };
    default:
      return token.content ? { kind: "text", text: token.content } : undefined;
  }
}

/** Whether a fence has its closing line; while it streams it has not. */
function isClosed(token: Token, lines: Lines): boolean {
  const [start, end] = token.map ?? [0, 0];
  const last = lines.at(end - 1);
  return end - 1 > start && last.trim().startsWith(token.markup);
}

function noteNumber(token: Token): number {
  return Number((token.meta as { id?: number } | null)?.id ?? 0) + 1;
}

function noteId(token: Token): string {
  return `note-${noteNumber(token)}`;
}

function attribute(token: Token, name: string): string {
  return String(token.attrGet(name) ?? "");
}
