// The official suites for clients of MCP, against the connection and sign-in code that everybody gets.
//
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { loqProgram } from "../lib/loq.mjs";
import { peer } from "../lib/peers.mjs";
import { endAll, run, temporaryDirectory } from "../lib/run.mjs";

after(endAll);

/** What is run: every scenario that a suite has for that version of the protocol, which are so many. */
const runs = [
  { suite: "conformance-1", count: 26 },
  { suite: "conformance-2", version: "2025-03-26", count: 2 },
  { suite: "conformance-2", version: "2025-06-18", count: 5 },
  { suite: "conformance-2", version: "2025-11-25", count: 19 },
  { suite: "conformance-2", version: "2026-07-28", count: 33 },
  { suite: "conformance-2", extensions: true, count: 3 },
];
/** Extensions that are not ours: tokens bound to keys, identities of workloads, and skills. */
const foreign = /^auth\/(dpop|wif)|^sep-2640-/;

/** This one measures pauses, which others beside it would stretch. */
const alone = "sse-retry";
const limits = { timeout: 180_000 };
/** In one run a suite starts all its clients at the same time: on a small machine each takes longer then. */
const patience = ["--timeout", "120000"];

for (const { suite, version, extensions, count } of runs) {
  const name = [suite, version ?? (extensions ? "extensions" : "all")].join(" · ");
  const scenarios = await listed(suite, extensions ? "extension" : version);
  const ours = scenarios.filter((scenario) => !foreign.test(scenario));
  const wire = version ? ["--spec-version", version] : [];
  test(name, { concurrency: 4 }, async (all) => {
    await all.test("nothing is left out", () => assert.equal(ours.length, count, ours.join(", ")));
    const passing = (scenario) => all.test(scenario, limits, () => passes(suite, scenario, wire));
    await Promise.all(ours.filter((scenario) => scenario !== alone).map(passing));
    if (ours.includes(alone)) await passing(alone);
  });
}

/** What each revision required on the day of its release, so many scenarios: one run, and the suite's own verdict on it. */
const releases = [
  { revision: "2025-11-25", count: 18 },
  { revision: "2026-07-28", count: 32 },
];

for (const { revision, count } of releases) {
  test(`conformance-2 · all that ${revision} requires, in one run`, limits, async () => {
    const [command, ...first] = await peer("conformance-2");
    const client = `${loqProgram()} conformance`;
    const out = join(temporaryDirectory(), "results");
    const args = ["client", "--command", client, "--requirements", revision, ...patience, "-o", out];
    const { code, text } = await run(command, [...first, ...args], { quiet: true });
    assert.equal(code, 0, text);
    const [required, others] = text.split("=== SUITE SUMMARY ===")[1].split("Not scored for");
    const named = (part, sign) => [...part.matchAll(sign)].map(([, name]) => name);
    const beside = named(others, /^ {2}[✓✗] (\S+)/gm);
    const passed = named(required, /^✓ (\S+):/gm).filter((scenario) => !beside.includes(scenario));
    assert.equal(passed.length, count, text);
  });
}

async function passes(suite, scenario, wire) {
  const [command, ...first] = await peer(suite);
  const client = `${loqProgram()} conformance`;
  const out = join(temporaryDirectory(), "results");
  const args = ["client", "--command", client, "--scenario", scenario, ...wire, "-o", out];
  const { code, text } = await run(command, [...first, ...args], { quiet: true });
  assert.equal(code, 0, text);
}

/** The scenarios for clients that a suite knows; those of one version of the protocol, or of its extensions, where one is named. */
async function listed(suite, kind) {
  const [command, ...first] = await peer(suite);
  const { text } = await run(command, [...first, "list", "--client"], { quiet: true });
  const lines = [...text.matchAll(/^ {2}- (\S+) \[(.*)\]$/gm)];
  return lines.filter(([, , versions]) => !kind || versions.split(",").includes(kind)).map(([, name]) => name);
}
