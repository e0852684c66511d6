// Programs by others that the tests talk to: pinned, and installed once, where caches belong.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { program } from "./paths.mjs";
import { must } from "./run.mjs";
import { say } from "./say.mjs";
import { atLeast } from "./system.mjs";

const pins = {
  "conformance-1": ["npm", "@modelcontextprotocol/conformance", "0.1.16"],
  "conformance-2": ["npm", "@modelcontextprotocol/conformance", "0.2.0-alpha.12"],
  "server-everything": ["npm", "@modelcontextprotocol/server-everything", "2026.8.31"],
  "server-filesystem": ["npm", "@modelcontextprotocol/server-filesystem", "2026.8.31"],
  "server-memory": ["npm", "@modelcontextprotocol/server-memory", "2026.8.31"],
  "mcp-server-time": ["pip", "mcp-server-time", "2026.10.19"],
  "mcp-server-git": ["pip", "mcp-server-git", "2026.10.19"],
  "mcp-server-fetch": ["pip", "mcp-server-fetch", "2026.10.24"],
  fastmcp: ["pip", "fastmcp", "4.0.11"],
  "openai-node": ["npm", "openai", "7.57.0"],
  "openai-python": ["pip", "openai", "3.54.0"],
  llm: ["pip", "llm", "0.36"],
  schemathesis: ["pip", "schemathesis", "4.32.5"],
};
/** What is only measured, never tested with. */
const measured = {
  contextforge: ["pip", "mcp-contextforge-gateway", "1.0.7.post20260921"],
  "mcp-proxy": ["pip", "mcp-proxy", "0.13.0"],
  litellm: ["pip", "litellm[proxy]", "1.106.2"],
};
/** Libraries of Python: what starts them is the Python that has them. */
const libraries = ["contextforge", "fastmcp", "openai-python"];
/** The oldest Node that all of them run with, and the one that is installed where ours is older. */
const NODE = ["22", "24.9.0"];

/** Where they are kept; `LOQUAT_PEERS` names another place. */
export function peersDirectory() {
  return process.env.LOQUAT_PEERS || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "loquat", "peers");
}

/** Installs what is not there yet. */
export async function needPeers() {
  await node();
  for (const name of Object.keys(pins)) await peer(name);
}

/** What starts that peer: a program and its first arguments. Installed first where that has not been done. */
export async function peer(name) {
  const [kind, what, version] = pins[name] ?? measured[name];
  if (kind === "pip") {
    const place = await installed(`${name}-${version}`, (place) => pip(place, `${what}==${version}`));
    return [join(place, binaries, program(libraries.includes(name) ? "python" : name))];
  }
  const place = await installed(`${name}-${version}`, (place) => npm(place, `${what}@${version}`));
  const home = join(place, "node_modules", what);
  const { bin, main } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  // A library has no program: what is imported stands in its place.
  return [await node(), join(home, typeof bin === "string" ? bin : Object.values(bin ?? { main })[0])];
}

/** A Node that is new enough for all of them. */
export async function node() {
  if (atLeast(process.versions.node, NODE[0])) return process.execPath;
  const system = process.platform === "win32" ? "win" : process.platform;
  const what = `node-${system}-${process.arch}`;
  const place = await installed(`node-${NODE[1]}`, (place) => npm(place, `${what}@${NODE[1]}`));
  return join(place, "node_modules", what, "bin", program("node"));
}

const binaries = process.platform === "win32" ? "Scripts" : "bin";

/** The directory of that name, made by `install` if it is not there as a whole. */
async function installed(name, install) {
  const place = join(peersDirectory(), name);
  const whole = join(place, ".whole");
  if (existsSync(whole)) return place;
  say(`Installing ${name}, by others.`);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  await install(place);
  writeFileSync(whole, "");
  return place;
}

function npm(place, what) {
  // A package file of its own keeps npm from looking for one further up.
  writeFileSync(join(place, "package.json"), '{ "private": true }\n');
  const args = ["install", "--prefix", place, "--no-audit", "--no-fund", "--loglevel=error", what];
  return must(`${what} could not be installed.`, "npm", args, { quiet: true, cwd: place });
}

async function pip(place, what) {
  const python = process.platform === "win32" ? "python" : "python3";
  await must("A Python environment could not be made.", python, ["-m", "venv", place], { quiet: true });
  const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", what];
  await must(`${what} could not be installed.`, join(place, binaries, program("python")), args, { quiet: true });
}
