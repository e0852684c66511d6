// A window that tells the truth when things break.
import assert from "node:assert/strict";
import { test } from "node:test";
import { App, beside, withApp } from "./app.mjs";
import { calling, saying, startModel } from "./model.mjs";

test("killed in the middle of an answer: what had arrived is there, shown as stopped", async () => {
  const model = await startModel([
    async ({ say, wait }) => {
      say("These words had arrived. ");
      await wait();
    },
  ]);
  const app = await App.open({ settings: model.settings });
  try {
    await app.ask("Say something long");
    await app.sees("These words had arrived.", "[role=log]");
    await written(app);
    await app.kill();
    const again = await App.open({ home: app.home });
    app.driver = again.driver;
    await app.press("Say something long");
    const log = await app.sees("Stopped", "[role=log]");
    assert.match(log, /These words had arrived\./);
  } finally {
    model.release();
    model.stop();
    await app.close();
  }
});

/** Until the journal holds the words: a crash may lose the last moment before that. */
async function written(app) {
  const { readFile } = await import("node:fs/promises");
  const { until } = await import("./driver.mjs");
  await until("words on disk", async () => {
    const log = await readFile(`${app.home}/loquat.db-wal`);
    return log.includes("These words had arrived.");
  });
}

test("nobody at the provider's address: what, why and what now", async () => {
  const settings = { model: { provider: "custom", model: "x" }, customBaseUrl: "http://127.0.0.1:9/v1" };
  await withApp({ settings }, async (app) => {
    await app.ask("Hello?");
    // It is tried again a few times first, and said to be.
    const log = await app.sees("Settings", "[role=log]");
    assert.match(log, /did not answer/);
    await app.shot("unreachable");
  });
});

test("stopping an answer keeps what was said", async () => {
  const model = await startModel([
    async ({ say, wait }) => {
      say("One moment, ");
      await wait();
    },
    saying("Here I am."),
  ]);
  await withApp({ settings: model.settings }, async (app) => {
    await app.ask("Think about it");
    await app.sees("One moment,", "[role=log]");
    await app.press("Stop");
    await app.sees("Stopped", "[role=log]");
    await app.ask("Are you there?");
    await app.sees("Here I am.", "[role=log]");
  });
  model.release();
  model.stop();
});

test("a call outside the help desk waits for a person, who decides by keyboard", async () => {
  const model = await startModel([
    calling(["mcp-fixture__echo", { text: "first" }]),
    saying("It ran."),
    calling(["mcp-fixture__echo", { text: "second" }]),
    saying("It did not run."),
  ]);
  await withApp({ settings: model.settings }, async (app) => {
    await addServer(app, `${beside("examples", "mcp-fixture")} good`, "mcp-fixture");
    await app.ask("Echo it");
    await app.sees("Allow once");
    await app.sees("first", "[role=log]");
    await app.shot("approval");
    await app.driver.run("document.activeElement?.blur()");
    await app.keys("a");
    await app.sees("It ran.", "[role=log]");
    await app.idle();
    await app.ask("Echo it again");
    await app.press("Deny");
    await app.sees("It did not run.", "[role=log]");
    const told = model.requests[3].body.messages.findLast((each) => each.role === "tool");
    assert.match(told.content, /^Refused/);
  });
  model.stop();
});

/** Adds a server as a person does: paste, look, agree. */
async function addServer(app, text, name) {
  await app.press("Settings");
  await app.press("Servers");
  await app.fill("Paste a URL", text);
  await app.press("Add server");
  await app.sees("starts a program on your computer");
  await app.shot("add-server");
  await app.press("Add 1 server");
  await app.sees(new RegExp(`${name}[\\s\\S]*ready`));
  await app.keys("\uE00C");
}
