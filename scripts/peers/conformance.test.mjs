// The official suites for clients of MCP, against the connection code that everybody gets.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { loqProgram } from "../lib/loq.mjs";
import { peer } from "../lib/peers.mjs";
import { endAll, run, temporaryDirectory } from "../lib/run.mjs";

after(endAll);

/** What of each suite is asked: its scenarios, by the version of the protocol that they are run with. */
const suites = [
  {
    suite: "conformance-1",
    wire: [],
    scenarios: ["initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry"],
  },
  {
    suite: "conformance-2",
    wire: ["--spec-version", "2025-11-25"],
    scenarios: [
      ...["initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry"],
      "json-schema-2020-12-preservation",
    ],
  },
  {
    suite: "conformance-2",
    wire: ["--spec-version", "2026-07-28"],
    scenarios: [
      ...["tools_call", "request-metadata", "sep-2322-client-request-state", "http-standard-headers"],
      ...["http-custom-headers", "http-invalid-tool-headers", "json-schema-ref-no-deref"],
      "json-schema-2020-12-preservation",
    ],
  },
];
/** Scenarios that begin so need a sign-in without a browser, and are run once `loq conformance` has one. */
const signIn = "auth/";
const withSignIn = false;
/** Scenarios in which the server asks something, and that are run once `loq conformance` has somebody who answers. */
const asking = ["elicitation-sep1034-client-defaults", "sep-2322-client-request-state"];
const withAnswers = false;

for (const { suite, wire, scenarios } of suites) {
  for (const scenario of scenarios.filter((name) => withAnswers || !asking.includes(name))) {
    test([suite, ...wire.slice(1), scenario].join(" · "), () => passes(suite, scenario, wire));
  }
  test([suite, ...wire.slice(1), "nothing is left out"].join(" · "), async () => {
    const known = await listed(suite, wire[1]);
    const wanted = known.filter((name) => withSignIn || !name.startsWith(signIn));
    assert.deepEqual([...scenarios].sort(), wanted.sort());
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

/** The scenarios for clients that a suite knows; for one version of the protocol where one is named. */
async function listed(suite, version) {
  const [command, ...first] = await peer(suite);
  const { text } = await run(command, [...first, "list", "--client"], { quiet: true });
  const lines = [...text.matchAll(/^ {2}- (\S+)(?: \[(.*)\])?$/gm)];
  return lines.filter(([, , versions]) => !version || versions?.split(",").includes(version)).map(([, name]) => name);
}
