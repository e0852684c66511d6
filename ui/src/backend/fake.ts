// The scripted twin of the real backend: lets the page run in a plain browser and in tests.
import type { AppEvent, Commands, Item, Sent, Snapshot, ToolChoice, Turn } from "../bindings";
import { Attachments } from "./attachments";
import { Kept, type Asked } from "./branches";
import { exchangesOf } from "./exchanges";
import { findIn } from "./found";
import type { Backend } from "./index";
import { doorsOf } from "./doors";
import { FILES } from "./files";
import { ledgerOf } from "./ledger";
import {
  ABOUT,
  IMPORTED,
  IMPORTED_SIGN_INS,
  diagnosisOf,
  logOf,
  lookedAt,
  previewOf,
  providerDiagnosis,
  launchOf,
  wireOf,
} from "./lines";
import { livingOf } from "./living";
import { OFFERS } from "./offers";
import { Player, remember } from "./play";
import { scriptFor, type Step } from "./script";
import { outputOf, pageOf } from "./pages";
import { SignIns } from "./signIn";
import { specimen } from "./specimen";
import { systemAnswers } from "./system";
import { explained, startingRules, toolsetOf, withRule } from "./trust";
import { EXAMPLES, MODELS, emptySnapshot, finishedTurn, helpDesk, settings, tool, troubledServers } from "./world";

type Answers = {
  [Name in keyof Commands]?: (request: Commands[Name][0]) => Commands[Name][1] | Promise<Commands[Name][1]>;
};

/** `?world=first-run`, `?world=troubled`, `?world=long`, `?world=specimen` or the help desk. */
export function fakeFromAddress(search: string): FakeBackend {
  const world = new URLSearchParams(search).get("world");
  const fake = new FakeBackend({ pace: 1 });
  if (world !== "first-run") fake.snapshot.settings = settings({ provider: "lmstudio", model: "qwen3-14b" });
  if (world === "troubled") fake.snapshot.servers.push(...troubledServers());
  if (world !== "first-run") fake.remember();
  if (world === "long") fake.lengthen("c0", 2000);
  if (world === "specimen") fake.put("c0", specimen());
  return fake;
}

const LEVELS = ["error", "warn", "info", "debug", "trace"];
export class FakeBackend implements Backend {
  readonly snapshot: Snapshot = emptySnapshot();
  /** Every command, in order: what tests look at. */
  readonly asked: { name: keyof Commands; request: unknown }[] = [];
  /** Answers of a test in place of the twin's own. */
  answers: Answers = {};
  private readonly player: Player;
  private readonly conversations = new Map<string, Kept>();
  private readonly removed = new Map<string, Kept>();
  private readonly choices = new Map<string, ToolChoice>();
  private readonly signIns = new SignIns(this.snapshot, (...events) => this.emit(...events));
  private rules = startingRules();
  private preferences: unknown = null;
  private receive: (events: AppEvent[]) => void = () => undefined;
  private ids = 0;

  /** `pace` 1 is about as fast as a real model; 0 is as fast as possible. */
  constructor({ pace = 0 }: { pace?: number } = {}) {
    this.player = new Player(pace);
  }

  subscribe(receive: (events: AppEvent[]) => void): Promise<Snapshot> {
    this.receive = receive;
    return Promise.resolve(structuredClone(this.snapshot));
  }

  async call<Name extends keyof Commands>(name: Name, request: Commands[Name][0]): Promise<Commands[Name][1]> {
    this.asked.push({ name, request });
    await this.player.pause(1);
    const answer = (this.answers[name] ?? this.own[name]) as (request: Commands[Name][0]) => Commands[Name][1];
    return answer(request);
  }

  emit(...events: AppEvent[]): void {
    this.receive(events);
  }

