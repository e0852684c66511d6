import { expect, test } from "vitest";
import { pageOf } from "../backend/pages";
import { finishedTurn } from "../backend/world";
import type { PageFrom } from "../bindings";
import { LiveConversation } from "./conversation.svelte";

const all = Array.from({ length: 300 }, (_, index) => ({
  ...finishedTurn(index),
  status: { state: "completed" } as const,
}));

function opened(): LiveConversation {
  const conversation = new LiveConversation("c1");
  const { turns, earlier } = pageOf(all, { at: "end" });
  conversation.load({ id: "c1", title: "", createdAt: 0, turns }, earlier);
  return conversation;
}

/** What is on the page, as `first…last of earlier/later`. */
function standing(conversation: LiveConversation): string {
  const { turns, earlier, later } = conversation;
  return `${turns[0]?.id}…${turns.at(-1)?.id} ${earlier}/${later}`;
}

const page = (at: "before" | "after", turn: string | undefined) => pageOf(all, { at, turn: turn ?? "" } as PageFrom);

test("the latest turns come first, and those far from where somebody reads are let go", () => {
  const conversation = opened();
  expect(standing(conversation)).toBe("t280…t299 280/0");
  for (let times = 0; times < 13; times += 1) conversation.putBefore(page("before", conversation.turns[0]?.id));
  const items = conversation.turns.reduce((sum, turn) => sum + turn.items.length, 0);
  expect(items).toBeLessThanOrEqual(160);
  expect(conversation.earlier).toBe(20);
  expect(conversation.earlier + conversation.turns.length + conversation.later).toBe(300);
  while (conversation.later > 0) conversation.putAfter(page("after", conversation.turns.at(-1)?.id));
  expect(conversation.turns.at(-1)?.id).toBe("t299");
  expect(conversation.earlier + conversation.turns.length).toBe(300);
});

test("a turn that runs while older ones are read is followed, and stands at the end when that is reached", () => {
  const conversation = opened();
  conversation.show(pageOf(all, { at: "around", turn: "t10" }));
  const running = {
    ...finishedTurn(300),
    items: finishedTurn(300).items.slice(0, 1),
    status: { state: "running" } as const,
  };
  conversation.start(running);
  expect([conversation.running, conversation.later]).toEqual([true, 271]);
  const item = { type: "message", id: "m", role: "assistant", round: 1, text: "", at: 1 } as const;
  conversation.apply("t300", { type: "item", item });
  conversation.apply("t300", { type: "text", id: "m", delta: "all of it" });
  conversation.show(pageOf([...all, running], { at: "end" }));
  expect(conversation.turns.at(-1)?.answer).toBe("all of it");
  conversation.apply("t300", { type: "ended", status: { state: "completed" }, at: 2 });
  expect(conversation.running).toBe(false);
});

test("opening once more keeps what leads up to the latest turns, and nothing else", () => {
  const near = opened();
  near.putBefore(page("before", near.turns[0]?.id));
  const { turns, earlier } = pageOf(all, { at: "end" });
  near.load({ id: "c1", title: "", createdAt: 0, turns }, earlier);
  expect(standing(near)).toBe("t260…t299 260/0");
  const far = opened();
  far.show(pageOf(all, { at: "around", turn: "t10" }));
  far.load({ id: "c1", title: "", createdAt: 0, turns }, earlier);
  expect(standing(far)).toBe("t280…t299 280/0");
});
