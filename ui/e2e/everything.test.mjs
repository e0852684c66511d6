// The protocol's own demonstration server, seen from the window over each of its transports: all that it offers, asks
// and says.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { transports } from "../../scripts/lib/everything.mjs";
import { endAll } from "../../scripts/lib/run.mjs";
import { App, ENTER, ESCAPE, until } from "./app.mjs";
import { calling, saying, startModel } from "./model.mjs";

const rounds = [];
let model;
let app;

/** A test in a chat of its own; a picture is left behind where it fails. */
function chat(name, work) {
  test(name, async () => {
    try {
      await app.press("New chat");
      await work();
    } catch (error) {
      await app.shot(`failed-${Date.now()}`).catch(() => {});
      throw error;
    }
  });
}

/** The question is answered by these calls, all of them allowed, and then by words. */
async function ask(question, calls, answer) {
  rounds.splice(model.requests.length, Infinity, calling(...calls), saying(answer));
  await app.ask(question);
  await app.press(calls.length > 1 ? `Allow all ${calls.length}` : "Allow once");
}

/** The same, to the end of the answer. */
async function answered(question, calls, answer) {
  await ask(question, calls, answer);
  await finished(answer);
}

async function finished(answer) {
  await app.sees(answer, "[role=log]");
  await app.idle();
}

/** What the model was given of its calls' results. */
const results = () => model.requests.at(-1).body.messages.filter((each) => each.role === "tool").map((each) => JSON.stringify(each.content));

/** Everything about every call of the chat. */
const openCards = () => app.driver.run("document.querySelectorAll('.call > .head[aria-expanded=false]').forEach((each) => each.click())");

async function openServers() {
  await app.press("Settings");
  await app.press("Servers");
}

/** A part of a server's own page. */
async function openPart(server, part) {
  await openServers();
  await app.press(server);
  await app.driver.click(await app.find("[role=tab]", part));
}

/** Pastes what other clients have in their files, and agrees to what is shown then. */
async function add(name, config, shown) {
  await openServers();
  await app.fill("Paste a URL", JSON.stringify({ mcpServers: { [name]: config } }));
  await app.press("Add server");
  await app.sees(shown, "dialog");
}

/** Which kind of server it is: one that Loquat starts, or one that somebody else has started. */
const isProgram = (config) => "command" in config;

const suggested = (field) => app.driver.run("return [...(arguments[0].list?.options ?? [])].map((each) => each.value)", field);

