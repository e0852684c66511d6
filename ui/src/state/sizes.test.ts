import { expect, test } from "vitest";
import type { ModelView } from "../bindings";
import { moreThan, sizesOf } from "./sizes";

const view = (context?: number, mostContext?: number): ModelView => ({
  model: { provider: "lmstudio", model: "qwen" },
  name: "Qwen",
  context,
  mostContext,
});

test("a model is offered with twice as much, up to the most it reads", () => {
  const rows: [ModelView | undefined, number | undefined][] = [
    [view(4096, 131072), 8192],
    [view(5000, 131072), 16384],
    [view(100000, 131072), 131072],
    [view(131072, 131072), undefined],
    [view(4096), undefined],
    [undefined, undefined],
  ];
  for (const [model, more] of rows) expect(moreThan(model)).toBe(more);
});

test("the sizes are the usual ones, what it reads now and the most it can", () => {
  expect(sizesOf(view(5000, 40960))).toEqual([4096, 5000, 8192, 16384, 32768, 40960]);
  expect(sizesOf(view(5000))).toEqual([5000]);
  expect(sizesOf(view())).toEqual([]);
});
