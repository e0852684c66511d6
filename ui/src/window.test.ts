import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { helpDesk, troubledServers } from "./backend/world";
import { ask, chosen, isAccessible, open, requests } from "./test-window";

const PRACTICE = { provider: "practice", model: "practice" };

test("first run: just trying it leads to example questions that send", async () => {
  const { fake, user } = await open(() => undefined);
  expect(await screen.findByText(/Found: qwen3-14b, loaded, 32k context, uses tools/)).toBeTruthy();
  await isAccessible();
  await user.click(screen.getByRole("button", { name: "Just try it" }));
  await user.click(await screen.findByRole("button", { name: /What are the critical tickets/ }));
  await waitFor(() => expect(requests(fake, "send_message")).toMatchObject([{ model: PRACTICE }]));
  expect((await screen.findAllByText("Practice model, no AI")).length).toBeGreaterThan(0);
});

test("first run: who comes from another program is led to taking over its servers", async () => {
  const { app, user } = await open(() => undefined);
  await user.click(await screen.findByRole("button", { name: "Import your servers" }));
  expect(app.panel).toBe("servers");
  expect(await screen.findByRole("button", { name: /Claude Desktop.*2 servers/ })).toBeTruthy();
});

test("first run: LM Studio that does not run says how to start it", async () => {
  await open((fake) => {
    fake.answers.list_models = () => {
      throw { code: "providerUnreachable", message: "Nothing answers." };
    };
  });
  expect(await screen.findByText("Not running at http://localhost:1234")).toBeTruthy();
  expect((screen.getByRole("button", { name: "Use LM Studio" }) as HTMLButtonElement).disabled).toBe(true);
});

test("first run: a key leads to a model", async () => {
  const { fake, user } = await open(() => undefined);
  await user.type(screen.getByLabelText("API key"), "sk-secret");
  await user.click(screen.getByRole("button", { name: "Use OpenAI" }));
  await user.click(await screen.findByRole("button", { name: "Start with gpt-5-mini" }));
  expect(requests(fake, "store_key")).toEqual([{ provider: "openai", key: "sk-secret" }]);
  expect(await screen.findByRole("textbox", { name: "Message" })).toBeTruthy();
  expect(document.body.innerHTML).not.toContain("sk-secret");
});

test("a question is answered with tools, and every part of a call can be read", async () => {
  const { user } = await open();
  await ask(user, "What are the critical tickets?");
  const log = await screen.findByRole("log", { name: "Conversation" });
  expect(await within(log).findByText(/Three tickets are critical/)).toBeTruthy();
  await user.click(
    await within(log).findByRole("button", { name: /Succeeded.*Searched tickets with priority critical/ }),
  );
  expect(within(log).getByText("Kernel panic after update", { selector: ".call td" })).toBeTruthy();
  await user.click(within(log).getByRole("button", { name: "age hours" }));
  const cells = within(log).getByRole("group", { name: "tickets" }).querySelectorAll("tbody tr td:first-child");
  expect([...cells].map((cell) => cell.textContent)).toEqual(["TKT-011", "TKT-003", "TKT-014"]);
  expect(within(log).getAllByRole("article")).toHaveLength(3);
  expect(within(log).getByText(/to first word · 3 calls/)).toBeTruthy();
  await isAccessible();
});

test("the arguments and the result of a call fold away, each by itself", async () => {
  const { user } = await open();
  await ask(user, "Set TKT-003 to in progress");
  await screen.findByRole("group", { name: "Approval" });
  await user.keyboard("a");
  await user.click(await screen.findByRole("button", { name: /Updated ticket TKT-003/ }));
  const shown = () => screen.queryByText("Seen, and being worked on. Next word by 15:00.") !== null;
  expect(shown()).toBe(true);
  await user.click(screen.getByRole("button", { name: "Arguments", expanded: true }));
  expect(shown()).toBe(false);
  expect(screen.queryByRole("button", { name: "Copy arguments" })).toBeNull();
  expect(screen.getByRole("button", { name: "Result", expanded: true })).toBeTruthy();
  await isAccessible();
  await user.click(screen.getByRole("button", { name: "Arguments", expanded: false }));
  expect(shown()).toBe(true);
});

