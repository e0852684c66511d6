// npm run screenshots: pictures of every screen of the real window, light and dark, narrow and wide.
import { join } from "node:path";
import { build, needPage, needProgram } from "./lib/build.mjs";
import { withDesktop } from "./lib/display.mjs";
import { root, shown } from "./lib/paths.mjs";
import { command, run } from "./lib/run.mjs";
import { say } from "./lib/say.mjs";
import { needCompilers, needPackages, packages } from "./lib/system.mjs";

await command(async () => {
  await needCompilers();
  await needPackages([...packages.window, ...packages.tests]);
  await needPage();
  const directory = await build("the programs", "--workspace", "--bins", "--tests", "--examples");
  const place = join(root, "ui/e2e/out/screens");
  const code = await withDesktop(
    async ({ env, within }) => {
      const [program, args] = within(process.execPath, join(root, "ui/e2e/screenshots.mjs"));
      const more = { LOQUAT_BIN: needProgram(directory, "loquat"), LOQUAT_SHOTS: place };
      return (await run(program, args, { env: { ...env, ...more } })).code;
    },
    { width: 1640, height: 1040 },
  );
  if (code === 0) say(`\nThe pictures lie in ${shown(place)}.`);
  return code;
});
