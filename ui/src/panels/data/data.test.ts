import axe from "axe-core";
import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { FakeBackend } from "../../backend/fake";
import { settings } from "../../backend/world";
import { show } from "../../test-window";

async function open() {
  const fake = new FakeBackend();
  fake.snapshot.settings = settings({ provider: "lmstudio", model: "qwen3-14b" });
  fake.remember();
  const { app, user } = await show(fake);
  app.panel = "data";
  await screen.findByRole("button", { name: "Export all" });
  return { app, fake, user };
}

const requests = (fake: FakeBackend, name: string) =>
  fake.asked.filter((each) => each.name === name).map((each) => each.request);

test("everything is exported as it was chosen, and where it went is said", async () => {
  const { fake, user } = await open();
  await user.click(screen.getByRole("radio", { name: "HTML" }));
  await user.click(screen.getByRole("button", { name: "Export all" }));
  expect(await screen.findByText(/7 conversations \(48.2 kB\) written to/)).toBeTruthy();
  expect(requests(fake, "export_conversations")).toEqual([{ format: "html" }]);
});

test("a file is looked at, chosen from and taken over", async () => {
  const { fake, user } = await open();
  await user.click(screen.getByRole("button", { name: "Import conversations" }));
  const list = await screen.findByRole("list", { name: "Conversations in the file" });
  expect(within(list).getByText("Not in it: 3 images")).toBeTruthy();
  expect((within(list).getByRole("checkbox", { name: /Critical tickets/ }) as HTMLInputElement).disabled).toBe(true);
  const found = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map(({ id }) => id)).toEqual([]);
  await user.click(within(list).getByRole("checkbox", { name: /Lisbon/ }));
  await user.click(screen.getByRole("button", { name: "Take over 2 conversations" }));
  expect(await screen.findByText("Taken over: 2 conversations with 34 messages.")).toBeTruthy();
  expect(requests(fake, "import_conversations")).toMatchObject([{ chosen: [1, 2] }]);
});

test("a file that is broken says so", async () => {
  const { fake, user } = await open();
  fake.answers.look_at_conversations = () => {
    throw { code: "invalidInput", message: "It cannot be read.", fix: "Give another one." };
  };
  await user.type(screen.getByRole("textbox", { name: "Path of the file" }), "/nowhere.json");
  await user.click(screen.getByRole("button", { name: "Look" }));
  expect(await screen.findByText("It cannot be read.")).toBeTruthy();
});

test("deleting everything takes a word", async () => {
  const { app, fake, user } = await open();
  await user.click(screen.getByRole("button", { name: "Delete all conversations" }));
  const dialog = screen.getByRole("dialog", { name: "Delete all conversations?" });
  const now = within(dialog).getByRole("button", { name: "Delete for good" }) as HTMLButtonElement;
  expect(now.disabled).toBe(true);
  await user.type(within(dialog).getByRole("textbox"), "delete");
  await user.click(now);
  expect(await screen.findByText("All conversations were deleted.")).toBeTruthy();
  expect(requests(fake, "delete_all_conversations")).toHaveLength(1);
  await waitFor(() => expect(app.conversations).toEqual([]));
});

test("one conversation is exported from its menu", async () => {
  const { app, fake, user } = await open();
  app.panel = undefined;
  await user.click(
    await screen.findByRole("button", { name: /Critical tickets.*: actions|Actions.*Critical tickets/ }),
  );
  await user.click(await screen.findByRole("menuitem", { name: "Export as Markdown" }));
  await waitFor(() =>
    expect(requests(fake, "export_conversations")).toEqual([{ conversations: ["c0"], format: "markdown" }]),
  );
});