test("nothing that changes something runs before it is allowed: A allows it", async () => {
  const { fake, user } = await open();
  await ask(user, "Set TKT-003 to in progress");
  const card = await screen.findByRole("group", { name: "Approval" });
  expect(card.textContent).toContain("May I update ticket");
  expect(card.textContent).toContain("Next word by 15:00.");
  expect(card.textContent).toContain("loquat-helpdesk ticket");
  expect(document.activeElement).toBe(card);
  await isAccessible();
  await user.keyboard("a");
  await waitFor(() => expect(requests(fake, "answer_approval")).toMatchObject([{ allow: true }]));
  expect(await screen.findByRole("button", { name: /Updated ticket TKT-003/ })).toBeTruthy();
});

test("a denial can carry a word to the model", async () => {
  const { fake, user } = await open();
  await ask(user, "Set TKT-003 to in progress");
  await user.click(await screen.findByRole("button", { name: "Say why…" }));
  await user.keyboard("ask Ann first{Enter}");
  await waitFor(() =>
    expect(requests(fake, "answer_approval")).toMatchObject([{ allow: false, word: "ask Ann first" }]),
  );
  expect(await screen.findByText(/Not run:.*ask Ann first/)).toBeTruthy();
});

test("Shift+A asks what else shall be allowed, and nothing runs before it is chosen", async () => {
  const { fake, user } = await open();
  await ask(user, "Set TKT-003 to in progress");
  await screen.findByRole("group", { name: "Approval" });
  await user.keyboard("{Shift>}A{/Shift}");
  const menu = await screen.findByRole("menu", { name: "Always allow" });
  const chat = within(menu).getByRole("group", { name: "In this chat" });
  expect(document.activeElement).toBe(within(chat).getByRole("menuitem", { name: "This tool" }));
  expect(requests(fake, "answer_approval")).toEqual([]);
  await isAccessible();
  await user.click(within(chat).getByRole("menuitem", { name: "This tool with these arguments" }));
  await waitFor(() =>
    expect(requests(fake, "approve")).toMatchObject([{ remember: { what: "arguments", scope: "conversation" } }]),
  );
  expect(await screen.findByRole("button", { name: /Updated ticket TKT-003/ })).toBeTruthy();
});

test("a tool that changed since it was allowed shows how", async () => {
  const { user } = await open();
  await ask(user, "show me the changed one");
  const change = await screen.findByRole("region", { name: "What changed in its definition" });
  expect(change.querySelector("del")?.textContent).toContain("or priority");
  expect(change.querySelector("ins")?.textContent).toContain("mails its whole history");
  await isAccessible();
});

test("permissions: rules are shown, tested and taken back", async () => {
  const { fake, user } = await open();
  await user.keyboard("{Control>},{/Control}");
  await user.click(await screen.findByRole("button", { name: "Permissions" }));
  const rules = await screen.findByRole("list", { name: "Rules in force" });
  expect(await within(rules).findByText("May run: ticket · update_ticket")).toBeTruthy();
  expect(within(rules).getByText("The tool has changed since: it asks again.")).toBeTruthy();
  await user.selectOptions(screen.getByLabelText("A call of"), "search_tickets");
  await user.click(screen.getByRole("button", { name: "Test" }));
  expect(await screen.findByText("It would run.")).toBeTruthy();
  await isAccessible();
  await user.click(within(rules).getByRole("button", { name: "Remove: May run: ticket · update_ticket" }));
  await waitFor(() => expect(within(rules).queryByText("May run: ticket · update_ticket")).toBeNull());
  expect(requests(fake, "remove_rule")).toEqual(["r1"]);
  const asking = screen.getByRole("switch", { name: "Words of a model" });
  expect(asking.getAttribute("aria-checked")).toBe("false");
  await user.click(asking);
  await waitFor(() => expect(requests(fake, "change_settings")).toMatchObject([{ sampling: true }]));
});

