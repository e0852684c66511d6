// A conversation as it happens. Mirrors `chat::Turn::apply`: the same events, the same outcome.
import type {
  Attachment,
  Condensed,
  Conversation,
  ErrorReport,
  Item,
  Link,
  Message,
  ModelRef,
  Page,
  Pace,
  Note,
  Progress,
  Question,
  Role,
  ToolCall,
  Turn,
  TurnEvent,
  TurnStatus,
  Usage,
} from "../bindings";
import { withVersion, type Switch } from "./versions";

/** Older words on the progress of a call are forgotten. */
const MOST_STEPS = 200;

/** Only the two strings that grow are deep state: a delta costs one text node. */
export class LiveMessage {
  readonly kind = "message";
  readonly id: string;
  readonly role: Role;
  readonly at: number;
  readonly attachments: Attachment[] = [];
  text = $state("");
  reasoning = $state("");
  spokeAt = $state.raw<number>();
  blank = $derived(this.text === "" && this.reasoning === "" && this.attachments.length === 0);

  constructor(message: Message) {
    this.id = message.id;
    this.role = message.role;
    this.at = message.at;
    this.attachments = message.attachments ?? [];
    this.become(message);
  }

  become(message: Message): void {
    this.text = message.text;
    this.reasoning = message.reasoning ?? "";
    this.spokeAt = message.spokeAt;
  }
}

export class LiveCall {
  readonly kind = "call";
  readonly id: string;
  now: ToolCall;
  /** What it said of its progress, as far as this window was told. */
  steps = $state.raw<Progress[]>([]);

  constructor(call: ToolCall) {
    this.id = call.id;
    this.now = $state.raw(call);
  }

  become(call: ToolCall): void {
    this.now = call;
    const step = call.status.state === "running" ? call.status.progress : undefined;
    if (step) this.steps = [...this.steps.slice(1 - MOST_STEPS), step];
  }

  get waiting(): boolean {
    return this.now.status.state === "awaitingApproval";
  }
}

/** What a server asks of a person while a call of it runs. */
export class LiveQuestion {
  readonly kind = "question";
  readonly id: string;
  now: Question;

  constructor(question: Question) {
    this.id = question.id;
    this.now = $state.raw(question);
  }

  get waiting(): boolean {
    return this.now.status.state === "waiting";
  }
}

export type LiveItem = LiveMessage | LiveCall | LiveQuestion;

/** What stands in one place of the page: a message, a question, or calls made one after another without a word between. */
export type Segment =
  { key: string; message: LiveMessage } | { key: string; calls: LiveCall[] } | { key: string; question: LiveQuestion };

export class LiveTurn {
  readonly id: string;
  readonly parent: string | undefined;
  readonly again: string | undefined;
  readonly model: ModelRef;
  readonly startedAt: number;
  items = $state.raw<LiveItem[]>([]);
  status = $state.raw<TurnStatus>({ state: "running" });
  endedAt = $state.raw<number>();
  usage = $state.raw<Usage>({ input: 0, output: 0, cached: 0 });
  latest = $state.raw<Usage>({ input: 0, output: 0, cached: 0 });
  pace = $state.raw<Pace>();
  rounds = $state(0);
  retrying = $state.raw<{ error: ErrorReport; at: number }>();
  /** What Loquat did on the way that a person may want to know. */
  notes = $state.raw<Note[]>([]);
  /** What stands for the turns before it in what the model is told. */
  condensed = $state.raw<Condensed>();

  readonly running = $derived(this.status.state === "running");
  readonly calls = $derived(this.items.filter((item) => item.kind === "call"));
  readonly waiting = $derived(this.running ? this.calls.filter((call) => call.waiting) : []);
  readonly questions = $derived(this.items.filter((item) => item.kind === "question"));
  readonly asked = $derived(this.running ? this.questions.filter((question) => question.waiting) : []);
  readonly segments = $derived(segmentsOf(this.items));

  constructor(turn: Turn) {
    this.id = turn.id;
    this.parent = turn.parent;
    this.again = turn.again;
    this.model = turn.model;
    this.startedAt = turn.startedAt;
    this.items = turn.items.map(liven);
    this.status = turn.status;
    this.endedAt = turn.endedAt;
    this.usage = turn.usage;
    this.latest = turn.latest ?? this.latest;
    this.pace = turn.pace;
    this.rounds = turn.rounds;
    this.notes = turn.notes ?? [];
    this.condensed = turn.condensed;
  }

