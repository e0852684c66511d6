// Diagrams from Mermaid's text, as SVG that is shown as a picture: a picture runs nothing and loads nothing.
import mermaid from "mermaid";

/** More than people read at a glance, and less than what makes a window wait. */
const LONGEST = 8_000;
const MOST_EDGES = 150;
const MOST_LINES = 300;

export interface Look {
  dark: boolean;
  font: string;
  /** The colour behind it. */
  surface: string;
}

let drawn = 0;
/** One after the other: Mermaid keeps the look of the diagram at hand for itself. */
let before: Promise<unknown> = Promise.resolve();

/** Undefined where it is no diagram that can be drawn; then its source is shown. */
export function diagramOf(text: string, look: Look): Promise<string | undefined> {
  const next = before.then(() => draw(text, look));
  before = next;
  return next;
}

async function draw(text: string, { dark, font, surface }: Look): Promise<string | undefined> {
  // Settings inside a diagram could loosen these.
  if (text.length > LONGEST || text.split("\n").length > MOST_LINES || /%%\{|^---/m.test(text)) return undefined;
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    theme: dark ? "dark" : "neutral",
    // Words on lines stand on the page itself, not on a patch of their own.
    themeVariables: { edgeLabelBackground: surface },
    fontFamily: font,
    htmlLabels: false,
    flowchart: { htmlLabels: false },
    class: { htmlLabels: false },
    state: { htmlLabels: false },
    maxTextSize: LONGEST,
    maxEdges: MOST_EDGES,
    suppressErrorRendering: true,
    deterministicIds: true,
  } as Parameters<typeof mermaid.initialize>[0]);
  drawn += 1;
  try {
    const { svg } = await mermaid.render(`loquat-diagram-${drawn}`, text);
    return tame(svg);
  } catch {
    // Not a diagram, or too large a one: its source says more than Mermaid's words would.
    return undefined;
  }
}

/** As XML of its own, without anything that points elsewhere. */
function tame(svg: string): string | undefined {
  const page = new DOMParser().parseFromString(svg, "text/html");
  const root = page.querySelector("svg");
  if (!root) return undefined;
  for (const each of root.querySelectorAll("script, foreignObject, image, a, iframe, style")) {
    if (each.localName === "a") each.replaceWith(...each.childNodes);
    else if (each.localName !== "style") each.remove();
    else each.textContent = (each.textContent ?? "").replace(/@import[^;]*;?|url\((?!["']?#)[^)]*\)/gi, "");
  }
  for (const each of root.querySelectorAll("*")) {
    for (const { name, value } of [...each.attributes]) {
      const away = /^(xlink:)?href$/i.test(name) && !value.startsWith("#");
      if (/^on/i.test(name) || away || /url\((?!["']?#)/i.test(value)) each.removeAttribute(name);
    }
  }
  // A picture needs a size of its own.
  const [, , width, height] = (root.getAttribute("viewBox") ?? "").split(/[\s,]+/).map(Number);
  if (width && height) {
    root.setAttribute("width", String(Math.ceil(width)));
    root.setAttribute("height", String(Math.ceil(height)));
  }
  return new XMLSerializer().serializeToString(root);
}
