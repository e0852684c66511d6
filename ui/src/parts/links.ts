// How parts reach beyond the page: whoever draws them says so once.
import { createContext } from "svelte";

export interface Links {
  /** Opens an address in the browser; where its words said something else, the person first sees where it goes. */
  open(url: string, words?: string): void;
  /** Loads a picture from elsewhere, as an address that the page may show; nothing where it cannot be had. */
  picture(url: string): Promise<string | undefined>;
  /** Writes a file among the person's downloads; says where, or nothing where it failed. */
  save(name: string, text: string): Promise<string | undefined>;
}

export const [getLinks, setLinks] = createContext<Links>();

/** Whether the words of a link are its own address, so that clicking them surprises nobody. */
export function saysWhere(url: string, words: string): boolean {
  const bare = (text: string) =>
    text
      .trim()
      .replace(/^(https?:\/\/|mailto:)/i, "")
      .replace(/\/$/, "");
  return bare(url) === bare(words);
}