  apply(event: TurnEvent): void {
    if (event.type !== "retrying" && event.type !== "usage") this.retrying = undefined;
    switch (event.type) {
      case "asked":
        this.rounds += 1;
        break;
      case "retrying":
        this.retrying = { error: event.error, at: event.at };
        break;
      case "item":
        this.put(event.item);
        break;
      case "text": {
        const message = this.message(event.id);
        if (message) message.text += event.delta;
        break;
      }
      case "reasoning": {
        const message = this.message(event.id);
        if (message) message.reasoning += event.delta;
        break;
      }
      case "condensed":
        this.condensed = event.condensed;
        break;
      case "noted":
        this.notes = [...this.notes, event.note];
        break;
      case "usage":
        this.usage = add(this.usage, event.usage);
        this.latest = event.usage;
        this.pace = longer(this.pace, event.pace);
        break;
      case "ended":
        this.status = event.status;
        this.endedAt = event.at;
        break;
    }
  }

  /** The answer's own words, without what was thought or called on the way. */
  get answer(): string {
    const said = this.items.filter((item) => item.kind === "message" && item.role === "assistant");
    return said
      .map((item) => (item as LiveMessage).text.trim())
      .filter(Boolean)
      .join("\n\n");
  }

  get question(): string {
    const first = this.items.find((item) => item.kind === "message" && item.role === "user");
    return first?.kind === "message" ? first.text : "";
  }

  /** Milliseconds from the question to the first word of the model, if it has spoken. */
  get firstWordAfter(): number | undefined {
    const first = this.items.find((item) => item.kind === "message" && item.role === "assistant");
    return first?.kind === "message" ? Math.max(0, first.at - this.startedAt) : undefined;
  }

  /** Tokens a second while the model wrote. */
  get speed(): number | undefined {
    return this.pace && this.pace.written > 0
      ? Math.round((this.pace.written * 1000) / Math.max(1, this.pace.writingMs))
      : undefined;
  }

  /** How much of what the model can read was used up with its latest answer, in tokens. */
  get held(): number {
    return this.latest.input + this.latest.output;
  }

  private put(item: Item): void {
    // From the end: what changes is nearly always what came last.
    const known = this.items.findLast((each) => each.id === item.id);
    if (known?.kind === "message" && item.type === "message") known.become(item);
    else if (known?.kind === "call" && item.type === "toolCall") known.become(item);
    else if (known?.kind === "question" && item.type === "question") known.now = item;
    else this.items = [...this.items, liven(item)];
  }

  private message(id: string): LiveMessage | undefined {
    const item = this.items.findLast((each) => each.id === id);
    return item?.kind === "message" ? item : undefined;
  }
}

/** So many items are on the page at most while somebody reads far from the end; then those farthest away go. */
const MOST_ITEMS = 160;
/** So many stay. */
const KEPT_ITEMS = 80;

export class LiveConversation {
  readonly id: string;
  /** The turns on the page: they follow one another, but need not reach to the beginning or the end. */
  turns = $state.raw<LiveTurn[]>([]);
  /** How many turns come before those on the page. */
  earlier = $state(0);
  /** How many come after them. */
  later = $state(0);
  /** The newest turn, also while it is not on the page: it may be running. */
  private newest = $state.raw<LiveTurn>();
  /** What else stands in the places of the turns of this branch, and they themselves, where there are several. */
  versions = $state.raw<Link[]>([]);
  /** Set while another version is on its way to the page. */
  switched: Switch | undefined;
  /** How often the latest turns have come as a whole. */
  loads = 0;
  /** False until the turns from before this window was told of any have been loaded. */
  loaded = $state(false);
  /** Chosen for the next question here, in place of who answered last. */
  chosen = $state.raw<ModelRef>();

  readonly last = $derived(this.later > 0 ? this.newest : this.turns.at(-1));
  readonly running = $derived(this.last?.running ?? false);
  readonly waiting = $derived(this.last?.waiting ?? []);
  readonly asked = $derived(this.last?.asked ?? []);

  constructor(id: string) {
    this.id = id;
  }

