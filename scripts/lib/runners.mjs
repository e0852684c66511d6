// The runners of tests, what each needs first, and where its totals are read.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, cargoEnvironment, needModules, needPage, needProgram, npm, targetDirectory } from "./build.mjs";
import { withDesktop } from "./display.mjs";
import { root } from "./paths.mjs";
import { needPeers, peer, peersDirectory } from "./peers.mjs";
import { marked, run, temporaryDirectory } from "./run.mjs";
import { hasWebView, needPackages, packages } from "./system.mjs";
import { ofCargoTest, ofNextest, ofTap, ofVitest } from "./totals.mjs";

/** No test takes this long, even on a busy machine; one that does hangs. */
const TEST_MS = 180_000;
/** Nor does a whole file of node's tests, which its runner holds to the same figure as each test. */
const FILE_MS = 1_200_000;
const environment = () => ({ ...cargoEnvironment(), ...marked });

/** By the name one gives on the command line, in the order in which they run. */
export const parts = {
  scripts: { prepare: async () => {}, runners: () => [scripts] },
  ui: { prepare: needModules, runners: () => [page] },
  rust: { prepare: prepareRust, runners: rust },
  peers: { prepare: preparePeers, runners: () => [peers] },
  window: { prepare: prepareWindow, runners: () => [window] },
};

const scripts = {
  name: "scripts",
  run: () =>
    nodeTests(testsIn("scripts/lib"), {
      env: { ...process.env, ...marked },
      within: (...line) => [line[0], line.slice(1)],
    }),
};

const page = {
  name: "page (vitest)",
  async run() {
    const report = join(temporaryDirectory(), "vitest.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const patience = [`--testTimeout=${TEST_MS}`, `--hookTimeout=${TEST_MS}`];
    const [command, args] = npm("run", "test:ui", "--", ...reporters, ...patience);
    const { code } = await run(command, args, { env: { ...process.env, ...marked } });
    return { code, totals: ofVitest(existsSync(report) && readFileSync(report, "utf8")) };
  },
};

const window = {
  name: "window (WebDriver)",
  run: () =>
    withDesktop(async ({ env, within }) => {
      const bin = needProgram(join(await targetDirectory(), "debug"), "loquat");
      // The desktop has a cache of its own; what was installed lies in the person's.
      const ours = { LOQUAT_BIN: bin, LOQUAT_PEERS: peersDirectory() };
      return nodeTests(testsIn("ui/e2e"), { env: { ...env, ...ours }, within });
    }),
};

const peers = {
  name: "peers (servers and suites by others)",
  async run() {
    const bin = needProgram(join(await targetDirectory(), "debug"), "loq");
    const env = { ...process.env, ...marked, LOQ_BIN: bin };
    return nodeTests(testsIn("scripts/peers"), { env, within: (...line) => [line[0], line.slice(1)] });
  },
};

async function preparePeers() {
  await needPackages([...packages.terminal, ...packages.keychain]);
  await buildForPeers();
  await needPeers();
}

/** The whole where the window can be built, since the other parts build just that; else what needs no window. */
async function buildForPeers() {
  if (await hasWebView()) {
    await needPage();
    return buildAll();
  }
  await build("loq", "-p", "cli", "--bins");
}

async function prepareRust() {
  await needPackages([...packages.window, ...packages.keychain, ...packages.databases]);
  await needPage();
  await buildAll();
}

async function prepareWindow() {
  await needPackages([...packages.window, ...packages.tests]);
  await needPage();
  await buildAll();
  await peer("server-everything");
}

/** Programs and tests at once: built so, they share their features and nothing is built twice. */
function buildAll() {
  return build("the programs and their tests", "--workspace", "--bins", "--tests", "--examples");
}

async function rust() {
  const { code } = await run("cargo", ["nextest", "--version"], { quiet: true });
  const [name, args, read] =
    code === 0
      ? ["rust (nextest)", ["nextest", "run", "--workspace", "--no-fail-fast"], ofNextest]
      : ["rust (cargo test)", ["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"], ofCargoTest];
  return [
    cargo(name, args, read),
    { ...cargo("rust (documentation)", ["test", "--workspace", "--doc"], ofCargoTest), mayBeEmpty: true },
  ];
}

function cargo(name, args, read) {
  return {
    name,
    async run() {
      const { code, text } = await run("cargo", args, { env: environment() });
      return { code, totals: read(text) };
    },
  };
}

/** Runs test files with node's own runner, one after the other. */
async function nodeTests(files, { env, within }) {
  if (files.length === 0) return { code: 0, totals: { passed: 0, failed: 0, skipped: 0 } };
  const report = join(temporaryDirectory(), "report.tap");
  const options = ["--test", "--test-concurrency=1", `--test-timeout=${FILE_MS}`];
  const reporters = ["--test-reporter=spec", "--test-reporter-destination=stdout"];
  reporters.push("--test-reporter=tap", `--test-reporter-destination=${report}`);
  const [command, args] = within(process.execPath, ...options, ...reporters, ...files);
  const { code } = await run(command, args, { env });
  return { code, totals: ofTap(existsSync(report) ? readFileSync(report, "utf8") : "") };
}

function testsIn(directory) {
  const path = join(root, directory);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith(".test.mjs"))
    .sort()
    .map((name) => join(path, name));
}
