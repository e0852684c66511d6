import { expect, test } from "vitest";
import type { Item, Message, ToolCall, Turn, TurnEvent } from "../bindings";
import { LiveConversation, LiveTurn } from "./conversation.svelte";

const hints = { readOnly: true, destructive: false, idempotent: true, openWorld: false };

function turn(items: Item[] = []): Turn {
  return {
    id: "t1",
    model: { provider: "practice", model: "practice" },
    items,
    status: { state: "running" },
    startedAt: 1000,
    usage: { input: 0, output: 0, cached: 0 },
    maxRounds: 25,
    rounds: 0,
    roundStart: 0,
  };
}

function said(id: string, text: string, more: Partial<Message> = {}): Item {
  return { type: "message", id, role: "assistant", round: 1, text, at: 1400, ...more };
}

function called(id: string, status: ToolCall["status"] = { state: "proposed" }): Item {
  const call = { id, wireId: id, round: 1, called: "a__b", server: "a", tool: "b", hints, arguments: {}, status };
  return { type: "toolCall", ...call };
}

/** Plays events and writes down what stands on the page. */
function check(events: TurnEvent[], expected: string): LiveTurn {
  const live = new LiveTurn(turn());
  for (const event of events) live.apply(event);
  const page = live.segments.map((segment) =>
    "calls" in segment
      ? `[${segment.calls.map((call) => `${call.id}:${call.now.status.state}`).join(" ")}]`
      : "question" in segment
        ? `(${segment.question.id}:${segment.question.now.status.state})`
        : `${segment.message.role}:${segment.message.text}`,
  );
  expect([...page, live.status.state].join(" | ")).toBe(expected);
  return live;
}

test("a question of a server stands in its place and moves on", () => {
  const ask = (state: "waiting" | "declined"): TurnEvent => ({
    type: "item",
    item: {
      type: "question",
      id: "q1",
      round: 1,
      server: "s",
      at: 0,
      status: { state },
      ask: { kind: "url", message: "Sign here", url: "https://a.example/", host: "a.example" },
    },
  });
  expect(check([ask("waiting")], "(q1:waiting) | running").asked).toHaveLength(1);
  expect(check([ask("waiting"), ask("declined")], "(q1:declined) | running").asked).toHaveLength(0);
});

test("deltas grow a message and a whole item replaces it", () => {
  check(
    [
      { type: "asked" },
      { type: "item", item: said("m1", "") },
      { type: "text", id: "m1", delta: "Hel" },
      { type: "text", id: "m1", delta: "lo" },
      { type: "item", item: said("m1", "Hello.") },
    ],
    "assistant:Hello. | running",
  );
});

test("calls of rounds without a word between stand in one group", () => {
  check(
    [
      { type: "asked" },
      { type: "item", item: said("m1", "") },
      { type: "item", item: called("k1") },
      { type: "item", item: called("k1", { state: "running" }) },
      { type: "asked" },
      { type: "item", item: called("k2", { state: "refused", reason: "no" }) },
      { type: "item", item: said("m2", "Done.") },
      { type: "item", item: called("k3") },
    ],
    "[k1:running k2:refused] | assistant:Done. | [k3:proposed] | running",
  );
});

test("an empty message appears once it has something to show", () => {
  const live = check([{ type: "item", item: said("m1", "") }], "running");
  live.apply({ type: "reasoning", id: "m1", delta: "Hm" });
  expect(live.segments).toHaveLength(1);
});

test("text for a message nobody announced changes nothing", () => {
  check([{ type: "text", id: "m9", delta: "lost" }], "running");
});

test("usage adds up over the rounds and the end is kept", () => {
  const live = check(
    [
      { type: "usage", usage: { input: 10, output: 2, cached: 0 } },
      { type: "usage", usage: { input: 20, output: 3, cached: 5 } },
      { type: "ended", status: { state: "stopped" }, at: 2000 },
    ],
    "stopped",
  );
  expect(live.usage).toEqual({ input: 30, output: 5, cached: 5 });
  expect(live.endedAt).toBe(2000);
});

test("a retry is shown until the model goes on", () => {
  const error = { code: "rateLimited", message: "Slow down." } as const;
  const live = check([{ type: "retrying", error, at: 5000 }], "running");
  expect(live.retrying?.at).toBe(5000);
  live.apply({ type: "asked" });
  expect(live.retrying).toBeUndefined();
});

test("the first word is measured from the question", () => {
  const live = check([{ type: "item", item: said("m1", "Hi", { at: 1400 }) }], "assistant:Hi | running");
  expect(live.firstWordAfter).toBe(400);
});

test("only calls of a running turn wait for an answer", () => {
  const live = check(
    [{ type: "item", item: called("k1", { state: "awaitingApproval", reason: "" }) }],
    "[k1:awaitingApproval] | running",
  );
  expect(live.waiting).toHaveLength(1);
  live.apply({ type: "ended", status: { state: "stopped" }, at: 1 });
  expect(live.waiting).toHaveLength(0);
});

test("loading keeps the turns that were followed from their start", () => {
  const conversation = new LiveConversation("c1");
  conversation.start(turn([said("m1", "")]));
  conversation.apply("t1", { type: "text", id: "m1", delta: "live" });
  const older = { ...turn([said("m0", "old")]), id: "t0" };
  conversation.load({ id: "c1", title: "", createdAt: 0, turns: [older, turn([said("m1", "li")])] });
  expect(conversation.turns.map((each) => [each.id, each.answer])).toEqual([
    ["t0", "old"],
    ["t1", "live"],
  ]);
});
