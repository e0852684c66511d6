import { expect, test } from "vitest";
import { duration } from "./format";

test("a duration never says sixty seconds", () => {
  const rows: [number, string][] = [
    [4, "4 ms"],
    [3_240, "3.2 s"],
    [59_499, "59 s"],
    [59_500, "1 min 0 s"],
    [61_000, "1 min 1 s"],
    [41 * 60_000 + 59_700, "42 min 0 s"],
  ];
  for (const [ms, said] of rows) expect(duration(ms)).toBe(said);
});
