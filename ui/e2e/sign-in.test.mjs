// Signing in to a server: once, by one click, and never again unless somebody takes it back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "./app.mjs";
import { addAndSignIn, askAndAllow, openServers, withSignIn } from "./sign-in.mjs";

const PASSPHRASE = "a long passphrase for a test";
/** A bus that nobody is at: then there is no keychain either. */
const noKeychain = { DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent/bus" };

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
