// Streaming Markdown: blocks before the last are final and keep their identity; only the tail is parsed again.
import { inParts, parse, type MdNode, type ParsedBlock } from "./markdown";

export interface Block {
  id: number;
  nodes: MdNode[];
}

/** As much of a text as is drawn as Markdown; all of it is in the viewer. */
export const LONGEST = 100_000;
/** A single block that has grown past this is only text until it has doubled or all is said. */
const LONGEST_TAIL = 32_000;

export class GrowingBlocks {
  private text = "";
  private tailStart = 0;
  private finished: Block[] = [];
  private nextId = 0;
  private complete = false;
  /** How long one endless block must have become before it is parsed again. */
  private patience = LONGEST_TAIL;

  update(all: string, done: boolean): Block[] {
    const text = all.length > LONGEST ? all.slice(0, LONGEST) : all;
    if (!text.startsWith(this.text) || this.complete) this.restart(text);
    this.text = text;
    // Definitions of links and footnotes reach across blocks: once all is said, read all of it.
    if (done && /^ {0,3}\[[^\]]+\]:/m.test(text)) this.restart("");
    const rest = text.slice(this.tailStart);
    const tail = this.parseTail(rest, done);
    // While it grows, a list stays one: only its last block may be parsed again.
    const whole = done ? tail.flatMap(({ node, line }) => inParts(node).map((part) => ({ node: part, line }))) : tail;
    const blocks = whole.map((block, index) => ({ id: this.nextId + index, nodes: [block.node], line: block.line }));
    const last = blocks.at(-1);
    const drawn = [...this.finished, ...blocks.map(({ id, nodes }) => ({ id, nodes }))];
    if (last && blocks.length > 1 && !done) {
      this.finished = drawn.slice(0, -1);
      this.nextId = last.id;
      this.tailStart += offsetOfLine(rest, last.line);
    }
    this.complete = done;
    return drawn;
  }

  private parseTail(rest: string, done: boolean): ParsedBlock[] {
    if (done || rest.length <= LONGEST_TAIL) return parse(rest);
    if (rest.length < this.patience) return [{ node: { kind: "source", text: rest }, line: 0 }];
    const tail = parse(rest);
    this.patience = tail.length > 1 ? LONGEST_TAIL : 2 * rest.length;
    return tail;
  }

  private restart(text: string): void {
    if (text === this.text) return;
    this.tailStart = 0;
    this.finished = [];
    this.nextId = 0;
    this.patience = LONGEST_TAIL;
    this.text = text;
  }
}

function offsetOfLine(text: string, line: number): number {
  let offset = 0;
  for (let count = 0; count < line; count += 1) offset = text.indexOf("\n", offset) + 1;
  return offset;
}
