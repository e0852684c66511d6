// What parts of the page ask of the world beyond it: links, pictures from elsewhere, files to keep.
import { saysWhere, type Links } from "../parts/links";
import type { App } from "../state/app.svelte";

export class Outside implements Links {
  /** The link whose address is being shown before anything opens. */
  asked = $state.raw<{ url: string; words: string }>();

  constructor(private readonly app: App) {}

  open(url: string, words?: string): void {
    if (words !== undefined && !saysWhere(url, words)) this.asked = { url, words };
    else void this.app.attempt("open_link", url);
  }

  picture(url: string): Promise<string | undefined> {
    return this.app.attempt("load_picture", url);
  }

  save(name: string, text: string): Promise<string | undefined> {
    return this.app.attempt("save_download", { name, text });
  }
}
