// A server that asks back, in the middle of a call.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addServer, beside, withApp } from "./app.mjs";
import { calling, saying, startModel } from "./model.mjs";

test("a server's question is answered in its card, and goes back to the server", async () => {
  const model = await startModel([
    calling(["mcp-asker__form", {}]),
    saying("It has been told."),
    calling(["mcp-asker__form", {}]),
    saying("It was not told."),
  ]);
  await withApp({ settings: model.settings }, async (app) => {
    await addServer(app, `${beside("examples", "mcp-asker")} old`, "mcp-asker");
    await app.ask("Let it ask");
    await app.press("Allow once");
    await app.sees("mcp-asker asks", "[role=log]");
    await app.shot("question");
    await app.fill("Your name", "Ada");
    await app.press("Submit");
    await app.sees("It has been told.", "[role=log]");
    await app.idle();
    await app.ask("Let it ask again");
    await app.press("Allow once");
    await app.press("Decline");
    await app.sees("It was not told.", "[role=log]");
    const [told, refused] = model.requests[3].body.messages.filter((each) => each.role === "tool").map((each) => each.content);
    assert.match(told, /accept/);
    assert.match(told, /Ada/);
    assert.match(refused, /decline/);
  });
  model.stop();
});
