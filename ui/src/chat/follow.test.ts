import { expect, test, vi } from "vitest";
import { Follow } from "./follow.svelte";

/** Something that scrolls, as a browser does: never past its end. */
function page() {
  const scroller = document.createElement("div");
  const size = { scrollHeight: 1000, clientHeight: 400 };
  let top = 0;
  Object.defineProperties(scroller, {
    scrollHeight: { get: () => size.scrollHeight },
    clientHeight: { get: () => size.clientHeight },
    scrollTop: {
      get: () => top,
      set: (to: number) => (top = Math.max(0, Math.min(to, size.scrollHeight - size.clientHeight))),
    },
  });
  let resized = () => {};
  const watch = class extends ResizeObserver {
    constructor(tell: ResizeObserverCallback) {
      super(tell);
      resized = () => tell([], this);
    }
  };
  vi.stubGlobal("ResizeObserver", watch);
  const follow = new Follow();
  follow.attach(scroller);
  vi.unstubAllGlobals();
  const scrolled = () => scroller.dispatchEvent(new Event("scroll"));
  const grow = (height: number) => {
    size.scrollHeight = height;
    resized();
  };
  return { scroller, size, follow, scrolled, grow };
}

test("what grows before word of the last jump comes is followed, too", () => {
  const { scroller, size, follow, scrolled } = page();
  expect(scroller.scrollTop).toBe(600);
  size.scrollHeight = 1500;
  scrolled();
  expect([follow.atEnd, scroller.scrollTop]).toEqual([true, 1100]);
});

test("what shrinks and grows before word of it comes is followed, too", () => {
  const { scroller, size, follow, scrolled } = page();
  // A browser brings whoever is past the end back to it.
  size.scrollHeight = 900;
  scroller.scrollTop = 500;
  size.scrollHeight = 1500;
  scrolled();
  expect([follow.atEnd, scroller.scrollTop]).toEqual([true, 1100]);
});

test("whoever scrolls up while something grows is left there", () => {
  const { scroller, size, follow, scrolled } = page();
  scroller.dispatchEvent(new Event("wheel"));
  scroller.scrollTop = 500;
  size.scrollHeight = 1500;
  scrolled();
  expect([follow.atEnd, scroller.scrollTop]).toEqual([false, 500]);
});

test("whoever scrolls up is left there, told of what comes, and taken back by a click", () => {
  const { scroller, size, follow, scrolled } = page();
  scroller.scrollTop = 100;
  scrolled();
  expect([follow.atEnd, follow.far, follow.missed]).toEqual([false, true, false]);
  size.scrollHeight = 1500;
  follow.notice();
  scrolled();
  expect([follow.missed, scroller.scrollTop]).toEqual([true, 100]);
  follow.toEnd();
  expect([follow.atEnd, follow.far, follow.missed, scroller.scrollTop]).toEqual([true, false, false, 1100]);
});

test("what somebody opens at the end stays where it was clicked; what comes later is told", () => {
  const { scroller, follow, grow } = page();
  scroller.innerHTML = "<button aria-expanded='false'><b>Card</b></button><button>Other</button>";
  const [card, other] = scroller.querySelectorAll("button");
  card?.querySelector("b")?.click();
  grow(1500);
  expect([follow.atEnd, scroller.scrollTop]).toEqual([false, 600]);
  follow.notice();
  expect(follow.missed).toBe(true);
  follow.toEnd();
  other?.click();
  grow(1600);
  expect([follow.atEnd, scroller.scrollTop]).toEqual([true, 1200]);
});

test("what grows long after something was opened is followed", async () => {
  const { scroller, follow, grow } = page();
  scroller.innerHTML = "<button aria-expanded='false'>Card</button>";
  scroller.querySelector("button")?.click();
  const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
  for (let frames = 0; frames < 3; frames += 1) await frame();
  grow(1500);
  expect([follow.atEnd, scroller.scrollTop]).toEqual([true, 1100]);
});