  /** A few conversations from before. */
  remember(): void {
    const day = 86_400_000;
    const titles: [string, number][] = [
      ["Critical tickets and their customers", 0],
      ["Outstanding balance, TechCorp", 0],
      ["Windows BSOD articles", 0],
      ["Warranty of AST-SRV-001", 1],
      ["Q4 forecast into the spreadsheet", 1],
      ["Follow up on the Acme deal", 5],
      ["Licences that nobody uses", 40],
    ];
    for (const [index, [title, days]] of titles.entries()) {
      const at = Date.now() - days * day - index * 60_000;
      this.conversations.set(`c${index}`, new Kept(`c${index}`, title, at));
      this.snapshot.conversations.push({ id: `c${index}`, title, createdAt: at, updatedAt: at, running: false });
    }
  }

  /** Gives a conversation many turns from before. */
  lengthen(id: string, turns: number): void {
    const conversation = this.conversations.get(id);
    for (let index = 0; index < turns; index += 1) conversation?.add(finishedTurn(index));
  }

  private readonly files = new Attachments();

  private turn(id: string): Turn | undefined {
    return [...this.conversations.values()].flatMap((each) => each.turns).find((turn) => turn.id === id);
  }

  /** Puts a turn from before at the end of a conversation. */
  put(id: string, turn: Turn): void {
    this.conversations.get(id)?.add(turn);
  }

