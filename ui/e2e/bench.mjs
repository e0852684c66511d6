// How fast the window is: start against an empty window, ten thousand tokens against reading them bare, memory.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, beside, until } from "./app.mjs";
import { Driver } from "./driver.mjs";
import { long, pss } from "./long.mjs";
import { saying, startModel } from "./model.mjs";
import { wide } from "./wide.mjs";

const practising = { model: { provider: "practice", model: "practice" } };
/** As Loquat draws its own window where there is no graphics card; the other way takes memory for imitating one. */
const plain = { WEBKIT_DISABLE_DMABUF_RENDERER: "1" };
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

function line(what, ours, floor, unit) {
  console.log(`${what.padEnd(44)} ${ours.toFixed(0).padStart(7)} ${unit} ${floor.toFixed(0).padStart(7)} ${unit} ${(ours / floor).toFixed(2).padStart(6)}×`);
}

/** Does that in a window with nothing in it, as soon as it is there. */
async function inEmptyWindow(work, env) {
  const home = await mkdtemp(join(tmpdir(), "loquat-bench-"));
  const driver = await Driver.open(beside("examples", "empty-window"), { LOQUAT_HOME: home, ...env });
  await until("a page", () => driver.run("return document.readyState === 'complete'"));
  await work(home);
  await driver.close();
  await rm(home, { recursive: true, force: true });
}

/** From exec to a page that takes questions, five times each, one after the other. */
async function start() {
  const ours = [];
  const empty = [];
  for (let round = 0; round < 5; round += 1) {
    let began = performance.now();
    const app = await App.open({ settings: practising, size: null });
    await app.field("Message");
    ours.push(performance.now() - began);
    await app.close();
    began = performance.now();
    await inEmptyWindow(() => empty.push(performance.now() - began));
  }
  line("start to usable, against an empty window", median(ours), median(empty), "ms");
}

/** Ten thousand tokens from the provider to the page, against reading the same stream bare. */
async function stream() {
  // In so many paragraphs as are shown without a click.
  const pieces = Array.from({ length: 10_000 }, (_, n) => (n % 100 === 99 ? "word.\n\n" : "word "));
  const model = await startModel([saying(...pieces), saying(...pieces)]);
  let began = performance.now();
  const body = JSON.stringify({ messages: [], stream: true });
  const response = await fetch(`${model.url}/chat/completions`, { method: "POST", body });
  await response.text();
  const floor = performance.now() - began;
  const app = await App.open({ settings: model.settings });
  began = performance.now();
  await app.ask("Ten thousand, please");
  await app.idle();
  // Also what lies outside the window, which is not drawn.
  const words = "return document.querySelector('[role=log]').textContent.split('word').length > 10_000";
  await until("the last words", () => app.driver.run(words));
  line("10,000 tokens into the window, against bare", performance.now() - began, floor, "ms");
  await app.close();
  model.stop();
}

/** Memory of the whole window, all its processes, after two hundred messages, against a window with nothing in it. */
async function memory() {
  const rounds = Array.from({ length: 100 }, () => saying("An answer with **some** words, and `code`.\n\n- one\n- two\n"));
  const model = await startModel(rounds);
  let empty;
  await inEmptyWindow(async (home) => (empty = await pss(home, "/empty-window")), plain);
  const app = await App.open({ settings: model.settings });
  for (let asked = 1; asked <= 100; asked += 1) {
    await app.ask(`Question ${asked}`);
    await app.idle();
  }
  line("memory at 200 messages, against an empty window", await pss(app.home), empty, "MiB");
  await app.close();
  model.stop();
}

App.pictures = false;
await start();
await stream();
await memory();
await long();
await wide();
