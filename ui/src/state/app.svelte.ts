// All that the page knows. The backend is the truth: a command never edits what is shown, its event does.
import { createContext } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import { asReport, type Backend } from "../backend";
import type {
  Answer,
  AppEvent,
  Commands,
  ConversationSummary,
  ModelRef,
  PageFrom,
  Question,
  ServerView,
  SearchHit,
  Settings,
  SettingsView,
  SignInStep,
  Snapshot,
  VersionOf,
  VisitorCall,
} from "../bindings";
import type { Report } from "../report";
import { Files } from "./attaching.svelte";
import { Changes } from "./changes";
import { LiveConversation } from "./conversation.svelte";
import { Finder } from "./finder.svelte";
import { Frame } from "./frame";
import { Inspector } from "./inspector.svelte";
import { upsert, withLines } from "./lists";
import { Loading } from "./loading.svelte";
import { Models } from "./models.svelte";
import { NO_SETTINGS } from "./nothing";
import { Preferences } from "./preferences.svelte";
import { Watched } from "./watched.svelte";

export const [getApp, setApp] = createContext<App>();

export class App {
  conversations = $state.raw<ConversationSummary[]>([]);
  servers = $state.raw<ServerView[]>([]);
  /** The steps of the latest sign-in, by server. */
  signIns = $state.raw<Record<string, SignInStep[]>>({});
  known = $state.raw<SettingsView>(NO_SETTINGS);
  examples = $state.raw<string[]>([]);
  version = $state("");
  home = $state("");

  /** The conversation on the page; none is a new one. */
  current = $state<string>();
  /** Which panel of the settings is open over the page. */
  panel = $state<string>();
  /** The server whose own page is open in the settings. */
  serverPage = $state.raw<{ name: string }>();
  drawer = $state(false);
  /** Grows when the message field should have the focus. */
  writing = $state(0);
  /** A link that describes a server and was followed outside: what the box for adding one begins with. */
  link = $state<string>();
  /** Settings → Servers begins with what other programs have. */
  importing = $state(false);
  /** The open conversation's title is being written. */
  renaming = $state(false);
  troubles = $state.raw<Report[]>([]);
  /** What was done, where nothing on the page shows it. */
  notice = $state<string>();
  /** What servers ask outside of any turn, oldest first. */
  questions = $state.raw<Question[]>([]);
  /** Calls of other programs that wait for a person's word. */
  visitors = $state.raw<VisitorCall[]>([]);
  /** What a conversation that has not begun yet shall be told before everything else, where that is its own. */
  instructions = $state<string>();
  /** What can be brought back by one click. */
  removed = $state.raw<ConversationSummary>();

  readonly preferences: Preferences;
  readonly models: Models;
  readonly loading: Loading;
  readonly finder: Finder;
  readonly inspector: Inspector;
  readonly watched = new Watched();
  private readonly changes = new Changes(async (to) => (await this.attempt("change_settings", to)) !== undefined);
  private live = new SvelteMap<string, LiveConversation>();
  private readonly attached: Record<string, Files> = {};

  readonly settings = $derived(this.known.settings);
  readonly conversation = $derived(this.current === undefined ? undefined : this.live.get(this.current));
  /** Where something is asked of servers: in the names that this chat uses. */
  readonly chat = $derived({ conversation: this.current });
  readonly summary = $derived(this.conversations.find((each) => each.id === this.current));
  /** Who answered last in this conversation, where that is nobody known here: it was brought in from elsewhere. */
  readonly stranger = $derived.by(() => {
    const before = this.conversation?.chosen ?? this.conversation?.last?.model;
    return before && !this.provider(before.provider) ? before : undefined;
  });
  readonly model = $derived(
    this.stranger
      ? this.settings.model
      : (this.conversation?.chosen ?? this.conversation?.last?.model ?? this.settings.model),
  );
  readonly enabled = $derived(this.servers.filter((server) => server.enabled));
  readonly ready = $derived(this.enabled.filter((server) => server.state.state === "ready"));
  /** Grows whenever the tools of a conversation may have changed. */
  toolsChanged = $state(0);
  readonly tools = $derived(this.enabled.flatMap((server) => server.tools));

  constructor(readonly backend: Backend) {
    this.preferences = new Preferences(backend);
    this.models = new Models(backend);
    this.loading = new Loading(backend, this.models);
    this.finder = new Finder(backend);
    this.inspector = new Inspector(backend);
  }

  async connect(): Promise<void> {
    const frame = new Frame<AppEvent>((events) => events.forEach((event) => this.receive(event)));
    const [snapshot] = await Promise.all([
      this.backend.subscribe((events) => frame.push(events)),
      this.preferences.load(),
    ]);
    this.show(snapshot);
    void this.takeLink();
    // What was told meanwhile happened after the snapshot.
    frame.release();
    void this.attempt("visitor_calls", null).then((calls) => (this.visitors = calls ?? []));
    void this.attempt("example_questions", null).then((examples) => (this.examples = examples ?? []));
  }

