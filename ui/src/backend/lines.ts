// The scripted twin's wire, how its servers start, and what another client knows.
import type {
  About,
  Diagnosis,
  DiagnosisStep,
  ImportPreview,
  Launch,
  LogRecord,
  ServerPreview,
  ServerView,
  WireLine,
} from "../bindings";

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
const skipped = (step: DiagnosisStep["step"], seen = "Not reached."): DiagnosisStep => ({
  step,
  outcome: "skipped",
  seen,
});
const well = (step: DiagnosisStep["step"], seen: string, ms?: number): DiagnosisStep => ({
  step,
  outcome: "ok",
  seen,
  ms,
});

/** What would be added. */
export function previewOf(text: string): ServerPreview[] {
  if (!text.trim()) throw { code: "invalidInput", message: "There is nothing to add." };
  const isUrl = /^https?:/.test(text);
  const name = isUrl ? new URL(text).hostname : (text.split(/[\s/]+/).find((word) => /^server-/.test(word)) ?? "files");
  return [{ name, address: text, runsProgram: !isUrl, variables: isUrl ? [] : ["API_TOKEN"], replaces: false }];
}

/** What is at an address before it is added. */
export function lookedAt(address: string): Diagnosis[] {
  if (!/^https?:/.test(address)) return [];
  return [
    diagnosisOf({ name: new URL(address).hostname, address, state: { state: "ready", tools: 3, latencyMs: 40 } }),
  ];
}

export function diagnosisOf({ name, address, state }: Pick<ServerView, "name" | "address" | "state">): Diagnosis {
  const kind = "server" as const;
  if (state.state === "ready") {
    const here = "It is a program of this computer.";
    const way = [skipped("name", here), well("reach", "The program starts."), skipped("tls", here)];
    const rest = [well("protocol", "It speaks version 2025-11-25.", 142), well("list", `${state.tools} tools.`)];
    return { name, kind, address, steps: [...way, ...rest] };
  }
  if (state.state === "needsSignIn") {
    const exchange = [`→ GET ${address}/.well-known/oauth-protected-resource`, '← 200 {"resource":"…"}'];
    const fix = "Sign in.";
    const signIn: DiagnosisStep = {
      step: "signIn",
      outcome: "failed",
      seen: "401",
      meaning: "It wants to know who you are.",
      fix,
    };
    const who: DiagnosisStep = { ...well("metadata", "https://id.example.com/tenant signs people in.", 88), exchange };
    return {
      name,
      kind,
      address,
      steps: [well("name", "It is 192.0.2.7.", 12), well("reach", "It answers.", 31), who, signIn],
    };
  }
  const meaning = "error" in state && state.error ? state.error.message : "It is not ready.";
  const reach: DiagnosisStep = {
    step: "reach",
    outcome: "failed",
    seen: "No answer.",
    ms: 31,
    meaning,
    fix: "Check the address.",
  };
  return {
    name,
    kind,
    address,
    steps: [well("name", "It is 192.0.2.7.", 12), reach, skipped("protocol"), skipped("list")],
  };
}

export function providerDiagnosis(name: string, models = 0): Diagnosis {
  const steps = [
    skipped("name", "It is a number: there is no name to look up."),
    well("reach", "127.0.0.1:1234 answers.", 1),
    skipped("tls", "The address is not an https one."),
    skipped("signIn", "No key is sent, and none is asked for."),
    {
      ...well("list", `${models} models.`, 9),
      exchange: ["→ GET http://localhost:1234/v1/models", `← 200, ${models} models.`],
    },
    well("model", "It is loaded."),
    well("context", "It reads 32768 tokens."),
    well("tools", "It was made to use tools."),
  ];
  return { name, kind: "provider", address: "http://localhost:1234/v1", steps };
}
