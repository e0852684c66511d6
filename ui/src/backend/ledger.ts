// The scripted twin's ledger: what its turns called, and a few calls from before.
import type { Conversation, LedgerEntry, LedgerFilter, LedgerPage, ToolCall, Turn } from "../bindings";

const PAGE = 100;

export function ledgerOf(conversations: Iterable<Conversation>, filter: LedgerFilter): LedgerPage {
  const called = [...conversations].flatMap(({ id, turns }) =>
    turns.flatMap((turn) =>
      turn.items.filter((item) => item.type === "toolCall").map((call) => entryOf(id, turn, call)),
    ),
  );
  const all = [...earlier(), ...called].map((entry, index) => ({ ...entry, number: index + 1 })).reverse();
  const words = (filter.text ?? "").toLowerCase().split(/\s+/);
  const fitting = all.filter(
    (entry) =>
      (!filter.server || entry.server === filter.server) &&
      (!filter.outcome || entry.outcome === filter.outcome) &&
      words.every((word) => JSON.stringify(entry).toLowerCase().includes(word)),
  );
  const left = fitting.filter((entry) => entry.number < (filter.before ?? Infinity));
  return { entries: left.slice(0, PAGE), more: left.length > PAGE, total: fitting.length };
}

function entryOf(conversation: string, turn: Turn, call: ToolCall): LedgerEntry {
  const state = call.status.state;
  const outcome = state === "proposed" || state === "awaitingApproval" ? "open" : state;
  return {
    number: 0,
    call: call.id,
    at: call.startedAt ?? turn.startedAt,
    face: "window",
    conversation,
    turn: turn.id,
    model: turn.model,
    server: call.server,
    tool: call.tool,
    arguments: call.arguments,
    decision: call.hints.readOnly ? "allowed" : state === "refused" ? "refused" : "approved",
    rule: call.hints.readOnly ? `Tools of ${call.server} that only read may run.` : undefined,
    outcome,
    error: call.status.state === "failed" ? call.status.error.message : undefined,
    bytes: call.status.state === "succeeded" ? call.status.output.bytes : undefined,
    startedAt: call.startedAt,
    endedAt: call.endedAt,
  };
}

function earlier(): LedgerEntry[] {
  const at = Date.UTC(2026, 10, 20, 9, 30);
  const base = { face: "window", model: { provider: "lmstudio", model: "qwen3-14b" }, server: "ticket" } as const;
  return [
    {
      ...base,
      number: 1,
      call: "e1",
      at,
      tool: "search_tickets",
      arguments: { priority: "critical" },
      decision: "allowed",
      rule: "Tools of ticket that only read may run.",
      outcome: "succeeded",
      bytes: 2310,
      startedAt: at,
      endedAt: at + 12,
    },
    {
      ...base,
      number: 2,
      call: "e2",
      at: at + 60_000,
      tool: "update_ticket",
      arguments: { ticket_id: "TKT-003", status: "closed" },
      decision: "refused",
      reason: "the user said no: ask Ann first",
      outcome: "refused",
      endedAt: at + 61_000,
    },
    {
      ...base,
      number: 3,
      call: "e3",
      at: at + 120_000,
      face: "api",
      key: "notebook",
      server: "billing",
      tool: "get_invoice",
      arguments: { invoice_number: "INV-404" },
      decision: "allowed",
      rule: "Tools of billing that only read may run.",
      outcome: "failed",
      error: "There is no invoice INV-404.",
      startedAt: at + 120_000,
      endedAt: at + 120_009,
    },
  ];
}
