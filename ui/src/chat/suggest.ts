// Questions for an empty conversation, by rule from what the connected tools can do. Nothing is asked for them.
import type { ServerView, Tool } from "../bindings";
import { say } from "../i18n";

export interface Suggestion {
  text: string;
  /** Whether answering it changes something: then it is a beginning to be changed first, not a question to be sent. */
  changes: boolean;
}

type Question = keyof typeof say.suggest.questions;

/** What a tool is about and what it does there, as its name says it. */
interface Skill {
  about: RegExp;
  does: "reads" | "makes" | "sends" | "changes";
}

const DOES: Record<Skill["does"], RegExp> = {
  reads: /^(list|search|find|get|query|show|lookup|look|read|fetch|retrieve|describe|select|soql|calculate|check)$/,
  makes: /^(create|add|new|open|insert|append|make|log)$/,
  sends: /^(send|post|reply|write|publish|compose)$/,
  changes: /^(update|edit|set|write|append|add|insert|change|modify)$/,
};

const DEALS = /^(opportunit|deal|pipeline|forecast|sales)/;
const TICKETS = /^(issue|ticket|bug|task|stor(y|ies)|sprint|jira|asana|linear)/;
const EVENTS = /^(calendar|event|meeting|appointment)/;
const SHEETS = /^(spreadsheet|sheet|worksheet|cell|workbook|excel)/;
const MESSAGES = /^(message|slack|channel|chat|dm|teams|email|mail|gmail)/;

interface Rule {
  kind: string;
  question: Question;
  needs: Skill[];
}

const rule = (kind: string, question: Question, ...needs: [Skill["does"], RegExp][]): Rule => ({
  kind,
  question,
  needs: needs.map(([does, about]) => ({ does, about })),
});

/** In each kind what shows most comes first. */
const RULES: readonly Rule[] = [
  rule("several", "dealTicket", ["reads", DEALS], ["makes", TICKETS]),
  rule("several", "summary", ["reads", EVENTS], ["sends", MESSAGES]),
  rule("several", "forecast", ["reads", DEALS], ["changes", SHEETS]),
  rule("several", "meetingTickets", ["reads", EVENTS], ["reads", TICKETS]),
  rule("crm", "closing", ["reads", /^(opportunit|deal|pipeline)/]),
  rule("crm", "contacts", ["reads", /^contact/]),
  rule("crm", "pipeline", ["reads", /^(opportunit|deal|pipeline)/]),
  rule("crm", "accounts", ["reads", /^account/]),
  rule("crm", "lead", ["makes", /^lead/]),
  rule("projects", "mine", ["reads", TICKETS]),
  rule("projects", "reviews", ["reads", /^(pull|pullrequest|merge|prs?$)/]),
  rule("projects", "bugs", ["reads", /^(issue|bug|ticket)/]),
  rule("projects", "updated", ["reads", /^issue/]),
  rule("projects", "task", ["makes", TICKETS]),
  rule("productivity", "meetings", ["reads", EVENTS]),
  rule("productivity", "sheets", ["reads", SHEETS]),
  rule("productivity", "row", ["changes", /^(spreadsheet|sheet|worksheet|row)/]),
  rule("communication", "unread", ["reads", MESSAGES]),
  rule("communication", "mails", ["reads", /^(email|mail|gmail)/]),
  rule("communication", "message", ["sends", /^(message|slack|channel|chat|teams)/]),
  rule("files", "files", ["reads", /^(file|director|folder|document)/]),
  rule("data", "tables", ["reads", /^(table|schema|database)/]),
];

/** What each question about the help desk needs: the words of its tools. */
const NEEDS: readonly [RegExp, string][] = [
  [/ticket/i, "ticket"],
  [/customer|CUST-|SLA/i, "customer"],
  [/invoice|balance|\bowe/i, "invoice"],
  [/\bKB\b|article/i, "article"],
  [/asset|warranty/i, "warranty"],
];

