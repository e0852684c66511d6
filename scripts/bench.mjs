// npm run bench: how fast the engine is, and the window.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { build, cargoEnvironment, needPage, needProgram } from "./lib/build.mjs";
import { withDesktop } from "./lib/display.mjs";
import { root } from "./lib/paths.mjs";
import { command, must, run } from "./lib/run.mjs";
import { say } from "./lib/say.mjs";
import { needCompilers, needPackages, packages } from "./lib/system.mjs";

await command(async () => {
  await needCompilers();
  await needPackages(packages.window);
  await build("the help desk as it ships", "--release", "-p", "helpdesk", "--bins");
  say("Measuring the engine.");
  await must("The engine could not be measured.", "cargo", ["bench", "-p", "engine"], { env: cargoEnvironment() });
  const script = join(root, "ui/e2e/bench.mjs");
  if (!existsSync(script)) return 0;
  await needPackages(packages.tests);
  await needPage();
  const directory = await build(
    "Loquat as it ships",
    "--release",
    "-p",
    "loquat",
    "-p",
    "helpdesk",
    "--bins",
    "--examples",
  );
  say("Measuring the window.");
  return withDesktop(async ({ env, within }) => {
    const [program, args] = within(process.execPath, script);
    const { code } = await run(program, args, { env: { ...env, LOQUAT_BIN: needProgram(directory, "loquat") } });
    return code;
  });
});
