import { expect, test } from "vitest";
import type { Link } from "../bindings";
import { standingOf, withVersion } from "./versions";

/** `b<a` follows a; `c<a=b` follows a and answers b's question once more. */
function links(words: string): Link[] {
  return words.split(" ").map((word) => {
    const [place = "", again] = word.split("=");
    const [turn = "", parent] = place.split("<");
    return { turn, parent, again };
  });
}

const turn = (word: string) => {
  const [link] = links(word);
  return { id: link?.turn ?? "", parent: link?.parent, again: link?.again };
};

test.each([
  ["b<a", "question", "b<a c<a=b d<a", "1/2 – d"],
  ["c<a=b", "question", "b<a c<a=b d<a", "1/2 – d"],
  ["d<a", "question", "b<a c<a=b d<a", "2/2 b –"],
  ["c<a=b", "answer", "b<a c<a=b d<a", "2/2 b –"],
  ["d<a", "answer", "b<a c<a=b d<a", "one"],
  ["b<a", "answer", "x<y z<y", "one"],
  ["a", "question", "a b c", "1/3 – b"],
  ["b", "question", "a b c", "2/3 a c"],
] as const)("%s as %s among %s stands at %s", (word, of, versions, expected) => {
  const standing = standingOf(turn(word), of, links(versions));
  const { nth, count, previous = "–", next = "–" } = standing ?? { nth: 0, count: 0 };
  expect(standing ? `${nth}/${count} ${previous} ${next}` : "one").toBe(expected);
});

test("a turn that takes another's place is a version beside it", () => {
  const first = withVersion([], turn("c<a"), turn("b<a"));
  expect(first.map((link) => link.turn)).toEqual(["b", "c"]);
  expect(withVersion(first, turn("d<a"), turn("c<a")).map((link) => link.turn)).toEqual(["b", "c", "d"]);
  expect(withVersion(first, turn("d<c"), undefined)).toBe(first);
});
