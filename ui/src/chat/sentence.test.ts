import { expect, test } from "vitest";
import type { CallStatus } from "../bindings";
import { speak } from "../i18n";
import { asText, sentenceOf } from "./sentence";

const output = { content: [], modelText: "", bytes: 0 };
type Standing = CallStatus["state"] | "stopped";
const STATUS: Record<Standing, CallStatus> = {
  proposed: { state: "proposed" },
  awaitingApproval: { state: "awaitingApproval", reason: "" },
  running: { state: "running" },
  succeeded: { state: "succeeded", output },
  failed: { state: "failed", error: { code: "toolFailed", message: "no" } },
  stopped: { state: "failed", error: { code: "interrupted", message: "stopped" } },
  refused: { state: "refused", reason: "no" },
};

function read(tool: string, given: unknown, state: Standing = "succeeded", title?: string) {
  return asText(
    sentenceOf({ tool, called: `s__${tool}`, title, server: "s", arguments: given, status: STATUS[state] }),
  );
}

test.each([
  ["lookup_customer", { customer_id: "CUST-001" }, "Looked up customer CUST-001"],
  ["look_up_customer", { customer_id: "CUST-001" }, "Looked up customer CUST-001"],
  ["search_tickets", { priority: "critical" }, "Searched tickets with priority critical"],
  ["search_knowledge_base", { query: "BSOD", limit: 5 }, "Searched knowledge base BSOD"],
  ["getInvoice", { invoice_number: "INV-7" }, "Got invoice INV-7"],
  ["check-sla-terms", {}, "Checked sla terms"],
  ["calculate_balance", { a: 1, b: 2, customerId: "CUST-9" }, "Calculated balance with a 1"],
  ["frobnicate", { x: 1 }, "s · frobnicate with x 1"],
  ["list", null, "Listed"],
  ["constructor", {}, "s · constructor"],
])("%s reads as a sentence", (tool, given, expected) => expect(read(tool, given)).toBe(expected));

test.each([
  ["proposed", "Updating ticket TKT-1"],
  ["running", "Updating ticket TKT-1"],
  ["awaitingApproval", "May I update ticket TKT-1?"],
  ["failed", "Updating ticket TKT-1 failed"],
  ["stopped", "Updating ticket TKT-1 was stopped"],
  ["refused", "Did not update ticket TKT-1"],
] as const)("it says that a call is %s", (state, expected) => {
  expect(read("update_ticket", { ticket_id: "TKT-1" }, state)).toBe(expected);
});

test("a title is preferred to a name", () => {
  expect(read("x1", {}, "running", "Send E-Mail")).toBe("Sending e mail");
});

test("long values are cut and broken arguments left out", () => {
  expect(read("search", { query: "x".repeat(200) }).length).toBeLessThan(75);
  expect(read("search_tickets", "{broken")).toBe("Searched tickets");
});

test("German has its own order", async () => {
  await speak("de");
  expect(read("update_ticket", { ticket_id: "TKT-1" }, "awaitingApproval")).toBe("Darf ich ticket TKT-1 ändern?");
});

test("what a person made of the arguments is what it says", () => {
  const by = { who: "person" } as const;
  const call = {
    tool: "update_ticket",
    called: "x",
    server: "s",
    arguments: { ticket_id: "TKT-1" },
    status: STATUS.succeeded,
  };
  expect(asText(sentenceOf({ ...call, leave: { by, approved: { ticket_id: "TKT-2" } } }))).toContain("TKT-2");
});
