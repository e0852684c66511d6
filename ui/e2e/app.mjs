// Loquat's window as a person uses it: by names, words and keys.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Driver, until } from "./driver.mjs";

export { until };
const binary = process.env.LOQUAT_BIN;
if (!binary) throw new Error("LOQUAT_BIN names no program: run these tests by `npm test -- window`.");
const out = process.env.LOQUAT_SHOTS ?? join(dirname(fileURLToPath(import.meta.url)), "out");

export const TAB = "\uE004";
export const ENTER = "\uE007";
export const ESCAPE = "\uE00C";
export const CONTROL = "\uE009";

/** A program that was built beside the app. */
export const beside = (...path) => join(dirname(binary), ...path);

/** Without a graphics card a window is drawn plainly; WebKit's driver takes no pictures of it that way. */
const forPictures = { WEBKIT_DISABLE_DMABUF_RENDERER: "0" };

/** Finds what is seen and called `name`, of one of the roles given. */
const FIND = `
  const [selector, name, exact] = arguments;
  const called = (each) => (each.getAttribute("aria-label") ?? each.labels?.[0]?.innerText ?? each.innerText ?? "").trim();
  // Beneath a dialog that claims the window nothing can be pressed.
  const claimed = document.querySelector("dialog:modal") !== null;
  const within = (each) => !each.closest("[inert]") && (!claimed || each.closest("dialog:modal"));
  const seen = (each) => each.checkVisibility({ visibilityProperty: true }) && within(each);
  const fits = (each) => exact ? called(each) === name : called(each).startsWith(name);
  return [...document.querySelectorAll(selector)].filter(seen).find(fits) ?? null;
`;

export class App {
  /** Whether pictures can be taken; otherwise windows are drawn as they are for people. */
  static pictures = true;

  /** A window on a home of its own, or on one that is there; as large as it likes without a size. */
  static async open({ home, settings, env = {}, size = [1280, 900], pictures = App.pictures } = {}) {
    const app = new App();
    app.home = home ?? (await mkdtemp(join(tmpdir(), "loquat-e2e-")));
    if (settings) await writeFile(join(app.home, "settings.json"), JSON.stringify(settings));
    app.driver = await Driver.open(binary, { LOQUAT_HOME: app.home, ...(pictures && forPictures), ...env });
    if (size) await app.driver.resize(...size);
    await until("a page", () => app.driver.run("return document.querySelector('main')?.innerText.length > 0"));
    return app;
  }

  find(selector, name, exact = false) {
    return until(`${selector} called ${name}`, () => this.driver.run(FIND, selector, name, exact));
  }

  button(name) {
    return this.find("button, [role=switch], [role=menuitem], summary", name);
  }

  /** As people do, who press the button that is there: where it is drawn anew in between, that one. */
  async press(name) {
    let pressed = false;
    while (!pressed) {
      const button = await this.button(name);
      pressed = await this.driver.click(button).then(
        () => true,
        (error) => (error.message.includes("stale element") ? false : Promise.reject(error)),
      );
    }
  }

  field(name) {
    return this.find("textarea, input", name);
  }

  /** Replaces what a field holds. */
  async fill(name, text) {
    const field = await this.field(name);
    await this.driver.run("arguments[0].focus(); arguments[0].select?.();", field);
    await this.driver.type(field, text);
  }

  /** Chooses from what a list offers, by the words one reads there. */
  async choose(name, option) {
    const script = `
      const [select, words] = arguments;
      const chosen = [...select.options].find((each) => each.label === words);
      if (!chosen) throw new Error("there is: " + [...select.options].map((each) => each.label).join(" | "));
      chosen.selected = true;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    `;
    await this.driver.run(script, await this.find("select", name), option);
  }

  async ask(question) {
    await this.fill("Message", question);
    await this.press("Send");
  }

  /** Presses keys wherever the focus is, as WebDriver spells them. */
  async keys(...keys) {
    const actions = [...keys.map((value) => ({ type: "keyDown", value })), ...keys.toReversed().map((value) => ({ type: "keyUp", value }))];
    await this.driver.call("POST", "/actions", { actions: [{ type: "key", id: "keyboard", actions }] });
  }

  /** Types wherever the focus is. */
  async write(text) {
    for (const value of text) await this.keys(value);
  }

  /** What a screen reader would say of where the focus is. */
  focused() {
    return this.driver.run(`
      const at = document.activeElement;
      return (at?.getAttribute("aria-label") ?? at?.labels?.[0]?.innerText ?? at?.innerText ?? "").trim();
    `);
  }

