// How this person likes the page: looks, keys, language, and what was typed but not sent.
import type { Backend } from "../backend";

export type Theme = "system" | "light" | "dark" | "contrast";

const SAVE_AFTER_MS = 400;
export const TEXT_SIZES = [80, 90, 100, 110, 125, 150, 175, 200];

export class Preferences {
  theme = $state<Theme>("system");
  density = $state<"comfortable" | "compact">("comfortable");
  textSize = $state(100);
  enter = $state<"send" | "break">("send");
  language = $state<"system" | "en" | "de">("system");
  private systemDark = $state(false);
  private systemContrast = $state(false);
  /** What <html> is told; the tokens know no “system”. */
  readonly look = $derived.by(() => {
    const tone = this.systemDark ? "dark" : "light";
    const strong = this.theme === "contrast" || (this.theme === "system" && this.systemContrast);
    if (strong) return `contrast-${tone}`;
    return this.theme === "system" ? tone : this.theme;
  });
  /** The month and the amount of which the person was told already. */
  warnedOf = "";
  // Not reactive on purpose: typing must not wake anything.
  private drafts: Record<string, string> = {};
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly backend: Backend) {
    follow("(prefers-color-scheme: dark)", (on) => (this.systemDark = on));
    follow("(prefers-contrast: more)", (on) => (this.systemContrast = on));
  }

  async load(): Promise<void> {
    const stored = await this.backend.call("load_preferences", null).catch(() => null);
    if (typeof stored !== "object" || stored === null) return;
    const kept = stored as Record<string, unknown>;
    this.theme = oneOf(kept.theme, ["system", "light", "dark", "contrast"], this.theme);
    this.density = oneOf(kept.density, ["comfortable", "compact"], this.density);
    this.enter = oneOf(kept.enter, ["send", "break"], this.enter);
    this.language = oneOf(kept.language, ["system", "en", "de"], this.language);
    this.textSize = oneOf(kept.textSize, TEXT_SIZES, this.textSize);
    if (typeof kept.warnedOf === "string") this.warnedOf = kept.warnedOf;
    if (typeof kept.drafts === "object" && kept.drafts !== null) {
      const drafts = Object.entries(kept.drafts).filter(([, text]) => typeof text === "string");
      this.drafts = Object.fromEntries(drafts);
    }
  }

  save(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.saveNow(), SAVE_AFTER_MS);
  }

  saveNow(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { theme, density, textSize, enter, language, warnedOf, drafts } = this;
    // A preference that cannot be kept is no reason to interrupt; it still holds until the window closes.
    this.backend
      .call("save_preferences", { theme, density, textSize, enter, language, warnedOf, drafts })
      .catch(() => undefined);
  }

  /** Saves what is still waiting to be saved, when the window goes. */
  settle(): void {
    if (this.timer !== undefined) this.saveNow();
  }

  /** Whether a key press in a field of words means that they are ready to go. */
  sends(event: KeyboardEvent): boolean {
    // While an input method composes, Enter belongs to it; WebKit says so only by the key code.
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return false;
    return this.enter === "send" ? !event.shiftKey : event.ctrlKey || event.metaKey;
  }

  draft(place: string): string {
    return this.drafts[place] ?? "";
  }

  keepDraft(place: string, text: string): void {
    if (text) this.drafts[place] = text;
    else delete this.drafts[place];
    this.save();
  }

  /** What was typed and not sent in conversations that are no more. */
  forgetDrafts(): void {
    const { new: begun } = this.drafts;
    this.drafts = begun ? { new: begun } : {};
    this.saveNow();
  }

  resizeText(steps: number): void {
    const index = TEXT_SIZES.indexOf(this.textSize) + steps;
    this.textSize = TEXT_SIZES[Math.min(Math.max(index, 0), TEXT_SIZES.length - 1)] ?? 100;
    this.save();
  }
}

/** Tells what the system wishes, now and whenever that changes. */
function follow(wish: string, tell: (on: boolean) => void): void {
  const system = globalThis.matchMedia?.(wish);
  tell(system?.matches ?? false);
  system?.addEventListener?.("change", (event) => tell(event.matches));
}

function oneOf<T>(value: unknown, allowed: readonly T[], otherwise: T): T {
  return allowed.includes(value as T) ? (value as T) : otherwise;
}
