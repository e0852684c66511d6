// What the model is told before everything else, by conversation and kept to use again.
import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { ask, isAccessible, open, requests } from "./test-window";

test("a new chat is given words of its own, and they go out with its first question", async () => {
  const { app, fake, user } = await open();
  await app.change({ presets: [{ name: "Rhymes", text: "Only rhymes on {{weekday}}." }] });
  await user.click(screen.getByRole("button", { name: "System prompt" }));
  const dialog = await screen.findByRole("dialog", { name: "System prompt" });
  await user.selectOptions(within(dialog).getByRole("combobox", { name: "Take over a preset" }), "Rhymes");
  expect(await within(dialog).findByText("Only rhymes on Friday.")).toBeTruthy();
  await isAccessible();
  await user.click(within(dialog).getByRole("button", { name: "Use in this chat" }));
  await waitFor(() => expect(app.instructions).toBe("Only rhymes on {{weekday}}."));
  await ask(user, "Hello?");
  await waitFor(() =>
    expect(requests(fake, "send_message")).toMatchObject([{ instructions: "Only rhymes on {{weekday}}." }]),
  );
  // The next new chat begins with the settings' words again.
  expect(app.instructions).toBeUndefined();
});

test("presets and variables are written, shown as they would be told, and deleted", async () => {
  const { app, user } = await open();
  app.panel = "presets";
  await user.click(await screen.findByRole("button", { name: "New preset" }));
  const text = await screen.findByRole("textbox", { name: "What the model is told: Preset" });
  await user.click(text);
  await user.paste("Call me {{nick}}.");
  expect(await screen.findByText("{{nick}} (not set)")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "New variable" }));
  const name = await screen.findByRole("textbox", { name: "Variable" });
  await user.clear(name);
  await user.type(name, "nick");
  await user.tab();
  await user.type(await screen.findByRole("textbox", { name: "Value: nick" }), "Ann");
  await user.tab();
  await waitFor(() => expect(app.settings.variables).toEqual([{ name: "nick", value: "Ann" }]));
  expect(app.settings.presets).toEqual([{ name: "Preset", text: "Call me {{nick}}." }]);
  await isAccessible();
  await user.click(screen.getByRole("button", { name: "Delete the preset “Preset”" }));
  await waitFor(() => expect(app.settings.presets).toEqual([]));
});

test("what was deleted is listed with how long it stays, and comes back", async () => {
  const { app, fake, user } = await open();
  const first = app.conversations[0];
  if (!first) throw new Error("there is no conversation");
  await app.remove(first);
  app.panel = "data";
  const list = await screen.findByRole("list", { name: "Deleted conversations" });
  expect(within(list).getByText("gone in 27 days")).toBeTruthy();
  await user.click(within(list).getByRole("button", { name: `Bring back “${first.title}”` }));
  await waitFor(() => expect(app.conversations.map(({ id }) => id)).toContain(first.id));
  expect(requests(fake, "restore_conversation")).toEqual([first.id]);
});