  /**
   * The latest turns at one instant. What was on the page before them stays where it leads up to them; turns that
   * were followed from their start are kept as they are.
   */
  load({ turns, versions = [] }: Conversation, earlier = 0): void {
    const followed = this.newest ? [...this.turns, this.newest] : this.turns;
    const place = this.turns.findIndex((turn) => turn.id === turns[0]?.id);
    const before = this.loaded && place > 0 ? this.turns.slice(0, place) : [];
    const loaded = turns.map((turn) => followed.find((known) => known.id === turn.id) ?? new LiveTurn(turn));
    const newer = this.loaded ? [] : this.turns.filter((turn) => !loaded.includes(turn));
    this.turns = [...before, ...loaded, ...newer];
    if (before.length === 0) this.earlier = earlier;
    this.later = 0;
    this.versions = versions;
    this.loads += 1;
    this.newest = this.turns.at(-1);
    this.loaded = true;
  }

  /** Another branch is on its way: what is on the page now is not of it. */
  expectAnother(): void {
    this.turns = [];
    this.newest = undefined;
    this.loaded = false;
  }

  /** Turns that end right before those on the page. */
  putBefore(page: Page): void {
    this.turns = [...page.turns.map((turn) => new LiveTurn(turn)), ...this.turns];
    this.earlier = page.earlier;
    const kept = this.turns.slice(0, countOf(this.turns));
    this.later += this.turns.length - kept.length;
    this.turns = kept;
  }

  /** Turns that begin right after those on the page. */
  putAfter(page: Page): void {
    // The newest has been followed since it began: it knows more than what was read.
    const more = page.turns.map((turn) => (turn.id === this.newest?.id ? this.newest : new LiveTurn(turn)));
    this.turns = [...this.turns, ...more];
    this.later = page.later;
    this.forgetEarly();
  }

  /** Other turns in place of those on the page. */
  show(page: Page): void {
    this.turns = page.turns.map((turn) => (turn.id === this.newest?.id ? this.newest : new LiveTurn(turn)));
    this.earlier = page.earlier;
    this.later = page.later;
  }

  /** Lets go of turns far before the end. */
  forgetEarly(): void {
    const kept = countOf(this.turns.toReversed());
    if (kept === this.turns.length) return;
    this.earlier += this.turns.length - kept;
    this.turns = this.turns.slice(-kept);
  }

  start(turn: Turn): void {
    if (this.newest?.id === turn.id || this.turns.some((known) => known.id === turn.id)) return;
    const last = this.last;
    this.newest = new LiveTurn(turn);
    if (this.later > 0 && last?.id === turn.parent) {
      this.later += 1;
      return;
    }
    // What followed its parent until now is another branch.
    const parent = this.turns.findIndex((known) => known.id === turn.parent);
    const isThere = parent >= 0 || (turn.parent === undefined && this.earlier === 0);
    if (isThere) this.versions = withVersion(this.versions, turn, this.turns[parent + 1]);
    else this.earlier = Math.max(1, this.earlier);
    this.turns = [...(isThere ? this.turns.slice(0, parent + 1) : []), this.newest];
    this.later = 0;
  }

  apply(id: string, event: TurnEvent): void {
    const turn = this.newest?.id === id ? this.newest : this.turns.findLast((each) => each.id === id);
    turn?.apply(event);
  }
}

/** How many of these turns stay where there are too many: from the first on, at least two. */
function countOf(turns: LiveTurn[]): number {
  const total = turns.reduce((sum, turn) => sum + turn.items.length, 0);
  if (total <= MOST_ITEMS) return turns.length;
  let items = 0;
  const enough = turns.findIndex((turn, index) => (items += turn.items.length) >= KEPT_ITEMS && index > 0);
  return enough < 0 ? turns.length : enough + 1;
}

export function segmentsOf(items: LiveItem[]): Segment[] {
  const segments: Segment[] = [];
  for (const item of items) {
    const last = segments.at(-1);
    if (item.kind === "call") {
      if (last && "calls" in last) last.calls.push(item);
      else segments.push({ key: item.id, calls: [item] });
    } else if (item.kind === "question") {
      segments.push({ key: item.id, question: item });
    } else if (!item.blank) {
      segments.push({ key: item.id, message: item });
    }
  }
  return segments;
}

function liven(item: Item): LiveItem {
  switch (item.type) {
    case "message":
      return new LiveMessage(item);
    case "toolCall":
      return new LiveCall(item);
    case "question":
      return new LiveQuestion(item);
  }
}

function longer(soFar: Pace | undefined, more: Pace | undefined): Pace | undefined {
  if (!soFar || !more) return soFar ?? more;
  const writingMs = soFar.writingMs + more.writingMs;
  return { ...soFar, writingMs, written: soFar.written + more.written };
}

function add(left: Usage, right: Usage): Usage {
  return { input: left.input + right.input, output: left.output + right.output, cached: left.cached + right.cached };
}
