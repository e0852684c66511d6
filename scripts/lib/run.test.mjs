import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, test } from "node:test";
import { end, endAll, marked, must, run, start, temporaryDirectory } from "./run.mjs";
import { Trouble } from "./say.mjs";

after(endAll);

/** Whether a program runs; one that ended and waits to be collected does not. */
function alive(pid) {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Returns when it does not run: what is killed takes a moment to end. Who never ends fails the test by its time. */
async function gone(pid) {
  while (alive(pid)) await new Promise((resolve) => setImmediate(resolve));
}

test("output and exit code are kept", async () => {
  const script = "process.stdout.write('out'); process.stderr.write('err'); process.exitCode = 3";
  const { code, text } = await run(process.execPath, ["-e", script], { quiet: true });
  assert.equal(code, 3);
  assert.ok(text.includes("out") && text.includes("err"));
});

test("a program that is not there is an answer, not a crash", async () => {
  const { code, error } = await run("a-program-nobody-has", [], { quiet: true });
  assert.equal(code, 127);
  assert.equal(error.code, "ENOENT");
  await assert.rejects(must("It failed.", "a-program-nobody-has", [], { quiet: true }), Trouble);
});

/** Starts a program that starts another, and answers with both ids. */
async function family(command, env = process.env) {
  const child = start("sh", ["-c", command], { env, stdio: ["ignore", "pipe", "inherit"] });
  const text = await new Promise((resolve) => child.stdout.setEncoding("utf8").once("data", resolve));
  return { child, grandchild: Number(text) };
}

if (process.platform === "linux") {
  test("a program ends with everything in its group", async () => {
    const { child, grandchild } = await family("sleep 600 & echo $!; wait");
    assert.ok(alive(grandchild));
    await end(child);
    await gone(child.pid);
    await gone(grandchild);
  });

  test("what is left of a group ends with its first program", async () => {
    const { child, grandchild } = await family("sleep 600 & echo $!");
    assert.deepEqual(await child.ended, { code: 0 });
    await gone(grandchild);
  });

  test("a program that left its group is found by its mark, and directories go", async () => {
    const place = temporaryDirectory();
    const leave = "setsid sh -c 'echo $$; exec sleep 600 >/dev/null' & wait";
    const { child, grandchild } = await family(leave, { ...process.env, ...marked });
    await end(child);
    assert.ok(alive(grandchild));
    assert.equal(await endAll(), 1);
    await gone(grandchild);
    assert.ok(!existsSync(place));
  });
}
