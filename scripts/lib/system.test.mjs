import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "./run.mjs";
import { Trouble } from "./say.mjs";
import { atLeast, needNode, onPath, packages } from "./system.mjs";

test("versions are compared as numbers", () => {
  assert.ok(atLeast("1.95.0", "1.95"));
  assert.ok(atLeast("1.100.0", "1.95"));
  assert.ok(atLeast("2.0", "1.95.3"));
  assert.ok(!atLeast("1.9.9", "1.95"));
  assert.ok(!atLeast("1.94.1", "1.95"));
});

test("an old Node is refused in three parts", () => {
  needNode("20.19.0");
  assert.throws(
    () => needNode("18.20.4"),
    (error) => error instanceof Trouble && /18\.20\.4/.test(error.why) && error.now.includes("nodejs.org"),
  );
});

test("a Node that does not know its modules' directories is still refused in words", async () => {
  const load = `export async function load(url, context, next) {
    const loaded = await next(url, context);
    const source = loaded.source && String(loaded.source).replaceAll(/import\\.meta\\.(dirname|filename)/g, "undefined");
    return { ...loaded, source };
  }`;
  const script = `
    import { register } from "node:module";
    register("data:text/javascript," + encodeURIComponent(${JSON.stringify(load)}));
    const { needNode } = await import("./scripts/lib/system.mjs");
    try { needNode("18.19.0"); } catch (trouble) { console.log(trouble.message); }`;
  const { text } = await run(process.execPath, ["--input-type=module", "-e", script], { quiet: true });
  assert.match(text, /This Node\.js is too old\./);
});

test("programs are found on the path", () => {
  assert.ok(onPath("node") || process.execPath.endsWith("node"));
  assert.ok(!onPath("a-program-nobody-has"));
});

test("the terminal needs nothing of the window", () => {
  assert.ok(!packages.terminal.some((name) => name.includes("webkit")));
  assert.ok(packages.terminal.every((name) => packages.window.includes(name)));
});
