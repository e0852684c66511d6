// A server's form as it is filled: what stands in it, what is wrong with it in words, what would be sent.
// The engine checks again with the same rules; here they are said in the reader's language, beside the field.
import type { Field, FieldKind } from "../../bindings";
import { format, say } from "../../i18n";
import { isRecord } from "../../parts/shape";

/** What stands in each field, by its name; JSON is kept as the text that is typed. */
export type Values = Record<string, unknown>;

export function startOf(fields: Field[]): Values {
  return Object.fromEntries(fields.map((field) => [field.name, startOfOne(field.kind)]));
}

function startOfOne(kind: FieldKind): unknown {
  switch (kind.type) {
    case "switch":
      return kind.default ?? false;
    case "choices":
      return [...kind.default];
    case "json":
      return kind.default === undefined ? "" : JSON.stringify(kind.default, null, 2);
    case "number":
    case "text":
    case "choice":
      return kind.default ?? "";
  }
}

/** Everything that is wrong, by field. `given` says which of the fields that look like secrets are filled in all the same. */
export function problemsOf(fields: Field[], values: Values): Record<string, string> {
  const found = fields.map((field) => [field.name, problemOf(field, values[field.name])] as const);
  return Object.fromEntries(found.filter((each): each is [string, string] => each[1] !== undefined));
}

export function problemOf({ kind, required }: Field, value: unknown): string | undefined {
  const { wrong } = say.question;
  if (isEmpty(value)) return required && !(kind.type === "choices" && !kind.min) ? wrong.needed : undefined;
  switch (kind.type) {
    case "switch":
    case "choice":
      return undefined;
    case "text":
      return textProblem(String(value), kind);
    case "number":
      return numberProblem(Number(value), kind);
    case "choices": {
      const count = Array.isArray(value) ? value.length : 0;
      if (kind.min !== undefined && count < kind.min) return wrong.few(kind.min);
      return kind.max !== undefined && count > kind.max ? wrong.many(kind.max) : undefined;
    }
    case "json":
      return parsed(String(value)) === undefined ? wrong.json : undefined;
  }
}

/** What the server is given: what a person left empty is sent as nothing, also where there was a default. */
export function contentOf(fields: Field[], values: Values): Values {
  return Object.fromEntries(fields.map(({ name, kind }) => [name, sentAs(kind, values[name])]));
}

function sentAs(kind: FieldKind, value: unknown): unknown {
  if (isEmpty(value)) return kind.type === "choices" ? [] : null;
  if (kind.type === "json") return parsed(String(value))?.value ?? null;
  return kind.type === "number" ? Number(value) : value;
}

/** What was given before, with the titles people read: of the fields, and of what they chose there. */
export function titled(fields: Field[], content: unknown): Values {
  if (!isRecord(content)) return {};
  const read = ([name, value]: [string, unknown]) => {
    const field = fields.find((each) => each.name === name);
    return [field?.title ?? name, field ? chosen(field.kind, value) : value];
  };
  return Object.fromEntries(Object.entries(content).map(read));
}

function chosen(kind: FieldKind, value: unknown): unknown {
  if (kind.type !== "choice" && kind.type !== "choices") return value;
  const title = (one: unknown) => kind.options.find((option) => option.value === one)?.title ?? one;
  return Array.isArray(value) ? value.map(title) : title(value);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

function textProblem(text: string, { format: kind, min, max }: FieldKind & { type: "text" }): string | undefined {
  const { wrong } = say.question;
  const length = [...text].length;
  if (min !== undefined && length < min) return wrong.short(min);
  if (max !== undefined && length > max) return wrong.long(max);
  switch (kind) {
    case "email":
      return /^[^@\s]+@[^@\s]{2,}$/.test(text) ? undefined : wrong.email;
    case "uri":
      return /^[a-z][a-z0-9+.-]*:\S+$/i.test(text) ? undefined : wrong.uri;
    case "date":
      return isDay(text) ? undefined : wrong.date;
    case "date-time":
      return isMoment(text) ? undefined : wrong.dateTime;
    default:
      return undefined;
  }
}

function numberProblem(number: number, { integer, min, max }: FieldKind & { type: "number" }): string | undefined {
  const { wrong } = say.question;
  if (!Number.isFinite(number)) return wrong.number;
  if (integer && !Number.isInteger(number)) return wrong.whole;
  if (min !== undefined && number < min) return wrong.least(format.number(min));
  return max !== undefined && number > max ? wrong.most(format.number(max)) : undefined;
}

function isDay(text: string): boolean {
  const [, month, day] = /^\d{4}-(\d{2})-(\d{2})$/.exec(text) ?? [];
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31;
}

function isMoment(text: string): boolean {
  const [, day = "", time = ""] =
    /^(\S+?)[Tt ](\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})?)$/.exec(text) ?? [];
  return isDay(day) && time.split(/[:.+Zz-]/, 2).every((part) => Number(part) < 61);
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