  show(snapshot: Snapshot): void {
    this.conversations = snapshot.conversations;
    this.servers = snapshot.servers;
    this.questions = snapshot.questions ?? [];
    this.known = snapshot.settings;
    this.version = snapshot.version;
    this.home = snapshot.home;
    this.troubles = snapshot.troubles;
  }

  receive(event: AppEvent): void {
    switch (event.type) {
      case "turnStarted":
        this.conversationOf(event.conversation).start(event.turn);
        break;
      case "turn":
        this.live.get(event.conversation)?.apply(event.turn, event.event);
        break;
      case "conversation":
        this.conversations = upsert(this.conversations, event.summary, (each) => each.id).sort(
          (left, right) => right.updatedAt - left.updatedAt,
        );
        break;
      case "conversations":
        this.replace(event.summaries);
        break;
      case "conversationRemoved":
        this.forget(event.id);
        break;
      case "conversationOpened":
        this.conversationOf(event.conversation.id).load(event.conversation, event.earlier);
        void this.reach(this.conversationOf(event.conversation.id));
        break;
      case "server":
        this.servers = upsert(this.servers, event.server, (each) => each.name);
        break;
      case "serverLog":
        this.servers = this.servers.map((server) => (server.name === event.server ? withLines(server, event) : server));
        break;
      case "serverRemoved":
        this.servers = this.servers.filter((server) => server.name !== event.name);
        this.watched.forget(event.name);
        break;
      case "question": {
        const others = this.questions.filter((each) => each.id !== event.question.id);
        const { state } = event.question.status;
        const open = state === "waiting" || state === "answering";
        this.questions = open ? [...others, event.question] : others;
        break;
      }
      case "resourceUpdated":
        this.watched.told(event);
        break;
      case "signIn": {
        const steps = upsert(this.signIns[event.server] ?? [], event.step, (each) => each.step);
        this.signIns = { ...this.signIns, [event.server]: event.step.step === "reach" ? [event.step] : steps };
        break;
      }
      case "linkFollowed":
        void this.takeLink();
        break;
      case "settings":
        this.known = event.settings;
        this.changes.told(event.settings.settings);
        break;
      case "troubles":
        this.troubles = event.troubles;
        break;
      case "visitorCalls":
        this.visitors = [...this.visitors.filter((call) => call.way !== event.way), ...event.calls];
        break;
      case "toolChoice":
        this.toolsChanged += 1;
        break;
      case "trouble":
        this.complain(event.error);
        break;
    }
  }

  /** Runs a command; a failure is shown above the conversation and answered with nothing. */
  async attempt<Name extends keyof Commands>(
    name: Name,
    request: Commands[Name][0],
  ): Promise<Commands[Name][1] | undefined> {
    try {
      return await this.backend.call(name, request);
    } catch (thrown) {
      this.complain(asReport(thrown));
      return undefined;
    }
  }

  complain(error: Report): void {
    const same = (each: Report) => each.code === error.code && each.message === error.message;
    this.troubles = [...this.troubles.filter((each) => !same(each)), error].slice(-3);
  }

  dismiss(error: Report): void {
    this.troubles = this.troubles.filter((each) => each !== error);
  }

  /** Shows what a followed link describes; nothing is added before the person says so. */
  private async takeLink(): Promise<void> {
    const link = await this.attempt("take_link", null);
    if (!link) return;
    this.serverPage = undefined;
    this.link = link;
    this.panel = "servers";
  }

  startNew(): void {
    this.current = undefined;
    this.panel = undefined;
    this.drawer = false;
  }

  private turnTo(id: string): void {
    this.current = id;
    this.panel = undefined;
    this.drawer = false;
  }

  async open(id: string): Promise<void> {
    this.turnTo(id);
    // What it holds arrives as an event, in step with those of a turn under way.
    if (!this.conversationOf(id).loaded) await this.attempt("open_conversation", id);
  }

  /** Brings other turns of the conversation to the page; false where nothing came. */
  async read(from: PageFrom): Promise<boolean> {
    const conversation = this.conversation;
    if (!conversation) return false;
    const page = await this.attempt("read_turns", { conversation: conversation.id, from });
    if (!page) return false;
    if (from.at === "before") conversation.putBefore(page);
    else if (from.at === "after") conversation.putAfter(page);
    else conversation.show(page);
    return page.turns.length > 0;
  }

