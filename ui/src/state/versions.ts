// Versions: turns that stand in the same place of a conversation, because a question was edited or answered once more.
import type { Link, Turn, VersionOf } from "../bindings";

/** Which of several versions is looked at, and the turns by which its neighbours are named. */
export interface Standing {
  /** From 1. */
  nth: number;
  count: number;
  previous?: string;
  next?: string;
}

/** A person looked from one version at another: where, so that the page can stay there. */
export interface Switch {
  parent?: string;
  /** The turn that stands there now, as soon as that is known. */
  turn?: string;
  /** How often the conversation had been loaded before. */
  loads: number;
  of: VersionOf;
  forward: boolean;
  /** How far below the window's upper edge the buttons stood. */
  top: number;
}

type Placed = Pick<Turn, "id" | "parent" | "again">;

export const linkOf = ({ id, parent, again }: Placed): Link => ({ turn: id, parent, again });
const questionOf = ({ turn, again }: Link) => again ?? turn;

/** Nothing where there is only one. */
export function standingOf(turn: Placed, of: VersionOf, versions: Link[]): Standing | undefined {
  const own = linkOf(turn);
  const beside = versions.filter((link) => link.parent === own.parent);
  const names =
    of === "answer"
      ? beside.filter((link) => questionOf(link) === questionOf(own)).map((link) => link.turn)
      : [...new Set(beside.map(questionOf))];
  const index = names.indexOf(of === "answer" ? own.turn : questionOf(own));
  if (index < 0 || names.length < 2) return undefined;
  return { nth: index + 1, count: names.length, previous: names[index - 1], next: names[index + 1] };
}

/** The versions once `begun` stands where `replaced` was looked at. */
export function withVersion(versions: Link[], begun: Placed, replaced: Placed | undefined): Link[] {
  const isKnown = (turn: Placed) => versions.some((link) => link.turn === turn.id);
  const before = replaced && !isKnown(replaced) ? [linkOf(replaced)] : [];
  const beside = before.length > 0 || versions.some((link) => link.parent === begun.parent);
  return beside && !isKnown(begun) ? [...versions, ...before, linkOf(begun)] : versions;
}
