// The scripted twin's turns: plays what a script says, and asks about calls as the real engine does.
import type {
  Answer,
  CallStatus,
  ErrorReport,
  Message,
  Question,
  ToolCall,
  Turn,
  TurnEvent,
  TurnStatus,
} from "../bindings";
import type { Planned, Step } from "./script";
import { tool } from "./world";

const USAGE = { input: 602, output: 48, cached: 0 };

/** What a person said to a call. */
export interface Word {
  allow: boolean;
  word?: string;
  /** What shall be sent in place of what was proposed. */
  approved?: unknown;
}

export class Player {
  private readonly approvals = new Map<string, (word: Word) => void>();
  private readonly calls = new Map<string, ToolCall>();
  private readonly cancelled = new Set<string>();
  private readonly questions = new Map<string, (answer: Answer) => void>();
  private readonly stopped = new Set<string>();
  private ids = 0;

  /** `pace` 1 is about as fast as a real model; 0 is as fast as possible. */
  constructor(private readonly pace: number) {}

  answer(call: string, word: Word): void {
    this.approvals.get(call)?.(word);
  }

  cancel(call: string): void {
    this.cancelled.add(call);
  }

  again(call: string): ToolCall {
    const known = this.calls.get(call);
    if (!known) throw { code: "notFound", message: "There is no such call." };
    return { ...known, id: this.id("k"), startedAt: 0, endedAt: 9 };
  }

  answerQuestion(question: string, answer: Answer): void {
    this.questions.get(question)?.(answer);
  }

  stop(conversation: string): void {
    this.stopped.add(conversation);
    for (const answer of this.approvals.values()) answer({ allow: false });
    for (const answer of this.questions.values()) answer({ action: "cancel" });
  }

  async play(conversation: string, steps: Step[], tell: (event: TurnEvent) => void): Promise<void> {
    let status: TurnStatus = { state: "completed" };
    for (const step of steps) {
      await this.pause(300);
      if (this.stopped.has(conversation)) break;
      if (step.do === "fail") status = { state: "failed", error: step.error };
      else await this.perform(step, tell, () => this.stopped.has(conversation));
    }
    if (this.stopped.delete(conversation)) status = { state: "stopped" };
    tell({ type: "usage", usage: USAGE });
    tell({ type: "ended", status, at: Date.now() });
  }

  private async perform(step: Exclude<Step, { do: "fail" }>, tell: (event: TurnEvent) => void, halted: () => boolean) {
    switch (step.do) {
      case "retry":
        tell({ type: "retrying", error: step.error, at: Date.now() + 1500 });
        return this.pause(1500);
      case "call":
        tell({ type: "asked" });
        await Promise.all(step.calls.map((planned) => this.run(planned, tell)));
        return;
      case "ask":
        tell({ type: "asked" });
        return this.ask(step, tell);
      case "say":
      case "think": {
        tell({ type: "asked" });
        const blank: Message = { id: this.id("m"), role: "assistant", round: 1, text: "", at: Date.now() };
        tell({ type: "item", item: { type: "message", ...blank } });
        const kind = step.do === "say" ? "text" : "reasoning";
        for (const delta of step.text.match(/[\s\S]{1,9}/g) ?? []) {
          if (halted()) break;
          tell({ type: kind, id: blank.id, delta });
          await this.pause(22);
        }
        const whole = step.do === "say" ? { text: step.text } : { reasoning: step.text, spokeAt: blank.at + 1400 };
        if (!halted()) tell({ type: "item", item: { type: "message", ...blank, ...whole } });
      }
    }
  }

  private async ask({ server, ask }: Step & { do: "ask" }, tell: (event: TurnEvent) => void): Promise<void> {
    const question: Question = {
      id: this.id("q"),
      round: 1,
      server,
      ask,
      status: { state: "waiting" },
      at: Date.now(),
    };
    const put = (status: Question["status"]) => tell({ type: "item", item: { type: "question", ...question, status } });
    const answered = new Promise<Answer>((answer) => this.questions.set(question.id, answer));
    put(question.status);
    const answer = await answered;
    this.questions.delete(question.id);
    if (answer.action === "cancel") return put({ state: "cancelled", reason: "it was closed without an answer" });
    if (answer.action === "decline") return put({ state: "declined" });
    if (ask.kind !== "sampling") return put({ state: "accepted", content: answer.content });
    const model = answer.model ?? { provider: "practice", model: "practice" };
    put({ state: "answering", model });
    await this.pause(900);
    put({ state: "accepted", content: { model: model.model, text: "A short haiku about tickets." } });
  }

  private async run(planned: Planned, tell: (event: TurnEvent) => void): Promise<void> {
    const { name, hints, called, definition } = tool(planned.server, planned.tool);
    const base = {
      id: this.id("k"),
      wireId: this.id("w"),
      round: 1,
      called,
      server: planned.server,
      tool: name,
      hints,
      definition,
    };
    let leave: ToolCall["leave"];
    const put = (status: CallStatus, times: Partial<ToolCall> = {}) => {
      const call = { ...base, arguments: planned.arguments, leave, status, ...times };
      this.calls.set(base.id, call);
      tell({ type: "item", item: { type: "toolCall", ...call } });
    };
    put({ state: "proposed" });
    if (planned.ask) {
      put({ state: "awaitingApproval", reason: "it may change something", change: planned.change });
      const { allow, word, approved } = await new Promise<Word>((answer) => this.approvals.set(base.id, answer));
      this.approvals.delete(base.id);
      leave = { by: { who: "person" }, approved, sent: approved };
      if (!allow)
        return put({ state: "refused", reason: `you denied it${word ? `: ${word}` : ""}` }, { endedAt: Date.now() });
    }
    const startedAt = Date.now();
    put({ state: "running" }, { startedAt });
    for (const step of planned.steps ?? []) {
      await this.pause(700);
      if (!this.cancelled.has(base.id)) put({ state: "running", progress: step }, { startedAt });
    }
    await this.pause(planned.ms * 20);
    if (this.cancelled.has(base.id))
      return put({ state: "failed", error: CANCELLED }, { startedAt, endedAt: Date.now() });
    const times = { startedAt, endedAt: startedAt + planned.ms };
    if (planned.error) return put({ state: "failed", error: planned.error }, times);
    const modelText = JSON.stringify(planned.result ?? planned.content);
    const content = planned.content ?? [{ type: "text" as const, text: modelText }];
    put(
      { state: "succeeded", output: { content, structured: planned.result, modelText, bytes: modelText.length + 96 } },
      times,
    );
  }

  private id(kind: string): string {
    this.ids += 1;
    return `${kind}-${this.ids}`;
  }

  pause(ms: number): Promise<void> {
    return this.pace === 0 ? Promise.resolve() : new Promise((done) => setTimeout(done, ms * this.pace));
  }
}

const CANCELLED: ErrorReport = {
  code: "interrupted",
  message: "You cancelled the call.",
  cause: "It was running already; whether it took effect is not known.",
};

/** What a turn looks like after the event, as far as it is opened again. */
export function remember(turn: Turn, event: TurnEvent): void {
  if (event.type === "item") {
    const index = turn.items.findIndex((item) => item.id === event.item.id);
    if (index < 0) turn.items.push(event.item);
    else turn.items[index] = event.item;
  } else if (event.type === "ended") {
    turn.status = event.status;
    turn.endedAt = event.at;
  } else if (event.type === "usage") {
    turn.usage = event.usage;
  }
}
