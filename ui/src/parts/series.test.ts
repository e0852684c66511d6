import { expect, test } from "vitest";
import { csvOf } from "./csv";
import { numberIn, seriesOf, ticks } from "./series";
import { readable, visible } from "./unseen";

test.each([
  ["12", 12],
  ["-3.5", -3.5],
  ["−3", -3],
  ["12,400 €", 12400],
  ["1.234,5", 1234.5],
  ["1,5", 1.5],
  ["$1,234,567.89", 1234567.89],
  ["-$5", -5],
  ["45 %", 45],
  ["3 ms", 3],
  ["1 234", 1234],
  ["TKT-003", undefined],
  ["2026-11-21", undefined],
  ["", undefined],
  ["n/a", undefined],
])("%j is read as %j", (text, value) => expect(numberIn(text)).toBe(value));

test("numbers beside names or days form a series; ids and years do not", () => {
  const months = [
    ["Jan 2026", "1,200", "x"],
    ["Feb 2026", "900", "y"],
    ["Mar 2026", "", "z"],
    ["Apr 2026", "1,400", "z"],
  ];
  const series = seriesOf(["Month", "Revenue", "Note"], months);
  expect(series).toEqual({
    labels: ["Jan 2026", "Feb 2026", "Mar 2026", "Apr 2026"],
    lines: [{ name: "Revenue", values: [1200, 900, undefined, 1400] }],
    ordered: true,
  });
  const rows = [
    ["a", "1"],
    ["b", "2"],
    ["c", "3"],
  ];
  expect(seriesOf(["Name", "Count"], rows)?.ordered).toBe(false);
  expect(seriesOf(["Name", "Customer id"], rows)).toBeUndefined();
  const of = (...values: string[]) =>
    seriesOf(
      ["Name", "Figure"],
      values.map((value, at) => [`n${at}`, value]),
    );
  expect(of("2024", "2025", "2026")).toBeUndefined();
  expect(of("12400", "9800", "2026")?.lines).toEqual([{ name: "Figure", values: [12400, 9800, 2026] }]);
  expect(seriesOf(["Name", "Count"], rows.slice(1))).toBeUndefined();
});

test("marks are round and reach around all values", () => {
  expect(ticks([3, 31])).toEqual([0, 10, 20, 30, 40]);
  expect(ticks([-5, 5])).toEqual([-5, -2.5, 0, 2.5, 5]);
  expect(ticks([0])).toEqual([0, 0.25]);
});

test("CSV quotes what needs it and lets no spreadsheet run a cell", () => {
  const rows = [
    ["a", 'b "c"', "d,e\nf"],
    ["=1+2", "-5", "@cmd"],
  ];
  expect(csvOf(rows)).toBe(`a,"b ""c""","d,e\nf"\r\n'=1+2,-5,'@cmd\r\n`);
});

test.each([
  ["a\u202eb\u200bc", "a⟨U+202E⟩b⟨U+200B⟩c"],
  ["x\u{e0041}", "x⟨U+E0041⟩"],
  ["bell\u0007", "bell⟨U+0007⟩"],
  ["\u001b[31mred\u001b[0m \u001b]8;;http://a\u0007", "red ⟨U+001B⟩]8;;http://a⟨U+0007⟩"],
  ["two\r\nlines\tand", "two\nlines\tand"],
])("nothing hides in %j", (text, shown) => {
  expect(visible(text)).toBe(shown);
  expect(readable(text)).toBe(shown);
});

test("what belongs to a script or an emoji stays as it is in prose", () => {
  for (const text of [
    "می‌خواهم",
    "👩‍💻",
    "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "✔️",
    "\u200fשלום",
  ]) {
    expect(readable(text)).toBe(text);
  }
  expect(visible("a\u200db")).toBe("a⟨U+200D⟩b");
});
