// Every screen is for everybody: axe-core finds nothing to mend, light, dark and in high contrast, wide and narrow.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { listening } from "../../scripts/lib/port.mjs";
import { hindrances } from "./access.mjs";
import { addServer, beside, CONTROL, ESCAPE, withApp } from "./app.mjs";
import { calling, saying, startModel } from "./model.mjs";

const practising = { model: { provider: "practice", model: "practice" } };

/** Walks through a window; what was found on all of its screens is told at once. */
async function walk(settings, work) {
  const found = [];
  await withApp({ settings }, (app) => work(app, async (screen) => found.push(...(await hindrances(app, screen)))));
  assert.deepEqual(found, []);
}

test("from the first start to an answer, and what lies behind it", async () => {
  await walk(undefined, async (app, look) => {
    await app.sees("Ask anything. See everything.");
    await look("first run");
    await app.press("Just try it");
    await app.sees("5 of 5 servers ready");
    await look("empty conversation");
    await app.ask("What are all the critical priority tickets, and who are the customers?");
    await app.sees(/TKT-\d{3}/, "[role=log] table");
    await app.idle();
    await app.driver.run("document.querySelectorAll('.call > .head[aria-expanded=false]').forEach((each) => each.click())");
    await look("answer with its calls");
    await app.press("Tools");
    await look("tools of a chat");
    await app.keys(ESCAPE);
    await app.keys(CONTROL, "i");
    await app.find("aside", "Inspector");
    await app.driver.run("[...document.querySelectorAll('aside.inspector .bar, aside.inspector [role=option], aside.inspector li button')].at(-1)?.click()");
    await look("inspector with a call");
    await app.keys(CONTROL, "i");
    await app.keys(CONTROL, "k");
    await app.write("ticket");
    await app.find("[role=option]", "");
    await look("palette");
    await app.keys(ESCAPE);
    await app.keys(CONTROL, "/");
    await app.find("dialog", "Shortcuts");
    await look("shortcuts");
  });
});

test("a call that waits for a word, and a question of its server", async () => {
  const model = await startModel([calling(["mcp-asker__form", {}]), saying("Told.")]);
  await walk(model.settings, async (app, look) => {
    await addServer(app, `${beside("examples", "mcp-asker")} old`, "mcp-asker");
    await app.ask("Let it ask");
    await app.find("[role=group]", "Approval");
    await look("approval");
    await app.press("Allow once");
    await app.sees("mcp-asker asks", "[role=log]");
    await look("question");
    await app.press("Decline");
    await app.sees("Told.", "[role=log]");
  });
  model.stop();
});

test("every page of the settings", async () => {
  await walk(practising, async (app, look) => {
    await app.sees("5 of 5 servers ready");
    await app.ask("Check warranty status for asset AST-SRV-001");
    await app.sees("AST-SRV-001", "[role=log]");
    await app.idle();
    await app.press("Settings");
    const pages = await app.driver.run("return [...document.querySelectorAll('dialog nav button')].map((each) => each.innerText.trim())");
    assert.equal(pages.length, 13);
    for (const page of pages) {
      await app.press(page);
      await app.sees(page, "dialog h2");
      await look(page);
    }
  });
});

test("adding a server, its page, taking servers over, and what would happen to a call", async () => {
  await walk(practising, async (app, look) => {
    await app.sees("5 of 5 servers ready");
    await app.press("Settings");
    await app.press("Servers");
    await app.fill("Paste a URL", "no-such-program-at-all --flag");
    await app.press("Add server");
    await app.sees("starts a program on your computer");
    await look("what adding does");
    await app.press("Add 1 server");
    await app.sees("failed", "dialog");
    await look("a server that failed");
    await app.press("Import from");
    await app.sees("Take", "dialog");
    await look("import");
    await app.press("Cancel");
    await app.press("ticket");
    const tabs = await app.driver.run("return [...document.querySelectorAll('dialog [role=tab]')].map((each) => each.innerText.trim())");
    for (const tab of tabs) {
      await app.driver.click(await app.find("[role=tab]", tab));
      await look(`a server: ${tab}`);
    }
    await app.press("Permissions");
    await app.choose("A call of", "get_ticket_details");
    await app.press("Test");
    await app.sees("It would run.", "dialog");
    await look("the tester of permissions");
  });
});

/** A server whose authorization server calls itself by another name than the one it is known by. */
async function startMistaken() {
  const server = createServer((request, response) => {
    const here = `http://127.0.0.1:${server.address().port}`;
    const say = (value) => response.setHeader("content-type", "application/json").end(JSON.stringify(value));
    if (request.url.includes("oauth-protected-resource")) return say({ resource: `${here}/mcp`, authorization_servers: [here] });
    if (request.url.startsWith("/.well-known/")) {
      const [authorization_endpoint, token_endpoint] = [`${here}/authorize`, `${here}/token`];
      return say({ issuer: "https://login.example.com", authorization_endpoint, token_endpoint, response_types_supported: ["code"] });
    }
    const metadata = `${here}/.well-known/oauth-protected-resource/mcp`;
    return response.writeHead(401, { "www-authenticate": `Bearer resource_metadata="${metadata}"` }).end();
  });
  await listening(server);
  return server;
}

test("a sign-in that fails", async () => {
  const server = await startMistaken();
  await walk(practising, async (app, look) => {
    await app.press("Settings");
    await app.press("Servers");
    await app.fill("Paste a URL", `http://127.0.0.1:${server.address().port}/mcp`);
    await app.press("Add server");
    await app.press("Add 1 server");
    await app.sees("needs sign-in", "dialog");
    await app.press("Sign in");
    await app.sees(/login\.example\.com[\s\S]*not reached/, "dialog");
    await app.shot("sign-in-failed");
    await look("a sign-in that fails");
  });
  server.closeAllConnections();
  server.close();
});
