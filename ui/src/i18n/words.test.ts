import { expect, test } from "vitest";
import { de } from "./de";
import { en } from "./en";

/** Every text of a language with where it stands; what is made of values is made of some. */
function textsOf(words: unknown, path: string): [path: string, text: string][] {
  if (typeof words === "string") return [[path, words]];
  if (typeof words === "function") return [[path, String((words as (...all: unknown[]) => unknown)("2", "3", "4"))]];
  if (typeof words !== "object" || words === null) return [];
  return Object.entries(words).flatMap(([key, each]) => textsOf(each, `${path}.${key}`));
}

test("nothing is said with no words", () => {
  for (const words of [en, de]) {
    const empty = textsOf(words, "").filter(([, text]) => text.trim() === "");
    expect(empty).toEqual([]);
  }
});

test("German speaks to people as strangers do, everywhere", () => {
  // What is suggested to be asked speaks to the model.
  const said = textsOf({ ...de, suggest: {} }, "de");
  const close = /\b(du|dich|dir|dein\w*|willst|kannst|hast|bist|musst|darfst|siehst)\b/i;
  expect(said.filter(([, text]) => close.test(text))).toEqual([]);
});
