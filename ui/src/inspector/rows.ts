// A turn as a waterfall: its requests to the model and its calls, each with when it began and how long it took.
import type { ModelExchange, ToolCall, WireLine } from "../bindings";
import { say } from "../i18n";
import { providerName } from "../i18n/providers";
import { isRecord } from "../parts/shape";
import { standing } from "../parts/standing";

export interface Row {
  id: string;
  name: string;
  aside: string;
  start: number;
  /** When the first of the answer came. */
  first?: number;
  end: number;
  /** Whether it still goes on. */
  runs: boolean;
  failed: boolean;
  exchange?: ModelExchange;
  call?: ToolCall;
}

export function rowsOf(
  exchanges: readonly ModelExchange[],
  calls: readonly ToolCall[],
  now: number,
  providers: readonly { id: string; name: string }[] = [],
): Row[] {
  const asked = exchanges.map((exchange, index) => ({
    id: `exchange-${index}`,
    name: exchange.round === 0 ? say.inspector.beside : say.inspector.round(exchange.round),
    aside: providerName(exchange.provider, providers),
    start: exchange.at,
    first: exchange.firstAt,
    end: exchange.endedAt ?? now,
    runs: exchange.endedAt === undefined,
    failed: exchange.error !== undefined || (exchange.status ?? 200) >= 400,
    exchange,
  }));
  const called = calls.map((call) => {
    const state = call.status.state;
    const end = call.endedAt ?? (state === "running" ? now : (call.startedAt ?? now));
    return {
      id: call.id,
      name: call.tool || call.called,
      aside: call.server,
      start: call.startedAt ?? end,
      end,
      runs: state === "running",
      failed: standing(call.status) === "failed",
      call,
    };
  });
  return [...asked, ...called].sort((left, right) => left.start - right.start);
}

/** From when to when, in milliseconds; never empty, so that shares of it can be told. */
export function spanOf(rows: readonly Row[]): { from: number; length: number } {
  if (rows.length === 0) return { from: 0, length: 1 };
  const from = Math.min(...rows.map((row) => row.start));
  return { from, length: Math.max(1, Math.max(...rows.map((row) => row.end)) - from) };
}

/** A second is forgiven: the clock is read before a message goes out. */
const NEAR_MS = 1000;

/** The messages of a call among all that crossed its server's wire: what was asked, what came back, and what was said
 *  of how far it is. */
export function linesOf(call: ToolCall, lines: readonly WireLine[]): WireLine[] {
  const from = (call.startedAt ?? 0) - NEAR_MS;
  const to = (call.endedAt ?? Infinity) + NEAR_MS;
  const near = lines.filter((line) => line.at >= from && line.at <= to);
  const asked = near.filter((line) => line.out && isCallOf(call, line));
  // Of several alike the one that went out first after the call began.
  const request = asked.find((line) => line.at >= (call.startedAt ?? 0)) ?? asked.at(-1);
  const id = request && idOf(request.text);
  if (!request || id === undefined) return [];
  const token = /"progressToken"\s*:\s*("[^"]*"|\d+)/.exec(request.text)?.[1];
  const speaksOf = (line: WireLine) =>
    idOf(line.text) === id && !line.out
      ? true
      : token !== undefined && line.text.includes("notifications/progress") && line.text.includes(token);
  return near.filter((line) => line === request || (line.at >= request.at && speaksOf(line)));
}

function isCallOf(call: ToolCall, line: WireLine): boolean {
  if (!/"method"\s*:\s*"tools\/call"/.test(line.text)) return false;
  try {
    const message = JSON.parse(line.text) as unknown;
    const params = isRecord(message) && isRecord(message.params) ? message.params : {};
    return params.name === call.tool;
  } catch {
    return line.text.includes(JSON.stringify(call.tool));
  }
}

/** The message's own id stands outside of what it carries; what was cut is read as far as it goes. */
function idOf(text: string): string | undefined {
  try {
    const message = JSON.parse(text) as unknown;
    return isRecord(message) && message.id !== undefined ? String(message.id) : undefined;
  } catch {
    return /"id"\s*:\s*(?:"([^"]*)"|(\d+))/.exec(text.slice(0, 200))?.slice(1).find(Boolean);
  }
}
