// Looking for something said anywhere, and going there.
import { asReport, type Backend } from "../backend";
import type { ErrorReport, SearchFound, SearchHit } from "../bindings";

/** Where the page goes, and which words it marks there. */
export interface Jump {
  conversation: string;
  turn: string;
  item: string;
  words: string[];
}

const NOTHING: SearchFound = { hits: [], behind: false };
/** Nobody types slower than this between two letters of a word they know. */
const PAUSE_MS = 120;
/** While older conversations are being made ready, more may be found so much later. */
const AGAIN_MS = 1_000;
const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

export class Finder {
  /** Whether the palette is open. */
  open = $state(false);
  found = $state.raw<SearchFound>(NOTHING);
  busy = $state(false);
  error = $state.raw<ErrorReport>();
  /** The place that was gone to last. */
  jump = $state.raw<Jump>();
  private latest = 0;

  constructor(private readonly backend: Backend) {}

  /** Looks for words; an earlier search that has not answered yet is forgotten. */
  async look(text: string): Promise<void> {
    const mine = ++this.latest;
    this.error = undefined;
    this.busy = text.trim() !== "";
    if (!this.busy) {
      this.found = NOTHING;
      return;
    }
    await wait(PAUSE_MS);
    if (await this.ask(text, mine)) void this.goOn(text, mine);
  }

  /** Asks for the words unless others were typed since; whether there may be more, later. */
  private async ask(text: string, mine: number): Promise<boolean> {
    if (mine !== this.latest) return false;
    try {
      const found = await this.backend.call("search", text);
      if (mine === this.latest) this.found = found;
    } catch (thrown) {
      if (mine === this.latest) this.error = asReport(thrown);
    }
    if (mine !== this.latest) return false;
    this.busy = false;
    return this.found.behind && this.error === undefined;
  }

  /** What is found grows as it comes, until all is ready. */
  private async goOn(text: string, mine: number): Promise<void> {
    do await wait(AGAIN_MS);
    while (await this.ask(text, mine));
  }

  goTo(hit: SearchHit): void {
    const { conversation, turn, item } = hit;
    const words = hit.snippet.filter((piece) => piece.hit).map((piece) => piece.text);
    this.jump = { conversation, turn, item, words: words.filter((word, index) => words.indexOf(word) === index) };
  }

  /** Whether an item, or one of several, is where somebody wants to be. */
  wants(...items: string[]): boolean {
    return this.jump !== undefined && items.includes(this.jump.item);
  }
}