  /** Goes on from field to button to field, as one does without a mouse, until the focus is on what has the name. */
  async tabTo(name) {
    const passed = [];
    for (let steps = 0; steps < 200; steps++) {
      const here = await this.focused();
      if (here.startsWith(name)) return;
      passed.push(here.slice(0, 40));
      await this.keys(TAB);
    }
    throw new Error(`nothing called ${name} is reached by Tab, only: ${[...new Set(passed)].join(" | ")}`);
  }

  text(selector = "body") {
    return this.driver.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector);
  }

  /** Waits until the words are on the page. */
  sees(words, selector = "body") {
    const fits = (text) => (words instanceof RegExp ? words.test(text) : text.includes(words));
    return until(`${words} in ${selector}`, async () => {
      const text = await this.text(selector);
      if (fits(text)) return text;
      throw new Error(`there is: ${text.slice(-1500)}`);
    });
  }

  /** Waits until the list of servers says that this one answers. */
  ready(server) {
    const script = `
      const rows = [...document.querySelectorAll("[aria-label='Your servers'] > li")].map((each) => each.innerText.trim());
      return rows.some((each) => each.startsWith(arguments[0]) && /\\bready\\b/.test(each)) || Promise.reject(rows.join(" | "));
    `;
    return until(`${server} to be ready`, () => this.driver.run(script, server));
  }

  /** Until nothing is being answered any more. */
  idle() {
    return until("an end of the answer", () => this.driver.run(FIND, "button", "Send", true));
  }

  async shot(name) {
    await mkdir(out, { recursive: true });
    await writeFile(join(out, `${name}.png`), await this.driver.screenshot());
  }

  /** The running programs of that name that this home's window is, or that it started. */
  processes(name) {
    return processesOf(this.home, name);
  }

  /** Ends the program as a crash does. */
  async kill() {
    for (const pid of await this.processes("/loquat")) end(pid, "SIGKILL");
    await until("an end", async () => (await this.processes("/loquat")).length === 0);
    await this.driver.close();
  }

  async close({ keep = false } = {}) {
    await this.driver.close();
    // The driver says that a session has ended a moment before it ends the program, and may not live to do it.
    for (const pid of await this.processes("/loquat")) end(pid, "SIGTERM");
    await until("an end", async () => (await this.processes("/loquat")).length === 0);
    // WebKit writes its last a moment after the program has ended.
    if (!keep) await rm(this.home, { recursive: true, force: true, maxRetries: 20 });
  }
}

/** The processes of that name that belong to a home, and those that they started. */
export async function processesOf(home, name) {
  const all = await everyProcess();
  const mine = all.filter((each) => each.environment.includes(`LOQUAT_HOME=${home}\0`));
  const known = new Set(mine.map((each) => each.pid));
  const children = all.filter((each) => known.has(each.parent));
  return [...new Set([...mine, ...children])].filter((each) => each.program.endsWith(name)).map((each) => each.pid);
}

/** What runs on this machine; what has ended but was not reaped does not run. */
async function everyProcess() {
  const pids = (await readdir("/proc")).filter((each) => /^\d+$/.test(each));
  const read = (pid, file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
  const found = pids.map(async (pid) => {
    const [environment, command, status] = await Promise.all(["environ", "cmdline", "status"].map((file) => read(pid, file)));
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
    return { pid: Number(pid), parent, environment, program: command.split("\0")[0], ended: /^State:\s+Z/m.test(status) };
  });
  return (await Promise.all(found)).filter((each) => !each.ended);
}

/** Whether a program still runs. */
export async function runs(pid) {
  return (await everyProcess()).some((each) => each.pid === pid);
}

/** To an answer of the practice model, with calls of two servers and tables. */
export async function toAnswer(app) {
  await app.sees("5 of 5 servers ready");
  await app.ask("What are all the critical priority tickets, and who are the customers?");
  await app.sees(/TKT-\d{3}/, "[role=log] table");
  await app.idle();
}

/** Adds a server as a person does: paste, look, agree. */
export async function addServer(app, text, name) {
  await app.press("Settings");
  await app.press("Servers");
  await app.fill("Paste a URL", text);
  await app.press("Add server");
  await app.sees("starts a program on your computer");
  await app.shot("add-server");
  await app.press("Add 1 server");
  await app.ready(name);
  await app.keys(ESCAPE);
}

/** Opens, works, and always closes; on failure a picture is left behind. */
export async function withApp(options, work) {
  const app = await App.open(options);
  try {
    await work(app);
  } catch (error) {
    await app.shot(`failed-${Date.now()}`).catch(() => {});
    throw error;
  } finally {
    await app.close();
  }
}

/** Ends a program that may have ended by itself in this very moment. */
function end(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}
