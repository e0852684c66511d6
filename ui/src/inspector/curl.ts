// A request as a command line. Keys are never in it: what stands there instead names where to put one.
import type { ModelExchange, ToolCall } from "../bindings";

const KEYS: Record<string, string> = {
  openai: "$OPENAI_API_KEY",
  lmstudio: "$LMSTUDIO_API_KEY",
  custom: "$API_KEY",
};

export function curlOfExchange(exchange: ModelExchange): string {
  const key = KEYS[exchange.provider];
  return [
    `curl -N ${quoted(exchange.url)}`,
    `-H 'Content-Type: application/json'`,
    // The variable is the shell's to fill in, so it must not be quoted singly.
    ...(key ? [`-H "Authorization: Bearer ${key}"`] : []),
    `--data-raw ${quoted(exchange.request)}`,
  ].join(" \\\n  ");
}

export function curlOfCall(call: ToolCall, address: string): string {
  const params = { name: call.tool, arguments: call.leave?.sent ?? call.leave?.approved ?? call.arguments };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  // A program is spoken to on its standard input; it wants to be greeted first.
  if (!/^https?:/.test(address)) return `printf '%s\\n' ${[...greeting(), body].map(quoted).join(" ")} | ${address}`;
  return [
    `curl -N ${quoted(address)}`,
    `-H 'Content-Type: application/json'`,
    `-H 'Accept: application/json, text/event-stream'`,
    `-H "Authorization: Bearer $MCP_TOKEN"`,
    `-H "Mcp-Session-Id: $MCP_SESSION"`,
    `--data-raw ${quoted(body)}`,
  ].join(" \\\n  ");
}

function greeting(): string[] {
  const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "shell", version: "1" } };
  return [
    JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }),
    JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }),
  ];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