test("a chat uses the servers and tools that are chosen for it", async () => {
  const { fake, user } = await open();
  await user.click(screen.getByRole("button", { name: "Tools" }));
  const chooser = await screen.findByRole("dialog", { name: "Tools" });
  await user.click(await within(chooser).findByRole("switch", { name: "Use tools of billing in this chat" }));
  await waitFor(() =>
    expect(requests(fake, "choose_tools")).toMatchObject([{ choice: { serversOff: ["billing"], toolsOff: [] } }]),
  );
  expect(await within(chooser).findByText("not used")).toBeTruthy();
  await isAccessible();
});

test("the wire of a server shows both ways, narrowed and whole", async () => {
  const { user } = await open();
  await user.click(screen.getByRole("button", { name: /5 of 5 servers ready/ }));
  await user.click(await screen.findByRole("button", { name: /^ticket help desk/ }));
  screen.getByRole("tab", { name: /Tools/ }).focus();
  await user.keyboard("{ArrowRight}{ArrowRight}{ArrowRight}");
  const wire = await screen.findByRole("list", { name: "Wire" });
  expect(within(wire).getAllByRole("listitem")).toHaveLength(7);
  await isAccessible();
  await user.click(screen.getByRole("radio", { name: "Sent" }));
  await user.type(screen.getByRole("searchbox", { name: "Find on the wire" }), "search_tickets");
  const line = within(wire).getByRole("button", { name: /tools\/call/ });
  expect(within(wire).getAllByRole("listitem")).toHaveLength(1);
  await user.click(line);
  expect(await within(wire).findByText(/••••/, { selector: "pre *" })).toBeTruthy();
});

test("servers of another program are looked at, then taken over", async () => {
  const { fake, user } = await open();
  await user.click(screen.getByRole("button", { name: /5 of 5 servers ready/ }));
  await user.click(await screen.findByRole("button", { name: /Import from Claude Desktop/ }));
  await user.click(await screen.findByRole("button", { name: /Claude Desktop.*2 servers/ }));
  const found = await screen.findByRole("list", { name: "What is in it" });
  expect(found.textContent).toContain("github/GITHUB_TOKEN");
  expect(found.textContent).toContain("It names no command.");
  await isAccessible();
  await user.click(screen.getByRole("button", { name: "Take over 1 server" }));
  await waitFor(() =>
    expect(requests(fake, "import_servers")).toEqual([{ source: "~/claude_desktop_config.json", chosen: [0] }]),
  );
});

test("a server's page says how it is started", async () => {
  const { user } = await open();
  await user.click(screen.getByRole("button", { name: /5 of 5 servers ready/ }));
  await user.click(await screen.findByRole("button", { name: /^ticket help desk/ }));
  await user.click(screen.getByRole("tab", { name: "Settings" }));
  const launch = await screen.findByRole("region", { name: "How it is started" });
  expect(launch.textContent).toContain("/opt/loquat/loquat-helpdesk");
  expect(launch.textContent).toContain("HOME, LANG, PATH");
  await isAccessible();
});

test("several waiting calls can be allowed at once", async () => {
  const { fake, user } = await open();
  await ask(user, "Set all three to in progress");
  await user.click(await screen.findByRole("button", { name: "Allow all 3" }));
  await waitFor(() => expect(requests(fake, "answer_approval")).toHaveLength(3));
  expect(await screen.findByText("All three are in progress now.")).toBeTruthy();
});

test("Send becomes Stop, Escape stops, and what was typed stays", async () => {
  const { fake, user } = await open();
  await ask(user, "Set TKT-003 to in progress");
  expect(await screen.findByRole("button", { name: "Stop" })).toBeTruthy();
  const box = await screen.findByRole<HTMLTextAreaElement>("textbox", { name: "Message" });
  await user.type(box, "and then");
  await user.keyboard("{Escape}");
  await waitFor(() => expect(requests(fake, "stop_turn")).toHaveLength(1));
  expect(await screen.findByText("Stopped", { selector: "p" })).toBeTruthy();
  expect(box.value).toBe("and then");
});

