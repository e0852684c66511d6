import { describe, expect, test } from "vitest";
import { GrowingBlocks } from "./blocks";
import { highlight } from "./highlight";
import { parse, type MdNode } from "./markdown";

/** The tree in one line: what a reader of the page would find. */
function outline(node: MdNode): string {
  const inside = (children: MdNode[]) => children.map(outline).join("");
  switch (node.kind) {
    case "text":
      return node.text;
    case "whole":
      return `{${node.text}}`;
    case "element":
      return node.tag ? `<${node.tag}>${inside(node.children)}</${node.tag}>` : inside(node.children);
    case "link":
      return `<link ${node.href}>${inside(node.children)}</link>`;
    case "image":
      return `<image ${node.src}>`;
    case "code":
      return `\`${node.text}\``;
    case "block":
      return `<${node.closed ? "closed" : "open"} ${node.language}>${node.text}`;
    case "task":
      return node.done ? "[x]" : "[ ]";
    case "math":
      return `<${node.display ? "formula" : "math"}>${node.tex}`;
    case "source":
      return `<source>${node.text}`;
    case "table":
      return [node.head, ...node.rows].map((row) => `|${row.map((cell) => inside(cell.nodes)).join("|")}|`).join("");
    case "note":
      return `<note ${node.label}>`;
    case "noteBack":
      return "<back>";
    case "break":
    case "rule":
      return `<${node.kind}>`;
  }
}
const check = (text: string, expected: string) =>
  expect(
    parse(text)
      .map(({ node }) => outline(node))
      .join(""),
  ).toBe(expected);

describe("what Markdown becomes", () => {
  test.each([
    ["**bold** _em_ ~~s~~ `c`", "<p><strong>bold</strong> <em>em</em> <s>s</s> `c`</p>"],
    ["- [x] done\n- [ ] open", "<ul><li>[x]done</li><li>[ ]open</li></ul>"],
    ["3. three", "<ol><li>three</li></ol>"],
    ["|a|b|\n|-|-:|\n|1|**2**|", "|a|b||1|<strong>2</strong>|"],
    ["so $a+b$, not $5 and $6 or US$5/US$6", "<p>so <math>a+b, not $5 and $6 or US$5/US$6</p>"],
    ["\\(x^2\\) and $$y$$", "<p><math>x^2 and <formula>y</p>"],
    ["$$\na\nb\n$$\n\nthen", "<formula>a\nb<p>then</p>"],
    ["\\[ a \\]", "<formula>a"],
    ["`$a$`", "<p>`$a$`</p>"],
    ["```js\nlet a", "<open js>let a"],
    ["```js\nlet a\n```", "<closed js>let a\n"],
    ["[a](https://example.com)", "<p><link https://example.com>a</link></p>"],
    [
      "AST-SRV-001 and TKT-003, well-known on 2026-11-21",
      "<p>{AST-SRV-001} and {TKT-003}, well-known on {2026-11-21}</p>",
    ],
    ["see https://example.com", "<p>see <link https://example.com>https://example.com</link></p>"],
    ["x[^1]\n\n[^1]: note", "<p>x<note 1></p><section><li><p>note<back></p></li></section>"],
  ])("%j", check);
});

describe("what hostile Markdown cannot do", () => {
  test.each([
    ["<script>alert(1)</script>", "<p><script>alert(1)</script></p>"],
    ["<img src=x onerror=alert(1)>", "<p><img src=x onerror=alert(1)></p>"],
    ["[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"],
    ["[a](JaVaScRiPt:alert(1))", "<p>[a](JaVaScRiPt:alert(1))</p>"],
    ["[a](&#106;avascript:alert(1))", "<p>[a](&#106;avascript:alert(1))</p>".replace("&#106;", "j")],
    ["[a](data:text/html,x)", "<p>[a](data:text/html,x)</p>"],
    ["[a](file:///etc/passwd)", "<p>[a](file:///etc/passwd)</p>"],
    ["![a](data:image/svg+xml;base64,AA)", "<p>![a](data:image/svg+xml;base64,AA)</p>"],
  ])("%j", (text, expected) => {
    const nodes = parse(text).map(({ node }) => node);
    // All of it is text: no link, no picture, nothing with an address.
    expect(JSON.stringify(nodes)).not.toMatch(/"kind":"(link|image)"/);
    expect(nodes.map(outline).join("")).toBe(expected);
  });
});

const LONG = `# Title

First paragraph with **bold**.

- one
- two

\`\`\`json
{ "a": 1 }

{ "b": 2 }
\`\`\`

| a | b |
|---|---|
| 1 | 2 |

Last paragraph.
`;

describe("growing blocks", () => {
  test("end up as if parsed at once, in steps of any size", () => {
    const whole = JSON.stringify(parse(LONG).map(({ node }) => node));
    for (const step of [1, 3, 7, 50]) {
      const growing = new GrowingBlocks();
      for (let end = step; end < LONG.length; end += step) growing.update(LONG.slice(0, end), false);
      const blocks = growing.update(LONG, true);
      expect(JSON.stringify(blocks.flatMap((block) => block.nodes))).toBe(whole);
      expect(new Set(blocks.map((block) => block.id)).size).toBe(blocks.length);
    }
  });

  test("finished blocks keep their identity while the tail grows", () => {
    const growing = new GrowingBlocks();
    const before = growing.update("One.\n\nTwo.\n\nThr", false);
    const after = growing.update("One.\n\nTwo.\n\nThree, and", false);
    expect(after[0]?.nodes).toBe(before[0]?.nodes);
    expect(after[1]?.nodes).toBe(before[1]?.nodes);
    expect(after[2]?.id).toBe(before[2]?.id);
  });

  test("finished blocks are not parsed again when all is said", () => {
    const growing = new GrowingBlocks();
    const before = growing.update("One.\n\nTwo.\n\nThr", false);
    const after = growing.update("One.\n\nTwo.\n\nThree.", true);
    expect(after[0]?.nodes).toBe(before[0]?.nodes);
  });

  test("a late definition reaches back once all is said", () => {
    const growing = new GrowingBlocks();
    growing.update("See [here].\n\nMore.\n\n", false);
    const blocks = growing.update("See [here].\n\nMore.\n\n[here]: https://example.com\n", true);
    expect(JSON.stringify(blocks)).toContain('"href":"https://example.com"');
  });

  test("another text starts over", () => {
    const growing = new GrowingBlocks();
    growing.update("One.\n\nTwo.\n\nThree", false);
    expect(growing.update("Other.", true).map((block) => outline(block.nodes[0] as MdNode))).toEqual(["<p>Other.</p>"]);
  });
});

test("code is coloured in runs that add up to it", () => {
  const code = '{ "a": [1, true] }';
  const runs = highlight(code, "json");
  expect(runs?.map((run) => run.text).join("")).toBe(code);
  expect(runs?.some((run) => run.scope === "number")).toBe(true);
  expect(highlight(code, "no-such-language")).toBeUndefined();
});
