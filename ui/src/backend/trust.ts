// The scripted twin's rules, and which tools a conversation uses.
import type {
  Effect,
  Explanation,
  NewRule,
  RuleView,
  ServerAccounts,
  ServerView,
  ToolChoice,
  ToolsetView,
} from "../bindings";

export function startingRules(): RuleView[] {
  const at = Date.UTC(2026, 9, 2, 9, 30);
  const identity = "i";
  return [
    { words: "No call may name the files by which Loquat itself goes.", level: "builtIn", state: "inForce" },
    { words: "Tools of the help desk that only read may run", level: "server", state: "inForce" },
    {
      words: "ticket · update_ticket may run",
      level: "rule",
      state: "inForce",
      remembered: {
        id: "r1",
        server: "ticket",
        identity,
        effect: "allow",
        covers: { what: "tool", tool: "update_ticket", definition: "d" },
        at,
      },
    },
    {
      words: "slack · post_message may run with these arguments",
      level: "rule",
      state: "changed",
      remembered: {
        id: "r2",
        server: "slack",
        identity,
        effect: "allow",
        covers: {
          what: "arguments",
          tool: "post_message",
          definition: "d",
          arguments: { channel: "#team", text: "Done." },
        },
        conversation: "c0",
        at,
      },
    },
  ];
}

export function explained(reads: boolean): Explanation {
  return reads
    ? { verdict: "allow", level: "server", why: "Tools of the help desk that only read may run." }
    : { verdict: "ask", level: "default", why: "No rule speaks of it, and it may change something." };
}

const SAID: Record<Effect, string> = { allow: "You allowed", ask: "You want to be asked about", deny: "You refuse" };

/** The rules with a new one, in the order in which they are looked at. */
export function withRule(
  rules: RuleView[],
  { effect, server, tool, arguments: patterns, standing }: NewRule,
): RuleView[] {
  const pattern = Object.keys(patterns ?? {}).length > 0;
  const level = standing ? (tool ? "tool" : "server") : "rule";
  const covers =
    tool === undefined
      ? ({ what: "server" } as const)
      : pattern
        ? ({ what: "pattern", tool, definition: "d", arguments: patterns ?? {} } as const)
        : ({ what: "tool", tool, definition: "d" } as const);
  const id = `r${rules.length + 1}`;
  const others = rules.filter(
    ({ remembered: it }) =>
      !(it && standing && it.standing && it.server === server && JSON.stringify(it.covers) === JSON.stringify(covers)),
  );
  const remembered = { id, server, identity: "i", effect, standing, covers, at: Date.UTC(2026, 9, 3) };
  const order = ["builtIn", "rule", "tool", "server", "default"];
  return [...others, { words: `${SAID[effect]} ${server}`, level, state: "inForce", remembered } as RuleView].sort(
    (one, other) => order.indexOf(one.level) - order.indexOf(other.level),
  );
}

export function toolsetOf(servers: ServerView[], choice: ToolChoice, accounts: ServerAccounts[]): ToolsetView {
  const ready = servers.filter((server) => server.enabled).flatMap((server) => server.tools);
  const tools = ready.map(({ server, name, title, tokens }) => {
    const off =
      choice.serversOff.includes(server) ||
      choice.toolsOff.some((each) => each.server === server && each.tool === name);
    return { server, tool: name, title, tokens, on: !off, sent: !off };
  });
  const sent = tools.filter((each) => each.sent).reduce((sum, each) => sum + each.tokens, 0);
  return { choice, budget: 8192, sent, all: sent, finds: false, tools, accounts };
}