test("a failed turn says what, why and what now, with a button that helps", async () => {
  const { app, user } = await open();
  await ask(user, "use a wrong key");
  const failure = await screen.findByRole("group", { name: "The turn failed" });
  expect(failure.textContent).toContain("OpenAI does not accept the API key.");
  expect(failure.textContent).toContain("Incorrect API key provided");
  await user.click(within(failure).getByRole("button", { name: "Open Settings → Models" }));
  expect(app.panel).toBe("models");
});

test("conversations are renamed, deleted and brought back", async () => {
  const { fake, user } = await open();
  const list = screen.getByRole("navigation", { name: "Conversations" });
  const row = within(list).getByRole("button", { name: "Windows BSOD articles" });
  row.focus();
  await user.keyboard("{F2}");
  await user.keyboard("Blue screens BSOD{Enter}");
  expect(requests(fake, "rename_conversation")).toEqual([{ id: "c2", title: "Blue screens BSOD" }]);
  await user.click(await within(list).findByRole("button", { name: "Actions for Blue screens BSOD" }));
  // Everything that can be done with it stands there once.
  await within(list).findByRole("menuitem", { name: "Duplicate" });
  await user.click(await within(list).findByRole("menuitem", { name: "Delete" }));
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  expect(await within(list).findByRole("button", { name: "Blue screens BSOD" })).toBeTruthy();
});

test("any model can be chosen or typed, and an absent provider says why", async () => {
  const { fake, user } = await open();
  await user.click(screen.getByRole("button", { name: "Model" }));
  const picker = await screen.findByRole("dialog", { name: "Model" });
  expect(await within(picker).findByRole("button", { name: /mistral-small-3.2.*not loaded/ })).toBeTruthy();
  expect(within(picker).getByText(/No key yet/)).toBeTruthy();
  await isAccessible();
  await user.type(within(picker).getByRole("textbox"), "my-own:7b");
  await user.click(within(picker).getByRole("button", { name: "Use “my-own:7b” at LM Studio" }));
  await waitFor(() =>
    expect(requests(fake, "change_settings")).toMatchObject([{ model: { provider: "lmstudio", model: "my-own:7b" } }]),
  );
});

test("settings: a provider is tested, a key stored and forgotten", async () => {
  const { fake, user } = await open();
  await user.keyboard("{Control>},{/Control}");
  const dialog = await screen.findByRole("dialog", { name: "Settings" });
  const openai = within(dialog).getByRole("region", { name: "OpenAI" });
  await user.type(within(openai).getByLabelText("API key"), "sk-abcd{Enter}");
  expect(await within(openai).findByText(/••••abcd/)).toBeTruthy();
  await user.click(within(openai).getByRole("button", { name: "Test connection" }));
  expect(await within(openai).findByText("All steps passed.")).toBeTruthy();
  await isAccessible();
  await user.click(within(openai).getByRole("button", { name: "Forget" }));
  await waitFor(() => expect(document.activeElement).toBe(within(openai).getByLabelText("API key")));
  expect(requests(fake, "forget_key")).toEqual(["openai"]);
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog", { name: "Settings" })).toBeNull());
});

