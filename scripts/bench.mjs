// npm run bench: how fast Loquat is, against what was measured in the same run. `npm run bench -- window` runs parts.
import { join } from "node:path";
import { build, cargoEnvironment, needPage, needProgram, shipped, targetDirectory } from "./lib/build.mjs";
import { withDesktop } from "./lib/display.mjs";
import { root } from "./lib/paths.mjs";
import { peer } from "./lib/peers.mjs";
import { command, must, run } from "./lib/run.mjs";
import { say, Trouble } from "./lib/say.mjs";
import { needCompilers, needPackages, packages } from "./lib/system.mjs";

/** Gateways by others, as the benchmark knows them. */
const measured = ["fastmcp", "mcp-proxy", "contextforge", "litellm"];

/** By the name one gives on the command line, in the order in which they run. */
const parts = {
  engine: () => cargoBench("turn"),
  tools: () => cargoBench("toolset"),
  api: () => doors("api"),
  gateway: () => doors("gateway"),
  window: inWindow,
};

await command(async (args) => {
  const chosen = choose(args);
  await needCompilers();
  await needPackages(packages.window);
  await needPage();
  await build("Loquat as it ships", ...shipped, "--examples");
  let failed = 0;
  for (const name of chosen) {
    say(`\nMeasuring: ${name}.`);
    failed += await parts[name]();
  }
  return failed > 0 ? 1 : 0;
});

function choose(args) {
  const all = Object.keys(parts);
  const unknown = args.filter((name) => !all.includes(name));
  if (unknown.length === 0) return args.length > 0 ? all.filter((name) => args.includes(name)) : all;
  throw new Trouble(
    `There are no benchmarks named ${unknown.join(", ")}.`,
    `There are: ${all.join(", ")}.`,
    "Name some of these, or none for all.",
  );
}

async function cargoBench(name, parts = [], env = {}) {
  const args = ["bench", "--workspace", "--bench", name, "--", ...parts];
  await must(`The benchmark ${name} broke off.`, "cargo", args, { env: { ...cargoEnvironment(), ...env } });
  return 0;
}

/** Beside programs by others, which are installed first. */
async function doors(part) {
  const others = {};
  for (const name of part === "gateway" ? measured : ["litellm"]) others[name] = await peer(name);
  return cargoBench("doors", [part], { LOQUAT_MEASURED: JSON.stringify(others) });
}

async function inWindow() {
  await needPackages(packages.tests);
  const bin = needProgram(join(await targetDirectory(), "release"), "loquat");
  return withDesktop(async ({ env, within }) => {
    const [program, args] = within(process.execPath, join(root, "ui/e2e/bench.mjs"));
    const { code } = await run(program, args, { env: { ...env, LOQUAT_BIN: bin } });
    return code;
  });
}
