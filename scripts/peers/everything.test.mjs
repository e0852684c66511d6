// The protocol's own demonstration server, over each of its three transports: all that it has, seen from `loq`.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { transports } from "../lib/everything.mjs";
import { withServers } from "../lib/loq.mjs";
import { endAll } from "../lib/run.mjs";

after(endAll);

/** What every tool that needs nobody is called with, and what its answer must show. */
const calls = {
  echo: [{ message: "hello" }, /Echo: hello/],
  "get-sum": [{ a: 2, b: 3 }, /\b5\b/],
  "get-env": [{}, /PATH/],
  "get-structured-content": [{ location: "Chicago" }, /"temperature"/],
  "get-tiny-image": [{}, /"image"/],
  "get-annotated-message": [{ messageType: "error", includeImage: true }, /"image"/],
  "get-resource-links": [{ count: 2 }, /"link"/],
  "get-resource-reference": [{ resourceType: "Blob", resourceId: 1 }, /"resource"/],
  "gzip-file-as-resource": [{ name: "a.gz", data: "data:text/plain,abc", outputType: "resource" }, /"resource"/],
  "toggle-simulated-logging": [{}, /logging/],
  "toggle-subscriber-updates": [{}, /updates/],
};
/** Those that ask somebody, one that takes long, and one that runs only as a task of an older kind. */
const others = [
  "simulate-research-query",
  ...["trigger-long-running-operation", "get-roots-list", "trigger-sampling-request"],
  ...["trigger-elicitation-request", "trigger-url-elicitation"],
];
const settings = { sampling: true, folders: [process.cwd()], model: { provider: "practice", model: "practice" } };

for (const [name, begin] of Object.entries(transports)) {
  test(`server-everything over ${name}: all that it has`, async (all) => {
    await withServers({ peer: await begin() }, (loq) => visit(all, loq), { settings });
  });
}

async function visit(all, loq) {
  const json = async (...args) => {
    const { code, json, text } = await loq(...args, "--json");
    assert.equal(code, 0, text);
    return json;
  };
  const tools = await json("tools");
  const names = tools.map((tool) => tool.name).sort();
  await all.test("tools", () => {
    assert.deepEqual(names, [...Object.keys(calls), ...others].sort());
    assert.deepEqual(
      tools.flatMap((tool) => tool.warnings),
      [],
    );
  });
  for (const [tool, [values, wanted]] of Object.entries(calls)) {
    await all.test(tool, async () => {
      const result = await json("call", "peer", tool, JSON.stringify(values));
      assert.equal(result.status, "succeeded");
      assert.match(JSON.stringify(result), wanted);
    });
  }
  await all.test("what it is given that it does not know", async () => {
    const { code, json } = await loq("call", "peer", "get-sum", '{"a":"two"}', "--json");
    assert.deepEqual([code, json.status, json.error.code], [1, "failed", "toolFailed"]);
  });
  await all.test("progress", async () => {
    const { code, text } = await loq("call", "peer", "trigger-long-running-operation", '{"duration":1,"steps":4}');
    assert.equal(code, 0, text);
    for (const step of [1, 2, 3]) assert.match(text, new RegExp(`… ${step}/4`));
    assert.match(text, /completed/);
  });
  await all.test("an end before the end", async () => {
    const call = ["call", "peer", "trigger-long-running-operation", '{"duration":100,"steps":200}', "--json"];
    const { code, text } = await loq.interrupted(/… 1\/200/, ...call);
    assert.equal(code, 1, text);
    assert.match(text, /"code":"interrupted"/);
  });
  await all.test("what runs only as a task of the older kind says so", async () => {
    const { code, json } = await loq("call", "peer", "simulate-research-query", '{"topic":"x"}', "--json");
    assert.deepEqual([code, json.status], [1, "failed"]);
    assert.match(JSON.stringify(json.error), /task/);
  });
  await all.test("folders", async () => {
    const result = await json("call", "peer", "get-roots-list");
    assert.match(result.content[0].text, new RegExp(process.cwd()));
  });
  await prompts(all, loq, json);
  await resources(all, loq, json);
  await questions(all, loq);
}

