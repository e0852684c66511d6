// What `/` and `@` do in the message box: which prompts and resources fit, which one is meant, what goes along.
import type { FilledPrompt } from "../../bindings";
import { asReport } from "../../backend";
import { say } from "../../i18n";
import type { App } from "../../state/app.svelte";
import { expanded } from "./template";
import { fitting, holesOf, offeredPrompts, offeredResources, wantedIn, type Offered, type Wanted } from "./wanted";

/** A resource that goes along with the message. */
export interface Chip {
  server: string;
  uri: string;
  name: string;
}

const MOST = 50;

export class Composing {
  wanted = $state.raw<Wanted>();
  /** Which of those that fit is meant. */
  at = $state(0);
  /** A prompt or pattern whose blanks are being filled. */
  filling = $state.raw<Offered>();
  chips = $state.raw<Chip[]>([]);
  private prompts = $state.raw<Offered[]>();
  private resources = $state.raw<Offered[]>();
  /** Closed by Escape until something else is typed. */
  private closed = "";

  private readonly all = $derived(this.wanted?.kind === "prompts" ? this.prompts : this.resources);
  readonly offered = $derived(this.wanted && this.all ? fitting(this.all, this.wanted.begun, MOST) : undefined);
  readonly open = $derived(this.wanted !== undefined && this.filling === undefined);
  readonly meant = $derived(this.offered?.[this.at]);

  constructor(private readonly app: App) {}

  /** Told after every change of the text or the caret. */
  look(text: string, caret: number): void {
    const wanted = wantedIn(text, caret);
    const key = wanted ? `${wanted.kind}${wanted.from}${wanted.begun}` : "";
    if (key === this.closed && key !== "") return;
    this.closed = "";
    if (wanted && this.wanted?.kind !== wanted.kind) void this.ask(wanted);
    if (wanted?.begun !== this.wanted?.begun) this.at = 0;
    this.wanted = wanted;
  }

  /** Servers are asked each time the list opens: what they offer changes. */
  private async ask({ kind }: Wanted): Promise<void> {
    if (kind === "prompts") {
      const prompts = await this.app.attempt("list_prompts", { chat: this.app.chat });
      this.prompts = offeredPrompts(prompts ?? []);
    } else {
      const list = await this.app.attempt("list_resources", { chat: this.app.chat });
      this.resources = offeredResources(list?.resources ?? [], list?.templates ?? []);
    }
  }

  step(by: number): void {
    const count = this.offered?.length ?? 0;
    if (count > 0) this.at = (this.at + by + count) % count;
  }

  /** Forgets that it was closed: somebody asks for it again. */
  reopen(): void {
    this.closed = "";
  }

  close(): void {
    if (this.wanted) this.closed = `${this.wanted.kind}${this.wanted.from}${this.wanted.begun}`;
    this.wanted = undefined;
    this.filling = undefined;
  }

  /** Takes what is meant; answers the text that the message box shall hold then, if that is known already. */
  async pick(offered: Offered, text: string): Promise<string | undefined> {
    const wanted = this.wanted;
    if (!wanted) return undefined;
    if (holesOf(offered).length > 0) {
      this.filling = offered;
      return undefined;
    }
    return this.take(offered, {}, text);
  }

  /** The same, with the blanks filled. */
  async take(offered: Offered, values: Record<string, string>, text: string): Promise<string | undefined> {
    const { from, to } = this.wanted ?? { from: 0, to: 0 };
    const rest = text.slice(0, from) + text.slice(to);
    if (offered.of === "prompt") {
      const filled = await this.fill(offered.server, offered.name, values);
      if (!filled) return undefined;
      this.close();
      return (filled.text + rest).trim();
    }
    const uri = offered.of === "resource" ? offered.resource.uri : expanded(offered.template.uriTemplate, values);
    const others = this.chips.filter((chip) => chip.server !== offered.server || chip.uri !== uri);
    this.chips = [...others, { server: offered.server, uri, name: offered.of === "resource" ? offered.name : uri }];
    this.close();
    return rest;
  }

  private fill(server: string, name: string, values: Record<string, string>): Promise<FilledPrompt | undefined> {
    return this.app.attempt("fill_prompt", { server, name, arguments: values, chat: this.app.chat });
  }

  leaveOut(chip: Chip): void {
    this.chips = this.chips.filter((each) => each !== chip);
  }

  /** The message with what goes along, read now; nothing where something could not be read. */
  async whole(words: string): Promise<string | undefined> {
    const parts: string[] = [words];
    for (const { server, uri, name } of this.chips) {
      try {
        const { text } = await this.app.backend.call("read_resource", { server, uri, chat: this.app.chat });
        parts.push(`${say.offers.from(name, `${server} · ${uri}`)}\n\n${fenced(text)}`);
      } catch (thrown) {
        const error = asReport(thrown);
        this.app.complain({ ...error, own: true, message: say.offers.unread(name), cause: error.message });
        return undefined;
      }
    }
    return parts.filter(Boolean).join("\n\n");
  }
}

/** As a block of code that its own text cannot end. */
export function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text.replace(/\n$/, "")}\n${fence}`;
}
