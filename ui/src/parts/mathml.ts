// TeX as a tree of MathML, loaded with the first formula. Only elements and attributes named here can appear.
import Temml from "temml";

export interface MathNode {
  tag: string;
  attributes: Record<string, string>;
  style: [string, string][];
  children: (MathNode | string)[];
}

/** Longer than any formula that people read; a bomb is not even begun. */
const LONGEST = 4_000;
const DEEPEST = 60;
const MOST_NODES = 4_000;

const TAGS = new Set(
  "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts none mprescripts mtable mtr mtd mstyle mpadded mphantom merror menclose semantics".split(
    " ",
  ),
);
const ATTRIBUTES = new Set(
  "display mathvariant stretchy fence separator symmetric largeop movablelimits accent accentunder lspace rspace minsize maxsize form linethickness width height depth voffset displaystyle scriptlevel columnalign rowalign columnspacing rowspacing columnlines rowlines columnspan rowspan notation linebreak dir".split(
    " ",
  ),
);
const STYLES = new Set(
  "color background-color border border-color border-style border-width border-top border-bottom border-left border-right font-size font-style font-weight padding padding-left padding-right padding-top padding-bottom text-align vertical-align width height math-depth math-style math-shift".split(
    " ",
  ),
);

/** Undefined where it is no TeX that can be drawn; then its source is shown. */
export function mathOf(tex: string, display: boolean): MathNode | undefined {
  if (tex.length > LONGEST) return undefined;
  try {
    const tree = Temml.__renderToMathMLTree(tex, {
      displayMode: display,
      throwOnError: true,
      trust: false,
      strict: false,
      maxExpand: 200,
      maxSize: [20, 20],
    }) as Drawn;
    const counted = { left: MOST_NODES };
    return clean(tree, 0, counted);
  } catch {
    // Not TeX, or a bomb that went off within its bounds.
    return undefined;
  }
}

/** What Temml builds: elements with everything they carry, and text. */
interface Drawn {
  type?: string;
  text?: string;
  attributes?: Record<string, unknown>;
  classes?: string[];
  style?: Record<string, unknown>;
  children?: Drawn[];
}

class TooMuch extends Error {}

function clean(drawn: Drawn, depth: number, counted: { left: number }): MathNode {
  counted.left -= 1;
  if (depth > DEEPEST || counted.left < 0) throw new TooMuch();
  const children = (drawn.children ?? []).map((child) =>
    child.text === undefined ? clean(child, depth + 1, counted) : child.text,
  );
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(drawn.attributes ?? {})) {
    if (ATTRIBUTES.has(name) && !/url\(/i.test(String(value))) attributes[name] = String(value);
  }
  const classes = (drawn.classes ?? []).filter((name) => /^[a-z][a-z0-9-]*$/i.test(name));
  if (classes.length > 0) attributes.class = classes.join(" ");
  const style = Object.entries(drawn.style ?? {})
    .map(([name, value]): [string, string] => [
      name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      String(value),
    ])
    .filter(([name, value]) => STYLES.has(name) && !/url|expression|[;{}]/i.test(value));
  // What is unknown keeps its inside: nothing of a formula gets lost.
  return { tag: drawn.type && TAGS.has(drawn.type) ? drawn.type : "mrow", attributes, style, children };
}
