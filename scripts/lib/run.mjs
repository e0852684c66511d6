// Programs this one starts: each in a group of its own, so that it ends with everything it started.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { root } from "./paths.mjs";
import { tell, Trouble } from "./say.mjs";

const windows = process.platform === "win32";
/** How long a program may take to end before it is killed. */
const GRACE_MS = 6000;
/** Thrown by what would go on after Ctrl+C; nobody needs to be told. */
class Stopped extends Error {}

const running = new Set();
const places = new Set();
/** Set by Ctrl+C and its like: from then on nothing is started. */
let stopping = false;
/** In the environment of what the tests start: whoever left its group is still found by it. */
const mark = `LOQUAT_STARTED_BY=${process.pid}.${Date.now()}`;
export const marked = Object.fromEntries([mark.split("=")]);

/** Starts a program with nothing to read; in its own process group unless `detached` says otherwise. */
export function start(command, args, options = {}) {
  if (stopping) throw new Stopped();
  const child = spawn(command, args, {
    cwd: root,
    detached: !windows,
    stdio: ["ignore", "inherit", "inherit"],
    ...options,
  });
  child.leads = !windows && options.detached !== false;
  running.add(child);
  child.ended = ending(child).finally(() => running.delete(child));
  return child;
}

/** When the program itself has ended, whoever of its group is left ends too. */
async function ending(child) {
  const closed = new Promise((resolve) => child.once("close", resolve));
  const result = await new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: 127, error }));
    child.once("exit", (code, signal) => resolve({ code: code ?? 128 + constants.signals[signal] }));
  });
  if (result.error) return result;
  if (child.leads) kill(-child.pid, "SIGKILL");
  // The last words come through the pipes, unless somebody outside the group holds them open.
  await Promise.race([closed, pause(GRACE_MS, undefined, { ref: false })]);
  for (const pipe of child.stdio) pipe?.destroy();
  return result;
}

/** Runs a program to its end. Its output is shown unless `quiet`, and kept either way. */
export async function run(command, args, { quiet = false, env = process.env, ...options } = {}) {
  const child = start(command, args, { ...options, env, stdio: ["ignore", "pipe", "pipe"] });
  const parts = [];
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (text) => {
      parts.push(text);
      if (!quiet) process[name].write(text);
    });
  }
  const { code, error } = await child.ended;
  return { code, error, text: parts.join("") };
}

/** Like `run`, where going on after a failure makes no sense. */
export async function must(what, command, args, options) {
  const { code, error, text } = await run(command, args, options);
  if (code === 0) return text;
  const why =
    error?.message ?? `\`${[command, ...args].join(" ")}\` ended with exit code ${code}; its output says more.`;
  if (options?.quiet) process.stderr.write(text);
  throw new Trouble(what, why, "Mend what the output names, then run this command again: it goes on where it stopped.");
}

/** Ends a program and everything in its group. */
export async function end(child) {
  if (!running.has(child) || !child.pid) return;
  signalGroup(child, "SIGTERM");
  const late = setTimeout(() => signalGroup(child, "SIGKILL"), GRACE_MS);
  await child.ended;
  clearTimeout(late);
}

/** A directory that is gone when this program ends. */
export function temporaryDirectory() {
  const place = mkdtempSync(join(tmpdir(), "loquat-"));
  places.add(place);
  return place;
}

/** Ends whatever is left, and says how many programs outlived those that started them. */
export async function endAll() {
  await Promise.all([...running].map(end));
  const left = survivors();
  for (const pid of left) kill(pid, "SIGKILL");
  for (const place of places) rmSync(place, { recursive: true, force: true, maxRetries: 5 });
  places.clear();
  return left.length;
}

/** Runs a command's body; afterwards nothing it started is left, whether it went well or not. */
export async function command(body) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.once(signal, () => {
      stopping = true;
      endAll().finally(() => process.exit(128 + constants.signals[signal]));
    });
  }
  try {
    process.exitCode = await body(process.argv.slice(2));
  } catch (error) {
    if (error instanceof Trouble) tell(error);
    else if (!(error instanceof Stopped)) throw error;
    process.exitCode = 1;
  } finally {
    await endAll();
  }
}

function signalGroup(child, signal) {
  if (windows) spawn("taskkill", ["/pid", String(child.pid), "/T", "/F"], { stdio: "ignore" });
  else kill(child.leads ? -child.pid : child.pid, signal);
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone already, or (a package installed through sudo) another person's.
    if (!["ESRCH", "EPERM"].includes(error.code)) throw error;
  }
}

/** Programs that carry our mark and are still there. Only Linux shows us the environment of others. */
function survivors() {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    try {
      return readFileSync(`/proc/${name}/environ`, "utf8").split("\0").includes(mark);
    } catch {
      // It ended meanwhile, or is not ours to look at.
      return false;
    }
  });
}
