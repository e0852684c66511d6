// The scripted twin's rules, and which tools a conversation uses.
import type { Explanation, RuleView, ServerView, ToolChoice, ToolsetView } from "../bindings";

export function startingRules(): RuleView[] {
  const at = Date.UTC(2026, 9, 2, 9, 30);
  const identity = "i";
  return [
    { words: "Tools of the help desk that only read may run", state: "inForce" },
    {
      words: "ticket · update_ticket may run",
      state: "inForce",
      remembered: {
        id: "r1",
        server: "ticket",
        identity,
        covers: { what: "tool", tool: "update_ticket", definition: "d" },
        at,
      },
    },
    {
      words: "slack · post_message may run with these arguments",
      state: "changed",
      remembered: {
        id: "r2",
        server: "slack",
        identity,
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
    ? { verdict: "allow", why: "Tools of the help desk that only read may run." }
    : { verdict: "ask", why: "No rule speaks of it, and it may change something." };
}

export function toolsetOf(servers: ServerView[], choice: ToolChoice): ToolsetView {
  const ready = servers.filter((server) => server.enabled).flatMap((server) => server.tools);
  const tools = ready.map(({ server, name, title, tokens }) => {
    const off =
      choice.serversOff.includes(server) ||
      choice.toolsOff.some((each) => each.server === server && each.tool === name);
    return { server, tool: name, title, tokens, on: !off, sent: !off };
  });
  const sent = tools.filter((each) => each.sent).reduce((sum, each) => sum + each.tokens, 0);
  return { choice, budget: 8192, sent, all: sent, finds: false, tools };
}
