import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, ofCargoTest, ofNextest, ofTap, ofVitest, sum, table } from "./totals.mjs";

test("nextest: whatever did not pass failed", () => {
  const line = "     Summary [   4.615s] 12 tests run: 8 passed (1 slow, 1 leaky), 2 failed, 2 timed out, 1 skipped";
  assert.deepEqual(ofNextest(line), { passed: 8, failed: 4, skipped: 1 });
});

test("nextest: tests that were never begun count, colours do not", () => {
  const line =
    "\u001b[32;1m     Summary\u001b[0m [   0.6s] \u001b[1m3/5\u001b[0m tests run: 2 passed, 1 failed, 0 skipped";
  assert.deepEqual(ofNextest(line), { passed: 2, failed: 3, skipped: 0 });
});

test("nextest: no summary, no totals", () => {
  assert.equal(ofNextest("error: could not compile `engine`"), undefined);
});

test("cargo test: all programs together", () => {
  const line = "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
  const bad = "test result: FAILED. 1 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out\n";
  assert.deepEqual(ofCargoTest(`${line}noise\n${bad}`), { passed: 4, failed: 2, skipped: 1 });
  assert.equal(ofCargoTest("error: nothing"), undefined);
});

test("vitest: pending and to do are skipped", () => {
  const report = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 1, numTodoTests: 1 };
  assert.deepEqual(ofVitest(JSON.stringify(report)), { passed: 5, failed: 1, skipped: 2 });
  assert.equal(ofVitest(false), undefined);
});

test("tap: cancelled failed, to do is skipped", () => {
  const text = "# tests 6\n# suites 0\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 1\n# duration_ms 9.5\n";
  assert.deepEqual(ofTap(text), { passed: 2, failed: 2, skipped: 2 });
  assert.equal(ofTap(""), undefined);
});

const totals = (passed, failed = 0, skipped = 0) => ({ passed, failed, skipped });
const judged = (code, totals, mayBeEmpty) => judge("it", { code, totals, mayBeEmpty, seconds: 1 });

test("a runner that broke down, found nothing, skipped or ended badly has failed", () => {
  assert.deepEqual(judged(0, totals(3)), { name: "it", passed: 3, failed: 0, seconds: 1, note: "" });
  assert.equal(judged(101, undefined).failed, 1);
  assert.equal(judged(0, totals(0)).failed, 1);
  assert.equal(judged(0, totals(0), true).failed, 0);
  assert.equal(judged(0, totals(3, 0, 2)).failed, 2);
  assert.equal(judged(1, totals(3)).failed, 1);
  assert.equal(judged(1, totals(3, 2)).failed, 2);
});

test("the table is aligned and the sum is exact", () => {
  const outcomes = [judged(0, totals(30)), judged(1, totals(2, 1))];
  assert.deepEqual(sum(outcomes), { passed: 32, failed: 1 });
  assert.deepEqual(table(outcomes).split("\n"), [
    "runner  passed  failed  seconds",
    "it          30       0      1.0",
    "it           2       1      1.0",
  ]);
});
