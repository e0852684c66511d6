// The gateway under the official suites for servers: everything in them, through a server of the suites' own liking
// that stands behind it, in each era.
import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { after, test } from "node:test";
import { loqProgram } from "../lib/loq.mjs";
import { root } from "../lib/paths.mjs";
import { peer } from "../lib/peers.mjs";
import { endAll, run, start, temporaryDirectory } from "../lib/run.mjs";

/** What is run: every scenario that a suite has for that version of the protocol, which are so many. */
const runs = [
  { suite: "conformance-1", count: 32 },
  { suite: "conformance-2", version: "2025-11-25", count: 33 },
  { suite: "conformance-2", version: "2026-07-28", count: 40 },
];
/** How the gateway speaks to the server behind it. */
const eras = ["legacy", "modern"];
/** About what only the newer era knows: rounds of questions, and what each request says of its client. */
const newer = /^input-required-result-|^server-stateless$/;
/**
 * In these the server itself speaks in the middle of a call. Over its one stream nobody can tell to which of several
 * calls that belongs; where they are of different clients the gateway tells none of them, so these run by themselves.
 */
const talking = /logging|sampling|elicitation/;

after(endAll);

for (const era of eras) {
  const url = await gateway(era);
  for (const { suite, version, count } of runs) {
    const scenarios = await listed(suite, version);
    const name = `${suite} · ${version ?? "all"} · ${era} server`;
    test(name, { concurrency: 4 }, async (all) => {
      await all.test("nothing is left out", () => assert.equal(scenarios.length, count, scenarios.join(", ")));
      const fit = scenarios.filter((scenario) => era === "modern" || !newer.test(scenario));
      const tried = (scenario) => all.test(scenario, () => passes(suite, scenario, version, url));
      await Promise.all(fit.filter((scenario) => !talking.test(scenario)).map(tried));
      for (const scenario of fit.filter((scenario) => talking.test(scenario))) await tried(scenario);
    });
  }
}

/** Where a gateway serves whose server speaks that era. */
async function gateway(era) {
  const audit = join(temporaryDirectory(), "audit.log");
  const env = { ...process.env, GATEWAY_FIXTURE_ERA: era, GATEWAY_AUDIT: audit };
  const args = ["gateway", "--config", join(root, "gateway.conformance.yaml")];
  const serving = start(loqProgram(), args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  let url;
  while (!url) {
    const [part] = await once(serving.stderr.setEncoding("utf8"), "data");
    text += part;
    url = /http:\/\/\S+/.exec(text)?.[0];
  }
  serving.stderr.resume();
  const health = new URL("/health", url);
  let ready = 0;
  while (ready < 1) ready = (await (await fetch(health)).json()).servers.ready;
  return url;
}

async function passes(suite, scenario, version, url) {
  const [command, ...first] = await peer(suite);
  const wire = version ? ["--spec-version", version] : [];
  const args = ["server", "--url", url, "--scenario", scenario, ...wire, "-o", temporaryDirectory()];
  const { code, text } = await run(command, [...first, ...args], { quiet: true });
  assert.equal(code, 0, text);
}

/** The scenarios for servers that a suite knows, of one version of the protocol where one is named. */
async function listed(suite, version) {
  const [command, ...first] = await peer(suite);
  const { text } = await run(command, [...first, "list", "--server"], { quiet: true });
  const lines = [...text.matchAll(/^ {2}- (\S+) \[(.*)\]$/gm)];
  return lines.filter(([, , versions]) => !version || versions.split(",").includes(version)).map(([, name]) => name);
}
