// An empty conversation offers what the connected tools can answer, and nothing else.
import { screen, waitFor } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { helpDesk, tool, EXAMPLES } from "../backend/world";
import { say } from "../i18n";
import { open, requests } from "../test-window";
import type { ServerView, Tool } from "../bindings";
import { suggestions } from "./suggest";

const server = (name: string, ...tools: (string | Partial<Tool>)[]): ServerView => ({
  name,
  bundled: false,
  enabled: true,
  address: "",
  state: { state: "ready", tools: tools.length, latencyMs: 1 },
  tools: tools.map((each) => ({
    ...tool(name, typeof each === "string" ? each : (each.name ?? "")),
    ...(typeof each === "string" ? {} : each),
  })),
  log: [],
});
const texts = (servers: ServerView[]) => suggestions(servers, EXAMPLES).map(({ text }) => text);
const questions = say.suggest.questions;

test("with the help desk alone its own questions are offered", () => {
  expect(texts(helpDesk())).toEqual(EXAMPLES);
  // What a server that is off would be needed for is not offered.
  const noBilling = helpDesk().filter(({ name }) => name !== "billing");
  expect(texts(noBilling).some((text) => /invoice|balance/.test(text))).toBe(false);
  expect(texts(noBilling).length).toBeGreaterThan(2);
});

test("each kind of server has its questions, several together first", () => {
  const crm = server("salesforce", "query_opportunities", "search_contacts", "create_lead");
  const jira = server("jira", "searchIssues", "createIssue");
  const mail = server("slack", "list_messages", "send_message");
  const dates = server("google-calendar", "list-events");
  expect(texts([crm])).toEqual([questions.closing, questions.contacts]);
  expect(texts([jira])).toEqual([questions.mine, questions.bugs]);
  expect(texts([mail])).toContain(questions.message);
  expect(texts([dates])).toEqual([questions.meetings]);
  const all = texts([crm, jira, mail, dates, ...helpDesk()]);
  expect(all.slice(0, 2)).toEqual([questions.dealTicket, questions.summary]);
  expect(all).toHaveLength(7);
  expect(all.some((text) => EXAMPLES.includes(text))).toBe(true);
});

test("a word that only begins like another means nothing", () => {
  expect(texts([server("github", "list_prs")])).toContain(questions.reviews);
  expect(texts([server("office", { name: "get-env", title: "Print Environment Tool" })])).not.toContain(
    questions.reviews,
  );
});

test("what changes something is said to, and few of them are offered", () => {
  const all = suggestions([server("jira", "create_issue"), server("slack", "send_message")], []);
  expect(all.map(({ changes }) => changes)).toEqual([true, true]);
});

test("of tools that nobody knows, those that need nothing are offered by name", () => {
  const plain = { inputSchema: { type: "object" } };
  const brewery = server("brewery", { name: "list_kettles", ...plain }, { name: "get_kettle" });
  expect(texts([brewery])).toEqual(["List kettles (brewery)"]);
  const failed: ServerView = { ...brewery, state: { state: "needsSignIn" } };
  expect(texts([failed])).toEqual([]);
});

test("a question that changes something goes into the message field and not out", async () => {
  const { app, fake, user } = await open();
  app.receive({ type: "server", server: server("slack", "send_message") });
  const offered = await screen.findByRole("button", { name: new RegExp(questions.message) });
  await user.click(offered);
  await waitFor(() =>
    expect((screen.getByRole("textbox", { name: "Message" }) as HTMLTextAreaElement).value).toBe(questions.message),
  );
  expect(requests(fake, "send_message")).toEqual([]);
});
