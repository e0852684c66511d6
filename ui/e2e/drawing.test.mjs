// What a model draws with words: diagrams, formulas, coloured code and charts, in the window as it is delivered.
import assert from "node:assert/strict";
import { test } from "node:test";
import { until, withApp } from "./app.mjs";
import { saying, startModel } from "./model.mjs";
import { CODE_AND_SERIES } from "./words.mjs";

const WORDS = `A diagram:

\`\`\`mermaid
flowchart LR
  Q[Question] --> T{Tool?}
  T -->|yes| C[Call it]
  T -->|no| A[Answer]
\`\`\`

A formula: $e^{i\\pi} + 1 = 0$.

${CODE_AND_SERIES}

The last words.`;

test("diagrams, formulas, code and charts are drawn, in light and in dark", async () => {
  const model = await startModel([saying(WORDS)]);
  await withApp({ settings: { ...model.settings, titles: false } }, async (app) => {
    await app.ask("Draw it");
    await app.sees("The last words.", "[role=log]");
    await app.idle();
    const drawn = (what, script) => until(what, () => app.driver.run(script));
    const diagram = "return document.querySelector('[role=log] figure img[alt=Diagram]')?.naturalWidth > 100";
    await drawn("a diagram", diagram);
    await drawn("a formula", "return document.querySelector('[role=log] math mi') !== null");
    await drawn("coloured code", "return document.querySelector('[role=log] pre .keyword') !== null");
    await app.press("Chart");
    await drawn("a chart", "return document.querySelector('[role=log] svg[role=img] path.line') !== null");
    await app.shot("drawn");
    const before = await app.driver.run("return document.querySelector('figure img[alt=Diagram]').src");
    await app.driver.run("document.documentElement.dataset.theme = 'dark'");
    await drawn("a dark diagram", `${diagram} && document.querySelector('figure img[alt=Diagram]').src !== '${before}'`);
    await app.shot("drawn-dark");
  });
  model.stop();
});

test("what all objects inherit cannot be changed by anything on the page", async () => {
  await withApp({}, async (app) => {
    const tried = await app.driver.run(`
      "use strict";
      const ways = [
        () => (Object.prototype.hacked = 1),
        () => (Object.prototype.toString = () => "hacked"),
        () => Object.defineProperty(Object.prototype, "valueOf", { value: () => "hacked" }),
        () => (({}).__proto__.hacked = 1),
      ];
      const throwing = ways.filter((way) => { try { way(); return false; } catch { return true; } });
      return [throwing.length, ({}).hacked ?? null, String({}), Object.isFrozen(Object.prototype)];
    `);
    assert.deepEqual(tried, [4, null, "[object Object]", true]);
  });
});
