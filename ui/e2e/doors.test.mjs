// Other programs come in through the window: the local API and the gateway.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { until, withApp } from "./app.mjs";
import { freePort } from "../../scripts/lib/port.mjs";

const practising = { model: { provider: "practice", model: "practice" } };

async function keyFor(app, name) {
  await app.fill("Name of the program", name);
  await app.press("Create key");
  return until("a key", () => app.driver.run("return document.querySelector('dialog code.key')?.innerText"));
}

/** Turns a door on at a port of its own; gives its address. */
async function turnOn(app, panel, label) {
  await app.press("Settings");
  await app.press(panel);
  const port = await freePort();
  await app.fill("Port", String(port));
  await app.press(label);
  return until("an address", async () => /http:\/\/127\.0\.0\.1:\d+\/\w+/.exec(await app.text("dialog"))?.[0]);
}

test("a program with a key is answered through the local API, and seen", async () => {
  await withApp({ settings: practising }, async (app) => {
    await app.sees("5 of 5 servers ready");
    const address = await turnOn(app, "Local API", "Serve the local API");
    const key = await keyFor(app, "notebook");
    const messages = [{ role: "user", content: "What are all the critical priority tickets?" }];
    const ask = (bearer) =>
      fetch(`${address}/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "gpt-3.5-turbo", messages }),
      });
    assert.equal((await ask("lq-wrong")).status, 401);
    const answer = await (await ask(key)).json();
    assert.match(answer.choices[0].message.content, /3 tickets/);
    await app.sees(/chat\/completions[\s\S]*notebook · answered/, "dialog");
    await app.shot("local-api");
    await app.press("Done");
    const kept = await readFile(join(app.home, "api-keys.json"), "utf8");
    assert.ok(!kept.includes(key) && !(await app.text("dialog")).includes(key), "the key is shown once");
    await app.press("Serve the local API");
    await app.sees("Nothing listens while it is off.", "dialog");
    await assert.rejects(ask(key));
  });
});

test("a program with a key calls tools through the gateway, and is seen and written down", async () => {
  await withApp({ settings: practising }, async (app) => {
    await app.sees("5 of 5 servers ready");
    const address = await turnOn(app, "Gateway", "Serve the gateway");
    const key = await keyFor(app, "editor");
    const meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "editor", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const call = async (name, values) => {
      const response = await fetch(address, {
        method: "POST",
        headers: {
          authorization: `Bearer ${key}`,
          accept: "application/json, text/event-stream",
          "content-type": "application/json",
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": "tools/call",
          "mcp-name": name,
        },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "tools/call",
          params: { name, arguments: values, _meta: meta },
        }),
      });
      const text = await response.text();
      return JSON.stringify(JSON.parse(text.includes("data:") ? text.split("data:").at(-1) : text).result);
    };
    assert.match(await call("customer__lookup_customer", { customer_id: "CUST-001" }), /TechCorp/);
    await app.sees(/customer__lookup_customer[\s\S]*editor · answered/, "dialog");
    await app.sees("customer__lookup_customer", "[aria-label='Audit records']");
    await app.shot("gateway");
    assert.ok((await readFile(join(app.home, "logs/audit.log"), "utf8")).includes("customer__lookup_customer"));
    const file = join(app.home, "gateway.yaml");
    const whole = await readFile(file, "utf8");
    await writeFile(file, `${whole}tenants: [no]\n`);
    await app.sees("The configuration is refused; the one before goes on.", "dialog");
    await app.shot("gateway-refused");
    await app.press("Serve the gateway");
    await app.sees("Nothing listens while it is off.", "dialog");
    await app.press("Serve the gateway");
    await app.sees("Duplicate mapping key", "dialog");
    await writeFile(file, whole);
    await app.press("Try again");
    await app.sees(address, "dialog");
    await until("no complaint", async () => !(await app.text("dialog")).includes("Duplicate"));
  });
});
