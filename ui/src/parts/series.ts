// Which numbers of a table form a series that can be looked at as a chart.

export interface Series {
  labels: string[];
  lines: { name: string; values: (number | undefined)[] }[];
  /** Whether the labels follow one another, as days do: then a line reads better than bars. */
  ordered: boolean;
}

const FEWEST = 3;
const MOST = 366;
const MOST_BARS = 40;
const MOST_LINES = 4;

/** A sign, a currency, figures, and a currency or a unit. */
const AMOUNT =
  /^([-+−]?)\s*(?:\p{Sc}|[A-Z]{3}\s)?\s*([-+−]?)(\d[\d.,'\u00a0\u202f ]*)(?:%|‰|\p{Sc}|°?\p{L}[\p{L}²³/]{0,4})?$/u;

/** The number that a cell is, with its currency or unit beside it; undefined where it is none. */
export function numberIn(text: string): number | undefined {
  const found = AMOUNT.exec(text.trim());
  if (!found) return undefined;
  const value = Number(plain(found[3]?.trim() ?? ""));
  if (!Number.isFinite(value)) return undefined;
  return /[-−]/.test(`${found[1]}${found[2]}`) ? -value : value;
}

/** `1,234.5`, `1.234,5` and `1 234,5` as JavaScript writes them. */
function plain(digits: string): string {
  const tight = digits.replace(/['\u00a0\u202f ](?=\d{3}(?:\D|$))/g, "");
  const comma = tight.lastIndexOf(",");
  const dot = tight.lastIndexOf(".");
  if (comma < 0) return /^\d{1,3}(\.\d{3}){2,}$/.test(tight) ? tight.replaceAll(".", "") : tight;
  if (dot > comma) return tight.replaceAll(",", "");
  if (dot >= 0) return tight.replaceAll(".", "").replace(",", ".");
  return /^\d{1,3}(,\d{3})+$/.test(tight) ? tight.replaceAll(",", "") : tight.replace(",", ".");
}

const MONTHS = /^(jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zäé]*\.?(\s+\d{2,4})?$/i;
const DATE = /^((19|20)\d{2}(-\d{1,2}){0,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|q[1-4](\s+\d{4})?|\d{1,2}:\d{2})(\b|t)/i;

function isMoment(label: string): boolean {
  return MONTHS.test(label) || DATE.test(label);
}

/** Names of columns whose numbers count nothing. */
const NAMES_SOMETHING = /(^|[\s_-])(id|nr|no|number|nummer|code|zip|plz|phone|year|jahr|rank|#)$/i;

export function seriesOf(columns: string[], rows: string[][]): Series | undefined {
  if (rows.length < FEWEST || rows.length > MOST || columns.length < 2) return undefined;
  const column = (at: number) => rows.map((row) => row[at]?.trim() ?? "");
  const isNumeric = (at: number) => {
    const filled = column(at).filter((text) => text !== "" && text !== "–");
    // Years are moments; among other figures one that could be a year is none.
    const counts = filled.every((text) => numberIn(text) !== undefined) && !filled.every(isMoment);
    return filled.length >= FEWEST && counts;
  };
  const places = columns.map((_, at) => at);
  const numeric = places.filter((at) => isNumeric(at) && !NAMES_SOMETHING.test(columns[at]?.trim() ?? ""));
  const named = places.find((at) => !numeric.includes(at) && new Set(column(at)).size === rows.length);
  if (named === undefined || numeric.length === 0) return undefined;
  const labels = column(named);
  const ordered = labels.every(isMoment);
  if (!ordered && rows.length > MOST_BARS) return undefined;
  const lines = numeric
    .slice(0, MOST_LINES)
    .map((at) => ({ name: columns[at] ?? "", values: column(at).map(numberIn) }));
  return { labels, lines, ordered };
}

/** A few round figures from below the least value to above the greatest. */
export function ticks(values: number[], wanted = 4): number[] {
  const least = Math.min(0, ...values);
  const greatest = Math.max(0, ...values);
  const rough = (greatest - least || 1) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
  const first = Math.floor(least / step);
  const last = Math.max(Math.ceil(greatest / step), first + 1);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}
