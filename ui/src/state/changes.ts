// Changes of the settings that follow one another faster than they are told back: none undoes another.
import type { Settings } from "../bindings";

export class Changes {
  /** What was wished and not told back yet. */
  private wished: Partial<Settings> = {};

  constructor(private readonly send: (settings: Settings) => Promise<boolean>) {}

  async make(known: Settings, part: Partial<Settings>): Promise<void> {
    this.wished = { ...this.wished, ...part };
    const kept = await this.send({ ...known, ...this.wished });
    if (!kept) this.forget((key) => key in part);
  }

  /** These hold now. */
  told(settings: Settings): void {
    this.forget((key) => JSON.stringify(this.wished[key]) === JSON.stringify(settings[key]));
  }

  private forget(which: (key: keyof Settings) => boolean): void {
    const left = Object.entries(this.wished).filter(([key]) => !which(key as keyof Settings));
    this.wished = Object.fromEntries(left);
  }
}
