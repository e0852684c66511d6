// Where one reads: a long conversation opens at its end, what came before comes when one scrolls up to it, and nothing
// moves what is being read.
import assert from "node:assert/strict";
import { test } from "node:test";
import { App, toAnswer, until, withApp } from "./app.mjs";
import { homeWith, opening } from "./long.mjs";
import { startModel } from "./model.mjs";

/** How far the log is from its end, in pixels, and what stands first in it. */
const STANDING = `
  const log = document.querySelector("[role=log]");
  const turns = [...log.querySelectorAll("[data-turn]")];
  return { away: log.scrollHeight - log.scrollTop - log.clientHeight, first: turns[0]?.dataset.turn, count: turns.length };
`;

/** Goes up to where more is fetched, as a wheel does, and says which turn is read there and where it stands. */
const SCROLL_UP = `
  const log = document.querySelector("[role=log]");
  log.scrollTop = Math.min(log.scrollTop, 300);
  const { top } = log.getBoundingClientRect();
  const read = [...log.querySelectorAll("[data-turn]")].find((each) => each.getBoundingClientRect().bottom > top + 40);
  return [read.dataset.turn, read.getBoundingClientRect().top - top];
`;

const PLACE = `
  const log = document.querySelector("[role=log]");
  const turn = [...log.querySelectorAll("[data-turn]")].find((each) => each.dataset.turn === arguments[0]);
  return turn.getBoundingClientRect().top - log.getBoundingClientRect().top;
`;

/** Some frames later: whatever was still to be drawn or measured has been. */
const SETTLED = `
  const done = arguments[arguments.length - 1];
  let frames = 0;
  const look = () => (++frames === 10 ? done() : requestAnimationFrame(look));
  look();
`;

const settled = (app) => app.driver.call("POST", "/execute/async", { script: SETTLED, args: [] });

async function isAtEnd(app) {
  await settled(app);
  const { away } = await app.driver.run(STANDING);
  assert.ok(away < 2, `${away} pixels from the end`);
  assert.doesNotMatch(await app.text("main"), /New messages|To the end/);
}

test("a long conversation opens at its end, and what came before comes in above what is read", async () => {
  const app = await App.open({ home: await homeWith([["Long", 400, 80]]) });
  try {
    await opening(app, "Long");
    await app.sees("Answer 199", "[role=log]");
    await isAtEnd(app);
    let { first, count } = await app.driver.run(STANDING);
    assert.ok(count < 100, `${count} of 200 turns are on the page at once`);
    // So far up that the end is no longer on the page.
    while (Number(first.split("-")[1]) > 110) {
      const [turn, place] = await app.driver.run(SCROLL_UP);
      const before = first;
      ({ first } = await until(`turns before ${before}`, async () => {
        const standing = await app.driver.run(STANDING);
        return standing.first !== before && standing;
      }));
      await settled(app);
      const moved = Math.abs((await app.driver.run(PLACE, turn)) - place);
      assert.ok(moved <= 2, `${turn} moved by ${moved} pixels as what stands before it came in`);
    }
    assert.equal(await app.driver.run("return document.querySelector('[data-turn=long-199]')"), null);
    assert.doesNotMatch(await app.text("main"), /New messages/);
    await app.shot("scrolled-up");
    await app.press("To the end");
    await app.sees("Answer 199", "[role=log]");
    await isAtEnd(app);
  } finally {
    await app.close();
  }
});

const LINES = Array.from({ length: 60 }, (_, number) => `Line ${number} of what is said.\n\n`);
const DIAGRAM = "```mermaid\nflowchart TD\n  A[Question] --> B{Tool?}\n  B -->|yes| C[Call]\n  C --> D[Answer]\n```\n\nThe last words.";

test("a conversation opens at its end also where a diagram is drawn later than the words", async () => {
  const said = ({ say, send }) => {
    for (const piece of [...LINES, DIAGRAM]) say(piece);
    send({}, "stop");
  };
  const model = await startModel([said]);
  const app = await App.open({ settings: { ...model.settings, titles: false } });
  try {
    await app.ask("Draw it");
    await app.sees("The last words.", "[role=log]");
    await app.idle();
    await app.close({ keep: true });
    const again = await App.open({ home: app.home });
    app.driver = again.driver;
    await app.press("Draw it");
    const drawn = "return document.querySelector('[role=log] figure img')?.naturalHeight > 0";
    await until("a diagram", () => app.driver.run(drawn));
    await isAtEnd(app);
  } finally {
    model.stop();
    await app.close();
  }
});

test("words that go on being said leave alone what is read further up, and are come back to by a click", async () => {
  const model = await startModel([
    async ({ say, send, wait }) => {
      for (const line of LINES) say(line);
      await wait();
      for (const line of LINES) say(line);
      say("The last words.");
      send({}, "stop");
    },
  ]);
  await withApp({ settings: { ...model.settings, titles: false } }, async (app) => {
    await app.ask("Say much");
    await app.sees("Line 59", "[role=log]");
    await isAtEnd(app);
    const top = await app.driver.run("const log = document.querySelector('[role=log]'); log.scrollTop = 200; return log.scrollTop");
    await settled(app);
    model.release();
    await app.sees("The last words.", "[role=log]");
    await app.idle();
    assert.equal(await app.driver.run("return document.querySelector('[role=log]').scrollTop"), top);
    await app.press("New messages");
    await isAtEnd(app);
  });
  model.stop();
});

const practising = { model: { provider: "practice", model: "practice" } };

test("a card that is opened at the end stays where it was clicked", async () => {
  await withApp({ settings: practising }, async (app) => {
    await toAnswer(app);
    await isAtEnd(app);
    const heads = () => app.driver.run("return [...document.querySelectorAll('.call > .head')].map((each) => Math.round(each.getBoundingClientRect().top))");
    const before = await heads();
    await app.driver.click(await app.find(".call > .head", "Looked up customer"));
    await app.sees("What the model saw", "[role=log]");
    await settled(app);
    assert.equal((await heads())[1], before[1]);
    await app.shot("opened-at-the-end");
    await app.driver.click(await app.find(".call > .head", "Looked up customer"));
    await isAtEnd(app);
  });
});

test("a wheel scrolls in a window that is drawn as for people, with a graphics card or without", async () => {
  for (const pictures of [true, false]) {
    await withApp({ settings: practising, pictures, size: [1000, 500] }, async (app) => {
      await toAnswer(app);
      await isAtEnd(app);
      const turned = { type: "scroll", x: 600, y: 250, deltaX: 0, deltaY: -200, duration: 0 };
      await app.driver.call("POST", "/actions", { actions: [{ type: "wheel", id: "wheel", actions: [turned] }] });
      await until("what is further up", async () => (await app.driver.run(STANDING)).away > 100);
    });
  }
});
