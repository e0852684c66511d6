// What a screen reader is told: the names of the real window, asked through the system's own interface for it.
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { until, withApp } from "./app.mjs";

const run = promisify(execFile);
const script = join(dirname(fileURLToPath(import.meta.url)), "names.py");

/** Everything in the window's tree, as `role: name`. Debian's Python is the one that knows the interface. */
async function told() {
  const { stdout } = await run("/usr/bin/python3", [script, "loquat"], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout).map(([role, name]) => `${role}: ${name}`);
}

/** Waits until all of it is told. */
function tells(...wanted) {
  return until(wanted.join(", "), async () => {
    const all = await told();
    const missing = wanted.filter((each) => !all.some((one) => one === each || (each.endsWith("…") && one.startsWith(each.slice(0, -1)))));
    if (missing.length === 0) return all;
    throw new Error(`not told: ${missing.join(", ")}; told: ${all.filter((one) => !one.endsWith(": ")).join(" | ").slice(-3000)}`);
  });
}

test("the first start, a conversation and the settings are told by their names", async () => {
  await withApp({ env: { NO_AT_BRIDGE: "0" } }, async (app) => {
    await tells("document web: Loquat", "heading: Ask anything. See everything.", "push button: Just try it");
    await app.press("Just try it");
    await app.sees("5 of 5 servers ready");
    await tells("push button: New chat", "push button: Search conversations", "entry: Message", "push button: Send");
    await tells("combo box: Model", "combo box: Tools");
    await app.ask("Which tickets are critical?");
    await app.idle();
    await tells("log: Conversation", "article: …");
    await app.press("Settings");
    await tells("dialog: Settings", "push button: Test connection");
  });
});
