import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { finishedTurn } from "../backend/world";
import { ask, chosen, isAccessible, open, requests } from "../test-window";

test("what is proposed can be changed before it is sent, and both stay to be seen", async () => {
  const { fake, user } = await open();
  await ask(user, "Set TKT-003 to in progress");
  const card = await screen.findByRole("group", { name: "Approval" });
  await user.click(within(card).getByRole("button", { name: "Edit arguments…" }));
  const status = within(card).getByLabelText("status");
  await user.clear(status);
  await user.type(status, "closed");
  await isAccessible();
  await user.click(within(card).getByRole("button", { name: /Allow once/ }));
  const approved = { ticket_id: "TKT-003", status: "closed", note: "Seen, and being worked on. Next word by 15:00." };
  await waitFor(() => expect(requests(fake, "answer_approval")).toMatchObject([{ allow: true, arguments: approved }]));
  await user.click(await screen.findByRole("button", { name: /Updated ticket/ }));
  expect(await screen.findByText("Approved and sent")).toBeTruthy();
  expect(screen.getByText("Proposed by the model")).toBeTruthy();
  expect(screen.getByText("You allowed it.")).toBeTruthy();
  await isAccessible();
});

test("arguments that were not changed are not sent as changed", async () => {
  const { fake, user } = await open();
  await ask(user, "Set TKT-003 to in progress");
  const card = await screen.findByRole("group", { name: "Approval" });
  await user.click(within(card).getByRole("button", { name: "Edit arguments…" }));
  await user.click(within(card).getByRole("button", { name: "Back to what was proposed" }));
  await user.click(within(card).getByRole("button", { name: /Allow once/ }));
  await waitFor(() => expect(requests(fake, "answer_approval")).toHaveLength(1));
  expect((requests(fake, "answer_approval")[0] as { arguments?: unknown }).arguments).toBeUndefined();
});

test("a call says how far it is, can be cancelled alone, and is looked into afterwards", async () => {
  const { fake, user } = await open();
  await ask(user, "do the long work");
  await user.click(await screen.findByRole("button", { name: /ticket metrics/ }));
  expect(await screen.findByText("3 words on its progress")).toBeTruthy();
  await user.click(screen.getByText("3 words on its progress"));
  expect(await screen.findByText(/Counting part 2/)).toBeTruthy();
  await user.click(screen.getByText("What the server wrote meanwhile"));
  await waitFor(() => expect(requests(fake, "server_log")).toMatchObject([{ server: "ticket", least: "debug" }]));
  await isAccessible();
  await user.click(screen.getByRole("button", { name: "Run again" }));
  expect(await screen.findByRole("group", { name: "When run again just now" })).toBeTruthy();
  expect(requests(fake, "run_again")).toHaveLength(1);
});

test("what may change something is run again only when said twice", async () => {
  const { fake, user } = await open();
  await ask(user, "Set TKT-003 to in progress");
  await screen.findByRole("group", { name: "Approval" });
  await user.keyboard("a");
  await user.click(await screen.findByRole("button", { name: /Updated ticket/ }));
  await user.click(screen.getByRole("button", { name: "Run again" }));
  expect(requests(fake, "run_again")).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Really run it again" }));
  await waitFor(() => expect(requests(fake, "run_again")).toHaveLength(1));
});

test("every kind of content is shown from what arrived, and nothing is fetched", async () => {
  const { fake, user } = await open();
  await ask(user, "pictures");
  await user.click(await screen.findByRole("button", { name: /article KB-1/ }));
  const card = document.querySelector(".call") as HTMLElement;
  expect(within(card).getByRole("heading", { name: "An article" })).toBeTruthy();
  const sources = [...card.querySelectorAll("img, audio")].map((each) => each.getAttribute("src") ?? "");
  expect(sources.map((source) => source.slice(0, 15))).toEqual(["data:image/png;", "data:audio/wav;"]);
  expect(card.textContent).toContain("image/svg+xml, which cannot be shown here");
  await isAccessible();
  const [first] = within(card).getAllByRole("button", { name: "Read it here" });
  if (first) await user.click(first);
  await waitFor(() =>
    expect(requests(fake, "read_resource")).toMatchObject([
      { server: "knowledge", uri: "note://1", chat: { conversation: "c-1" } },
    ]),
  );
  expect(requests(fake, "open_link")).toEqual([]);
});

test("a question outside of any answer stands above the conversation until it is answered", async () => {
  const { app, fake } = await open();
  const question = {
    id: "q1",
    round: 0,
    server: "everything",
    ask: { kind: "url", message: "Pay first.", url: "https://pay.example.com/", host: "pay.example.com" },
    status: { state: "waiting" },
    at: 1,
  } as const;
  fake.emit({ type: "question", question });
  const place = await screen.findByRole("region", { name: "Servers that ask outside of an answer" });
  expect(within(place).getByRole("group", { name: "Question" }).textContent).toContain("pay.example.com");
  await isAccessible();
  fake.emit({ type: "question", question: { ...question, status: { state: "declined" } } });
  await waitFor(() => expect(screen.queryByRole("group", { name: "Question" })).toBeNull());
  expect(app.questions).toEqual([]);
});

test("a result of which something lay too deep says that it is not whole", async () => {
  const output = { content: [], structured: { a: [] }, modelText: "{}", bytes: 9_000, tooDeep: true };
  const call = { id: "k1", wireId: "k1", round: 1, called: "x__look", server: "x", tool: "look", arguments: {} };
  const hints = { readOnly: true, destructive: false, idempotent: false, openWorld: false, stated: true };
  const turn = finishedTurn(7);
  turn.items.splice(1, 0, { type: "toolCall", ...call, hints, status: { state: "succeeded", output } });
  const { app, user } = await open((fake) => {
    chosen(fake);
    fake.put("c0", turn);
  });
  await app.open("c0");
  await user.click(await screen.findByRole("button", { name: /x · look/ }));
  expect(
    await screen.findByText("Parts of it were nested more deeply than can be read, and are left out."),
  ).toBeTruthy();
  await isAccessible();
});

test("rules: made for a tool and arguments like these, shown in order, and standing at a tool", async () => {
  const { fake, user } = await open();
  await user.keyboard("{Control>},{/Control}");
  await user.click(await screen.findByRole("button", { name: "Permissions" }));
  await user.selectOptions(await screen.findByLabelText("Server"), "ticket");
  await user.selectOptions(screen.getByLabelText("Tool"), "update_ticket");
  await user.type(screen.getByLabelText("ticket_id"), "TKT-9*");
  await user.click(screen.getByRole("button", { name: "Make this rule" }));
  await waitFor(() =>
    expect(requests(fake, "add_rule")).toMatchObject([
      { effect: "deny", server: "ticket", tool: "update_ticket", arguments: { ticket_id: "TKT-9*" } },
    ]),
  );
  const rules = screen.getByRole("list", { name: "Rules in force" });
  expect(await within(rules).findByText(/Never runs: ticket · update_ticket/)).toBeTruthy();
  await isAccessible();
  await user.click(screen.getByRole("button", { name: "Servers" }));
  await user.click(await screen.findByRole("button", { name: /^ticket help desk/ }));
  await user.selectOptions(await screen.findByLabelText("Permission of update_ticket"), "Asks");
  await waitFor(() =>
    expect(requests(fake, "add_rule")).toContainEqual({
      effect: "ask",
      server: "ticket",
      tool: "update_ticket",
      standing: true,
    }),
  );
});
