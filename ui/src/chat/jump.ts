// Going to where something was said, and marking the words there.
import { tick } from "svelte";

const NAME = "found";

/** Brings an item into sight. What was never drawn has a guessed height, so it is brought there again once it is. */
export async function bringIntoSight(
  column: HTMLElement,
  turn: string,
  item: string,
): Promise<HTMLElement | undefined> {
  await tick();
  const named = (name: "item" | "turn", value: string) =>
    [...column.querySelectorAll<HTMLElement>(`[data-${name}]`)].find((each) => each.dataset[name] === value);
  const find = () => named("item", item) ?? named("turn", turn);
  for (let times = 0; times < 4; times += 1) {
    find()?.scrollIntoView({ block: "center" });
    await new Promise((done) => requestAnimationFrame(done));
  }
  return find();
}

/** Marks words wherever they stand in an element; nothing of the page changes. */
export function mark(element: HTMLElement, words: string[]): void {
  unmark();
  const ranges = rangesOf(element, words.filter(Boolean));
  const first = ranges[0];
  if (first && typeof Highlight !== "undefined") CSS.highlights.set(NAME, new Highlight(...ranges));
  // Where words cannot be marked, or stand in what is folded, the whole item is.
  else element.dataset.found = "";
  first?.startContainer.parentElement?.scrollIntoView({ block: "center" });
}

export function unmark(): void {
  if (typeof Highlight !== "undefined") CSS.highlights.delete(NAME);
  for (const element of document.querySelectorAll<HTMLElement>("[data-found]")) delete element.dataset.found;
}

function rangesOf(element: HTMLElement, words: string[]): Range[] {
  const ranges: Range[] = [];
  const wanted = words.map((word) => word.toLocaleLowerCase());
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = (node.nodeValue ?? "").toLocaleLowerCase();
    // A letter that grows when it is made small would put every mark behind it in the wrong place.
    if (text.length !== node.nodeValue?.length) continue;
    for (const word of wanted) {
      for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + word.length);
        ranges.push(range);
      }
    }
  }
  return ranges;
}