  private readonly own: Required<Answers> = {
    send_message: ({ conversation, text, model, edits, attachments }) =>
      this.ask(conversation ?? this.begin(text), { text, model, beside: edits, files: this.files.of(attachments) }),
    regenerate: ({ conversation, turn, model }) => this.ask(conversation, { model, beside: turn, again: turn }),
    pin_conversation: ({ id, pinned }) => {
      const kept = this.conversations.get(id);
      if (kept) kept.pinned = pinned;
      this.summarise(id, false);
      return null;
    },
    fork_conversation: ({ id, at }) => {
      const copy = (this.conversations.get(id) ?? new Kept(id, "", 0)).copy(this.id("c"), at);
      this.conversations.set(copy.id, copy);
      this.summarise(copy.id, false);
      return copy.id;
    },
    choose_version: ({ conversation, turn, of }) => {
      const shown = this.conversations.get(conversation)?.choose(turn, of);
      void this.own.open_conversation(conversation);
      return shown ?? turn;
    },
    stop_turn: (id) => {
      this.player.stop(id);
      return null;
    },
    ...OFFERS,
    ...livingOf(this.removed, () => this.snapshot.settings.settings),
    ...FILES,
    delete_all_conversations: () => {
      this.conversations.clear();
      this.emit({ type: "conversations", summaries: [] });
      return 0;
    },
    answer_question: ({ question, answer }) => {
      this.player.answerQuestion(question, answer);
      return null;
    },
    ...doorsOf((event) => this.emit(event)),
    ledger: (filter) => ledgerOf(this.conversations.values(), filter),
    export_ledger: ({ filter }) => {
      const calls = ledgerOf(this.conversations.values(), filter).total;
      return { path: "~/Downloads/loquat-ledger.csv", calls };
    },
    model_exchanges: (id) => exchangesOf(this.turnOf(id)),
    search: (text) => findIn(this.conversations.values(), text),
    answer_approval: ({ call, allow, word, arguments: approved }) => {
      this.player.answer(call, { allow, word, approved });
      return null;
    },
    approve: ({ call }) => {
      this.player.answer(call, { allow: true });
      return null;
    },
    cancel_call: (call) => {
      this.player.cancel(call);
      return null;
    },
    run_again: ({ call }) => this.player.again(call),
    rules: () => this.rules,
    add_rule: (rule) => {
      this.rules = withRule(this.rules, rule);
      return null;
    },
    remove_rule: (id) => {
      this.rules = this.rules.filter((rule) => rule.remembered?.id !== id);
      return null;
    },
    explain: ({ server, tool: name }) => explained(tool(server, name).hints.readOnly),
    toolset: ({ conversation }) => toolsetOf(this.snapshot.servers, this.choiceOf(conversation), this.signIns.whose),
    choose_tools: ({ conversation, choice }) => {
      this.choices.set(conversation ?? "new", choice);
      return null;
    },
    open_conversation: (id) => {
      const { turns, ...conversation } = (this.conversations.get(id) ?? new Kept(id, "", 0)).shown();
      const page = pageOf(turns, { at: "end" });
      this.emit({
        type: "conversationOpened",
        conversation: { ...conversation, turns: page.turns },
        earlier: page.earlier,
      });
      return null;
    },
    read_turns: ({ conversation, from }) => pageOf(this.conversations.get(conversation)?.shown().turns ?? [], from),
    read_output: ({ turn, call }) => outputOf(this.turn(turn), call),
    read_output_lines: ({ turn, call, from, to }) => {
      const lines = JSON.stringify(outputOf(this.turn(turn), call).structured ?? null, null, 2).split("\n");
      return { total: lines.length, lines: lines.slice(from, to) };
    },
    rename_conversation: ({ id, title }) => {
      const conversation = this.conversations.get(id);
      if (conversation) conversation.title = title;
      this.summarise(id, false);
      return null;
    },
    remove_conversation: (id) => {
      const conversation = this.conversations.get(id);
      if (conversation) this.removed.set(id, conversation);
      this.conversations.delete(id);
      this.emit({ type: "conversationRemoved", id });
      return null;
    },
    restore_conversation: (id) => {
      const conversation = this.removed.get(id);
      if (conversation) this.conversations.set(id, conversation);
      this.removed.delete(id);
      this.summarise(id, false);
      return null;
    },
    change_settings: (changed) => this.settle({ ...this.snapshot.settings, settings: changed }),
    store_key: ({ provider, key }) => this.keep(provider, { state: "stored", hint: `••••${key.slice(-4)}` }),
    forget_key: (provider) => this.keep(provider, { state: "missing" }),
    look_up_keys: () => this.snapshot.settings,
    list_models: (provider) => {
      const models = MODELS[provider];
      if (models) return models;
      throw { code: "providerUnreachable", message: "Nothing answers at this address.", cause: "connection refused" };
    },
    preview_servers: previewOf,
    look_at_servers: lookedAt,
    add_servers: (text) => {
      const name = /^https?:/.test(text) ? new URL(text).hostname : "files";
      const state = { state: "connecting" } as const;
      this.emit({
        type: "server",
        server: { name, bundled: false, enabled: true, address: text, state, tools: [], log: [] },
      });
      return [name];
    },
    enable_server: ({ name, enabled }) => {
      const server = this.snapshot.servers.find((each) => each.name === name);
      if (!server) return null;
      const state = enabled
        ? ({ state: "ready", tools: server.tools.length, latencyMs: 4 } as const)
        : ({ state: "off" } as const);
      Object.assign(server, { enabled, state });
      this.emit({ type: "server", server: structuredClone(server) });
      return null;
    },
    remove_server: (name) => {
      this.emit({ type: "serverRemoved", name });
      return null;
    },
    consent_server: () => null,
    protect_secrets: () => [],
    server_settings: () => ({
      startTimeout: 120,
      callTimeout: 120,
      callLimit: 3600,
      parallel: 4,
      disabledTools: [],
      era: "auto",
    }),
    change_server: () => null,
    server_launch: (name) => launchOf(name),
    import_sources: () => [{ client: "Claude Desktop", path: "~/claude_desktop_config.json", servers: 2 }],
    preview_import: (source) => (source.endsWith(".mcp_tokens.json") ? IMPORTED_SIGN_INS : IMPORTED),
    import_sign_ins: () => [{ server: "sheets", taken: true, lasts: true }],
    delete_sign_in_file: () => null,
    import_servers: () => [],
    ...this.signIns.answers,
    recent_logs: ({ text, level }) =>
      logOf().filter(
        (record) =>
          record.text.includes(text ?? "") && LEVELS.indexOf(record.level) <= LEVELS.indexOf(level ?? "trace"),
      ),
    open_log: () => null,
    about: () => ABOUT,
    diagnose: (name) =>
      name !== null && this.snapshot.settings.providers.some((provider) => provider.id === name)
        ? [providerDiagnosis(name, MODELS[name]?.length)]
        : this.snapshot.servers
            .filter((server) => (name === null ? server.enabled : server.name === name))
            .map(diagnosisOf),
    lacking_secrets: () => [],
    store_server_secret: () => null,
    server_wire: () => wireOf(),
    reconnect_server: () => null,
    remove_help_desk: () => {
      this.emit(...helpDesk().map(({ name }): AppEvent => ({ type: "serverRemoved", name })));
      return null;
    },
    restore_help_desk: () => {
      this.emit(...helpDesk().map((server): AppEvent => ({ type: "server", server })));
      return null;
    },
    ...systemAnswers(),
    load_preferences: () => this.preferences,
    save_preferences: (preferences) => {
      this.preferences = preferences;
      return null;
    },
    open_link: () => null,
    attach: ({ name, data }) => this.files.keep(name, data),
    read_attachment: (id) => this.files.body(id),
    load_picture: () =>
      "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    save_download: ({ name }) => `~/Downloads/${name}`,
    example_questions: () => EXAMPLES,
  };

