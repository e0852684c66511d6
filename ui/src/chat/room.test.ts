// What the page says and offers where a model cannot read everything, and the way to what stands on another branch.
import { screen, waitFor } from "@testing-library/svelte";
import { expect, test } from "vitest";
import type { Condensed } from "../bindings";
import { finishedTurn } from "../backend/world";
import { chosen, isAccessible, open, requests } from "../test-window";

const condensed: Condensed = { upto: "t0", turns: 3, summary: "They **said** one.", at: 1 };

test("a summary says what it stands for, and is taken back at a word", async () => {
  const turn = { ...finishedTurn(7), condensed };
  const { app, fake, user } = await open((fake) => {
    chosen(fake);
    fake.put("c0", turn);
  });
  await app.open("c0");
  const note = await screen.findByRole("note", { name: "Earlier messages were summed up" });
  expect(note.textContent).toContain("the first 3 questions and their answers");
  await user.click(screen.getByText("What it is told instead"));
  expect(await screen.findByText("said")).toBeTruthy();
  await isAccessible();
  await user.click(screen.getByRole("button", { name: "Tell it everything again" }));
  expect(requests(fake, "undo_condensing")).toEqual([{ conversation: "c0", turn: turn.id }]);
  const event = { type: "condensed", condensed: { ...condensed, undone: true } } as const;
  app.receive({ type: "turn", conversation: "c0", turn: turn.id, event });
  expect(await screen.findByText(/The summary was taken back/)).toBeTruthy();
});

test("what was found on another branch is gone to once that branch is on the page", async () => {
  const { app, fake } = await open();
  await app.open("c0");
  fake.answers.reach_turn = () => true;
  const asked = requests(fake, "open_conversation").length;
  const hit = { conversation: "c0", title: "", turn: "t1", item: "m1", kind: "asked", at: 1, snippet: [] } as const;
  await app.goTo({ ...hit, snippet: [] });
  expect(app.conversation?.loaded).toBe(false);
  // The branch comes by itself; asking for the conversation once more would lead away from it.
  expect(requests(fake, "open_conversation")).toHaveLength(asked);
  await fake.call("open_conversation", "c0");
  await waitFor(() => expect(app.conversation?.loaded).toBe(true));
});

test("who answered elsewhere and is not known here is said, and the person's own model answers", async () => {
  const { app } = await open((fake) => {
    chosen(fake);
    fake.put("c0", { ...finishedTurn(7), model: { provider: "chatgpt", model: "gpt-4o" } });
  });
  await app.open("c0");
  expect(await screen.findByText("Answered elsewhere by gpt-4o. Here qwen3-14b answers.")).toBeTruthy();
  expect(app.model).toEqual({ provider: "lmstudio", model: "qwen3-14b" });
});
