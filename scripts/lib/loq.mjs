// `loq` as the tests run it: with a home of its own, and servers that are theirs alone.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./run.mjs";

/** The program under test; the tests' runner says where it lies. */
export function loqProgram() {
  const path = process.env.LOQ_BIN;
  if (!path) throw new Error("LOQ_BIN does not name the program; run `npm test -- peers`.");
  return path;
}

/** Runs `body` with a way to run `loq` that knows these servers (`{ name: { command, args } }`), and clears up. */
export async function withServers(servers, body) {
  const home = mkdtempSync(join(tmpdir(), "loquat-peer-"));
  const file = join(home, "under-test.json");
  writeFileSync(file, JSON.stringify({ mcpServers: servers }));
  try {
    return await body((...args) => loq(home, [...args, "--servers", file]));
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** One run of `loq` in that home: `{ code, text }`, and `json` where its output is JSON. */
export async function loq(home, args) {
  const env = { ...process.env, LOQUAT_HOME: home };
  const { code, text } = await run(loqProgram(), args, { quiet: true, env });
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    // It speaks to people.
  }
  return { code, text, json };
}
