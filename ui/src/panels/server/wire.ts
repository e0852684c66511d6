// What a JSON-RPC message is about, read from its text; what was cut short is still said as far as it goes.
import type { WireLine } from "../../bindings";
import { say } from "../../i18n";
import { isRecord } from "../../parts/shape";

export interface About {
  /** The method, or that it answers one. */
  name: string;
  /** The rest in one line. */
  rest: string;
  failed: boolean;
}

export function aboutOf({ text }: WireLine): About {
  const message = read(text);
  if (!isRecord(message)) return { name: /"method"\s*:\s*"([^"]+)"/.exec(text)?.[1] ?? "…", rest: text, failed: false };
  const id = message.id === undefined ? "" : `#${String(message.id)} `;
  if (typeof message.method === "string") {
    return { name: message.method, rest: id + short(message.params), failed: false };
  }
  if (message.error !== undefined) return { name: say.wire.error, rest: id + short(message.error), failed: true };
  const failed = isRecord(message.result) && message.result.isError === true;
  return { name: failed ? say.wire.failedAnswer : say.wire.answer, rest: id + short(message.result), failed };
}

export function prettied(text: string): string {
  const message = read(text);
  return message === undefined ? text : JSON.stringify(message, null, 2);
}

function read(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function short(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value).slice(0, 300);
}
