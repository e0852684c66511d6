// npm run bundle: a package for this system, with the help desk and `loq` beside the app.
import { copyFileSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { build, needPage, needProgram, shipped } from "./lib/build.mjs";
import { program, root, shown } from "./lib/paths.mjs";
import { command, must } from "./lib/run.mjs";
import { say } from "./lib/say.mjs";
import { needCompilers, needPackages, packages } from "./lib/system.mjs";

const beside = ["loquat-helpdesk", "loq"];
/** The kind of package each system is used to, and the directory and ending it gets. */
const kinds = {
  linux: { bundles: "deb", directory: "deb", ending: ".deb" },
  darwin: { bundles: "dmg", directory: "dmg", ending: ".dmg" },
  win32: { bundles: "nsis", directory: "nsis", ending: ".exe" },
};

await command(async () => {
  const kind = kinds[process.platform] ?? kinds.linux;
  await needCompilers();
  await needPackages([...packages.window, ...packages.bundle]);
  await needPage();
  // One build for all of it: built apart, the programs would ask for their libraries with other features.
  const directory = await build("Loquat as it ships", ...shipped);
  await placeBeside(directory);
  say("Making the package.");
  const config = JSON.stringify({ bundle: { externalBin: beside.map((name) => `binaries/${name}`) } });
  const tauri = join(root, "node_modules/@tauri-apps/cli/tauri.js");
  const args = [tauri, "bundle", "--bundles", kind.bundles, "--config", config];
  await must("The package could not be made.", process.execPath, args);
  const places = join(directory, "bundle", kind.directory);
  for (const name of readdirSync(places).filter((it) => it.endsWith(kind.ending))) {
    const path = join(places, name);
    say(`${shown(path)}  ${(statSync(path).size / 1e6).toFixed(1)} MB`);
  }
  return 0;
});

/** Tauri takes programs that ship beside the app by name and target. */
async function placeBeside(directory) {
  const version = await must("rustc does not answer.", "rustc", ["-vV"], { quiet: true });
  const triple = /^host: (.+)$/m.exec(version)[1];
  mkdirSync(join(root, "binaries"), { recursive: true });
  for (const name of beside) {
    copyFileSync(needProgram(directory, name), join(root, "binaries", program(`${name}-${triple}`)));
  }
}
