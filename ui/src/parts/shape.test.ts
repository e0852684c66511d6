import { expect, test } from "vitest";
import { jsonIn, shapeOf, spoken } from "./shape";

test.each([
  [undefined, "empty"],
  ["", "empty"],
  [[], "empty"],
  [{}, "empty"],
  [7, "plain"],
  [{ result: "words" }, "plain"],
  [{ a: 1, b: { c: 2 } }, "record"],
  [[{ a: 1 }, { b: 2 }], "table"],
  [{ tickets: [{ id: 1 }], total: 1 }, "table"],
  [[1, 2], "other"],
  [[{ a: 1 }, 2], "other"],
])("%j reads best as %s", (value, kind) => expect(shapeOf(value).kind).toBe(kind));

test("a table keeps the figures beside its records and all columns", () => {
  expect(shapeOf({ rows: [{ a: 1 }, { b: 2 }], total: 2 })).toMatchObject({
    name: "rows",
    columns: ["a", "b"],
    fields: [["total", 2]],
  });
});

test("one record with much in it is read from top to bottom, beside the figures", () => {
  const much = { a: 1, b: 2, c: 3, d: 4, e: 5, f: { g: 6 } };
  const fields = [["total", 1], ...Object.entries(much)];
  expect(shapeOf({ total: 1, rows: [much] })).toEqual({ kind: "record", fields });
  expect(shapeOf({ total: 2, rows: [much, much] }).kind).toBe("table");
  // Nothing is shown in the place of something else of its name.
  expect(shapeOf({ a: 1, rows: [much] }).kind).toBe("table");
});

test("JSON is found in text only where it is JSON", () => {
  expect(jsonIn(' {"a":1} ')).toEqual({ a: 1 });
  expect(jsonIn("{broken")).toBeUndefined();
  expect(jsonIn("words")).toBeUndefined();
});

test("keys are spoken as words", () => {
  expect(spoken("customer_id")).toBe("customer id");
  expect(spoken("createdAt")).toBe("created at");
});
