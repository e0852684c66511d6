// Words that mean harm, everywhere where the words of others are shown: they run nothing, ask nobody, hide nothing, and
// the window goes on.
import assert from "node:assert/strict";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { listening } from "../../scripts/lib/port.mjs";
import { App, ESCAPE, until } from "./app.mjs";
import { refusing, saying, startModel } from "./model.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const corpus = JSON.parse(await readFile(join(here, "../src/hostile/corpus.json"), "utf8"));
const MARK = "ENDMARK";

/** An address that nobody has a reason to ask, and how often it was asked. */
async function startHome() {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.end();
  });
  await listening(server);
  return { url: `http://127.0.0.1:${server.address().port}`, asked, stop: () => server.close() };
}

/** What must not be on the page, found anywhere on it. */
const SCAN = `
  const found = [];
  const never = "script, style, iframe, object, embed, link, meta, base, form[action], frame, applet, foreignObject, animate, set";
  for (const each of document.body.querySelectorAll(never)) found.push(each.outerHTML.slice(0, 200));
  for (const each of document.body.querySelectorAll("*")) {
    for (const { name, value } of each.attributes) {
      if (/^on/i.test(name)) found.push(each.localName + " has " + name);
      if (/^(xlink:)?href$/i.test(name) && !/^(https?:|mailto:|#)/.test(value)) found.push(name + "=" + value);
      if (/^(src|srcset|data|poster|action|formaction|background)$/i.test(name) && !/^(data:image\\/(png|jpeg|gif|webp);|blob:)/.test(value))
        found.push(name + "=" + value.slice(0, 200));
    }
  }
  const unseen = /[\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u200b\\u202a-\\u202e\\u2060-\\u206f\\ufeff]|[\\u{e0000}-\\u{e0fff}]/u;
  const words = [document.title, document.body.textContent];
  for (const text of words) {
    const at = text.search(unseen);
    if (at >= 0) found.push("unseen: " + JSON.stringify(text.slice(Math.max(0, at - 40), at + 20)));
  }
  if (window.hacked !== undefined) found.push("something ran");
  return found;
`;

async function isHarmless(app, home, where) {
  assert.deepEqual(await app.driver.run(SCAN), [], where);
  assert.deepEqual(home.asked, [], where);
}

const textOf = ({ text, repeat = "", times = 0, after = "" }, home) =>
  `${text}${repeat.repeat(times)}${after}\n\n${MARK}`.replaceAll("https://phone.home.invalid", home.url);

test("as thoughts and messages of a model, and in the title", async () => {
  const home = await startHome();
  const think = (text) => ({ send }) => {
    send({ reasoning_content: text });
    send({ content: text });
    send({ content: "\n\nANSWERED" });
    send({}, "stop");
  };
  const model = await startModel(corpus.map((entry) => think(textOf(entry, home))));
  const app = await App.open({ settings: { ...model.settings, titles: false } });
  try {
    const question = "<img src=x onerror=window.hacked=1> [x](javascript:window.hacked=1) invoice\u202efdp.exe";
    await app.driver.run(SET, question);
    await app.press("Send");
    for (const [index, { name, times = 0 }] of corpus.entries()) {
      // What is huge stands alone: it is not sent along with everything after it.
      if (times > 0) await app.press("New chat");
      if (index > 0) await app.ask("Go on");
      await answered(app, model, index + 1);
      await isHarmless(app, home, name);
    }
    await app.shot("hostile-messages");
  } finally {
    model.stop();
    home.stop();
    await app.close();
  }
});

/** Writes what keys cannot. */
const SET = `
  const box = document.querySelector("textarea");
  box.value = arguments[0];
  box.dispatchEvent(new Event("input", { bubbles: true }));
`;

/** Until the model was asked that often, and nothing is being answered any more. */
async function answered(app, model, count) {
  await until(`${count} requests`, () => model.requests.length >= count);
  await app.idle();
}

test("as names of servers and tools, arguments, results and errors", async () => {
  const home = await startHome();
  const words = Object.fromEntries(corpus.filter(({ times = 0 }) => times === 0).map((entry) => [entry.name, textOf(entry, home)]));
  const call = (description) => ({ send }) => {
    const tool = model.requests.at(-1).body.tools.find((each) => each.function.description.includes(description));
    const called = { name: tool.function.name, arguments: JSON.stringify({ "<b onclick=window.hacked=1>": "\u202eetirw", ...words }) };
    send({ tool_calls: [{ index: 0, id: "one", type: "function", function: called }] });
    send({}, "tool_calls");
  };
  const refusal = { error: { message: Object.values(words).join("\n").slice(0, 4000) } };
  const model = await startModel([call("SUCCEEDS"), saying("It ran."), call("FAILS"), saying("It failed."), refusing(400, refusal)]);
  const place = await mkdtemp(join(tmpdir(), "loquat-e2e-"));
  const server = { command: process.execPath, args: [join(here, "hostile-server.mjs")] };
  const mcpServers = { "<img src=x onerror=window.hacked=1>": server };
  await writeFile(join(place, "servers.json"), JSON.stringify({ mcpServers }));
  const app = await App.open({ home: place, settings: { ...model.settings, titles: false } });
  try {
    await app.press("Settings");
    await app.press("Servers");
    await isHarmless(app, home, "a server that waits for a word");
    await app.press("Let it run");
    await app.sees("1 of 1 servers ready");
    await app.keys(ESCAPE);
    await isHarmless(app, home, "at rest");
    for (const said of ["It ran.", "It failed."]) {
      await app.ask("Go on");
      await app.button("Allow once");
      await isHarmless(app, home, "waiting");
      await app.press("Allow once");
      await app.sees(said, "[role=log]");
      await app.idle();
      await app.driver.run("for (const each of document.querySelectorAll('[role=log] details, [role=log] [aria-expanded=false]')) each.open === false ? (each.open = true) : each.click()");
      await isHarmless(app, home, said);
      await app.shot(said === "It ran." ? "hostile-call" : "hostile-failure");
    }
    await app.ask("Go on");
    await app.button("Try again");
    await isHarmless(app, home, "an error");
    await app.press("Settings");
    await app.press("Servers");
    await isHarmless(app, home, "settings");
    await app.shot("hostile-servers");
    await app.keys(ESCAPE);
  } finally {
    model.stop();
    home.stop();
    await app.close();
  }
});
