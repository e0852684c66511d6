import { expect, test, vi } from "vitest";
import { FakeBackend } from "../backend/fake";
import { App } from "./app.svelte";
import { shortcutFor } from "./shortcuts";

async function connected() {
  const fake = new FakeBackend();
  fake.remember();
  const app = new App(fake);
  await app.connect();
  return { fake, app };
}

test("a question becomes a conversation that plays to its end", async () => {
  const { app } = await connected();
  expect(await app.send("What are the critical tickets?")).toBe(true);
  await vi.waitFor(() => expect(app.conversation?.last?.status.state).toBe("completed"));
  expect(app.conversation?.last?.calls.map((call) => call.now.tool)).toEqual([
    "search_tickets",
    "lookup_customer",
    "lookup_customer",
  ]);
  expect(app.conversation?.last?.answer).toContain("DataFlow");
});

test("a conversation opened in the middle of a turn goes on exactly where it is", async () => {
  const { fake } = await connected();
  await fake.call("send_message", { conversation: "c0", text: "Set TKT-003 to in progress" });
  const later = new App(fake);
  await later.connect();
  await later.open("c0");
  await vi.waitFor(() => expect(later.conversation?.waiting).toHaveLength(1));
  await later.answer(later.conversation?.waiting[0]?.id ?? "", true);
  await vi.waitFor(() => expect(later.conversation?.last?.status.state).toBe("completed"));
  expect(later.conversation?.last?.answer).toBe("`TKT-003` is **in progress** now, with a note for the customer.");
});

test("a failed command is shown and sends nothing", async () => {
  const { fake, app } = await connected();
  fake.answers.send_message = () => {
    throw { code: "storageFailed", message: "The disk is full." };
  };
  expect(await app.send("hello")).toBe(false);
  expect(app.troubles.map((trouble) => trouble.message)).toEqual(["The disk is full."]);
  expect(app.current).toBeUndefined();
});

test("deleting leaves the page and can be undone", async () => {
  const { app } = await connected();
  const summary = app.conversations[0];
  if (!summary) throw new Error("no conversation");
  await app.open(summary.id);
  await app.remove(summary);
  await vi.waitFor(() => expect(app.current).toBeUndefined());
  expect(app.conversations).not.toContainEqual(expect.objectContaining({ id: summary.id }));
  await app.restore();
  await vi.waitFor(() => expect(app.conversations[0]?.id).toBe(summary.id));
  expect(app.current).toBe(summary.id);
});

test("servers come, change and go by their events", async () => {
  const { fake, app } = await connected();
  expect(app.ready).toHaveLength(5);
  await fake.call("enable_server", { name: "billing", enabled: false });
  await vi.waitFor(() => expect(app.enabled).toHaveLength(4));
  await fake.call("remove_help_desk", null);
  await vi.waitFor(() => expect(app.servers).toHaveLength(0));
});

test("drafts and looks survive a restart", async () => {
  const { fake, app } = await connected();
  app.preferences.keepDraft("c1", "half a thought");
  app.preferences.theme = "dark";
  app.preferences.settle();
  const again = new App(fake);
  await again.connect();
  expect(again.preferences.draft("c1")).toBe("half a thought");
  expect(again.preferences.look).toBe("dark");
});

test("preferences of any other shape are left alone", async () => {
  const fake = new FakeBackend();
  fake.answers.load_preferences = () => ({ theme: "pink", textSize: "huge", drafts: [1] });
  const app = new App(fake);
  await app.connect();
  expect(app.preferences.theme).toBe("system");
  expect(app.preferences.textSize).toBe(100);
});

test("a provider without a key is not asked for models", async () => {
  const { fake, app } = await connected();
  app.models.askAll(app.known.providers);
  await vi.waitFor(() => expect(app.models.offer("lmstudio")?.state).toBe("known"));
  expect(fake.asked.filter(({ name }) => name === "list_models").map(({ request }) => request)).toEqual([
    "lmstudio",
    "practice",
  ]);
  expect(app.models.choices(app.known.providers).map(({ id, state }) => `${id}:${state}`)).toEqual([
    "openai:noKey",
    "lmstudio:known",
    "practice:known",
    "custom:noAddress",
  ]);
});

test("letters are shortcuts only where nobody writes", () => {
  const field = document.createElement("textarea");
  const press = (key: string, target: Element, more: KeyboardEventInit = {}) => {
    const event = new KeyboardEvent("keydown", { key, ...more });
    Object.defineProperty(event, "target", { value: target });
    return shortcutFor(event)?.id;
  };
  expect(press("a", document.body)).toBe("allow");
  expect(press("a", field)).toBeUndefined();
  expect(press("n", field, { ctrlKey: true })).toBe("newChat");
  expect(press("=", field, { ctrlKey: true })).toBe("larger");
  expect(press("a", document.body, { altKey: true })).toBeUndefined();
});