async function prompts(all, loq, json) {
  await all.test("prompts", async () => {
    const names = (await json("prompts")).map((prompt) => prompt.name).sort();
    assert.deepEqual(names, ["args-prompt", "completable-prompt", "resource-prompt", "simple-prompt"]);
    const filled = async (...args) => JSON.stringify(await json("prompt", "peer", ...args));
    assert.match(await filled("simple-prompt"), /simple prompt/);
    assert.match(await filled("args-prompt", "city=Berlin", "state=BE"), /Berlin, BE/);
    assert.match(await filled("completable-prompt", "department=Sales", "name=Ada"), /promote Ada/);
    assert.match(await filled("resource-prompt", "resourceType=Text", "resourceId=1"), /dynamic\/text\/1/);
    const { code, text } = await loq("prompt", "peer", "args-prompt");
    assert.equal(code, 1, text);
    assert.match(text, /city/);
  });
}

async function resources(all, loq, json) {
  await all.test("resources", async () => {
    const { resources, templates } = await json("resources");
    assert.equal(resources.filter(({ uri }) => uri.startsWith("demo://resource/static/document/")).length, 7);
    assert.deepEqual(templates.map((template) => template.uriTemplate).sort(), [
      "demo://resource/dynamic/blob/{resourceId}",
      "demo://resource/dynamic/text/{resourceId}",
    ]);
    const read = async (uri) => JSON.stringify(await json("read", "peer", uri));
    assert.match(await read(resources[0].uri), /"text"/);
    assert.match(await read("demo://resource/dynamic/text/3"), /Resource 3/);
    assert.match(await read("demo://resource/dynamic/blob/3"), /dynamic\/blob\/3/);
    const { code, text } = await loq("read", "peer", "demo://resource/nowhere");
    assert.equal(code, 1, text);
  });
  await all.test("a resource that is watched", async () => {
    const uri = "demo://resource/dynamic/text/5";
    const { code, text } = await loq.interrupted(/Resource 5/, "read", "peer", uri, "--watch");
    assert.equal(code, 0, text);
  });
}

/** What it asks, somebody at a terminal answers. */
async function questions(all, loq) {
  const call = (tool, values, ...answers) =>
    loq.answering(answers, "call", "peer", tool, JSON.stringify(values), "--yes");
  await all.test("a form", async () => {
    // Twelve more fields stand in it, which Enter leaves to their defaults.
    const name = `Ada${"\n".repeat(12)}`;
    const { code, text } = await call("trigger-elicitation-request", {}, ["String *", name], ["Send this?", "y"]);
    assert.equal(code, 0, text);
    assert.match(text, /"name": "Ada"/);
    assert.match(text, /dark and stormy/);
  });
  await all.test("a page", async () => {
    const values = { url: "https://example.com/pay" };
    const { code, text } = await call("trigger-url-elicitation", values, ["Have you been there?", "y"]);
    assert.equal(code, 0, text);
    assert.match(text, /example\.com/);
    assert.match(text, /accept/);
  });
  await all.test("a page without which nothing goes on", async () => {
    const values = { url: "https://example.com/pay", errorPath: true };
    const { text } = await call("trigger-url-elicitation", values, ["Have you been there?", "n"]);
    assert.match(text, /needs a visit to/);
    assert.match(text, /declined/);
  });
  await all.test("the model's words", async () => {
    const { code, text } = await call("trigger-sampling-request", { prompt: "hello" }, [
      "May the model answer this?",
      "y",
    ]);
    assert.equal(code, 0, text);
    assert.match(text, /LLM sampling result/);
    assert.match(text, /"model": "practice/);
  });
}
