// Signing in to a server: once, by one click, and never again unless somebody takes it back.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { App, until } from "./app.mjs";
import { saying, startModel } from "./model.mjs";
import { Browser, SignInServer } from "./sign-in.mjs";

const PASSPHRASE = "a long passphrase for a test";
/** A bus that nobody is at: then there is no keychain either. */
const noKeychain = { DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent/bus" };

/** A round in which the model calls the only tool that it was offered of that name. */
const whoami = (model) => () => {
  const { tools } = model.requests.at(-1).body;
  const { name } = tools.map((tool) => tool.function).find((tool) => tool.name.endsWith("whoami"));
  return [[name, {}]];
};

/** The window, a server that wants a sign-in, a browser, and a model that asks for its tool in every other round. */
async function withSignIn(env, work) {
  const model = await startModel(
    Array.from({ length: 10 }, (_, round) => (each) => {
      if (round % 2 === 1) return saying(`Answer ${(round + 1) / 2}.`)(each);
      const calls = whoami(model)();
      calls.forEach(([name, values], index) =>
        each.send({ tool_calls: [{ index, id: `call-${round}`, type: "function", function: { name, arguments: JSON.stringify(values) } }] }),
      );
      each.send({}, "tool_calls");
    }),
  );
  const [server, browser] = await Promise.all([SignInServer.start(), Browser.install()]);
  const everything = { ...browser.env, ...env };
  const app = await App.open({ settings: model.settings, env: everything });
  const restart = async () => {
    await app.close({ keep: true });
    app.driver = (await App.open({ home: app.home, env: everything })).driver;
  };
  try {
    await work({ app, model, server, browser, restart });
    const { secrets } = await server.look();
    const page = await app.driver.run("return document.documentElement.outerHTML");
    assert.ok(!secrets.some((each) => page.includes(each)), "a secret stands in the page");
    assert.equal(await heldInTheOpen(app.home, secrets), undefined, "a secret lies in a file");
  } catch (error) {
    await app.shot(`failed-${Date.now()}`).catch(() => {});
    throw error;
  } finally {
    model.stop();
    await app.close();
    await Promise.all([server.stop(), browser.remove()]);
  }
}

/** The file below a directory that holds one of the words. */
async function heldInTheOpen(directory, words) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((each) => each.isFile())) {
    const bytes = await readFile(join(entry.parentPath, entry.name));
    if (words.some((each) => bytes.includes(each))) return entry.name;
  }
  return undefined;
}

async function openServers(app) {
  await app.press("Settings");
  await app.press("Servers");
}

async function addAndSignIn(app, url) {
  await openServers(app);
  await app.fill("Paste a URL", url);
  await app.press("Add server");
  await app.press("Add 1 server");
  await app.sees("needs sign-in", "dialog");
  await app.press("Sign in");
  await app.sees(/1 tool/, "dialog");
  await app.shot("signed-in");
  await app.keys("\uE00C");
}

/** Asks, allows the call, and waits for the answer after it. */
async function askAndAllow(app, answer) {
  await app.ask("Who am I?");
  await app.press("Allow once");
  await app.sees(answer, "[role=log]");
  await app.idle();
}

test("signed in by one click, still so after a restart, renewed in silence, and asked again when it was taken back", async () => {
  await withSignIn({}, async ({ app, server, browser, restart }) => {
    await addAndSignIn(app, server.url);
    assert.equal((await browser.opened()).length, 1);
    await askAndAllow(app, "Answer 1.");
    assert.equal((await server.look()).calls, 1);

    await restart();
    await app.sees("6 of 6 servers ready");
    await askAndAllow(app, "Answer 2.");
    const after = await server.tell("expire");
    assert.deepEqual([after.calls, after.authorizations, after.refreshes], [2, 1, 0]);

    await askAndAllow(app, "Answer 3.");
    const renewed = await server.tell("revoke");
    assert.deepEqual([renewed.calls, renewed.authorizations, renewed.refreshes], [3, 1, 1]);

    await app.ask("Who am I?");
    await app.press("Allow once");
    await app.sees("wants a sign-in", "[role=log]");
    await app.shot("sign-in-in-the-middle");
    assert.equal((await browser.opened()).length, 1, "no browser opens without a click");
    await server.tell("forgive");
    await app.press("Sign in");
    await app.sees("Answer 4.", "[role=log]");
    await app.idle();
    const again = await server.tell("calls-need write");
    assert.deepEqual([again.calls, again.authorizations], [4, 2], "the call went on by itself");

    await app.ask("Who am I?");
    await app.press("Allow once");
    const card = await app.sees("wants more rights", "[role=log]");
    assert.match(card, /write\s+new/);
    await app.shot("more-rights");
    await app.press("Go and allow them");
    await app.sees("Answer 5.", "[role=log]");
    assert.deepEqual((await server.look()).calls, 5);
  });
});

test("without a keychain one is told so, chooses a file under a passphrase, and is not asked to sign in again", async () => {
  await withSignIn(noKeychain, async ({ app, server, browser, restart }) => {
    await addAndSignIn(app, server.url);
    await openServers(app);
    await app.sees("No keychain answers on this computer.", "dialog");
    await app.fill("Passphrase", PASSPHRASE);
    await app.fill("Passphrase once more", PASSPHRASE);
    await app.press("Keep in a file");
    await until("a place that lasts", async () => !(await app.text("dialog")).includes("No keychain answers"));
    await restart();
    await app.sees("Unlock your secrets");
    await app.fill("Passphrase", PASSPHRASE);
    await app.press("Unlock");
    await app.sees("6 of 6 servers ready");
    await askAndAllow(app, "Answer 1.");
    const { calls, authorizations } = await server.look();
    assert.deepEqual([calls, authorizations], [1, 1]);
    assert.equal((await browser.opened()).length, 1);
  });
});

test("without a keychain and without a choice a sign-in lasts until the end, and is asked for again after it", async () => {
  await withSignIn(noKeychain, async ({ app, server, restart }) => {
    await addAndSignIn(app, server.url);
    await askAndAllow(app, "Answer 1.");
    await restart();
    await openServers(app);
    await app.sees("needs sign-in", "dialog");
    await app.press("Sign in");
    await until("a second sign-in", async () => (await server.look()).authorizations === 2);
    await app.sees(/1 tool/, "dialog");
  });
});
