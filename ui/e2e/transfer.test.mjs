// Conversations as files: written through the window, wiped, brought back through the window, and the same as before.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ESCAPE, until, withApp } from "./app.mjs";
import { calling, saying, startModel } from "./model.mjs";

const run = promisify(execFile);
const dialog = join(dirname(fileURLToPath(import.meta.url)), "file-dialog.py");

/** Answers the system's own dialog. Debian's Python is the one that knows the interface. */
const answerDialog = (path, button) => until("a dialog for files", () => run("/usr/bin/python3", [dialog, "loquat", path, button]).then(() => true));

async function openData(app) {
  await app.press("Settings");
  await app.press("Data");
}

async function exportAll(app, path) {
  await openData(app);
  await app.press("Export all");
  await answerDialog(path, "Save");
  await app.sees(`written to ${path}`, "dialog");
  await app.keys(ESCAPE);
  return JSON.parse(await readFile(path, "utf8"));
}

test("what was exported and wiped comes back as it was", async () => {
  const rounds = [
    calling(["lookup_customer", { customer_id: "CUST-001" }]),
    saying("CUST-001 is **TechCorp**."),
    saying("It has two branches now."),
  ];
  const model = await startModel(rounds);
  const place = await mkdtemp(join(tmpdir(), "loquat-files-"));
  const options = { settings: model.settings, env: { NO_AT_BRIDGE: "0" } };
  try {
    await withApp(options, async (app) => {
      await app.sees("5 of 5 servers ready");
      await app.ask("Who is CUST-001?");
      await app.sees("TechCorp", "[role=log]");
      await app.idle();
      await app.press("Regenerate");
      await app.sees("It has two branches now.", "[role=log]");
      await app.idle();
      await app.sees("A title by the model");

      const before = await exportAll(app, join(place, "before.json"));
      await openData(app);
      await app.press("Delete all conversations");
      await app.fill("Type “delete” to go on", "delete");
      await app.press("Delete for good");
      await app.sees("All conversations were deleted.");
      await app.fill("Path of the file", join(place, "before.json"));
      await app.press("Look");
      await app.sees("1 conversation, 1 of them new.");
      await app.shot("import");
      await app.press("Take over 1 conversation");
      await app.sees("Taken over: 1 conversation");
      await app.keys(ESCAPE);

      await app.press("A title by the model");
      await app.sees("It has two branches now.", "[role=log]");
      await app.sees("2/2", "[role=log]");
      const after = await exportAll(app, join(place, "after.json"));
      assert.deepEqual(after.conversations, before.conversations);
      assert.ok(JSON.stringify(before.conversations).includes("lookup_customer"));
    });
  } finally {
    model.stop();
    await rm(place, { recursive: true, force: true });
  }
});
