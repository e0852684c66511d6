// A small W3C WebDriver client for WebKitWebDriver, the engine that people's windows run on.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { freePort } from "../../scripts/lib/port.mjs";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** Brings an element into sight, and is done when it stays at its place from one frame to the next, or never does. */
const STILL = `
  const [element, done] = arguments;
  element.scrollIntoView({ block: "nearest", inline: "nearest" });
  const place = () => JSON.stringify(element.getBoundingClientRect());
  const look = (before, frames) =>
    requestAnimationFrame(() => (place() === before || frames === 0 ? done() : look(place(), frames - 1)));
  look(undefined, 60);
`;

/** Asks again until `look` answers with something; what it last saw is in the error. */
export async function until(what, look, patience = 30_000) {
  const end = Date.now() + patience;
  let last;
  while (Date.now() < end) {
    try {
      last = await look();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  throw new Error(`in vain: ${what}; last seen: ${last?.stack ?? JSON.stringify(last)}`);
}

export class Driver {
  #base;
  #session;
  #process;

  /** Starts the program in a window of its own. */
  static async open(binary, env) {
    const driver = new Driver();
    const port = await freePort();
    driver.#base = `http://127.0.0.1:${port}`;
    const automation = { TAURI_WEBVIEW_AUTOMATION: "true", NO_AT_BRIDGE: "1" };
    driver.#process = spawn("WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, ...automation, ...env },
    });
    await until("a driver that is ready", async () => (await driver.#send("GET", "/status")).ready);
    const options = { binary, args: [] };
    const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": options } };
    const { sessionId } = await driver.#send("POST", "/session", { capabilities });
    driver.#session = `/session/${sessionId}`;
    return driver;
  }

  async #send(method, path, body) {
    const response = await fetch(this.#base + path, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(90_000),
    });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${value?.error}: ${value?.message}`);
    return value;
  }

  call(method, path, body) {
    return this.#send(method, this.#session + path, body);
  }

  /** Runs a function's body in the page. */
  run(script, ...args) {
    return this.call("POST", "/execute/sync", { script, args });
  }

  /** Clicks what is in sight and stands still: what is on its way elsewhere would be missed, as by a person. */
  async click(element) {
    await this.call("POST", "/execute/async", { script: STILL, args: [element] });
    await this.call("POST", `/element/${element[ELEMENT]}/click`, {});
  }

  async type(element, text) {
    await this.call("POST", `/element/${element[ELEMENT]}/value`, { text });
  }

  async screenshot() {
    // What was changed last is drawn first.
    const script = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));";
    await this.call("POST", "/execute/async", { script, args: [] });
    return Buffer.from(await this.call("GET", "/screenshot"), "base64");
  }

  async resize(width, height) {
    await this.call("POST", "/window/rect", { x: 0, y: 0, width, height });
    // The page learns of its size a moment after the window; a frame may take a few points of it.
    const fits = "return Math.abs(innerWidth - arguments[0]) < 60 && Math.abs(innerHeight - arguments[1]) < 90";
    await until(`a page of ${width} × ${height}`, () => this.run(fits, width, height));
  }

  /** Ends the session, and with it the program, unless that is gone already. */
  async close() {
    if (this.#session) await this.call("DELETE", "").catch(() => {});
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill();
    await ended;
  }
}