  /** Opens what was found; the page then goes to the very words. */
  async goTo(hit: SearchHit): Promise<void> {
    const conversation = this.conversationOf(hit.conversation);
    const { loads } = conversation;
    const { turn } = hit;
    const switched = await this.attempt("reach_turn", { conversation: conversation.id, turn });
    // The other branch comes as an event; the page goes there once it has it.
    if (switched && conversation.loads === loads) conversation.expectAnother();
    this.finder.goTo(hit);
    if (switched) this.turnTo(conversation.id);
    else await this.open(conversation.id);
  }

  /** The files that will come with the next question there: they wait, as its draft does. */
  filesFor(place: string): Files {
    return (this.attached[place] ??= new Files(this.backend));
  }

  /** False where the question did not go out, so that the words can stay in the composer. */
  async send(text: string, attachments: string[] = []): Promise<boolean> {
    const from = this.current;
    const [model, instructions] = [this.model, from === undefined ? this.instructions : undefined];
    const sent = await this.attempt("send_message", { conversation: from, text, model, instructions, attachments });
    if (!sent) return false;
    if (from === undefined) this.instructions = undefined;
    // Only if the person has not gone elsewhere meanwhile.
    if (from === undefined && this.current === undefined) {
      this.conversationOf(sent.conversation).loaded = true;
      await this.open(sent.conversation);
    }
    return true;
  }

  /** Asks in other words in the place of a turn, which stays as another version. */
  async edit(turn: string, text: string, attachments: string[] = []): Promise<boolean> {
    const [conversation, model] = [this.current, this.model];
    const sent = await this.attempt("send_message", { conversation, text, model, edits: turn, attachments });
    if (sent) this.writing += 1;
    return sent !== undefined;
  }

  /** Has a question answered once more; the answer there is stays as another version. */
  async regenerate(turn: string, model = this.model): Promise<void> {
    if (this.current) await this.attempt("regenerate", { conversation: this.current, turn, model });
  }

  /** Looks at another version of a turn, and of all that follows it. */
  async look(conversation: LiveConversation, turn: string, of: VersionOf): Promise<void> {
    const shown = await this.attempt("choose_version", { conversation: conversation.id, turn, of });
    // Cleared already where the branch was on the page before this answer.
    if (conversation.switched) conversation.switched = shown ? { ...conversation.switched, turn: shown } : undefined;
    await this.reach(conversation);
  }

  /** Brings the version that was asked for to the page, where its branch goes on so far that it was left out. */
  private async reach(conversation: LiveConversation): Promise<void> {
    const { turn, loads } = conversation.switched ?? {};
    // Its branch comes as an event, before or after the answer that names the turn.
    if (!turn || loads === conversation.loads || conversation.turns.some((known) => known.id === turn)) return;
    if (conversation.id === this.current) await this.read({ at: "around", turn });
  }

  /** Copies a conversation, whole or up to a turn, and goes on there. */
  async fork(id: string, at?: string): Promise<void> {
    const copy = await this.attempt("fork_conversation", { id, at });
    if (copy) await this.open(copy);
  }

  async choose(model: ModelRef): Promise<void> {
    if (this.conversation) this.conversation.chosen = model;
    else await this.change({ model });
  }

  async change(part: Partial<Settings>): Promise<void> {
    await this.changes.make(this.settings, part);
  }

  async remove(summary: ConversationSummary): Promise<void> {
    const done = await this.attempt("remove_conversation", summary.id);
    if (done !== undefined) this.removed = summary;
  }

  async restore(): Promise<void> {
    const summary = this.removed;
    this.removed = undefined;
    if (!summary) return;
    const done = await this.attempt("restore_conversation", summary.id);
    if (done !== undefined) await this.open(summary.id);
  }

  async answer(call: string, allow: boolean, more: { word?: string; arguments?: unknown } = {}): Promise<void> {
    await this.attempt("answer_approval", { call, allow, ...more });
  }

  async answerQuestion(question: string, answer: Answer): Promise<void> {
    await this.attempt("answer_question", { question, answer });
  }

  server(name: string): ServerView | undefined {
    return this.servers.find((server) => server.name === name);
  }

  provider(id: string) {
    return this.known.providers.find((provider) => provider.id === id);
  }

  private conversationOf(id: string): LiveConversation {
    const known = this.live.get(id);
    if (known) return known;
    const conversation = new LiveConversation(id);
    this.live.set(id, conversation);
    return conversation;
  }

  /** Many came or went at once. */
  private replace(summaries: ConversationSummary[]): void {
    const isThere = (id: string) => summaries.some((each) => each.id === id);
    for (const id of [...this.live.keys()]) if (!isThere(id)) this.live.delete(id);
    if (this.current !== undefined && !isThere(this.current)) this.current = undefined;
    if (this.removed) this.removed = undefined;
    this.conversations = summaries;
  }

  private forget(id: string): void {
    this.conversations = this.conversations.filter((each) => each.id !== id);
    this.live.delete(id);
    if (this.current === id) this.current = undefined;
  }
}
