// Two people at one server: each conversation calls it in the name that was chosen there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ESCAPE, until } from "./app.mjs";
import { addAndSignIn, askAndAllow, openServers, withSignIn } from "./sign-in.mjs";

const AT_WORK = "Who am I at work?";
const OTHERWISE = "Who am I otherwise?";
/** Conversations are called what was asked first. */
const settings = { titles: false };

/** Another sign-in at the server that is there, under a name of one's own. */
async function signInAs(app, server, account) {
  await openServers(app);
  await app.sees("signed in", "[aria-label='Your servers']");
  await app.press(server);
  await app.driver.click(await app.find("[role=tab]", "Sign-in"));
  await app.fill("Name of the account", account);
  await app.press("Sign in");
  await app.find("[aria-label=Accounts] button", `Sign out ${account}`);
  await app.shot("accounts");
  await app.press("All servers");
  await app.sees(`as ${account}`, "[aria-label='Your servers']");
  await app.shot("servers-as-whom");
  await app.keys(ESCAPE);
}

/** In whose name the open conversation calls the server from now on. */
async function callAs(app, server, words) {
  await app.press("Tools");
  await app.choose(`Account for ${server}`, words);
  const kept = `const { value, options } = arguments[0]; return [...options].find((each) => each.value === value).label;`;
  await until("the choice", async () => (await app.driver.run(kept, await app.find("select", `Account for ${server}`))) === words);
  await app.shot("account-chosen");
  await app.keys(ESCAPE);
}

/** Whose sign-in the calls came with, in their order: 1 signed in first. */
const callers = async (server) => (await server.look()).callers;

test("two accounts of one server are signed in, and each conversation keeps to its own", async () => {
  await withSignIn(
    {},
    async ({ app, server, browser, restart }) => {
      await server.tell("tells-who");
      await addAndSignIn(app, server.url);
      const name = `local-${new URL(server.url).port}`;
      await askAndAllow(app, "Answer 1.", AT_WORK);
      assert.deepEqual(await callers(server), [1]);
      await signInAs(app, name, "work");
      assert.equal((await browser.opened()).length, 2);

      await callAs(app, name, "as work");
      await askAndAllow(app, "Answer 2.", "And now?");
      assert.deepEqual(await callers(server), [1, 2]);
      assert.match(await app.text("[role=log]"), /as work/);
      await app.shot("account-called");

      await app.press("New chat");
      await askAndAllow(app, "Answer 3.", OTHERWISE);
      await callAs(app, name, "as default");
      await askAndAllow(app, "Answer 4.", "And once more?");
      assert.equal((await callers(server)).at(-1), 1);

      await restart();
      await app.sees("6 of 6 servers ready");
      await app.press(AT_WORK);
      await app.sees("Answer 2.", "[role=log]");
      await askAndAllow(app, "Answer 5.", "Still?");
      assert.equal((await callers(server)).at(-1), 2);
      await app.press(OTHERWISE);
      await app.sees("Answer 4.", "[role=log]");
      await askAndAllow(app, "Answer 6.", "Still?");
      assert.equal((await callers(server)).at(-1), 1);
      assert.equal((await browser.opened()).length, 2, "nobody was asked to sign in again");
    },
    settings,
  );
});
