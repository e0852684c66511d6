// What breadth costs: a thousand conversations against ten, a thousand tools against thirty, words among a hundred
// thousand messages against words among a hundred.
import { App, beside, CONTROL, ESCAPE, until } from "./app.mjs";
import { homeWith, ms, row } from "./long.mjs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** From the start of the program to a list with conversations in it. */
async function listed(count) {
  const home = await homeWith([["Talk", 2, 0, 0, count]]);
  const taken = [];
  for (let round = 0; round < 3; round += 1) {
    const began = performance.now();
    const app = await App.open({ home });
    await app.sees("Talk", "nav");
    taken.push(performance.now() - began);
    await app.close({ keep: round < 2 });
  }
  return median(taken);
}

/** From the click to the picker with the tools of a server in it, drawn. */
async function picking(server, count) {
  const home = await homeWith([]);
  const mcpServers = { tools: { command: beside("examples", "mcp-fixture"), args: [server] } };
  await writeFile(join(home, "servers.json"), JSON.stringify({ mcpServers }));
  const app = await App.open({ home });
  // What somebody wrote into the file runs only after a word.
  await app.press("Settings");
  await app.press("Servers");
  await app.press("Let it run");
  await app.ready("tools");
  await app.keys(ESCAPE);
  await app.sees(`${count.toLocaleString("en")} tools`, "button[aria-label=Tools]");
  const script = `
    const done = arguments[0];
    const began = performance.now();
    document.querySelector("button[aria-label=Tools]").click();
    const look = () => {
      const section = document.querySelector(".tools section[aria-label=tools]");
      const fold = section?.querySelector("details");
      if (fold?.open === false) fold.querySelector("summary").click();
      if (section?.querySelector("li")) requestAnimationFrame(() => done(performance.now() - began));
      else requestAnimationFrame(look);
    };
    look();
  `;
  const taken = [];
  for (let round = 0; round < 5; round += 1) {
    taken.push(await app.driver.call("POST", "/execute/async", { script, args: [] }));
    await app.keys(ESCAPE);
    await until("no picker", () => app.driver.run("return document.querySelector('.tools') === null"));
  }
  await app.close();
  return median(taken);
}

/** From the last key to what was found, once all is ready for searching. */
async function searching(conversations, messages) {
  const app = await App.open({ home: await homeWith([["Talk", messages, 0, 0, conversations]]) });
  const taken = [];
  for (let round = 0; round < 5; round += 1) {
    await app.keys(CONTROL, "k");
    const box = await app.find("input", "Search conversations");
    await app.driver.run("arguments[0].value = 'question 1'; arguments[0].dispatchEvent(new Event('input', { bubbles: true }));", box);
    const ready = async () => {
      const text = await app.text("dialog[open]");
      return text.includes("In conversations") && !text.includes("still being made ready");
    };
    await until("all of it ready for searching", ready, 600_000);
    const script = `
      const [box, text, done] = arguments;
      const began = performance.now();
      box.value = text;
      box.dispatchEvent(new Event("input", { bubbles: true }));
      const look = () => {
        if ([...document.querySelectorAll("mark")].some((each) => each.innerText === "Answer")) done(performance.now() - began);
        else requestAnimationFrame(look);
      };
      look();
    `;
    taken.push(await app.driver.call("POST", "/execute/async", { script, args: [box, `answer ${round + 10}`] }));
    await app.keys(ESCAPE);
  }
  await app.close();
  return median(taken);
}

function against(what, much, little) {
  row(what, ms(much), ms(little), `${(much / little).toFixed(2)}×`);
}

export async function wide() {
  against("start with 1,000 conversations in the list; with 10", await listed(1_000), await listed(10));
  against("the picker with 1,000 tools; with 11", await picking("many", 1_000), await picking("good", 11));
  against("words among 100,000 messages; among 100", await searching(100, 1_000), await searching(1, 100));
}
