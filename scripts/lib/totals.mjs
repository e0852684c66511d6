// How many tests ran: read from what each runner prints, judged, added up.
import { count } from "./say.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Totals */

export function plain(text) {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\[[0-9;]*m/g, "");
}

/** The last summary of cargo-nextest. What did not pass failed, whatever it is called there. */
export function ofNextest(text) {
  const summary = /Summary \[.*?\] +(?:\d+\/)?(\d+) tests? run: (\d+) passed.*?, (\d+) skipped/g;
  const [, total, passed, skipped] = [...plain(text).matchAll(summary)].at(-1)?.map(Number) ?? [];
  return total === undefined ? undefined : { passed, failed: total - passed, skipped };
}

/** The sum over all test programs of `cargo test`. */
export function ofCargoTest(text) {
  const results = [...plain(text).matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)];
  if (results.length === 0) return undefined;
  return results.reduce(
    (sum, [, passed, failed, skipped]) => ({
      passed: sum.passed + Number(passed),
      failed: sum.failed + Number(failed),
      skipped: sum.skipped + Number(skipped),
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
}

/** vitest's JSON report. */
export function ofVitest(json) {
  if (!json) return undefined;
  const report = JSON.parse(json);
  const skipped = report.numPendingTests + report.numTodoTests;
  return { passed: report.numPassedTests, failed: report.numFailedTests, skipped };
}

/** The closing comments of TAP as node's own runner writes it. */
export function ofTap(text) {
  const closing = (name) => /^\d+$/.exec(new RegExp(`^# ${name} (\\d+)$`, "m").exec(text ?? "")?.[1] ?? "")?.[0];
  const [passed, failed, cancelled, skipped, todo] = ["pass", "fail", "cancelled", "skipped", "todo"].map(closing);
  if (passed === undefined || failed === undefined) return undefined;
  const number = (value) => Number(value ?? 0);
  return {
    passed: Number(passed),
    failed: Number(failed) + number(cancelled),
    skipped: number(skipped) + number(todo),
  };
}

/** A runner that found nothing, skipped something or broke down has failed, and says so. */
export function judge(name, { code, totals, seconds, mayBeEmpty = false }) {
  const { passed = 0, failed = 0, skipped = 0 } = totals ?? {};
  const outcome = { name, passed, failed: failed + skipped, seconds, note: "" };
  if (!totals) return { ...outcome, failed: 1, note: `broke down: no totals, exit code ${code}` };
  if (skipped > 0) return { ...outcome, note: `${count(skipped, "skipped test")} counted as failed` };
  if (passed + failed === 0 && !mayBeEmpty) return { ...outcome, failed: 1, note: "found no tests" };
  if (code !== 0 && failed === 0) return { ...outcome, failed: 1, note: `ended with exit code ${code}` };
  return outcome;
}

/** A table of all runners. */
export function table(outcomes) {
  const rows = outcomes.map((it) => [it.name, it.passed, it.failed, it.seconds.toFixed(1), it.note].map(String));
  const lines = [["runner", "passed", "failed", "seconds", ""], ...rows];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const cell = (text, column) =>
    column === 0 || column === 4 ? text.padEnd(widths[column]) : text.padStart(widths[column]);
  return lines.map((line) => line.map(cell).join("  ").trimEnd()).join("\n");
}

export function sum(outcomes) {
  const add = (key) => outcomes.reduce((total, outcome) => total + outcome[key], 0);
  return { passed: add("passed"), failed: add("failed") };
}
