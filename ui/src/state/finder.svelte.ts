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
    await new Promise((done) => setTimeout(done, PAUSE_MS));
    if (mine !== this.latest) return;
    try {
      const found = await this.backend.call("search", text);
      if (mine === this.latest) this.found = found;
    } catch (thrown) {
      if (mine === this.latest) this.error = asReport(thrown);
    }
    if (mine === this.latest) this.busy = false;
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
