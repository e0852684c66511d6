// The whole main job without a mouse: nothing here is clicked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { beside, CONTROL, ENTER, ESCAPE, withApp } from "./app.mjs";
import { calling, saying, startModel } from "./model.mjs";
import { withSignIn } from "./sign-in.mjs";

/** To the box that takes a server. */
async function toTheBox(app) {
  await app.keys(CONTROL, "k");
  await app.find("input", "");
  await app.write("Add server");
  await app.keys(ENTER);
  await app.find("dialog", "Settings");
  await app.tabTo("Paste a URL");
}

test("from the first start to an answer, by keyboard alone", async () => {
  await withApp({}, async (app) => {
    await app.sees("Ask anything. See everything.");
    await app.tabTo("Just try it");
    await app.keys(ENTER);
    await app.sees("5 of 5 servers ready");
    await app.tabTo("Message");
    await app.write("Which tickets are critical?");
    await app.keys(ENTER);
    await app.sees(/TKT-\d{3}/, "[role=log] table");
    await app.idle();
    assert.equal(await app.focused(), "Message");
  });
});

test("a server is added, its call allowed for good and taken back, by keyboard alone", async () => {
  const echo = (text) => calling(["mcp-fixture__echo", { text }]);
  const model = await startModel([echo("one"), saying("Said one."), echo("two"), saying("Said two.")]);
  await withApp({ settings: model.settings }, async (app) => {
    await toTheBox(app);
    await app.write(`${beside("examples", "mcp-fixture")} good`);
    await app.keys(ENTER);
    await app.sees("starts a program on your computer");
    await app.tabTo("Add 1 server");
    await app.keys(ENTER);
    await app.sees(/mcp-fixture[\s\S]*ready/);
    await app.keys(ESCAPE);
    await app.tabTo("Message");
    await app.write("Echo one");
    await app.keys(ENTER);
    await app.find("[role=group]", "Approval");
    await app.keys("\uE008", "A");
    await app.tabTo("This tool");
    await app.keys(ENTER);
    await app.sees("Said one.", "[role=log]");
    await app.idle();
    await app.tabTo("Message");
    await app.write("Echo two");
    await app.keys(ENTER);
    await app.sees("Said two.", "[role=log]");
    await app.keys(CONTROL, ",");
    await app.tabTo("Permissions");
    await app.keys(ENTER);
    await app.tabTo("Remove: May run:");
    await app.keys(ENTER);
    await app.sees("No rules yet");
  });
  model.stop();
});

test("somebody signs in, and again from the card of a call, by keyboard alone", async () => {
  await withSignIn({}, async ({ app, server }) => {
    await toTheBox(app);
    await app.write(server.url);
    await app.keys(ENTER);
    await app.sees("It answers and asks who you are");
    await app.tabTo("Add 1 server");
    await app.keys(ENTER);
    await app.sees("needs sign-in", "dialog");
    await app.tabTo("Sign in");
    await app.keys(ENTER);
    await app.sees(/1 tool/, "dialog");
    await app.keys(ESCAPE);
    await app.tabTo("Message");
    await app.write("Who am I?");
    await app.keys(ENTER);
    await app.find("[role=group]", "Approval");
    await app.keys("a");
    await app.sees("Answer 1.", "[role=log]");
    await app.idle();
    await server.tell("revoke");
    await app.tabTo("Message");
    await app.write("Who am I?");
    await app.keys(ENTER);
    await app.find("[role=group]", "Approval");
    await app.keys("a");
    await app.sees("wants a sign-in", "[role=log]");
    await server.tell("forgive");
    await app.tabTo("Sign in");
    await app.keys(ENTER);
    await app.sees("Answer 2.", "[role=log]");
    assert.equal((await server.look()).calls, 2);
  });
});
