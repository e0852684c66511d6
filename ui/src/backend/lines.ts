// The scripted twin's wire, how its servers start, and what another client knows.
import type { ImportPreview, Launch, WireLine } from "../bindings";

const MESSAGES: [boolean, unknown][] = [
  [true, { jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25" } }],
  [false, { jsonrpc: "2.0", id: 1, result: { protocolVersion: "2025-11-25", serverInfo: { name: "ticket" } } }],
  [true, { jsonrpc: "2.0", method: "notifications/initialized" }],
  [true, { jsonrpc: "2.0", id: 2, method: "tools/list", params: {} }],
  [false, { jsonrpc: "2.0", id: 2, result: { tools: [{ name: "search_tickets", inputSchema: { type: "object" } }] } }],
  [
    true,
    { jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "search_tickets", arguments: { token: "••••" } } },
  ],
  [false, { jsonrpc: "2.0", id: 3, error: { code: -32602, message: "priority is missing" } }],
];

export function wireOf(): WireLine[] {
  const at = Math.floor(Date.now() / 60_000) * 60_000;
  return MESSAGES.map(([out, message], index) => {
    const text = JSON.stringify(message);
    return { at: at + index * 740, out, text, bytes: text.length };
  });
}

export function launchOf(name: string): Launch {
  return {
    command: "loquat-helpdesk",
    program: "/opt/loquat/loquat-helpdesk",
    args: [name],
    path: ["/opt/loquat", "/usr/local/bin", "/usr/bin"],
    variables: ["HOME", "LANG", "PATH"],
    line: `loquat-helpdesk ${name}`,
  };
}

const entry = { runsProgram: true, secrets: [], asks: [], notes: [] };

export const IMPORTED: ImportPreview = {
  entries: [
    {
      ...entry,
      at: 0,
      entry: "github",
      name: "github",
      address: "npx -y server-github",
      fate: { fate: "added" },
      secrets: ["github/GITHUB_TOKEN"],
    },
    {
      ...entry,
      at: 1,
      entry: "broken",
      name: "broken",
      address: "",
      fate: { fate: "unusable", error: { code: "invalidInput", message: "It names no command." } },
    },
  ],
};
