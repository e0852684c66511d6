// Conversations in parts, as the engine serves them.
import type { Output, Page, PageFrom, Turn } from "../bindings";

const ITEMS = 40;

export function pageOf(turns: Turn[], from: PageFrom): Page {
  const place = from.at === "end" ? turns.length : turns.findIndex((turn) => turn.id === from.turn);
  if (from.at === "after") return page(turns, place + 1, enough(turns.slice(place + 1)));
  const before = enough(turns.slice(0, place).reverse());
  const on = from.at === "around" ? enough(turns.slice(place)) : 0;
  return page(turns, place - before, before + on);
}

/** How many of these turns make a page: about forty items, at least two turns. */
function enough(turns: Turn[]): number {
  let items = 0;
  const last = turns.findIndex((turn, index) => (items += turn.items.length) >= ITEMS && index > 0);
  return last < 0 ? turns.length : last + 1;
}

function page(turns: Turn[], first: number, count: number): Page {
  return { turns: turns.slice(first, first + count), earlier: first, later: turns.length - first - count };
}

export function outputOf(turn: Turn | undefined, call: string): Output {
  const found = turn?.items.find((item) => item.type === "toolCall" && item.id === call);
  if (found?.type === "toolCall" && found.status.state === "succeeded") return found.status.output;
  throw { code: "notFound", message: "This call has no result." };
}
