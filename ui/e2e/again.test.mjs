// Closed and opened at once: there is always a window.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { App, until } from "./app.mjs";

const script = join(dirname(fileURLToPath(import.meta.url)), "deserter.py");
const names = () => execFileSync("/usr/bin/python3", [script, "names"], { encoding: "utf8" }).trim();

test("a start that meets a copy in the moment of its end opens a window all the same", async () => {
  const app = await App.open();
  try {
    const [name] = names().split("\n");
    assert.match(name, /SingleInstance/);
    await app.close({ keep: true });
    await until("no copy on the bus", () => names() === "");
    const deserter = spawn("/usr/bin/python3", [script, "desert", name], { stdio: ["ignore", "pipe", "inherit"] });
    const gone = once(deserter, "exit");
    await once(deserter.stdout, "data");
    const again = await App.open({ home: app.home });
    app.driver = again.driver;
    await gone;
    await app.sees("Ask anything. See everything.");
  } finally {
    await app.close();
  }
});
