// The first minutes: a fresh home, the practice model, an answer from several servers, and again tomorrow.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { App, runs, until, withApp } from "./app.mjs";

const QUESTION = "What are all the critical priority tickets, and who are the customers?";

test("a newcomer tries it and gets an answer from two servers", async () => {
  await withApp({}, async (app) => {
    await app.sees("Ask anything. See everything.");
    for (const card of ["Use LM Studio", "Use OpenAI", "Just try it"]) await app.button(card);
    await app.shot("first-run");
    await app.press("Just try it");
    await app.sees("5 of 5 servers ready");
    await app.shot("empty");
    await app.ask(QUESTION);
    await app.sees(/TKT-\d{3}/, "[role=log] table");
    await app.idle();
    const log = await app.text("[role=log]");
    assert.match(log, /critical/);
    assert.match(log, /CUST-002/);
    assert.match(log, /no AI/i);
    for (const server of ["ticket", "customer"]) assert.ok(log.includes(server), `${server} in ${log}`);
    await app.shot("answer");
    const dark = "document.documentElement.dataset.theme = 'dark'";
    await app.driver.run(dark);
    await app.shot("answer-dark");
  });
});

test("what was said is there after the next start, with the window's preferences", async () => {
  // Drawn as for people, also where there is no graphics card.
  const app = await App.open({ pictures: false });
  try {
    await app.press("Just try it");
    await app.sees("5 of 5 servers ready");
    await app.ask("Check warranty status for asset AST-SRV-001");
    await app.sees("AST-SRV-001", "[role=log]");
    await app.idle();
    await app.fill("Message", "half a thought");
    // Drafts are written a moment after the last key.
    await until("the draft on disk", async () => (await readFile(join(app.home, "preferences.json"), "utf8")).includes("half a thought"));
    await app.close({ keep: true });
    const again = await App.open({ home: app.home, pictures: false });
    app.driver = again.driver;
    await app.press("Check warranty status for asset AST-SRV-001");
    await app.sees("Practice model", "[role=log]");
    const draft = async () => app.driver.run("return arguments[0].value", await app.field("Message"));
    await until("the draft again", async () => (await draft()) === "half a thought");
  } finally {
    await app.close();
  }
});

test("no bundled server outlives the window, even if it is killed", async () => {
  const app = await App.open();
  try {
    await app.press("Just try it");
    await app.sees("5 of 5 servers ready");
    const servers = await app.processes("loquat-helpdesk");
    assert.equal(servers.length, 5);
    await app.kill();
    await until("an end of all servers", async () => !(await Promise.all(servers.map(runs))).includes(true));
  } finally {
    await app.close();
  }
});
