// The scripted twin's conversations: turns hang together by their parents, and one branch is looked at.
import type { Attachment, Conversation, Link, ModelRef, Turn, VersionOf } from "../bindings";

/** A question, or the turn whose question is asked again, and the turn in whose place it stands. */
export interface Asked {
  text?: string;
  files?: Attachment[];
  model?: ModelRef;
  beside?: string;
  again?: string;
}

/** A conversation with all its branches. */
export class Kept {
  readonly turns: Turn[] = [];
  pinned = false;
  /** The last turns of the branches that were looked at. */
  private readonly chosen: string[] = [];
  private readonly known = new Map<string, Turn>();

  constructor(
    readonly id: string,
    public title: string,
    readonly createdAt: number,
  ) {}

  /** Puts a turn at the end, or in the place of another one. */
  add(turn: Turn, beside?: string): Turn {
    const replaced = this.turn(beside);
    const placed = { ...turn, parent: replaced ? replaced.parent : this.chosen.at(-1) };
    this.turns.push(placed);
    this.known.set(placed.id, placed);
    this.chosen.push(placed.id);
    return placed;
  }

  turn(id: string | undefined): Turn | undefined {
    return this.known.get(id ?? "");
  }

  /** Answers the turn that is looked at now in the place of that one. */
  choose(id: string, of: VersionOf): string | undefined {
    const wanted = this.turn(id);
    const question = (turn?: Turn) => turn?.again ?? turn?.id;
    const isIt = (turn: Turn) =>
      of === "answer" ? turn.id === id : turn.parent === wanted?.parent && question(turn) === question(wanted);
    const under = (turn?: Turn): boolean => turn !== undefined && (isIt(turn) || under(this.turn(turn.parent)));
    const visited = this.chosen.findLast((each) => under(this.turn(each)));
    const end = visited ?? this.turns.findLast(under)?.id;
    if (end) this.chosen.push(end);
    return this.path().find((turn) => turn.parent === wanted?.parent)?.id;
  }

  /** A copy of what led to `at`, or of all. */
  copy(id: string, at?: string): Kept {
    const copy = new Kept(id, `${this.title} (2)`, this.createdAt);
    if (at) this.chosen.push(at);
    copy.turns.push(...structuredClone(at ? this.path() : this.turns));
    for (const turn of copy.turns) copy.known.set(turn.id, turn);
    if (at) this.chosen.pop();
    copy.chosen.push(...this.chosen.filter((turn) => copy.turn(turn)));
    return copy;
  }

  shown(): Conversation {
    const turns = this.path();
    const places = new Set(turns.map((turn) => turn.parent));
    const beside = (turn: Turn) => this.turns.filter((other) => other.parent === turn.parent);
    const several = this.turns.filter((turn) => places.has(turn.parent) && beside(turn).length > 1);
    const versions = several.map(({ id, parent, again }): Link => ({ turn: id, parent, again }));
    return structuredClone({ id: this.id, title: this.title, createdAt: this.createdAt, turns, versions });
  }

  private path(): Turn[] {
    const path: Turn[] = [];
    let turn = this.turn(this.chosen.at(-1)) ?? this.turns.at(-1);
    while (turn) {
      path.unshift(turn);
      turn = this.turn(turn.parent);
    }
    return path;
  }
}
