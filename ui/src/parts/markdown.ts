// Markdown as a small tree. What is not a kind of node here cannot appear on the page: there is no HTML anywhere.
import MarkdownIt, { type Token } from "markdown-it";
import footnote from "markdown-it-footnote";

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
  | { kind: "element"; tag: Tag; children: MdNode[]; align?: string; start?: number; id?: string };

const HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"] as const;
const TEXTS = ["p", "em", "strong", "s", "ul", "ol", "li", "blockquote", "section"] as const;
const TABLES = ["table", "thead", "tbody", "tr", "th", "td"] as const;
const TAGS = [...HEADINGS, ...TEXTS, ...TABLES] as const;
/** The empty tag draws its children alone. */
export type Tag = (typeof TAGS)[number] | "";

export interface ParsedBlock {
  node: MdNode;
  /** The first line of its source, from 0. */
  line: number;
}

const reader = new MarkdownIt({ html: false, linkify: true, typographer: false }).use(footnote);
// Only these become links or pictures at all; anything else stays text.
reader.validateLink = (url) => mayOpen(url) || /^data:image\/(png|jpeg|gif|webp);base64,/i.test(url.trim());

/** Whether a link may be opened, when clicked, in the browser or the mail program. */
export function mayOpen(url: string): boolean {
  return /^(https?:\/\/|mailto:)/i.test(url.trim());
}

/** The words alone, as a reader hears them. */
export function textOf(nodes: MdNode[]): string {
  return nodes.map((node) => ("children" in node ? textOf(node.children) : isWords(node) ? node.text : "")).join("");
}

function isWords(node: MdNode): node is MdNode & { kind: "text" | "whole" | "code" } {
  return node.kind === "text" || node.kind === "whole" || node.kind === "code";
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
  const rest = [...tokens];
  while (rest.length > 0) {
    const line = rest[0]?.map?.[0] ?? 0;
    const node = take(rest, text);
    if (node) blocks.push({ node, line });
  }
  return blocks;
}

/** Takes one node, with all that is inside it, off the front. */
function take(tokens: Token[], source: string): MdNode | undefined {
  const token = tokens.shift();
  if (!token) return undefined;
  if (token.nesting === 1) {
    const children: MdNode[] = [];
    while (tokens.length > 0 && tokens[0]?.nesting !== -1) {
      const first = tokens[0];
      if (first?.type === "inline") {
        tokens.shift();
        children.push(...inline(first, source));
      } else {
        const child = take(tokens, source);
        if (child) children.push(child);
      }
    }
    tokens.shift();
    return container(token, children);
  }
  return leaf(token, source);
}

function inline(token: Token, source: string): MdNode[] {
  const rest = [...(token.children ?? [])];
  const nodes: MdNode[] = [];
  while (rest.length > 0) {
    const node = take(rest, source);
    const last = nodes.at(-1);
    if (!node) continue;
    if (node.kind === "text" && last?.kind === "text") last.text += node.text;
    else nodes.push(node);
  }
  return nodes.flatMap((node): MdNode[] => (node.kind === "text" ? parted(node.text) : [node]));
}

function container(token: Token, children: MdNode[]): MdNode | undefined {
  if (token.type === "link_open") return { kind: "link", href: attribute(token, "href"), children };
  if (token.type === "footnote_block_open") return { kind: "element", tag: "section", children };
  if (token.type === "footnote_open") return { kind: "element", tag: "li", id: noteId(token), children };
  if (token.type === "paragraph_open" && token.hidden) return { kind: "element", tag: "", children };
  const tag = TAGS.find((each) => each === token.tag) ?? "";
  const node: MdNode = { kind: "element", tag, children };
  const align = /text-align:(left|center|right)/.exec(attribute(token, "style"))?.[1];
  if (align) node.align = align;
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

function leaf(token: Token, source: string): MdNode | undefined {
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
      return { kind: "block", text: token.content, language, closed: isClosed(token, source) };
    }
    case "image":
      return { kind: "image", src: attribute(token, "src"), alt: token.content };
    case "inline":
      return { kind: "element", tag: "", children: inline(token, source) };
    case "footnote_ref":
      return { kind: "note", label: String(noteNumber(token)), target: noteId(token), id: `ref-${noteNumber(token)}` };
    case "footnote_anchor":
      return { kind: "noteBack", target: `ref-${noteNumber(token)}` };
    default:
      return token.content ? { kind: "text", text: token.content } : undefined;
  }
}

/** Whether a fence has its closing line; while it streams it has not. */
function isClosed(token: Token, source: string): boolean {
  const [start, end] = token.map ?? [0, 0];
  const last = source.split("\n")[end - 1] ?? "";
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