for (const [transport, connect] of Object.entries(transports)) {
  describe(`over ${transport}`, () => {
    let config;

    before(async () => {
      rounds.length = 0;
      model = await startModel(rounds);
      config = await connect();
      app = await App.open({ settings: model.settings });
    });

    after(async () => {
      await app.close();
      model.stop();
      await endAll();
    });

    test("what is added is shown before anything runs, and all that it offers is listed then", async () => {
      await add("everything", config, isProgram(config) ? "This starts a program on your computer" : "This connects to");
      const shown = await app.text("dialog pre");
      for (const part of isProgram(config) ? [config.command, ...config.args] : [config.url]) assert.ok(shown.includes(part), `${part} in ${shown}`);
      assert.deepEqual(await app.processes("/node"), [], "it runs before anybody agreed");
      if (!isProgram(config)) await app.sees(/It answers: .*speaks version.*\d+ tools/, "dialog");
      await app.shot("everything-consent");
      await app.press("Add 1 server");
      await app.ready("everything");
      await app.press("everything");
      const tools = await app.sees("trigger-long-running-operation", "[role=tabpanel]");
      for (const tool of ["echo", "get-tiny-image", "get-structured-content", "toggle-simulated-logging"]) assert.ok(tools.includes(tool), tool);
      await app.shot("everything-tools");
      const parts = {
        Prompts: ["simple-prompt", "args-prompt", "completable-prompt", "resource-prompt", "city"],
        Resources: ["architecture.md", "demo://resource/dynamic/text/{resourceId}"],
        Log: isProgram(config) ? ["Starting default (STDIO) server"] : [],
        Wire: ["initialize", "tools/list"],
      };
      for (const [part, words] of Object.entries(parts)) {
        await app.driver.click(await app.find("[role=tab]", part));
        for (const each of words) await app.sees(each, "[role=tabpanel]");
        await app.shot(`everything-${part.toLowerCase()}`);
      }
      await app.keys(ESCAPE);
    });

    chat("what it says plainly, computes, packs and knows of this program comes back as it is", async () => {
      const folder = process.cwd();
      await app.press("Tools");
      await app.press("Folders · 0");
      await app.fill("Folder, as a whole path", folder);
      await app.press("Add folder");
      await app.button("Folders · 1");
      await app.keys(ESCAPE);
      const calls = [
        ["everything__echo", { message: "Grüße, 世界" }],
        ["everything__get-sum", { a: 19, b: 23 }],
        ["everything__get-env", {}],
        ["everything__get-annotated-message", { messageType: "success", includeImage: true }],
        ["everything__gzip-file-as-resource", { name: "words.gz", data: "data:text/plain,words", outputType: "resourceLink" }],
        ["everything__get-roots-list", {}],
      ];
      await answered("Do six things", calls, "All six are done.");
      await app.press("Used 6 tools");
      await openCards();
      await app.sees("Grüße, 世界", "[role=log]");
      await app.sees("The sum of 19 and 23 is 42.", "[role=log]");
      await app.sees("words.gz", "[role=log] .resource");
      await app.shot("everything-plain");
      const [echo, sum, environment, annotated, packed, roots] = results();
      assert.match(echo, /Grüße, 世界/);
      assert.match(sum, /42/);
      assert.match(environment, /PATH/);
      // Of our own environment a program has only what it needs to run.
      if (isProgram(config)) assert.doesNotMatch(environment, /LOQUAT/);
      // What is meant for the person alone is shown to that one, and the model is told so.
      await app.sees("Operation completed successfully", "[role=log]");
      assert.match(annotated, /shown to the user/);
      assert.match(packed, /words\.gz/);
      assert.ok(roots.includes(folder), roots);
    });

    chat("values, pictures and embedded resources are each shown as what they are", async () => {
      const calls = [
        ["everything__get-structured-content", { location: "Chicago" }],
        ["everything__get-tiny-image", {}],
        ["everything__get-resource-reference", { resourceType: "Text", resourceId: 7 }],
      ];
      await answered("Show me what there is", calls, "That is all of it.");
      await openCards();
      await app.sees(/temperature[\s\S]*36[\s\S]*Light rain/i, "[role=log]");
      await app.sees("Resource 7", "[role=log]");
      const drawn = "return [...document.querySelectorAll('[role=log] .call img')].some((each) => each.complete && each.naturalWidth > 0)";
      await until("a picture", () => app.driver.run(drawn));
      await app.shot("everything-results");
      assert.match(results()[0], /Light rain/);
      assert.match(results()[2], /Resource 7/);
    });

    chat("a link to a resource is read on the spot", async () => {
      await answered("Link me to something", [["everything__get-resource-links", { count: 2 }]], "There are two.");
      await openCards();
      const link = await app.find("[role=log] .resource", "Text Resource 2");
      await app.driver.run("[...arguments[0].querySelectorAll('button')].find((each) => each.innerText.includes('Read it here')).click()", link);
      await app.sees("This is a plaintext resource", "[role=log]");
      await app.shot("everything-link");
    });

    chat("a long call says how far it is, and can be ended alone", async () => {
      const long = (duration, steps) => [["everything__trigger-long-running-operation", { duration, steps }]];
      await ask("Take your time", long(600, 1200), "Then not.");
      await app.sees(/\b[1-9]\d* of 1,200\b/, "[role=log]");
      const share = await app.driver.run("return document.querySelector('[role=log] progress').position");
      assert.ok(share > 0 && share < 1, `${share}`);
      await app.shot("everything-progress");
      await app.press("Cancel call");
      await finished("Then not.");
      await app.shot("everything-cancelled");
      assert.match(results()[0], /cancel/i);
      await answered("Be quick", long(1, 4), "Done already.");
      await openCards();
      await app.press("4 words on its progress");
      await app.sees("Long running operation completed", "[role=log]");
      assert.match(results()[1], /completed/);
    });

    chat("its form is filled in within the card, and what is filled in goes back", async () => {
      await ask("Let it ask", [["everything__trigger-elicitation-request", {}]], "Now it knows.");
      await app.sees("everything asks", "[role=log]");
      // Of what is needed one thing lacks, and is said to.
      await app.press("Submit");
      await app.sees("1 field is not right yet.", "[role=log]");
      await app.shot("everything-form");
      await app.fill("String", "Ada");
      await app.press("Submit");
      await finished("Now it knows.");
      await app.shot("everything-form-sent");
      assert.match(results()[0], /Ada/);
      assert.match(results()[0], /dark and stormy/);
    });

    chat("a page that it wants visited is named, and nothing is opened by itself", async () => {
      await ask("Let it send me away", [["everything__trigger-url-elicitation", { url: "https://example.com/pay" }]], "Then stay here.");
      await app.sees(/example\.com/, "[role=log] [aria-label=Question]");
      await app.shot("everything-page");
      await app.press("Decline");
      await finished("Then stay here.");
      assert.match(results()[0], /decline/);
    });

    chat("a prompt is chosen after a slash, with suggestions that know of each other", async () => {
      rounds.splice(model.requests.length, Infinity, saying("She is promoted."));
      await app.fill("Message", "/compl");
      await app.find("[role=option]", "completable-prompt");
      await app.shot("everything-slash");
      await app.keys(ENTER);
      const department = await app.field("department");
      await app.fill("department", "S");
      await until("departments", async () => (await suggested(department)).join() === "Sales,Support");
      await app.fill("department", "Sales");
      const name = await app.field("name");
      await app.fill("name", "E");
      await until("a name of that department", async () => (await suggested(name)).join() === "Eve");
      await app.fill("name", "Eve");
      await app.shot("everything-prompt");
      await app.press("Insert");
      const words = "Please promote Eve to the head of the Sales team.";
      await until("the prompt in the box", async () => (await app.driver.run("return arguments[0].value", await app.field("Message"))) === words);
      await app.press("Send");
      await finished("She is promoted.");
      assert.equal(model.requests.at(-1).body.messages.at(-1).content, words);
    });

    chat("a resource goes along with a message, as it is and by a pattern", async () => {
      rounds.splice(model.requests.length, Infinity, saying("I have read both."));
      await app.fill("Message", "@architecture");
      await app.find("[role=option]", "architecture.md");
      await app.keys(ENTER);
      const along = "[aria-label='Goes along with the message']";
      await app.sees("architecture.md", along);
      await app.fill("Message", "@Dynamic");
      await app.driver.click(await app.find("[role=option]", "Dynamic Text"));
      await app.fill("resourceId", "5");
      await app.press("Insert");
      await app.sees("demo://resource/dynamic/text/5", along);
      await app.shot("everything-along");
      await app.ask("What is in them?");
      await finished("I have read both.");
      const { content } = model.requests.at(-1).body.messages.at(-1);
      assert.match(content, /What is in them\?[\s\S]*Everything Server[\s\S]*Resource 5/);
    });

    chat("what it writes while it is called stands in the card, and in its log", async () => {
      await openPart("everything", "Log");
      await app.choose("What the server sends at all", "everything");
      await app.keys(ESCAPE);
      await answered("Let it write", [["everything__toggle-simulated-logging", {}]], "It writes.");
      await openCards();
      await app.press("What the server wrote meanwhile");
      await app.sees(/level[- ]message/, "[role=log]");
      await app.shot("everything-wrote");
      await openPart("everything", "Log");
      await app.sees(/level[- ]message/, "[role=tabpanel]");
      await app.keys(ESCAPE);
    });

    chat("a resource that is watched is said to have changed", async () => {
      await answered("Let things change", [["everything__toggle-subscriber-updates", {}]], "They do.");
      await openPart("everything", "Resources");
      await app.press("Told when architecture.md changes");
      await app.sees("It has changed: read again.", "[role=tabpanel]");
      await app.shot("everything-changed");
      await app.keys(ESCAPE);
      // It goes on being watched, also where nobody looks.
      await openPart("everything", "Resources");
      await app.sees("It has changed: read again.", "[role=tabpanel]");
      const on = "return arguments[0].getAttribute('aria-checked')";
      assert.equal(await app.driver.run(on, await app.button("Told when architecture.md changes")), "true");
      await app.keys(ESCAPE);
    });

    chat("it may ask a model only once that is allowed, and then all of it is shown first", async () => {
      await app.press("Settings");
      await app.press("Permissions");
      await app.press("Words of a model");
      await app.shot("everything-may-ask");
      await app.press("Servers");
      // It learns of that as it connects anew, and has one tool more then.
      await app.ready("everything");
      await app.press("everything");
      await app.sees("trigger-sampling-request", "[role=tabpanel]");
      await app.keys(ESCAPE);
      const call = calling(["everything__trigger-sampling-request", { prompt: "Name a fruit", maxTokens: 33 }]);
      rounds.splice(model.requests.length, Infinity, call, saying("A loquat."), saying("It has its answer."));
      await app.ask("Let it ask a model");
      await app.press("Allow once");
      const shown = await app.sees("Written by", "[role=log] [aria-label=Question]");
      for (const words of ["You are a helpful test server.", "Name a fruit", "at most 33 tokens", "temperature 0.7"]) {
        assert.ok(shown.includes(words), `${words} in ${shown}`);
      }
      assert.equal(model.requests.length, rounds.length - 2, "a model was asked before anybody agreed");
      await app.shot("everything-sampling");
      await app.driver.click(await app.find("[role=log] [aria-label=Question] button", "Allow once"));
      await finished("It has its answer.");
      await app.shot("everything-sampled");
      const asked = model.requests.at(-2).body;
      assert.match(JSON.stringify(asked.messages), /helpful test server[\s\S]*Name a fruit/);
      assert.match(results()[0], /A loquat\./);
    });
  });
}