test("settings: a server is shown in full before it is added", async () => {
  const { fake, user } = await open((fake) => {
    chosen(fake);
    fake.snapshot.servers = [...helpDesk(), ...troubledServers()];
  });
  await user.click(screen.getByRole("button", { name: /5 of 8 ready 1 to sign in/ }));
  expect(await screen.findByText("needs sign-in")).toBeTruthy();
  expect(screen.getByText("mcp.example.com: no such host")).toBeTruthy();
  await user.type(screen.getByRole("textbox", { name: /Paste a URL/ }), "npx server-files /home{Enter}");
  const preview = await screen.findByRole("region", { name: "This adds 1 server" });
  expect(preview.textContent).toContain("This starts a program on your computer");
  expect(preview.textContent).toContain("npx server-files /home");
  expect(requests(fake, "add_servers")).toEqual([]);
  await isAccessible();
  await user.click(within(preview).getByRole("button", { name: "Add 1 server" }));
  expect(requests(fake, "add_servers")).toEqual(["npx server-files /home"]);
  await user.click(screen.getByRole("switch", { name: "Use billing" }));
  expect(requests(fake, "enable_server")).toEqual([{ name: "billing", enabled: false }]);
  await user.click(screen.getByRole("button", { name: /^ticket help desk/ }));
  expect(await screen.findByText("Changes the status or priority of a ticket.")).toBeTruthy();
});

test("settings: looks and language change at once; the shortcuts are listed", async () => {
  const { user } = await open();
  await user.keyboard("{Control>}/{/Control}");
  const shortcuts = await screen.findByRole("dialog", { name: "Shortcuts" });
  expect(within(shortcuts).getByText("Search conversations", { selector: "td" })).toBeTruthy();
  await user.keyboard("{Escape}");
  await user.keyboard("{Control>},{/Control}");
  await user.click(screen.getByRole("button", { name: "Appearance" }));
  await user.click(screen.getByRole("radio", { name: "Dark" }));
  expect(document.documentElement.dataset.theme).toBe("dark");
  await isAccessible();
  await user.click(screen.getByRole("radio", { name: "Deutsch" }));
  expect(await screen.findByRole("heading", { name: "Aussehen" })).toBeTruthy();
});

test("links say where they go and open outside; pictures from elsewhere are not loaded", async () => {
  const { fake, user } = await open();
  await ask(user, "show what you can do");
  const link = await screen.findByRole("link", { name: "the handbook" });
  expect(link.title).toBe("Opens https://example.com/handbook");
  await user.click(link);
  const dialog = await screen.findByRole("dialog", { name: "Where this link goes" });
  expect(dialog.textContent).toContain("https://example.com/handbook");
  expect(requests(fake, "open_link")).toEqual([]);
  await user.click(within(dialog).getByRole("button", { name: "Open in browser" }));
  expect(requests(fake, "open_link")).toEqual(["https://example.com/handbook"]);
  expect(document.querySelector("img")).toBeNull();
});

test("a long conversation mounts its newest turns, and more on demand", async () => {
  const { user } = await open((fake) => {
    chosen(fake);
    fake.lengthen("c0", 300);
  });
  await user.click(screen.getByRole("button", { name: "Critical tickets and their customers" }));
  expect(await screen.findByText("Question 299")).toBeTruthy();
  expect(screen.queryByText("Question 279")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Show earlier messages" }));
  expect(await screen.findByText("Question 279")).toBeTruthy();
  await ask(user, "Is AST-SRV-001 under warranty?");
  expect(await screen.findByText(/covered/, { selector: "p *" })).toBeTruthy();
  // What was being read is still there.
  expect(screen.getByText("Question 279")).toBeTruthy();
  expect(screen.queryByText("Question 100")).toBeNull();
});

test("a question that could not go out stays in the composer", async () => {
  const { fake, user } = await open();
  fake.answers.send_message = () => {
    throw { code: "storageFailed", message: "The disk is full." };
  };
  await ask(user, "do not lose me");
  expect(await screen.findByText("The disk is full.")).toBeTruthy();
  expect(screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message" }).value).toBe("do not lose me");
});

test("trouble is shown and can be dismissed", async () => {
  const { fake, user } = await open();
  fake.emit({ type: "trouble", error: { code: "storageFailed", message: "The disk is full.", fix: "Make room." } });
  expect(await screen.findByText("The disk is full.")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Dismiss" }));
  await waitFor(() => expect(screen.queryByText("The disk is full.")).toBeNull());
});