  private turnOf(id: string): Turn | undefined {
    return [...this.conversations.values()].flatMap(({ turns }) => turns).find((turn) => turn.id === id);
  }

  private choiceOf(conversation?: string): ToolChoice {
    return this.choices.get(conversation ?? "new") ?? { serversOff: [], toolsOff: [], pinned: [], found: [] };
  }

  private begin(text: string): string {
    const id = this.id("c");
    this.conversations.set(id, new Kept(id, text.slice(0, 80), Date.now()));
    return id;
  }

  private ask(id: string, { text = "", files, model, beside, again }: Asked): Sent {
    const kept = this.conversations.get(id);
    const before = kept?.turn(again);
    const first = before?.items[0];
    const said = first?.type === "message" ? first : { text, attachments: files };
    const words = said.text;
    const same = { type: "message", role: "user", round: 0, text: words, attachments: said.attachments } as const;
    const question: Item = { ...same, id: this.id("m"), at: Date.now() };
    const turn: Turn = {
      id: this.id("t"),
      again: before?.again ?? again,
      model: model ?? this.snapshot.settings.settings.model ?? { provider: "practice", model: "practice" },
      items: [question],
      status: { state: "running" },
      startedAt: Date.now(),
      usage: { input: 0, output: 0, cached: 0 },
      maxRounds: 25,
      rounds: 0,
      roundStart: 0,
    };
    const placed = kept?.add(turn, beside) ?? turn;
    this.emit({ type: "turnStarted", conversation: id, turn: structuredClone(placed) });
    this.summarise(id, true);
    void this.play(id, turn.id, scriptFor(words));
    return { conversation: id, turn: turn.id };
  }

  private async play(conversation: string, turn: string, steps: Step[]): Promise<void> {
    const kept = this.conversations.get(conversation)?.turns.find((each) => each.id === turn);
    await this.player.play(conversation, steps, (event) => {
      if (kept) remember(kept, event);
      this.emit({ type: "turn", conversation, turn, event: structuredClone(event) });
    });
    this.summarise(conversation, false);
  }

  private summarise(id: string, running: boolean): void {
    const conversation = this.conversations.get(id);
    if (!conversation) return;
    const { title, createdAt, pinned } = conversation;
    this.emit({ type: "conversation", summary: { id, title, createdAt, updatedAt: Date.now(), running, pinned } });
  }

  private settle(next: Snapshot["settings"]): null {
    this.snapshot.settings = next;
    this.emit({ type: "settings", settings: structuredClone(next) });
    return null;
  }

  private keep(provider: string, key: Snapshot["settings"]["providers"][number]["key"]): null {
    const { providers, ...rest } = this.snapshot.settings;
    return this.settle({
      ...rest,
      providers: providers.map((each) => (each.id === provider ? { ...each, key } : each)),
    });
  }

  private id(kind: string): string {
    this.ids += 1;
    return `${kind}-${this.ids}`;
  }
}
