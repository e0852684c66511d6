// How a server stands, as words and a tone. Colour never says it alone.
import type { ServerState, ServerView } from "../../bindings";
import { format, say } from "../../i18n";

export type Tone = "muted" | "ok" | "warn" | "bad";

const TONES: Record<ServerState["state"], Tone> = {
  off: "muted",
  connecting: "muted",
  ready: "ok",
  needsSignIn: "warn",
  needsConsent: "warn",
  signingIn: "warn",
  reconnecting: "warn",
  failed: "bad",
};

export function toneOf(state: ServerState): Tone {
  return TONES[state.state];
}

/** What stands beside the word: how much it offers, or what is being waited for. */
export function moreOf(server: ServerView, now: number): string {
  const { state } = server;
  if (state.state === "ready") return `${say.tools.count(state.tools)} · ${format.duration(state.latencyMs)}`;
  if (state.state !== "reconnecting") return "";
  const left = Math.ceil((state.at - now) / 1000);
  return left > 0 ? say.servers.inSeconds(format.number(left)) : "";
}

export function tokensOf(server: ServerView): number {
  return server.tools.reduce((sum, tool) => sum + tool.tokens, 0);
}
