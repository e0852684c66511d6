// npm run check: style and lints of everything, and one verdict.
import { cargoEnvironment, needPage, npm } from "./lib/build.mjs";
import { command, run } from "./lib/run.mjs";
import { count, say } from "./lib/say.mjs";
import { needCompilers, needPackages, packages } from "./lib/system.mjs";

await command(async () => {
  await needCompilers();
  await needPackages(packages.window);
  await needPage();
  const checks = {
    "rust format": ["cargo", ["fmt", "--all", "--", "--check"]],
    "rust lints": ["cargo", ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]],
    page: npm("run", "check:ui"),
  };
  const failed = [];
  for (const [name, [program, args]] of Object.entries(checks)) {
    say(`\nChecking: ${name}.`);
    const { code } = await run(program, args, { env: cargoEnvironment() });
    if (code !== 0) failed.push(name);
  }
  say(
    failed.length === 0
      ? "\nEverything is in order."
      : `\n${count(failed.length, "check")} failed: ${failed.join(", ")}.`,
  );
  return failed.length === 0 ? 0 : 1;
});
