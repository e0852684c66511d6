import axe from "axe-core";
import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { FakeBackend } from "../backend/fake";
import { settings } from "../backend/world";
import { requests, show } from "../test-window";
import { best, fit } from "./fits";

async function open() {
  const fake = new FakeBackend();
  fake.snapshot.settings = settings({ provider: "lmstudio", model: "qwen3-14b" });
  fake.remember();
  fake.lengthen("c3", 60);
  const { app, user } = await show(fake);
  await user.keyboard("{Control>}k{/Control}");
  const box = await screen.findByRole("combobox", { name: "Search conversations" });
  return { app, fake, user, box };
}

const chosen = () => screen.getByRole("option", { selected: true }).textContent;

test("names fit by their words, best at the beginning of one", () => {
  expect(fit("get_ticket_details", "ticket")).toBeGreaterThan(fit("mytickets", "ticket"));
  expect(fit("Café öffnen", "cafe OFF")).toBeGreaterThan(0);
  expect(fit("get_ticket_details", "gtd")).toBeGreaterThan(0);
  expect(fit("get_ticket_details", "invoice")).toBe(0);
  expect(best(["b tool", "tool", "toolbox"], (name) => name, "tool", 2)).toEqual(["tool", "toolbox"]);
});

test("everything is there by its name, by keyboard alone", async () => {
  const { app, user, box } = await open();
  expect(document.activeElement).toBe(box);
  const found = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  expect(found.violations.map(({ id }) => id)).toEqual([]);
  await user.keyboard("bsod");
  expect(chosen()).toContain("Windows BSOD articles");
  await user.keyboard("{Enter}");
  await waitFor(() => expect(app.current).toBe("c2"));
  expect(screen.queryByRole("combobox")).toBeNull();
  await user.keyboard("{Control>}k{/Control}");
  await user.keyboard("settings perm{Enter}");
  await waitFor(() => expect(app.panel).toBe("permissions"));
  await user.keyboard("{Escape}");
  await user.keyboard("{Control>}k{/Control}");
  await user.keyboard("check_warranty");
  expect(chosen()).toContain("asset");
  await user.keyboard("{Enter}");
  await waitFor(() => expect(app.serverPage).toEqual({ name: "asset" }));
});

test("what the menu of a conversation offers is there by name, for the one on the page", async () => {
  const { app, fake, user } = await open();
  expect(screen.queryByRole("option", { name: /^This conversation/ })).toBeNull();
  await user.keyboard("bsod{Enter}");
  await waitFor(() => expect(app.current).toBe("c2"));
  await user.keyboard("{Control>}k{/Control}");
  await user.keyboard("export as markdown{Enter}");
  await waitFor(() =>
    expect(requests(fake, "export_conversations")).toEqual([{ conversations: ["c2"], format: "markdown" }]),
  );
  expect(await screen.findByText(/1 conversation .* written to/)).toBeTruthy();
  await user.keyboard("{Control>}k{/Control}");
  await user.keyboard("this conversation pin{Enter}");
  await waitFor(() => expect(requests(fake, "pin_conversation")).toEqual([{ id: "c2", pinned: true }]));
});

test("what was said is found, opened and gone to, far up in a long conversation", async () => {
  const { app, user } = await open();
  await user.keyboard("answer **7**");
  const option = await screen.findByRole("option", { name: /Warranty of AST-SRV-001.*Loquat/ });
  expect(within(option).getByText("Answer", { selector: "mark" })).toBeTruthy();
  await user.click(option);
  await waitFor(() => expect(app.current).toBe("c3"));
  const log = await screen.findByRole("log", { name: "Conversation" });
  await waitFor(() => expect(log.querySelector("[data-item='a7']")).toBeTruthy());
  expect(log.querySelector("[data-item='a7']")?.textContent).toContain("Answer 7.");
  await waitFor(() => expect(log.querySelector("[data-item='a7'][data-found]")).toBeTruthy());
});

test("a search that fails says so, and Escape closes and gives the focus back", async () => {
  const { fake, user } = await open();
  fake.answers.search = () => {
    throw { code: "storageFailed", message: "The conversation cannot be read from disk." };
  };
  await user.keyboard("zzz");
  expect((await screen.findByRole("alert")).textContent).toContain("cannot be read from disk");
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("combobox")).toBeNull();
});

test("the conversation on the page is renamed where its title stands", async () => {
  const { app, fake, user } = await open();
  await user.keyboard("bsod{Enter}");
  await waitFor(() => expect(app.current).toBe("c2"));
  const rename = async (words: string) => {
    await user.keyboard("{Control>}k{/Control}rename{Enter}");
    const box = await screen.findByRole("textbox", { name: "Title" });
    await waitFor(() => expect(document.activeElement).toBe(box));
    await user.keyboard(words);
    expect(screen.queryByRole("textbox", { name: "Title" })).toBeNull();
  };
  const { title } = app.summary!;
  await user.keyboard("{Control>}k{/Control}rename{Enter}");
  await user.type(await screen.findByRole("textbox", { name: "Title" }), " and more");
  fake.emit({ type: "conversation", summary: { ...app.summary!, updatedAt: 1 } });
  await waitFor(() => expect(app.summary?.updatedAt).toBe(1));
  expect((screen.getByRole("textbox", { name: "Title" }) as HTMLInputElement).value).toBe(`${title} and more`);
  await user.keyboard("{Escape}");
  await rename("Something else{Escape}");
  expect(requests(fake, "rename_conversation")).toEqual([]);
  await rename("Blue screens{Enter}");
  expect(requests(fake, "rename_conversation")).toEqual([{ id: "c2", title: "Blue screens" }]);
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "Message" })));
});

test("what is found grows by itself while older conversations are being made ready", async () => {
  const { fake, user } = await open();
  const hit = (item: string) => ({
    ...{ conversation: "c1", title: `Talk of ${item}`, turn: "t1", item, kind: "asked" as const, at: 1 },
    snippet: [{ text: "zeppelin", hit: true }],
  });
  const found = [[hit("one")], [hit("one"), hit("two")], [hit("one"), hit("two"), hit("three")]];
  fake.answers.search = () => ({ hits: found.shift() ?? [], behind: found.length > 0 });
  await user.keyboard("zeppelin");
  expect(await screen.findByText(/still being made ready/)).toBeTruthy();
  expect(screen.queryByText("Talk of three")).toBeNull();
  expect(await screen.findByText("Talk of three", {}, { timeout: 5_000 })).toBeTruthy();
  expect(screen.queryByText(/still being made ready/)).toBeNull();
  expect(requests(fake, "search")).toHaveLength(3);
});
