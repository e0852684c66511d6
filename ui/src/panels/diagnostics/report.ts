// A report for whoever shall help: plain text, with no secret in it, since all its parts were masked before.
import type { About, Diagnosis, LogRecord, ServerView } from "../../bindings";

const LINES = 200;
const SIGNS = { ok: "+", failed: "x", skipped: "-" } as const;

export function lineOf({ at, level, part, text }: LogRecord): string {
  return `${new Date(at).toISOString()} ${level.toUpperCase()} ${part}: ${text}`;
}

export function reportOf(
  about: About | undefined,
  servers: readonly ServerView[],
  found: readonly Diagnosis[],
  log: readonly LogRecord[],
): string {
  const versions = about
    ? [`Loquat ${about.version}`, about.system, `Tauri ${about.tauri}`, `web view ${about.webView ?? "?"}`]
    : ["Loquat"];
  const states = servers.map(({ name, enabled, state, tools }) => {
    const why = "error" in state && state.error ? ` (${state.error.message} ${state.error.cause ?? ""})` : "";
    return `${name}: ${enabled ? state.state : "off"}, ${tools.length} tools${why}`;
  });
  return [
    versions.join(" · "),
    "",
    "Servers",
    ...states,
    ...(found.length > 0 ? ["", "Doctor"] : []),
    ...found.flatMap(({ name, address, steps }) => [
      `${name}  ${address}`,
      ...steps.flatMap(({ step, outcome, seen, ms, meaning, fix, exchange = [] }) => [
        `  ${SIGNS[outcome]} ${step}: ${[seen, meaning, fix].filter(Boolean).join(" ")}${ms === undefined ? "" : ` (${ms} ms)`}`,
        ...exchange.flatMap((line) => line.split("\n")).map((line) => `      ${line}`),
      ]),
    ]),
    "",
    "Log",
    ...log.slice(-LINES).map(lineOf),
  ].join("\n");
}
