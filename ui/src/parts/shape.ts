// What a JSON value looks like, and so how people can best read it.

export type Plain = string | number | boolean | null;
export type Record_ = Record<string, unknown>;

export type Shape =
  | { kind: "empty" }
  | { kind: "plain"; value: Plain }
  | { kind: "record"; fields: [string, unknown][] }
  | { kind: "table"; fields: [string, Plain][]; name: string; columns: string[]; rows: Record_[] }
  | { kind: "other" };

/** More columns than these do not stand side by side; where there is only one record, nothing is compared either. */
const SIDE_BY_SIDE = 5;

export function isPlain(value: unknown): value is Plain {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

export function isRecord(value: unknown): value is Record_ {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function shapeOf(value: unknown): Shape {
  if (value === undefined || value === null || value === "") return { kind: "empty" };
  if (isPlain(value)) return { kind: "plain", value };
  if (Array.isArray(value))
    return tableOf(value, "", []) ?? (value.length === 0 ? { kind: "empty" } : { kind: "other" });
  if (!isRecord(value)) return { kind: "other" };
  const fields = Object.entries(value);
  // Some frameworks wrap every result that is no object.
  if (fields.length === 1 && fields[0]?.[0] === "result") return shapeOf(fields[0][1]);
  const lists = fields.filter(([, each]) => Array.isArray(each) && each.length > 0);
  const plain = fields.filter((field): field is [string, Plain] => isPlain(field[1]));
  const [list] = lists;
  if (list && lists.length === 1 && plain.length === fields.length - 1) {
    const table = tableOf(list[1] as unknown[], list[0], plain);
    if (table) return table;
  }
  return fields.length === 0 ? { kind: "empty" } : { kind: "record", fields };
}

function tableOf(list: unknown[], name: string, fields: [string, Plain][]): Shape | undefined {
  if (list.length === 0 || !list.every(isRecord)) return undefined;
  const columns = [...new Set(list.flatMap((row) => Object.keys(row)))];
  const [only, another] = list;
  if (only && !another && columns.length > SIDE_BY_SIDE && !fields.some(([key]) => key in only))
    return { kind: "record", fields: [...fields, ...Object.entries(only)] };
  return columns.length <= 24 ? { kind: "table", fields, name, columns, rows: list } : undefined;
}

/** `customer_id` → “customer id”. */
export function spoken(key: string): string {
  return key
    .replace(/[_-]+/g, " ")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
}

/** JSON inside text, as many tools answer; undefined where it is not. */
export function jsonIn(text: string): unknown {
  const trimmed = text.trim();
  if (!/^[[{]/.test(trimmed)) return undefined;
  try {
    return JSON.parse(trimmed) as unknown;
  } catch {
    return undefined;
  }
}
