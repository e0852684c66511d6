// What hinders people who do not see, or not well, as axe-core finds it in the real window.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const AXE = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
/** What each tone is looked at for, by the size of the window: all of it in one, and in the others their colours. */
const COLOURS = ["color-contrast"];
const WAYS = [
  { size: [1280, 900], tones: { light: null, dark: COLOURS, "contrast-light": COLOURS, "contrast-dark": COLOURS } },
  { size: [720, 900], tones: { light: null, dark: COLOURS } },
];
const LOOK = `
  const [rules, done] = arguments;
  const words = (text) => text.toLowerCase().match(/[\\p{L}\\p{N}]+/gu)?.join(" ") ?? "";
  const isMeant = {
    // How the headings in an answer follow each other is its author's word.
    "heading-order": (at) => !at.closest("article"),
    // A button that chooses is called what it is for, and described by what is chosen: it says all that it shows.
    "label-content-name-mismatch": (at) => {
      const shown = at.cloneNode(true);
      shown.querySelectorAll("[aria-hidden=true]").forEach((each) => each.remove());
      const description = document.getElementById(at.getAttribute("aria-describedby"))?.textContent ?? at.title;
      return !words(at.ariaLabel + " " + description).includes(words(shown.textContent));
    },
  };
  const told = (id, { html, failureSummary }) => [id, html.slice(0, 300), failureSummary].join(" | ");
  const counts = (id, { element }) => isMeant[id]?.(element) ?? true;
  const drawn = new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  // What is on its way between two looks is neither of them.
  const moving = () => document.getAnimations().filter((each) => each instanceof CSSTransition);
  drawn
    .then(() => Promise.allSettled(moving().map((each) => each.finished)))
    .then(() => axe.run(document, { resultTypes: ["violations"], elementRef: true, ...(rules && { runOnly: rules }) }))
    .then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.filter((each) => counts(id, each)).map((each) => told(id, each))),
    )
    .then(done, (error) => done(["axe: " + error]));
`;

/** Everything that hinders somebody on the screen that is open, in every tone and in two widths. */
export async function hindrances(app, screen) {
  if (!(await app.driver.run("return 'axe' in window"))) await app.driver.run(AXE);
  const tone = await app.driver.run("return document.documentElement.dataset.theme");
  const wear = (each) => app.driver.run("document.documentElement.dataset.theme = arguments[0]", each);
  const found = new Map();
  for (const { size, tones } of WAYS) {
    await app.driver.resize(...size);
    for (const [each, rules] of Object.entries(tones)) {
      await wear(each);
      for (const one of await app.driver.call("POST", "/execute/async", { script: LOOK, args: [rules] })) {
        found.set(one, [...(found.get(one) ?? []), `${each} at ${size[0]} px`]);
      }
    }
  }
  await wear(tone);
  await app.driver.resize(...WAYS[0].size);
  return [...found].map(([one, where]) => `${screen} (${where.join(", ")}): ${one}`);
}
