import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { expect, test } from "vitest";
import { FakeBackend } from "./backend/fake";
import { settings } from "./backend/world";
import { show } from "./test-window";

async function open() {
  const fake = new FakeBackend();
  fake.snapshot.settings = settings({ provider: "lmstudio", model: "qwen3-14b" });
  const { user } = await show(fake);
  await user.type(screen.getByRole("textbox", { name: "Message" }), "What are the critical tickets?{Enter}");
  await screen.findByText(/Three tickets are critical/);
  await answered();
  const log = screen.getByRole("log", { name: "Conversation" });
  return { fake, user, log };
}

/** Nothing is being answered any more. */
const answered = () => screen.findByRole("button", { name: "Send" });
const requests = (fake: FakeBackend, name: string) =>
  fake.asked.filter((each) => each.name === name).map((each) => each.request);

test("a question is edited, and the one before it can be looked at again", async () => {
  const { fake, user, log } = await open();
  await user.click(within(log).getByRole("button", { name: "Edit" }));
  const box = within(log).getByRole<HTMLTextAreaElement>("textbox", { name: "Message to ask instead" });
  expect(document.activeElement).toBe(box);
  expect(box.value).toBe("What are the critical tickets?");
  await user.clear(box);
  await user.type(box, "Is AST-SRV-001 under warranty?{Enter}");
  await waitFor(() => expect(requests(fake, "send_message")).toHaveLength(2));
  expect(requests(fake, "send_message")[1]).toMatchObject({ edits: expect.any(String) as string });
  expect(await within(log).findByText(/covered/, { selector: "p *" })).toBeTruthy();
  expect(within(log).queryByText(/Three tickets are critical/)).toBeNull();
  await answered();
  expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "Message" }));

  const versions = within(log).getByRole("group", { name: "Version 2 of 2" });
  expect(versions.textContent).toContain("2/2");
  await user.click(within(versions).getByRole("button", { name: "Previous version" }));
  expect(await within(log).findByText(/Three tickets are critical/)).toBeTruthy();
  // The keyboard stays where it was, so that the way back is one key.
  const there = within(log).getByRole("group", { name: "Version 1 of 2" });
  expect(document.activeElement).toBe(within(there).getByRole("button", { name: "Next version" }));
  await user.keyboard("{Enter}");
  expect(await within(log).findByText(/covered/, { selector: "p *" })).toBeTruthy();
  const found = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  expect(found.violations.map(({ id }) => id)).toEqual([]);
});

test("an answer is asked for once more, with another model too", async () => {
  const { fake, user, log } = await open();
  await user.click(within(log).getByRole("button", { name: "Regenerate" }));
  await waitFor(() => expect(requests(fake, "regenerate")).toHaveLength(1));
  expect(await within(log).findByRole("group", { name: "Version 2 of 2" })).toBeTruthy();
  await answered();
  await user.click(within(log).getByRole("button", { name: "Regenerate with another model" }));
  await user.click(await screen.findByRole("button", { name: /^mistral-small-3.2/ }));
  await waitFor(() => expect(requests(fake, "regenerate")).toHaveLength(2));
  expect(requests(fake, "regenerate")[1]).toMatchObject({ model: { model: "mistral-small-3.2" } });
  expect((await within(log).findByRole("group", { name: "Version 3 of 3" })).textContent).toContain("3/3");
  // One question, three answers: the question itself has no versions.
  expect(within(log).getAllByRole("group", { name: /^Version/ })).toHaveLength(1);
});

test("Escape leaves a question as it was; nothing can be changed while an answer is written", async () => {
  const { fake, user, log } = await open();
  await user.click(within(log).getByRole("button", { name: "Edit" }));
  await user.keyboard(" and their customers{Escape}");
  expect(document.activeElement).toBe(within(log).getByRole("button", { name: "Edit" }));
  expect(requests(fake, "send_message")).toHaveLength(1);
  await user.type(screen.getByRole("textbox", { name: "Message" }), "Set TKT-003 to in progress{Enter}");
  await screen.findByRole("group", { name: "Approval" });
  for (const button of within(log).getAllByRole<HTMLButtonElement>("button", { name: /^(Edit|Regenerate)$/ })) {
    expect(button.disabled).toBe(true);
  }
});
