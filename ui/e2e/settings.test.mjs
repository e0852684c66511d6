// What a person sets: where keys go, which servers there are, how the window looks.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { App, CONTROL, ENTER, ESCAPE, TAB, until, withApp } from "./app.mjs";
import { heldInTheOpen } from "./files.mjs";
import { saying, startModel } from "./model.mjs";

const KEY = "sk-test-abcdefghijklmnop-9876";
const practising = { model: { provider: "practice", model: "practice" } };

test("a key goes into the keychain and nowhere else, and is used after a restart", async () => {
  const model = await startModel([saying("Hello with a key.")]);
  const settings = { openaiBaseUrl: model.url, model: { provider: "openai", model: "scripted" } };
  const app = await App.open({ settings });
  try {
    await app.press("Settings");
    await app.press("Models");
    await app.fill("API key", KEY);
    await app.press("Store key");
    await app.sees("••••9876");
    await app.shot("models");
    await app.fill("Organisation", "org-abc123");
    await app.keys(TAB);
    await until("it in the settings", async () => (await readFile(join(app.home, "settings.json"), "utf8")).includes("org-abc123"));
    const page = await app.driver.run("return document.documentElement.outerHTML + [...document.querySelectorAll('input')].map((each) => each.value)");
    assert.ok(!page.includes(KEY), "the key is still on the page");
    await app.close({ keep: true });
    assert.equal(await heldInTheOpen(app.home, [KEY]), undefined);
    const again = await App.open({ home: app.home });
    app.driver = again.driver;
    await app.ask("Hi");
    await app.sees("Hello with a key.", "[role=log]");
    assert.equal(model.requests[0].authorization, `Bearer ${KEY}`);
    assert.equal(model.requests[0].organisation, "org-abc123");
  } finally {
    model.stop();
    await app.close();
  }
});

test("the help desk goes by one click and comes back by one", async () => {
  await withApp({ settings: practising }, async (app) => {
    await app.sees("5 of 5 servers ready");
    await app.press("Settings");
    await app.press("Servers");
    await app.button("Remove the help desk");
    await app.sees(/ticket[\s\S]*ready/, "dialog");
    await app.shot("servers");
    await app.press("Remove the help desk");
    await until("no help desk", async () => (await app.processes("loquat-helpdesk")).length === 0);
    await app.press("Restore the help desk");
    await app.sees(/ticket[\s\S]*ready/);
  });
});

test("a server that cannot start says why and what now", async () => {
  await withApp({ settings: practising }, async (app) => {
    await app.press("Settings");
    await app.press("Servers");
    await app.fill("Paste a URL", "no-such-program-at-all --flag");
    await app.press("Add server");
    await app.press("Add 1 server");
    await app.sees(/no-such-program-at-all[\s\S]*(not found|cannot be found|is not there|not installed)/i);
    await app.shot("failed-server");
  });
});

test("the look is remembered, and a small window still shows everything", async () => {
  const app = await App.open({ settings: practising });
  try {
    await app.press("Settings");
    await app.press("Appearance");
    await app.driver.click(await app.find("label, [role=radio], button, option", "Dark"));
    const look = () => app.driver.run("return document.documentElement.dataset.theme");
    await until("a dark look", async () => (await look()) === "dark");
    await app.shot("appearance");
    // Preferences are written a moment after the last change, and at the latest on leaving.
    await until("the look on disk", async () => (await readFile(join(app.home, "preferences.json"), "utf8")).includes("dark"));
    await app.close({ keep: true });
    const again = await App.open({ home: app.home });
    app.driver = again.driver;
    await until("a dark look again", async () => (await look()) === "dark");
    await app.driver.resize(720, 700);
    await app.field("Message");
    const wider = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
    assert.equal(await app.driver.run(wider), false);
    await app.shot("small");
  } finally {
    await app.close();
  }
});

test("in a narrow window the section that is open is in sight", async () => {
  await withApp({ settings: practising, size: [720, 700] }, async (app) => {
    const inSight = `
      const { left, right } = document.querySelector("dialog nav [aria-current]").getBoundingClientRect();
      const { left: edge } = document.querySelector("dialog > .close").getBoundingClientRect();
      return document.querySelector("dialog h2").innerText === arguments[0] && left >= 0 && right <= edge;
    `;
    for (const section of ["Diagnostics", "Presets"]) {
      await app.keys(CONTROL, "k");
      await app.find("input", "");
      await app.write(section);
      await app.find("[role=option]", `Settings: ${section}`);
      await app.keys(ENTER);
      await until(`${section} in sight`, () => app.driver.run(inSight, section));
      await app.shot(`narrow-${section.toLowerCase()}`);
      await app.keys(ESCAPE);
    }
  });
});

test("the page may talk to nobody but Loquat", async () => {
  await withApp({ settings: practising }, async (app) => {
    const script = `
      const done = arguments[arguments.length - 1];
      document.addEventListener("securitypolicyviolation", (event) => done(event.violatedDirective));
      fetch("http://127.0.0.1:9/").catch(() => {});
    `;
    const directive = await app.driver.call("POST", "/execute/async", { script, args: [] });
    assert.equal(directive, "connect-src");
  });
});
