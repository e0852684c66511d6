// Walks through the window and takes a picture of every screen, in both tones and in two widths.
import { addServer, beside, CONTROL, ESCAPE, toAnswer, withApp } from "./app.mjs";
import { calling, saying, startModel } from "./model.mjs";
import { CODE_AND_SERIES } from "./words.mjs";

const SIZES = { narrow: [720, 900], wide: [1600, 1000] };
const TONES = ["light", "dark"];
const DRAWN = `Formulas: $e^{i\\pi} + 1 = 0$, tasks, a note[^1], and code.

- [x] read
- [ ] written

${CODE_AND_SERIES}

[^1]: As it says.`;
const practising = { model: { provider: "practice", model: "practice" } };

/** The same screen in every size and tone; what does not stay from one to the next is opened for each. */
async function everyWay(app, name, opened = (shoot) => shoot()) {
  for (const [size, [width, height]] of Object.entries(SIZES)) {
    await app.driver.resize(width, height);
    for (const tone of TONES) {
      await app.driver.run("document.documentElement.dataset.theme = arguments[0]", tone);
      await opened(() => app.shot(`${name}-${size}-${tone}`));
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
  await toAnswer(app);
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

await withApp({ settings: practising }, async (app) => {
  await toAnswer(app);
  await app.driver.click(await app.find(".call > .head", ""));
  await everyWay(app, "call");
  await app.press("Show or hide the inspector");
  await everyWay(app, "inspector");
  await app.press("Show or hide the inspector");
  for (const button of ["Model", "Tools", "System prompt", "Figures"]) {
    await everyWay(app, button.toLowerCase().replaceAll(" ", "-"), async (shoot) => {
      await app.press(button);
      await shoot();
      await app.keys(ESCAPE);
    });
  }
  await app.keys(CONTROL, "k");
  await app.write("ticket");
  await app.sees("In conversations");
  await everyWay(app, "palette");
});

const model = await startModel([
  saying(DRAWN),
  calling(["mcp-fixture__echo", { text: "as proposed" }]),
  saying("Then not."),
  calling(["mcp-asker__form", {}]),
  saying("Nothing was told."),
]);
await withApp({ settings: { ...model.settings, titles: false } }, async (app) => {
  await addServer(app, `${beside("examples", "mcp-fixture")} good`, "mcp-fixture");
  await addServer(app, `${beside("examples", "mcp-asker")} old`, "mcp-asker");
  await app.ask("Draw it");
  await app.sees("As it says.", "[role=log]");
  await app.idle();
  await app.press("Chart");
  await everyWay(app, "drawn");
  await app.ask("Echo it");
  await app.button("Allow once");
  await everyWay(app, "approval");
  await app.press("Deny");
  await app.sees("Then not.", "[role=log]");
  await app.idle();
  await app.ask("Let it ask");
  await app.press("Allow once");
  await app.sees("mcp-asker asks", "[role=log]");
  await everyWay(app, "question");
  await app.press("Decline");
  await app.sees("Nothing was told.", "[role=log]");
});
model.stop();
