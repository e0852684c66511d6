// A call as a sentence, made from the tool's name and its main argument: “Looked up customer CUST-001”.
import type { ToolCall } from "../bindings";
import { say } from "../i18n";
import { isRecord, spoken } from "../parts/shape";
import { standing } from "../parts/standing";
import { visible } from "../parts/unseen";

export interface Sentence {
  text: string;
  /** What leads to the value, such as “with priority”. */
  link: string;
  value: string;
  /** What closes it, such as “?”. */
  end: string;
}

const MOST = 60;
const IDENTITY = /(^|_)(id|key|number|code|sku|uuid)$/i;
const SUBJECT = /^(query|q|search|term|text|name|title|subject|path|file|url|uri|email|channel|city|symbol|tag)$/i;

export function sentenceOf(
  call: Pick<ToolCall, "tool" | "called" | "title" | "server" | "arguments" | "status" | "leave">,
): Sentence {
  const state = standing(call.status);
  const words = wordsOf(visible(call.title || call.tool || call.called));
  const [verb, rest] = verbOf(words);
  // What was sent counts, where a person changed what was proposed.
  const detail = mainArgument(call.leave?.sent ?? call.leave?.approved ?? call.arguments);
  if (!verb) {
    const name = visible(call.server ? `${call.server} · ${call.tool || call.called}` : call.called);
    return { ...whole(state, undefined, name), ...detail };
  }
  return { ...whole(state, verb, rest), ...detail };
}

export function asText(sentence: Sentence): string {
  return [sentence.text, sentence.link, sentence.value].filter(Boolean).join(" ") + sentence.end;
}

function whole(
  state: ReturnType<typeof standing>,
  verb: string | undefined,
  object: string,
): Pick<Sentence, "text" | "end"> {
  const forms = verb === undefined ? undefined : say.call.verbs[verb];
  const [base, during, past] = forms ?? ["", "", ""];
  const join = (form: string) => ({ text: forms && object ? `${form} ${object}` : form || object, end: "" });
  switch (state) {
    case "proposed":
    case "running":
      return join(during);
    case "succeeded":
      return join(past);
    case "awaitingApproval":
      return forms ? say.call.mayI(base, object) : say.call.mayIUse(object);
    case "failed":
      return { ...join(during), end: say.call.failed };
    case "stopped":
      return { ...join(during), end: say.call.stopped };
    case "refused":
      return forms ? say.call.didNot(base, object) : join("");
  }
}

function wordsOf(name: string): string[] {
  const parted = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").split(/[\s_.\-/:]+/);
  // Words in capitals are abbreviations and stay so.
  return parted.filter(Boolean).map((word) => (/^[A-Z0-9]{2,}$/.test(word) ? word : word.toLowerCase()));
}

function verbOf(words: string[]): [string | undefined, string] {
  const [first = "", second = ""] = words;
  if (`${first}${second}` === "lookup") return ["lookup", words.slice(2).join(" ")];
  return Object.hasOwn(say.call.verbs, first) ? [first, words.slice(1).join(" ")] : [undefined, words.join(" ")];
}

/** The one argument by which people tell calls of a tool apart. */
function mainArgument(given: unknown): { link: string; value: string } {
  if (!isRecord(given)) return { link: "", value: "" };
  const short = Object.entries(given).filter(
    ([, value]) => (typeof value === "string" && value !== "") || typeof value === "number",
  );
  const chosen =
    short.find(([key]) => IDENTITY.test(key)) ??
    short.find(([key]) => SUBJECT.test(key)) ??
    (short.length === 1 ? short[0] : short.find(([, value]) => String(value).length <= 24));
  if (!chosen) return { link: "", value: "" };
  const text = visible(String(chosen[1])).replace(/\s+/g, " ");
  const value = text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text;
  const speaksForItself = IDENTITY.test(chosen[0]) || SUBJECT.test(chosen[0]);
  return { link: speaksForItself ? "" : say.call.with(visible(spoken(chosen[0]))), value };
}
