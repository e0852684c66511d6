// The scripted twin's world: five help-desk servers with sample data, and what is said about them.
import type { ModelView, ServerView, SettingsView, Snapshot, Tool, ToolHints, Turn } from "../bindings";

const READS: ToolHints = { readOnly: true, destructive: false, idempotent: true, openWorld: false, stated: true };
const CHANGES: ToolHints = { readOnly: false, destructive: false, idempotent: false, openWorld: false, stated: true };

const CATALOGUE: Record<string, [name: string, description: string, argument: string, hints?: ToolHints][]> = {
  customer: [
    ["lookup_customer", "Finds a customer by id and returns company, contact and plan.", "customer_id"],
    ["check_customer_status", "Says whether a customer is active and paid up.", "customer_id"],
    ["get_sla_terms", "Returns the SLA of a customer: first answer and repair times.", "customer_id"],
    ["list_customer_contacts", "Lists whom to call at a customer.", "customer_id"],
  ],
  ticket: [
    ["search_tickets", "Searches tickets by status, priority or customer.", "priority"],
    ["get_ticket_details", "Returns one ticket with its history.", "ticket_id"],
    ["get_ticket_metrics", "Counts tickets by status and priority.", "since"],
    ["update_ticket", "Changes the status or priority of a ticket.", "ticket_id", CHANGES],
  ],
  billing: [
    ["get_invoice", "Returns an invoice by its number.", "invoice_number"],
    ["check_payment_status", "Says whether an invoice was paid.", "invoice_number"],
    ["calculate_outstanding_balance", "Adds up what a customer still owes.", "customer_id"],
    ["list_invoices", "Lists the invoices of a customer.", "customer_id"],
  ],
  asset: [
    ["lookup_asset", "Finds a device by its tag.", "asset_tag"],
    ["check_warranty", "Says until when a device is under warranty.", "asset_tag"],
    ["list_assets", "Lists the devices of a customer.", "customer_id"],
    ["get_software_licenses", "Lists licences and how many are free.", "customer_id"],
  ],
  knowledge: [
    ["search_knowledge_base", "Searches the articles for words.", "query"],
    ["get_article", "Returns one article in Markdown.", "article_id"],
    ["list_categories", "Lists the categories of articles.", "parent"],
    ["get_popular_articles", "The articles read most.", "limit"],
  ],
};

export function tool(server: string, name: string): Tool {
  const [, description = "", argument = "id", hints = READS] =
    CATALOGUE[server]?.find(([known]) => known === name) ?? [];
  return {
    server,
    name,
    called: `${server}__${name}`,
    description,
    inputSchema: { type: "object", properties: { [argument]: { type: "string" } }, required: [argument] },
    hints: hints as ToolHints,
    definition: `${server}-${name}-1`,
    tokens: 150 + description.length * 2,
    warnings: [],
  };
}

export function helpDesk(): ServerView[] {
  return Object.entries(CATALOGUE).map(([name, tools], index) => ({
    name,
    bundled: true,
    enabled: true,
    address: `loquat-helpdesk ${name}`,
    state: { state: "ready", tools: tools.length, latencyMs: 3 + index * 2 },
    tools: tools.map(([each]) => tool(name, each)),
    offers: offersOf(name),
    log: [`${name} server ready on stdio`, `serving ${tools.length} tools`],
  }));
}

function offersOf(name: string): ServerView["offers"] {
  const prompts = name === "ticket" || name === "knowledge";
  const resources = name === "knowledge";
  const unchanged = { promptsChanged: 0, resourcesChanged: 0 };
  const log = { logging: true, sends: "info" as const };
  return { prompts, resources, completion: true, ...log, subscriptions: resources, ...unchanged };
}

