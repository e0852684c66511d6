// The window as tests open it: on the scripted twin, by names and words.
import axe from "axe-core";
import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { expect } from "vitest";
import Window from "./App.svelte";
import { FakeBackend } from "./backend/fake";
import { settings } from "./backend/world";
import { App } from "./state/app.svelte";

/** The whole window on the scripted twin. */
export async function open(prepare: (fake: FakeBackend) => void = chosen) {
  const fake = new FakeBackend();
  prepare(fake);
  const app = new App(fake);
  await app.connect();
  render(Window, { app });
  return { app, fake, user: userEvent.setup() };
}

/** A person who has chosen a model and talked before. */
export function chosen(fake: FakeBackend) {
  fake.snapshot.settings = settings({ provider: "lmstudio", model: "qwen3-14b" });
  fake.remember();
}

/** What was asked of the backend by that name, in order. */
export const requests = (fake: FakeBackend, name: string) =>
  fake.asked.filter((each) => each.name === name).map((each) => each.request);

export async function ask(user: ReturnType<typeof userEvent.setup>, text: string) {
  await user.type(screen.getByRole("textbox", { name: "Message" }), `${text}{Enter}`);
}

/** Contrast needs a real page; everything else that axe knows must hold. */
export async function isAccessible() {
  const found = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
}
