// Conversations in groups by the day of their latest turn; what is pinned stands above them all.
import type { ConversationSummary } from "../bindings";
import { format, say } from "../i18n";

export interface Group {
  label: string;
  summaries: ConversationSummary[];
}

/** Expects the newest first, and keeps that order. */
export function byDay(summaries: ConversationSummary[], now: number): Group[] {
  const pinned = summaries.filter((summary) => summary.pinned);
  const groups: Group[] = pinned.length > 0 ? [{ label: say.list.pinned, summaries: pinned }] : [];
  for (const summary of summaries) {
    if (summary.pinned) continue;
    const label = labelOf(summary.updatedAt, now);
    const last = groups.at(-1);
    if (last?.label === label) last.summaries.push(summary);
    else groups.push({ label, summaries: [summary] });
  }
  return groups;
}

function labelOf(at: number, now: number): string {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  const days = Math.ceil((midnight - at) / 86_400_000);
  if (days <= 0) return say.window.today;
  if (days === 1) return say.window.yesterday;
  return days <= 7 ? say.window.lastWeek : format.month(at);
}