export function troubledServers(): ServerView[] {
  return [
    {
      name: "postgres",
      bundled: false,
      enabled: true,
      address: "npx -y @modelcontextprotocol/server-postgres postgresql://••••@localhost/sales",
      state: {
        state: "reconnecting",
        at: Date.now() + 8000,
        error: { code: "serverUnavailable", message: "The server ended.", cause: "exit status 1" },
      },
      tools: [],
      log: ["npm warn deprecated", "Error: connect ECONNREFUSED 127.0.0.1:5432"],
    },
    {
      name: "crm",
      bundled: false,
      enabled: true,
      address: "https://mcp.example.com/crm",
      state: {
        state: "failed",
        error: {
          code: "serverUnavailable",
          message: "crm does not answer.",
          cause: "mcp.example.com: no such host",
          fix: "Check the address, and whether this computer is online.",
        },
      },
      tools: [],
      log: [],
    },
    {
      name: "sheets",
      bundled: false,
      enabled: true,
      address: "https://sheets.example.com/mcp",
      state: { state: "needsSignIn" },
      tools: [],
      log: [],
    },
  ];
}

export function settings(model?: { provider: string; model: string }): SettingsView {
  return {
    settings: {
      model,
      openaiBaseUrl: "https://api.openai.com/v1",
      lmstudioBaseUrl: "http://localhost:1234/v1",
      customBaseUrl: "",
      systemPrompt: "",
      maxRounds: 25,
    },
    prices: ["lmstudio", "practice"].map((provider) => ({ provider, model: "*", input: 0, output: 0 })),
    providers: [
      provider("openai", "OpenAI", "https://api.openai.com/v1", true),
      provider("lmstudio", "LM Studio", "http://localhost:1234/v1", false),
      provider("practice", "Practice model", "http://127.0.0.1:0", false),
      provider("custom", "Your own provider", "", false),
    ],
    secrets: { place: "keychain" },
  };
}

function provider(id: string, name: string, baseUrl: string, needsKey: boolean) {
  return { id, name, baseUrl, needsKey, key: { state: "missing" as const } };
}

export const MODELS: Record<string, ModelView[]> = {
  lmstudio: [
    { ...view("lmstudio", "qwen3-14b", 32768, true, true), mostContext: 131072 },
    view("lmstudio", "gemma-3-12b", 8192, false, false),
    view("lmstudio", "mistral-small-3.2", 131072, false, true),
  ],
  openai: [view("openai", "gpt-5-mini", 400000), view("openai", "gpt-5", 400000), view("openai", "gpt-4.1", 1047576)],
  practice: [view("practice", "practice", 32768, true, true)],
};

function view(provider: string, model: string, context: number, loaded?: boolean, tools?: boolean): ModelView {
  return { model: { provider, model }, name: model, context, loaded, tools };
}

export const EXAMPLES = [
  "What are the critical tickets, and who are the customers?",
  "What does CUST-001 still owe us?",
  "Set ticket TKT-003 to in progress",
  "Is AST-SRV-001 still under warranty?",
];

/** A turn from before, with a question, a call and an answer. */
export function finishedTurn(index: number): Turn {
  const at = 1_700_000_000_000 + index * 60_000;
  const text = `Answer **${index}**.\n\n- first\n- second\n\n| a | b |\n|---|---|\n| ${index} | x |`;
  return {
    id: `t${index}`,
    parent: index > 0 ? `t${index - 1}` : undefined,
    model: { provider: "lmstudio", model: "qwen3-14b" },
    items: [
      { type: "message", id: `q${index}`, role: "user", round: 0, text: `Question ${index}`, at },
      { type: "message", id: `a${index}`, role: "assistant", round: 1, text, at: at + 400 },
    ],
    status: { state: "completed" },
    startedAt: at,
    endedAt: at + 900,
    usage: { input: 100 + index, output: 20, cached: 0 },
    maxRounds: 25,
    rounds: 1,
    roundStart: 1,
  };
}

export function emptySnapshot(): Snapshot {
  return {
    conversations: [],
    servers: helpDesk(),
    settings: settings(),
    troubles: [],
    version: "0.1.0",
    home: "~/.local/share/loquat",
  };
}
