import axe from "axe-core";
import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { FakeBackend } from "../backend/fake";
import { settings } from "../backend/world";
import type { ModelExchange, ToolCall, WireLine } from "../bindings";
import { show } from "../test-window";
import { curlOfCall, curlOfExchange } from "./curl";
import { linesOf, rowsOf, spanOf } from "./rows";

const call = {
  id: "c1",
  server: "ticket",
  tool: "search_tickets",
  called: "ticket__search_tickets",
  arguments: { priority: "it's urgent" },
  status: { state: "running" },
  startedAt: 1000,
  endedAt: 1200,
} as unknown as ToolCall;

const line = (at: number, out: boolean, message: unknown): WireLine => {
  const text = JSON.stringify(message);
  return { at, out, text, bytes: text.length };
};

const exchange: ModelExchange = {
  turn: "t",
  round: 1,
  provider: "openai",
  url: "https://api.openai.com/v1/chat/completions",
  request: `{"model":"gpt-5","messages":[{"content":"it's"}]}`,
  requestBytes: 10,
  response: "",
  responseBytes: 0,
  at: 500,
  firstAt: 700,
  endedAt: 900,
};

test("a call's messages are found among all that crossed its server's wire", () => {
  const params = (name: string, token?: number) => ({ name, arguments: {}, _meta: { progressToken: token } });
  const lines = [
    line(400, true, { id: 1, method: "tools/call", params: params("search_tickets") }),
    line(1001, true, { id: 7, method: "tools/call", params: params("other") }),
    line(1002, true, { id: 8, method: "tools/call", params: params("search_tickets", 3) }),
    line(1050, false, { method: "notifications/progress", params: { progressToken: 3 } }),
    line(1060, false, { id: 7, result: {} }),
    line(1100, false, { id: 8, result: {} }),
  ];
  expect(linesOf(call, lines).map((each) => each.at)).toEqual([1002, 1050, 1100]);
  expect(linesOf(call, [])).toEqual([]);
});

test("requests and calls stand in their order, with their share of the time", () => {
  const rows = rowsOf([exchange], [call], 5000);
  expect(rows.map(({ name, start, end }) => [name, start, end])).toEqual([
    ["Request 1", 500, 900],
    ["search_tickets", 1000, 1200],
  ]);
  expect(spanOf(rows)).toEqual({ from: 500, length: 700 });
  expect(spanOf([])).toEqual({ from: 0, length: 1 });
});

test("a command line holds the request and never a key", () => {
  expect(curlOfExchange(exchange)).toContain('"Authorization: Bearer $OPENAI_API_KEY"');
  expect(curlOfExchange(exchange)).toContain(`it'\\''s`);
  expect(curlOfExchange({ ...exchange, provider: "practice" })).not.toContain("Authorization");
  expect(curlOfCall(call, "https://mcp.example.com")).toContain("curl -N 'https://mcp.example.com'");
  expect(curlOfCall(call, "loquat-helpdesk ticket")).toMatch(/^printf .* \| loquat-helpdesk ticket$/);
});

test("the inspector shows a turn's requests and calls, narrows and follows a click", async () => {
  const fake = new FakeBackend();
  fake.snapshot.settings = settings({ provider: "lmstudio", model: "qwen3-14b" });
  const { user } = await show(fake);
  await user.type(screen.getByRole("textbox", { name: "Message" }), "What are the critical tickets?{Enter}");
  await user.click(await screen.findByRole("button", { name: "Inspect this turn" }));
  const inspector = await screen.findByRole("complementary", { name: "Inspector" });
  const rows = () => within(within(inspector).getByRole("list", { name: "Requests and calls" })).getAllByRole("button");
  await waitFor(() => expect(rows().length).toBeGreaterThan(2));
  expect(await within(inspector).findByText("POST http://localhost:1234/v1/chat/completions")).toBeTruthy();
  const found = await axe.run(inspector, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  expect(found.violations.map(({ id }) => id)).toEqual([]);
  await user.type(within(inspector).getByRole("searchbox", { name: "Find in this turn" }), "search_tickets");
  await user.click(within(inspector).getByRole("button", { name: /search_tickets ticket/ }));
  expect(within(inspector).getByText("ticket · search_tickets")).toBeTruthy();
  await user.keyboard("{Control>}i{/Control}");
  await waitFor(() => expect(screen.queryByRole("complementary", { name: "Inspector" })).toBeNull());
});
