// From the first start to an answer with each kind of provider: with a key, on this computer, and at any other address.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ESCAPE, withApp } from "./app.mjs";
import { saying, startModel } from "./model.mjs";

const KEY = "sk-test-abcdefghijklmnop-4321";

/** A first start, with the program closed and the provider stopped afterwards. */
async function first(model, settings, work) {
  try {
    await withApp({ settings }, async (app) => {
      await app.sees("Ask anything. See everything.");
      await work(app);
    });
  } finally {
    model.stop();
  }
}

test("OpenAI: a key goes into the keychain, its models are offered, and one answers", async () => {
  const model = await startModel([saying("Hello by key.")]);
  await first(model, { openaiBaseUrl: model.url }, async (app) => {
    await app.fill("API key", KEY);
    await app.press("Use OpenAI");
    await app.sees("Which model should answer?");
    await app.shot("first-openai");
    await app.press("Start with scripted");
    await app.sees("What would you like to know?");
    await app.ask("Hi");
    await app.sees("Hello by key.", "[role=log]");
    await app.idle();
    assert.equal(model.requests[0].authorization, `Bearer ${KEY}`);
  });
});

test("OpenAI: a key that is wrong is said to be, where it was pasted, and another takes its place", async () => {
  const model = await startModel([saying("Hello by the right key.")], { key: KEY });
  await first(model, { openaiBaseUrl: model.url }, async (app) => {
    const card = "section.card[aria-label=OpenAI]";
    await app.fill("API key", "sk-test-wrong-wrong-wrong-0000");
    await app.press("Use OpenAI");
    await app.sees(/key/i, `${card} [role=alert]`);
    await app.shot("first-wrong-key");
    assert.equal(model.requests.length, 0);
    await app.fill("API key", KEY);
    await app.press("Use OpenAI");
    await app.press("Start with scripted");
    await app.ask("Hi");
    await app.sees("Hello by the right key.", "[role=log]");
    await app.idle();
  });
});

test("LM Studio: found by itself, said what it has loaded, and used by one click", async () => {
  const studio = {
    type: "llm",
    key: "scripted",
    display_name: "Scripted",
    max_context_length: 32_768,
    loaded_instances: [{ id: "scripted", config: { context_length: 8192 } }],
    capabilities: { trained_for_tool_use: true },
  };
  const model = await startModel([saying("Hello from this computer.")], { studio: [studio] });
  await first(model, { lmstudioBaseUrl: model.url }, async (app) => {
    await app.sees("Found: Scripted, loaded, 8k context, uses tools");
    await app.shot("first-lmstudio");
    await app.press("Use LM Studio");
    await app.sees("What would you like to know?");
    await app.ask("Hi");
    await app.sees("Hello from this computer.", "[role=log]");
    await app.idle();
    assert.equal(model.requests[0].body.model, "scripted");
  });
});

test("another address: given in the settings, tested there, and its model chosen", async () => {
  const model = await startModel([saying("Hello from elsewhere.")]);
  await first(model, {}, async (app) => {
    await app.press("Settings");
    const section = "section[aria-labelledby]:has(input[placeholder='https://…/v1'])";
    const typeInto = async (field, text) => {
      await app.driver.run("arguments[0].focus(); arguments[0].select();", field);
      await app.driver.type(field, text);
    };
    assert.match(await app.sees("Test connection", section), /^Another OpenAI-compatible address/);
    await typeInto(await app.find(`${section} input`, "Base URL"), model.url);
    await typeInto(await app.find(`${section} input`, "API key"), KEY);
    await app.driver.click(await app.find(`${section} button`, "Store key"));
    await app.sees("••••4321", section);
    await app.driver.click(await app.find(`${section} button`, "Test connection"));
    await app.sees("All steps passed.", section);
    await app.shot("first-another");
    await app.driver.click(await app.find("button", "Model", true));
    await app.driver.click(await app.find("[role=dialog] button", "scripted"));
    await app.keys(ESCAPE);
    await app.sees("What would you like to know?");
    await app.ask("Hi");
    await app.sees("Hello from elsewhere.", "[role=log]");
    await app.idle();
    assert.equal(model.requests.at(-1).authorization, `Bearer ${KEY}`);
    assert.equal(model.requests.at(-1).body.model, "scripted");
  });
});
