// npm start: from a fresh clone to the window.
import { join } from "node:path";
import { build, needPage, needProgram } from "./lib/build.mjs";
import { hasDisplay } from "./lib/display.mjs";
import { program, shown } from "./lib/paths.mjs";
import { command, start } from "./lib/run.mjs";
import { say, Trouble } from "./lib/say.mjs";
import { needCompilers, needPackages, packages } from "./lib/system.mjs";

await command(async (args) => {
  await needCompilers();
  if (!hasDisplay()) return terminal();
  await needPackages(packages.window);
  await needPage();
  // The help desk's servers lie beside the app, as they do when it is installed.
  const directory = await build("Loquat", "-p", "loquat", "-p", "helpdesk", "-p", "cli", "--bins");
  say("Opening Loquat. Ctrl+C or closing its window ends it.");
  return open(needProgram(directory, "loquat"), args);
});

async function terminal() {
  say("There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open.");
  say("Loquat also lives in the terminal, as `loq`.");
  await needPackages(packages.terminal);
  const directory = await build("loq", "-p", "cli", "-p", "helpdesk", "--bins");
  const loq = shown(join(directory, program("loq")));
  say("\nIt is built. Run it with:\n");
  say(`    ${loq} chat`);
  say(`    ${loq} ask "What are all the critical priority tickets?"\n`);
  return 0;
}

/**
 * In the terminal's own process group and not in one of its own: a browser that it opens is the
 * person's, and stays.
 */
async function open(app, args) {
  const { code, error } = await start(app, args, { detached: false, stdio: "inherit" }).ended;
  if (!error) return code;
  throw new Trouble("Loquat could not be started.", error.message, "Run `npm start` again; it builds what is missing.");
}
