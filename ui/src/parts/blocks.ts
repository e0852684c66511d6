// Streaming Markdown: blocks before the last are final and keep their identity; only the tail is parsed again.
import { parse, type MdNode } from "./markdown";

export interface Block {
  id: number;
  nodes: MdNode[];
}

export class GrowingBlocks {
  private text = "";
  private tailStart = 0;
  private finished: Block[] = [];
  private nextId = 0;
  private complete = false;

  update(text: string, done: boolean): Block[] {
    if (!text.startsWith(this.text) || this.complete) this.restart(text);
    this.text = text;
    // Definitions of links and footnotes reach across blocks: once all is said, read all of it.
    if (done && /^ {0,3}\[[^\]]+\]:/m.test(text)) this.restart("");
    const tail = parse(text.slice(this.tailStart));
    const blocks = tail.map((block, index) => ({ id: this.nextId + index, nodes: [block.node], line: block.line }));
    const last = blocks.at(-1);
    const all = [...this.finished, ...blocks.map(({ id, nodes }) => ({ id, nodes }))];
    if (last && blocks.length > 1 && !done) {
      this.finished = all.slice(0, -1);
      this.nextId = last.id;
      this.tailStart += offsetOfLine(text.slice(this.tailStart), last.line);
    }
    this.complete = done;
    return all;
  }

  private restart(text: string): void {
    if (text === this.text) return;
    this.tailStart = 0;
    this.finished = [];
    this.nextId = 0;
    this.text = text;
  }
}

function offsetOfLine(text: string, line: number): number {
  let offset = 0;
  for (let count = 0; count < line; count += 1) offset = text.indexOf("\n", offset) + 1;
  return offset;
}
