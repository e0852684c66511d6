import { expect, test } from "vitest";
import type { Price } from "../bindings";
import { costOf, priceOf, spent } from "./prices";

const price = (model: string, input: number, output = 0, cached?: number): Price => ({
  provider: "openai",
  model,
  input,
  output,
  cached,
});
const gpt = (model: string) => ({ provider: "openai", model });

test("the line that fits a model best counts, and none is no price", () => {
  const prices = [price("gpt-5*", 1), price("gpt-5-mini*", 2), price("gpt-5-mini", 3)];
  expect(priceOf(prices, gpt("gpt-5"))?.input).toBe(1);
  expect(priceOf(prices, gpt("gpt-5-mini-2026"))?.input).toBe(2);
  expect(priceOf(prices, gpt("gpt-5-mini"))?.input).toBe(3);
  expect(priceOf(prices, gpt("o4"))).toBeUndefined();
  expect(priceOf(prices, { provider: "custom", model: "gpt-5" })).toBeUndefined();
});

test("cached tokens cost what is said of them, else as others do", () => {
  const usage = { input: 1_000_000, cached: 400_000, output: 100_000 };
  expect(costOf(usage, price("x", 2, 10))).toBeCloseTo(2 + 1);
  expect(costOf(usage, price("x", 2, 10, 0.5))).toBeCloseTo(1.2 + 0.2 + 1);
});

test("what has no price makes a sum the least it can be", () => {
  const usage = { input: 1_000_000, cached: 0, output: 0 };
  const figures = [gpt("gpt-5"), gpt("o4")].map((model) => ({ month: "2026-11", model, turns: 1, usage }));
  expect(spent(figures, [price("gpt-5", 2)])).toEqual({ amount: 2, unknown: true });
  expect(spent(figures, [])).toEqual({ amount: 0, unknown: true });
  expect(spent([], [])).toEqual({ amount: 0, unknown: false });
});
