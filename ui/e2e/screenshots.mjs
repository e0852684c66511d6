// Walks through the window and takes a picture of every screen, in both tones and in two widths.
import { beside, withApp } from "./app.mjs";

const SIZES = { narrow: [720, 900], wide: [1600, 1000] };
const TONES = ["light", "dark"];
const QUESTION = "What are all the critical priority tickets, and who are the customers?";
const practising = { model: { provider: "practice", model: "practice" } };

/** The same screen in every size and tone. */
async function everyWay(app, name) {
  for (const [size, [width, height]] of Object.entries(SIZES)) {
    await app.driver.resize(width, height);
    for (const tone of TONES) {
      await app.driver.run("document.documentElement.dataset.theme = arguments[0]", tone);
      await app.shot(`${name}-${size}-${tone}`);
    }
  }
  await app.driver.run("document.documentElement.dataset.theme = 'light'");
  await app.driver.resize(...SIZES.wide);
}

await withApp({}, async (app) => {
  await app.sees("Ask anything. See everything.");
  await everyWay(app, "first-run");
  await app.press("Just try it");
  await app.sees("5 of 5 servers ready");
  await everyWay(app, "empty");
  await app.ask(QUESTION);
  await app.sees(/TKT-\d{3}/, "[role=log] table");
  await app.idle();
  await everyWay(app, "answer");
});

await withApp({ settings: practising }, async (app) => {
  await app.sees("5 of 5 servers ready");
  await app.press("Settings");
  await app.press("Servers");
  // A server of one's own: what it does is asked about, however harmless it calls itself.
  await app.fill("Paste a URL", `${beside("loquat-helpdesk")} ticket`);
  await app.press("Add server");
  await everyWay(app, "add-server");
  await app.press("Add 1 server");
  await app.sees("6 of 6", "body");
  const sections = await app.driver.run(
    "return [...document.querySelectorAll('dialog nav button')].map((each) => each.innerText.trim())",
  );
  for (const section of sections) {
    await app.press(section);
    await everyWay(app, `settings-${section.toLowerCase().replaceAll(/\W+/g, "-")}`);
  }
  await app.press("Close");
});
