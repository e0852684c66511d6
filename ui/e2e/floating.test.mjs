// What floats beside its button is whole and in sight, whatever becomes of the window.
import assert from "node:assert/strict";
import { test } from "node:test";
import { toAnswer, until, withApp } from "./app.mjs";

const PRACTISING = { model: { provider: "practice", model: "practice" } };

/** What can be seen of the panel that is open: it is whole where nothing of it has to be scrolled to. */
const PLACE = `
  const panel = document.querySelector(":popover-open");
  const { top, right, bottom, left } = panel.getBoundingClientRect();
  const button = document.querySelector("[popovertarget='" + panel.id + "']").getBoundingClientRect();
  return {
    isInside: top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth,
    isWhole: panel.scrollHeight <= panel.clientHeight,
    isBeside: Math.abs(bottom + 6 - button.top) < 2 || Math.abs(top - 6 - button.bottom) < 2,
    seen: [top, right, bottom, left, button.top, button.bottom, innerWidth, innerHeight].map(Math.round),
  };
`;

test("a panel stays beside its button and whole while the window changes", async () => {
  await withApp({ settings: PRACTISING, size: [1200, 800] }, async (app) => {
    await toAnswer(app);
    await app.driver.click(await app.find(".figures", ""));
    await app.sees("This month", ":popover-open");
    for (const size of [[1200, 800], [720, 500], [1200, 420], [1200, 800]]) {
      await app.driver.resize(...size);
      await until(`it beside its button at ${size}`, async () => {
        const { isInside, isWhole, isBeside, seen } = await app.driver.run(PLACE);
        return (isInside && isBeside && (isWhole || size[1] < 600)) || Promise.reject(new Error(`it is at ${seen}`));
      });
    }
    const scrolled = await app.driver.run("const log = document.querySelector('[role=log]'); log.scrollTop -= 60; return log.scrollTop");
    assert.ok(scrolled >= 0);
    await until("it beside its button after scrolling", async () => {
      const { isInside, isBeside, seen } = await app.driver.run(PLACE);
      return (isInside && isBeside) || Promise.reject(new Error(`it is at ${seen}`));
    });
  });
});

test("a panel goes with its button when that is scrolled out of sight", async () => {
  await withApp({ settings: PRACTISING, size: [900, 500] }, async (app) => {
    await toAnswer(app);
    await app.driver.click(await app.find(".figures", ""));
    await app.sees("This month", ":popover-open");
    await app.driver.run("document.querySelector('[role=log]').scrollTop = 0");
    await until("it closed", async () => !(await app.driver.run("return document.querySelector(':popover-open')")));
  });
});
