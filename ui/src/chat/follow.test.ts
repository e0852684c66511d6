import { expect, test } from "vitest";
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
  const follow = new Follow();
  follow.attach(scroller);
  const scrolled = () => scroller.dispatchEvent(new Event("scroll"));
  return { scroller, size, follow, scrolled };
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
