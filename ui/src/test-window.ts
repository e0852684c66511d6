// The window as tests open it: on the scripted twin, by names and words.
import axe from "axe-core";
import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { expect } from "vitest";
import Window from "./App.svelte";
import { FakeBackend } from "./backend/fake";
import { settings } from "./backend/world";
import { PANELS } from "./panels";
import { App } from "./state/app.svelte";

let fetched: Promise<unknown> | undefined;

/** What a window fetches when it is first asked for; here everything is compiled only then, which takes long. */
function fetchAll(): Promise<unknown> {
  // Begun only by a test that waits for it: whatever is still compiled when the last test has ended fails.
  return (fetched ??= Promise.all([
    ...PANELS.map((panel) => panel.body()),
    import("./inspector/Inspector.svelte"),
    import("./palette/Palette.svelte"),
    import("./palette/Shortcuts.svelte"),
  ]));
}

/** The whole window on the scripted twin. */
export async function open(prepare: (fake: FakeBackend) => void = chosen) {
  const fake = new FakeBackend();
  prepare(fake);
  return show(fake);
}

/** The whole window on a twin that is prepared already. */
export async function show(fake: FakeBackend) {
  const app = new App(fake);
  await app.connect();
  await fetchAll();
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
