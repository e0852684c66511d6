// From the first start to an answer with a provider that wants a key, and with one on this computer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withApp } from "./app.mjs";
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
