// A window that tells the truth when things break.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addServer, App, beside, ESCAPE, withApp } from "./app.mjs";
import { calling, refusing, saying, startModel } from "./model.mjs";

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

test("a computer without a network: the provider's name is not found, and it is said so", async () => {
  const settings = { model: { provider: "custom", model: "x" }, customBaseUrl: "http://provider.invalid/v1" };
  await withApp({ settings }, async (app) => {
    await app.ask("Hello?");
    const log = await app.sees("Try again", "[role=log]");
    assert.match(log, /provider\.invalid/);
    await app.shot("offline");
  });
});

test("ended while a call waited for a person: it did not run, and the next question goes on from there", async () => {
  const model = await startModel([calling(["mcp-fixture__echo", { text: "never sent" }]), saying("All is well.")]);
  const app = await App.open({ settings: { ...model.settings, titles: false } });
  try {
    await addServer(app, `${beside("examples", "mcp-fixture")} good`, "mcp-fixture");
    await app.ask("Echo it");
    await app.button("Allow once");
    await app.kill();
    const again = await App.open({ home: app.home });
    app.driver = again.driver;
    await app.press("Echo it");
    const log = await app.sees("Stopped", "[role=log]");
    assert.doesNotMatch(log, /Allow once/);
    await app.shot("waited");
    await app.ask("And now?");
    await app.sees("All is well.", "[role=log]");
    const told = model.requests[1].body.messages.find((each) => each.role === "tool");
    assert.doesNotMatch(told?.content ?? "", /never sent/);
  } finally {
    model.stop();
    await app.close();
  }
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

test("a server that dies in a call says so in the call's card, and is there again", async () => {
  const model = await startModel([calling(["mcp-fixture__die", {}]), saying("It died."), calling(["mcp-fixture__echo", { text: "risen" }]), saying("It lives.")]);
  await withApp({ settings: model.settings }, async (app) => {
    await addServer(app, `${beside("examples", "mcp-fixture")} good`, "mcp-fixture");
    await app.ask("Let it die");
    await app.press("Allow once");
    await app.sees("It died.", "[role=log]");
    await app.idle();
    await app.shot("server-died");
    const told = model.requests[1].body.messages.findLast((each) => each.role === "tool");
    assert.doesNotMatch(told.content, /done/);
    assert.match(await app.text("[role=log]"), /failed/);
    await app.sees("6 of 6 servers ready");
    await app.ask("And now?");
    await app.press("Allow once");
    await app.sees("It lives.", "[role=log]");
    assert.match(model.requests[3].body.messages.at(-1).content, /risen/);
  });
  model.stop();
});

test("a key that is wrong: what, why, and the way to mend it", async () => {
  const refused = { error: { message: "Incorrect API key provided: sk-te***9876.", type: "invalid_request_error", code: "invalid_api_key" } };
  const model = await startModel([refusing(401, refused), saying("Now it fits.")]);
  const settings = { openaiBaseUrl: model.url, model: { provider: "openai", model: "scripted" } };
  await withApp({ settings }, async (app) => {
    await storeKey(app, "sk-test-wrong-wrong-wrong-9876");
    await app.ask("Hello?");
    await app.sees(/key/i, "[role=log]");
    await app.shot("wrong-key");
    await app.press("Open Settings → Models");
    await storeKey(app, "sk-test-right-right-right-1234", "Replace");
    await app.press("Try again");
    await app.sees("Now it fits.", "[role=log]");
    assert.equal(model.requests[1].authorization, "Bearer sk-test-right-right-right-1234");
  });
  model.stop();
});

/** Puts a key where Settings asks for it, and comes back. */
async function storeKey(app, key, first) {
  if (first) await app.press(first);
  else {
    await app.press("Settings");
    await app.press("Models");
  }
  await app.fill("API key", key);
  await app.press("Store key");
  await app.sees(`••••${key.slice(-4)}`);
  await app.keys(ESCAPE);
}
