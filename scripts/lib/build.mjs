// Bringing the parts up to date: packages of npm, the page, the programs.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { program, root } from "./paths.mjs";
import { must } from "./run.mjs";
import { say } from "./say.mjs";

const modules = join(root, "node_modules");
/** The page is taken from ui/dist, not from a development server. */
export const embedded = { TAURI_CONFIG: '{"build":{"devUrl":null}}' };

/** Node and the file that is npm: started so, no shell is needed on any system. */
export function npm(...args) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith(".js") ? [process.execPath, [cli, ...args]] : ["npm", args];
}

/** How Loquat is built to be given away: optimised, the page within the program, nothing that serves development. */
export const shipped = ["--release", "--workspace", "--bins", "--features", "tauri/custom-protocol"];

/** Installs the packages of npm unless they are what package-lock.json says. */
export async function needModules() {
  const stamp = join(modules, ".loquat-lock");
  const wanted = fingerprint([join(root, "package-lock.json")]);
  if (reads(stamp) === wanted) return;
  say("Installing the packages of the page (npm ci).");
  await must("The packages of the page could not be installed.", ...npm("ci", "--no-audit", "--no-fund"));
  writeFileSync(stamp, wanted);
}

/** Builds the page unless ui/dist was made of the very files that are there now. */
export async function needPage() {
  await needModules();
  const stamp = join(modules, ".loquat-page");
  const wanted = fingerprint([
    ...pageSources(join(root, "ui")),
    join(root, "package-lock.json"),
    join(root, "svelte.config.js"),
  ]);
  if (existsSync(join(root, "ui/dist/index.html")) && reads(stamp) === wanted) return;
  say("Building the page.");
  await must("The page could not be built.", ...npm("run", "build"));
  writeFileSync(stamp, wanted);
}

/** Where cargo puts what it builds. */
export async function targetDirectory() {
  const args = ["metadata", "--no-deps", "--format-version", "1", "--offline"];
  const text = await must("Cargo could not read the workspace.", "cargo", args, { quiet: true });
  return JSON.parse(text.slice(text.indexOf('{"packages"'))).target_directory;
}

/** Builds with cargo and answers with the directory of the programs. */
export async function build(what, ...args) {
  say(`Building ${what}. The first time takes several minutes; after that, seconds.`);
  await must(`Building ${what} failed.`, "cargo", ["build", ...args], { env: cargoEnvironment() });
  return join(await targetDirectory(), args.includes("--release") ? "release" : "debug");
}

/** Colours survive although we read along. */
export function cargoEnvironment() {
  const colour = process.stdout.isTTY ? { CARGO_TERM_COLOR: "always" } : {};
  return { ...colour, ...process.env, ...embedded };
}

export function needProgram(directory, name) {
  const path = join(directory, program(name));
  if (!existsSync(path)) throw new Error(`cargo built no ${path}`);
  return path;
}

function pageSources(directory) {
  const own = readdirSync(directory, { withFileTypes: true, recursive: true });
  return own
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !/^(dist|e2e|node_modules)[\\/]|\.test\./.test(relative(directory, path)))
    .sort();
}

function fingerprint(paths) {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(path.slice(root.length)).update("\0").update(readFileSync(path)).update("\0");
  return hash.digest("hex");
}

function reads(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
