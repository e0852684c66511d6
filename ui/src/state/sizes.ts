// How much of a conversation a model on this computer can be loaded for.
import type { ModelView } from "../bindings";

const SIZES = [4096, 8192, 16384, 32768, 65536, 131072, 262144];

/** With how much a model can be loaded: the usual sizes, and the most it can. */
export function sizesOf({ context, mostContext }: ModelView): number[] {
  if (mostContext === undefined) return context === undefined ? [] : [context];
  const all = [...SIZES.filter((size) => size < mostContext), mostContext, context ?? mostContext];
  return [...new Set(all)].sort((left, right) => left - right);
}

/** The next size that is at least twice what it reads now; nothing where there is no more. */
export function moreThan(view: ModelView | undefined): number | undefined {
  const { context, mostContext } = view ?? {};
  if (!view || context === undefined || mostContext === undefined || mostContext <= context) return undefined;
  return sizesOf(view).find((size) => size >= 2 * context) ?? mostContext;
}
