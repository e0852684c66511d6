import axe from "axe-core";
import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { FakeBackend } from "./backend/fake";
import { settings } from "./backend/world";
import { show } from "./test-window";

async function open(panel: string) {
  const fake = new FakeBackend();
  fake.snapshot.settings = settings({ provider: "practice", model: "practice" });
  const { user } = await show(fake);
  await user.click(screen.getByRole("button", { name: "Settings" }));
  await user.click(screen.getByRole("button", { name: panel }));
  return { fake, user };
}

async function isAccessible() {
  const found = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
}

test("the local API is turned on, and shows its address and what is asked", async () => {
  const { user } = await open("Local API");
  expect(await screen.findByText("Nothing listens while it is off.")).toBeTruthy();
  await user.click(screen.getByRole("switch", { name: "Serve the local API" }));
  expect(await screen.findByText("http://127.0.0.1:8000/v1")).toBeTruthy();
  const asked = within(screen.getByRole("list", { name: "Requests" })).getAllByRole("listitem");
  expect(asked.map((each) => each.textContent?.replace(/\s+/g, " "))).toMatchObject(
    [/notebook · running/, /answered/, /failed: provider_unreachable/].map((words) => expect.stringMatching(words)),
  );
  await isAccessible();
});

test("a key is shown once, with its rights, and can be revoked", async () => {
  const { fake, user } = await open("Local API");
  await user.type(await screen.findByLabelText("Name of the program"), "editor");
  await user.click(screen.getByText("Rights of the new key"));
  await user.type(await screen.findByLabelText("Tokens a month"), "5000");
  await user.click(screen.getByRole("checkbox", { name: "ticket" }));
  await user.click(screen.getByRole("button", { name: "Create key" }));
  const made = await screen.findByRole("group", { name: "The key of editor" });
  expect(within(made).getByText(/^lq-/)).toBeTruthy();
  expect(document.activeElement).toBe(made);
  const asked = fake.asked.find((each) => each.name === "create_api_key");
  expect(asked?.request).toEqual({ name: "editor", rights: { allow: [], budget: 5000, servers: ["ticket"] } });
  await isAccessible();
  await user.click(screen.getByRole("button", { name: "Done" }));
  expect(screen.queryByText(/^lq-/)).toBeNull();
  await user.click(screen.getByRole("button", { name: "Revoke the key of editor" }));
  await waitFor(() => expect(screen.queryByText("editor")).toBeNull());
});

test("a call of another program waits in the window for a word", async () => {
  const { fake, user } = await open("Gateway");
  await user.click(await screen.findByRole("switch", { name: "Serve the gateway" }));
  const waiting = await screen.findByRole("alert", { name: "Waiting for you" });
  expect(within(waiting).getByText("cursor wants to call ticket__update_ticket")).toBeTruthy();
  await isAccessible();
  await user.click(screen.getByRole("button", { name: "Close" }));
  await user.click(screen.getByRole("button", { name: /^Deny: ticket__update_ticket/ }));
  await waitFor(() => expect(screen.queryByRole("alert", { name: "Waiting for you" })).toBeNull());
  const answer = fake.asked.find((each) => each.name === "answer_visitor");
  expect(answer?.request).toEqual({ id: "v1", way: "gateway", allow: false });
});
