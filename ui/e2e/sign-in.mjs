// What a sign-in needs besides the window: a server that wants one, and a browser that follows where it is sent.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beside } from "./app.mjs";

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
