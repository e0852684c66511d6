// `loq` as the tests run it: with a home of its own, and servers that are theirs alone.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, start } from "./run.mjs";
import { atTerminal } from "./terminal.mjs";

/** The program under test; the tests' runner says where it lies. */
export function loqProgram() {
  const path = process.env.LOQ_BIN;
  if (!path) throw new Error("LOQ_BIN does not name the program; run `npm test -- peers`.");
  return path;
}

/**
 * Runs `body` with a way to run `loq` that knows these servers (`{ name: { command, args } }`), and clears up.
 *
 * `loq(...args)` runs it to its end; `loq.interrupted(words, ...args)` presses Ctrl+C once it has said these words;
 * `loq.answering(answers, ...args)` sits in front of it. `loq.home` is where it keeps what it knows.
 */
export async function withServers(servers, body, { settings } = {}) {
  const home = mkdtempSync(join(tmpdir(), "loquat-peer-"));
  const file = join(home, "under-test.json");
  writeFileSync(file, JSON.stringify({ mcpServers: servers }));
  if (settings) writeFileSync(join(home, "settings.json"), JSON.stringify(settings));
  const env = { ...process.env, LOQUAT_HOME: home };
  const loq = async (...args) => ended(await run(loqProgram(), [...args, "--servers", file], { quiet: true, env }));
  loq.interrupted = async (words, ...args) => {
    const child = start(loqProgram(), [...args, "--servers", file], { env, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (piece) => {
        const before = words.test(text);
        text += piece;
        if (!before && words.test(text)) child.kill("SIGINT");
      });
    }
    const { code } = await child.ended;
    return ended({ code, text });
  };
  loq.answering = async (answers, ...args) =>
    ended(await atTerminal(loqProgram(), [...args, "--servers", file], { answers, env }));
  loq.home = home;
  try {
    return await body(loq);
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** How a run of `loq` ended: `{ code, text }`, and `json` where a line of its output is JSON. */
function ended({ code, text }) {
  const line = text.split("\n").find((line) => /^[[{]/.test(line));
  try {
    return { code, text, json: line && JSON.parse(line) };
  } catch {
    // It speaks to people.
    return { code, text };
  }
}
