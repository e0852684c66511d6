// The words of the page in the language in force; whoever reads them is drawn again when it changes.
import { createSubscriber } from "svelte/reactivity";
import { en, type Words } from "./en";
import { setLocale } from "./format";

export * as format from "./format";

/** English is always there; any other language is fetched when it is wanted. */
const LANGUAGES: Record<string, () => Promise<Words>> = {
  en: () => Promise.resolve(en),
  de: async () => (await import("./de")).de,
};
let current: Words = en;
/** The last one asked for: one that took longer to come than another asked for later is not spoken any more. */
let latest = "";
let announce: () => void = () => undefined;
const follow = createSubscriber((update) => {
  announce = update;
});

/** `system` follows the system as far as we speak its language. */
export async function speak(language: string): Promise<void> {
  const wanted = language === "system" ? (navigator.language ?? "en") : language;
  const short = wanted.split("-")[0] ?? "en";
  const known = short in LANGUAGES ? short : "en";
  latest = known;
  const words = (await LANGUAGES[known]?.()) ?? en;
  if (latest !== known) return;
  setLocale(language === "system" && known === short ? wanted : known);
  current = words;
  document.documentElement.lang = known;
  announce();
}

export const say: Words = new Proxy(en, {
  get(_, area: keyof Words) {
    follow();
    return current[area];
  },
});
