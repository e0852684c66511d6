// What length costs: a conversation of ten thousand messages against one of ten, long streams, large results.
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, beside, ESCAPE, processesOf, until } from "./app.mjs";
import { saying, startModel } from "./model.mjs";

const practising = { model: { provider: "practice", model: "practice" } };
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** A home with conversations in it: `[title, messages, calls, bytes of each result, how many]`. */
export async function homeWith(conversations, settings = practising) {
  const home = await mkdtemp(join(tmpdir(), "loquat-e2e-"));
  for (const each of conversations) execFileSync(beside("examples", "fill-home"), [home, ...each.map(String)]);
  await writeFile(join(home, "settings.json"), JSON.stringify(settings));
  return home;
}

/** From the click to the last answer on the page, drawn. */
export async function opening(app, title) {
  const script = `
    const [title, done] = arguments;
    const row = [...document.querySelectorAll("button")].find((each) => each.innerText.trim() === title);
    const began = performance.now();
    row.click();
    const look = () => {
      const log = document.querySelector("[role=log]");
      const there = document.title.startsWith(title) && log?.querySelectorAll("article").length >= 10;
      if (there) requestAnimationFrame(() => done(performance.now() - began));
      else requestAnimationFrame(look);
    };
    look();
  `;
  return app.driver.call("POST", "/execute/async", { script, args: [title] });
}

/** From a key to the frame that shows it, many times. */
async function typing(app) {
  const script = `
    const done = arguments[0];
    const box = document.querySelector("textarea");
    const taken = [];
    const type = () => {
      if (taken.length === 60) return done(taken);
      const began = performance.now();
      box.value += "x";
      box.dispatchEvent(new Event("input", { bubbles: true }));
      box.getBoundingClientRect();
      taken.push(performance.now() - began);
      requestAnimationFrame(type);
    };
    type();
  `;
  return median(await app.driver.call("POST", "/execute/async", { script, args: [] }));
}

/** Counts frames that came late, until it is asked. */
export async function watchFrames(app) {
  await app.driver.run(`
    window.late = { frames: 0, over: 0, longest: 0 };
    let last = performance.now();
    const look = (now) => {
      const gap = now - last;
      last = now;
      window.late.frames += 1;
      if (gap > 50) window.late.over += 1;
      window.late.longest = Math.max(window.late.longest, gap);
      window.watching = requestAnimationFrame(look);
    };
    window.watching = requestAnimationFrame(look);
  `);
  return () => app.driver.run("cancelAnimationFrame(window.watching); return window.late;");
}

/** What all processes of a window hold, each page shared among those who share it, in MiB. */
export async function pss(home, program = "/loquat") {
  const names = [program, "WebKitNetworkProcess", "WebKitWebProcess"];
  const pids = (await Promise.all(names.map((name) => processesOf(home, name)))).flat();
  const sizes = await Promise.all(
    pids.map(async (pid) => Number(/^Pss:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0)),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / 1024;
}

export const row = (what, ...figures) => console.log(what.padEnd(52), ...figures.map((each) => each.padStart(12)));
export const ms = (value) => `${value.toFixed(0)} ms`;

async function lengths() {
  const home = await homeWith([
    ["First", 200, 40],
    ["Ten", 10, 2],
    ["Twohundred", 200, 40],
    ["Tenthousand", 10_000, 2_000],
  ]);
  const taken = { Ten: [], Twohundred: [], Tenthousand: [] };
  const app = await App.open({ home });
  // What a window needs to show any conversation is fetched with the first.
  await opening(app, "First");
  await app.press("New chat");
  for (let round = 0; round < 3; round += 1) {
    for (const title of Object.keys(taken)) {
      taken[title].push(await opening(app, title));
      await app.press("New chat");
    }
  }
  // The first of each is read from disk; later ones are there already.
  row("opening 10,000 messages, 2,000 calls; 200; 10", ...Object.values(taken).reverse().map((all) => ms(all[0])));
  row("opening them again", ...Object.values(taken).reverse().map((all) => ms(median(all))));
  await opening(app, "Tenthousand");
  const long = await typing(app);
  await opening(app, "Ten");
  row("a key in the composer, in 10,000 messages; in 10", `${long.toFixed(2)} ms`, `${(await typing(app)).toFixed(2)} ms`);
  await app.close({ keep: true });
  const sizes = [];
  for (const title of ["Twohundred", "Tenthousand"]) {
    const fresh = await App.open({ home });
    await fresh.sees(title);
    await opening(fresh, title);
    sizes.push(await pss(fresh.home));
    await fresh.close({ keep: title === "Twohundred" });
  }
  row("memory (PSS) with 10,000 messages; with 200", `${sizes[1].toFixed(0)} MiB`, `${sizes[0].toFixed(0)} MiB`, `${(sizes[1] / sizes[0]).toFixed(2)}×`);
}

async function streams() {
  const questions = ["One and a half thousand", "Twenty thousand"];
  const pieces = Array.from({ length: 1_500 }, (_, n) => (n % 20 === 19 ? "word.\n\n" : "word "));
  const paced = async ({ say, send }) => {
    for (const piece of pieces) {
      say(piece);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    say(`${questions[0]}: done.`);
    send({}, "stop");
  };
  // As much of it as is shown without a click.
  const fast = Array.from({ length: 20_000 }, (_, n) => (n % 200 === 199 ? "so.\n\n" : "so "));
  const model = await startModel([paced, saying(...fast, `${questions[1]}: done.`)]);
  const app = await App.open({ home: await homeWith([["Fourhundred", 400, 80]], model.settings) });
  await app.sees("Fourhundred");
  await opening(app, "Fourhundred");
  // A conversation goes on with the model that it began with, unless it is told otherwise.
  await app.driver.click(await app.find("button", "Model", true));
  await app.driver.click(await app.find("[role=dialog] button", "scripted"));
  await app.keys(ESCAPE);
  let frames = await watchFrames(app);
  await asked(app, questions[0]);
  const slow = await frames();
  row("1,500 chunks, 5 ms each, into 400 messages", `${slow.frames} frames`, `${slow.over} > 50 ms`, ms(slow.longest));
  frames = await watchFrames(app);
  const began = performance.now();
  await asked(app, questions[1]);
  const took = performance.now() - began;
  const quick = await frames();
  row("20,000 tokens at full speed", ms(took), `${quick.over} > 50 ms`, ms(quick.longest));
  await app.close();
  model.stop();
}

/** From a question to the last words of its answer on the page, however soon they are there. */
async function asked(app, question) {
  const script = "return [...document.querySelectorAll('[role=log] [data-turn]')].at(-1)?.textContent.includes(arguments[0])";
  await app.ask(question);
  await until("the last words", () => app.driver.run(script, `${question}: done.`));
  await app.idle();
}

async function results() {
  const app = await App.open({ home: await homeWith([["Large", 12, 1, 5_000_000]]) });
  await app.sees("Large");
  const frames = await watchFrames(app);
  const open = await opening(app, "Large");
  await app.driver.click(await app.find(".call > .head", ""));
  await app.press("Show all 5 MB");
  await app.sees("A line of what came back.", "dialog[open]");
  const late = await frames();
  row("a conversation with a result of 5 MB, and its viewer", ms(open), `${late.over} > 50 ms`, ms(late.longest));
  await app.close();
}

export async function long() {
  await lengths();
  await streams();
  await results();
}
