// The scripted twin's wire, how its servers start, and what another client knows.
import type { About, Diagnosis, ImportPreview, Launch, LogRecord, ServerView, WireLine } from "../bindings";

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

/** A file of sign-ins, of which there is one for a server that is there. */
export const IMPORTED_SIGN_INS: ImportPreview = {
  entries: [],
  signIns: [{ entry: "sheets", server: "sheets" }],
};

export const IMPORTED: ImportPreview = {
  signIns: [],
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

export const ABOUT: About = {
  version: "0.1.0",
  system: "linux x86_64",
  tauri: "2.12.5",
  webView: "2.52.1",
  logFile: "~/.local/share/loquat/logs/loquat.log",
};

export function logOf(): LogRecord[] {
  const at = Math.floor(Date.now() / 60_000) * 60_000;
  return [
    { number: 0, at, level: "info", part: "server", text: "ticket is ready: 4 tools" },
    { number: 1, at: at + 40, level: "warn", part: "server", text: "sheets asks for a sign-in" },
    { number: 2, at: at + 90, level: "error", part: "server", text: "crm: mcp.example.com: no such host" },
  ];
}

/** What is ready is well; what is not fails at its first step. */
export function diagnosisOf({ name, address, state }: ServerView): Diagnosis {
  const rest = (["protocol", "list"] as const).map((step) => ({
    step,
    outcome: "skipped" as const,
    seen: "Not reached.",
  }));
  if (state.state === "ready") {
    const seen = { reach: "It starts.", protocol: "2025-11-25", list: `${state.tools} tools.` };
    const steps = (["reach", "protocol", "list"] as const).map((step) => ({
      step,
      outcome: "ok" as const,
      seen: seen[step],
    }));
    return { name, kind: "server", address, steps };
  }
  const meaning = "error" in state && state.error ? state.error.message : "It is not ready.";
  const reach = {
    step: "reach" as const,
    outcome: "failed" as const,
    seen: "No answer.",
    meaning,
    fix: "Check the address.",
  };
  return { name, kind: "server", address, steps: [reach, ...rest] };
}

export function providerDiagnosis(name: string, models = 0): Diagnosis {
  const seen = { signIn: "One is there.", reach: "It answers.", list: `${models} models.` };
  const steps = (["signIn", "reach", "list"] as const).map((step) => ({
    step,
    outcome: "ok" as const,
    seen: seen[step],
  }));
  return { name, kind: "provider", address: "http://localhost:1234/v1", steps };
}
