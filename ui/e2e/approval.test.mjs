// What may run is a person's to say: once, changed, always, never, and no more.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { App, addServer, beside, ESCAPE } from "./app.mjs";
import { calling, saying, startModel } from "./model.mjs";

let model;
let app;
const echo = (text) => calling(["mcp-fixture__echo", { text }]);

before(async () => {
  model = await startModel([
    echo("as proposed"),
    saying("Sent changed."),
    echo("to everyone"),
    saying("Then not."),
    echo("from now on"),
    saying("Always, then."),
    echo("unasked"),
    saying("Nobody was asked."),
    echo("asked again"),
    saying("Asked again."),
    calling(["mcp-fixture__echo", { text: "one" }], ["mcp-fixture__echo", { text: "two" }]),
    saying("Both at once."),
  ]);
  app = await App.open({ settings: model.settings });
  await addServer(app, `${beside("examples", "mcp-fixture")} good`, "mcp-fixture");
});

after(async () => {
  await app.close();
  model.stop();
});

/** What the model was given of its calls' results, in the last request. */
const results = () => model.requests.at(-1).body.messages.filter((each) => each.role === "tool");

test("what is sent can be changed first, and the model is told", async () => {
  await app.ask("Echo it");
  await app.press("Edit arguments");
  await app.fill("text", "as I like it");
  await app.press("Allow once");
  await app.sees("Sent changed.", "[role=log]");
  await app.idle();
  const [result] = results();
  assert.match(result.content, /as I like it/);
  assert.match(JSON.stringify(model.requests.at(-1).body.messages), /as proposed/);
  // The card names what was sent, not what was proposed.
  assert.match(await app.text("[role=log]"), /as I like it/);
  await app.shot("approval-changed");
});

test("a denial takes a word to the model", async () => {
  await app.ask("Echo it to everyone");
  await app.press("Say why");
  await app.fill("A word to the model", "Never to everyone.");
  await app.press("Deny and say so");
  await app.sees("Then not.", "[role=log]");
  await app.idle();
  assert.match(results().at(-1).content, /^Refused[\s\S]*Never to everyone\./);
});

test("always means always, until it is taken back", async () => {
  await app.ask("Echo from now on");
  await app.press("Always allow");
  await app.driver.click(await app.find("[role=group][aria-label=Everywhere] [role=menuitem]", "This tool", true));
  await app.sees("Always, then.", "[role=log]");
  await app.idle();
  await app.ask("Echo without asking");
  await app.sees("Nobody was asked.", "[role=log]");
  await app.idle();
  await app.press("Settings");
  await app.press("Permissions");
  await app.button("Remove: May run:");
  await app.shot("permissions-rule");
  await app.press("Remove: May run:");
  await app.sees("No rules yet");
  await app.keys(ESCAPE);
  await app.ask("Echo again");
  await app.sees("asked again", "[aria-label=Approval]");
  await app.press("Allow once");
  await app.sees("Asked again.", "[role=log]");
  await app.idle();
});

test("several that wait are allowed at once", async () => {
  await app.ask("Echo both");
  await app.press("Allow all 2");
  await app.sees("Both at once.", "[role=log]");
  const said = results().slice(-2).map((each) => each.content);
  assert.match(said[0], /one/);
  assert.match(said[1], /two/);
});