const MOST = 7;
const MOST_OF_A_KIND = 2;
const MOST_CHANGES = 2;

/** `examples`: what the help desk can answer. */
export function suggestions(servers: readonly ServerView[], examples: readonly string[]): Suggestion[] {
  const answers = servers.filter((server) => server.enabled && mayAnswer(server));
  const toolsOf = (bundled: boolean) =>
    answers.filter((each) => each.bundled === bundled).flatMap((each) => each.tools);
  const own = [...byKind(toolsOf(false)), ...byName(toolsOf(false))];
  const known = examples.filter((example) => isAnswered(example, toolsOf(true)));
  if (own.length === 0) return known.slice(0, MOST).map((text) => ({ text, changes: false }));
  const shown = spread(own).slice(0, known.length > 0 ? MOST - 2 : MOST);
  const rest = known.slice(0, MOST - shown.length);
  return [...shown, ...rest.map((text) => ({ text, changes: false }))];
}

/** Also while it connects: then its tools are those of the last time. */
function mayAnswer({ state }: ServerView): boolean {
  return state.state === "ready" || state.state === "connecting" || state.state === "reconnecting";
}

function byKind(tools: readonly Tool[]): (Suggestion & { kind: string })[] {
  const skills = tools.map((tool) => words(`${tool.name} ${tool.title ?? ""}`));
  const about = tools.map((tool) => words(tool.server));
  const has = ({ does, about: noun }: Skill) =>
    skills.some(
      (named, at) =>
        named.some((word) => DOES[does].test(word)) &&
        [...named, ...(about[at] ?? [])].some((word) => noun.test(word)) &&
        (does !== "reads" || tools[at]?.hints.destructive !== true || tools[at]?.hints.stated !== true),
    );
  const fits = RULES.filter((each) => each.needs.every(has));
  return fits.map(({ kind, question, needs }) => ({
    kind,
    text: say.suggest.questions[question],
    changes: needs.some(({ does }) => does !== "reads"),
  }));
}

/** Of tools that no rule knows: what they are called, where they need nothing more to be said. */
function byName(tools: readonly Tool[]): (Suggestion & { kind: string })[] {
  const plain = tools.filter((tool) => {
    const named = words(`${tool.name} ${tool.server}`);
    const isKnown = RULES.some((each) => each.needs.some(({ about }) => named.some((word) => about.test(word))));
    return !isKnown && tool.hints.stated && tool.hints.readOnly && needsNothing(tool);
  });
  return plain.map((tool) => {
    const name = tool.title?.trim() || words(tool.name).join(" ");
    const text = say.suggest.use(name.charAt(0).toUpperCase() + name.slice(1), tool.server);
    return { kind: `server ${tool.server}`, text, changes: false };
  });
}

/** A few of each kind, and few that change something. */
function spread(found: readonly (Suggestion & { kind: string })[]): Suggestion[] {
  const taken = new Map<string, number>();
  let changing = 0;
  const fits = found.filter(({ kind, changes }) => {
    const count = taken.get(kind) ?? 0;
    if (count >= MOST_OF_A_KIND || (changes && changing >= MOST_CHANGES)) return false;
    taken.set(kind, count + 1);
    changing += Number(changes);
    return true;
  });
  return fits.map(({ text, changes }) => ({ text, changes }));
}

function isAnswered(example: string, tools: readonly Tool[]): boolean {
  const isThere = (word: string) => tools.some(({ name }) => name.includes(word));
  return tools.length > 0 && NEEDS.every(([asked, word]) => !asked.test(example) || isThere(word));
}

function needsNothing({ inputSchema }: Tool): boolean {
  const required = (inputSchema as { required?: unknown } | null)?.required;
  return !Array.isArray(required) || required.length === 0;
}

/** `listPullRequests`, `list-pull_requests` → list, pull, requests. */
function words(name: string): string[] {
  const apart = name.replace(/([a-z\d])([A-Z])/g, "$1 $2");
  return apart
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter(Boolean);
}
