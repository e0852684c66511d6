// What a sign-in needs besides the window: a server that wants one, and a browser that follows where it is sent.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { App, beside, ESCAPE } from "./app.mjs";
import { heldInTheOpen } from "./files.mjs";
import { saying, startModel } from "./model.mjs";

/** A server that wants a sign-in, and the authorization server that people sign in at. */
export class SignInServer {
  #process;
  #lines;

  static async start() {
    const server = new SignInServer();
    server.#process = spawn(beside("examples", "sign-in-server"), { stdio: ["pipe", "pipe", "inherit"] });
    server.#lines = createInterface({ input: server.#process.stdout })[Symbol.asyncIterator]();
    server.url = (await server.#next()).url;
    return server;
  }

  async #next() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the server that wants a sign-in has ended");
    return JSON.parse(value);
  }

  /** Has it behave differently from now on; what it has seen so far. */
  async tell(words) {
    this.#process.stdin.write(`${words}\n`);
    return this.#next();
  }

  look() {
    return this.tell("look");
  }

  async stop() {
    const ended = once(this.#process, "exit");
    this.#process.stdin.end();
    await ended;
  }
}

/** What opens links, as programs find it, and every link that it was given. */
export class Browser {
  #folder;
  #log;

  static async install() {
    const browser = new Browser();
    browser.#folder = await mkdtemp(join(tmpdir(), "loquat-browser-"));
    browser.#log = join(browser.#folder, "opened");
    await writeFile(browser.#log, "");
    const program = join(browser.#folder, "xdg-open");
    const script = `require("node:fs").appendFileSync(${JSON.stringify(browser.#log)}, process.argv[2] + "\\n"); fetch(process.argv[2]);`;
    await writeFile(program, `#!${process.execPath}\n${script}\n`);
    await chmod(program, 0o755);
    return browser;
  }

  /** For programs that shall use it. */
  get env() {
    return { PATH: `${this.#folder}:${process.env.PATH}` };
  }

  async opened() {
    return (await readFile(this.#log, "utf8")).split("\n").filter(Boolean);
  }

  async remove() {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A round in which the model calls the only tool that it was offered of that name. */
const whoami = (model) => () => {
  const { tools } = model.requests.at(-1).body;
  const { name } = tools.map((tool) => tool.function).find((tool) => tool.name.endsWith("whoami"));
  return [[name, {}]];
};

/** The window, a server that wants a sign-in, a browser, and a model that asks for its tool in every other round. */
export async function withSignIn(env, work, settings = {}) {
  const model = await startModel(
    Array.from({ length: 20 }, (_, round) => (each) => {
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
  const app = await App.open({ settings: { ...model.settings, ...settings }, env: everything });
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

export async function openServers(app) {
  await app.press("Settings");
  await app.press("Servers");
}

export async function addAndSignIn(app, url) {
  await openServers(app);
  await app.fill("Paste a URL", url);
  await app.press("Add server");
  await app.sees("It answers and asks who you are", "dialog");
  await app.press("Add 1 server");
  await app.sees("needs sign-in", "dialog");
  await app.press("Sign in");
  await app.sees(/1 tool/, "dialog");
  await app.shot("signed-in");
  await app.keys(ESCAPE);
}

/** Asks, allows the call, and waits for the answer after it. */
export async function askAndAllow(app, answer, question = "Who am I?") {
  await app.ask(question);
  await app.press("Allow once");
  await app.sees(answer, "[role=log]");
  await app.idle();
}
