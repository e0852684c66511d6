// What tokens cost, by the person's own table. What has no price there is unknown: never nothing.
import type { ModelFigures, ModelRef, Price, Usage } from "../bindings";

/** The line for a model: its own name before a beginning, a longer beginning before a shorter. */
export function priceOf(prices: readonly Price[], { provider, model }: ModelRef): Price | undefined {
  const fits = (price: Price) =>
    price.provider === provider &&
    (price.model === model || (price.model.endsWith("*") && model.startsWith(price.model.slice(0, -1))));
  const length = (price: Price) => (price.model === model ? Infinity : price.model.length);
  return prices.filter(fits).reduce<Price | undefined>((best, price) => {
    return best && length(best) >= length(price) ? best : price;
  }, undefined);
}

export function costOf(usage: Usage, price: Price): number {
  const fresh = Math.max(0, usage.input - usage.cached);
  return (fresh * price.input + usage.cached * (price.cached ?? price.input) + usage.output * price.output) / 1e6;
}

export interface Spent {
  /** Of everything that has a price. */
  amount: number;
  /** Whether some of it has none: then the amount is the least it can be. */
  unknown: boolean;
}

export function spent(figures: readonly ModelFigures[], prices: readonly Price[]): Spent {
  const total: Spent = { amount: 0, unknown: false };
  for (const { model, usage } of figures) {
    const price = priceOf(prices, model);
    if (price) total.amount += costOf(usage, price);
    else total.unknown = true;
  }
  return total;
}
