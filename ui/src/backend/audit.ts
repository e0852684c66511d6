// The scripted twin's audit log.
import type { AuditDecision, AuditEntry, AuditFilter, AuditPage } from "../bindings";

const PAGE = 50;
const CODES: Record<AuditDecision, string> = {
  allowed: "ok",
  failed: "backend_timeout",
  refused: "role_not_allowed",
  asked: "approval_timed_out",
  gateway: "ok",
};
const WHAT = [
  ["ticket__search_tickets", "allowed"],
  ["ticket__update_ticket", "asked"],
  ["billing__get_invoice", "failed"],
  ["crm_delete_contact", "refused"],
  ["knowledge__search", "allowed"],
] as const;

function entry(seq: number): AuditEntry {
  const [tool, decision] = WHAT[seq % WHAT.length] ?? WHAT[0];
  return {
    seq,
    at: Date.UTC(2026, 10, 20, 9, 30) + seq * 60_000,
    kind: decision === "asked" ? "approval" : "call",
    tool,
    actor: seq % 3 === 0 ? "cursor" : "notebook",
    tenant: seq % 7 === 0 ? "acme" : "default",
    credential: "key:cursor",
    roles: ["Agent"],
    decision,
    result: CODES[decision],
    durationMs: decision === "allowed" ? 12.4 : undefined,
    correlation: `0194-${seq}`,
    arguments: { ticket_id: "text of 8" },
  };
}

export function auditOf(filter: AuditFilter): AuditPage {
  const all = Array.from({ length: 120 }, (_, at) => entry(at + 1)).reverse();
  const fitting = all.filter(
    (each) =>
      (!filter.tenant || each.tenant === filter.tenant) &&
      (!filter.tool || each.tool.includes(filter.tool.toLowerCase())) &&
      (!filter.decision || each.decision === filter.decision) &&
      each.at >= (filter.since ?? 0) &&
      each.at < (filter.until ?? Infinity) &&
      each.seq < (filter.before ?? Infinity),
  );
  return { entries: fitting.slice(0, PAGE), more: fitting.length > PAGE };
}
