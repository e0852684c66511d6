// The gateway under the official conformance suites: what it offers is a fixture's tools, passed through.
//
// The scenarios are those about servers with tools. The gateway passes on no prompts, resources, samplings or
// elicitations of the servers behind it, so the scenarios about those are not among them.
import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loqProgram } from "../lib/loq.mjs";
import { program, root } from "../lib/paths.mjs";
import { peer } from "../lib/peers.mjs";
import { endAll, run, start, temporaryDirectory } from "../lib/run.mjs";

const tools = [
  "ping",
  "tools-list",
  "tools-call-simple-text",
  "tools-call-image",
  "tools-call-audio",
  "tools-call-embedded-resource",
  "tools-call-mixed-content",
  "tools-call-error",
  "tools-call-with-progress",
  "json-schema-2020-12",
  "dns-rebinding-protection",
  "server-sse-multiple-streams",
];
const legacy = ["server-initialize", ...tools];
const modern = tools.filter((name) => name !== "ping");
const suites = [
  ["conformance-1", [], legacy],
  ["conformance-2", ["--spec-version", "2025-11-25"], [...legacy, "server-session-lifecycle"]],
  ["conformance-2", ["--spec-version", "2026-07-28"], [...modern, "http-header-validation"]],
];

let url;

before(async () => {
  const fixture = join(loqProgram(), "..", "examples", program("gateway-fixture"));
  const env = { ...process.env, GATEWAY_FIXTURE: fixture, GATEWAY_AUDIT: join(temporaryDirectory(), "audit.log") };
  const args = ["gateway", "--config", join(root, "gateway.conformance.yaml")];
  const gateway = start(loqProgram(), args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  while (!url) {
    const [part] = await once(gateway.stderr.setEncoding("utf8"), "data");
    text += part;
    url = /http:\/\/\S+/.exec(text)?.[0];
  }
  const health = new URL("/health", url);
  let ready = 0;
  while (ready < 1) ready = (await (await fetch(health)).json()).servers.ready;
});

after(endAll);

for (const [suite, options, scenarios] of suites) {
  for (const scenario of scenarios) {
    test(`${suite} ${options.at(-1) ?? "0.1.16"}: ${scenario}`, async () => {
      const [command, ...first] = await peer(suite);
      const args = ["server", "--url", url, "--scenario", scenario, ...options, "-o", temporaryDirectory()];
      const { code, text } = await run(command, [...first, ...args], { quiet: true });
      assert.equal(code, 0, text);
    });
  }
}
