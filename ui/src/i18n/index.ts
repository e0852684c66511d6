// The words of the page in the language in force; whoever reads them is drawn again when it changes.
import { createSubscriber } from "svelte/reactivity";
import { de } from "./de";
import { en, type Words } from "./en";
import { setLocale } from "./format";

export * as format from "./format";

const LANGUAGES: Record<string, Words> = { en, de };
let current: Words = en;
let announce: () => void = () => undefined;
const follow = createSubscriber((update) => {
  announce = update;
});

/** `system` follows the system as far as we speak its language. */
export function speak(language: string): void {
  const wanted = language === "system" ? (navigator.language ?? "en") : language;
  const short = wanted.split("-")[0] ?? "en";
  const known = short in LANGUAGES ? short : "en";
  setLocale(language === "system" && known === short ? wanted : known);
  current = LANGUAGES[known] ?? en;
  document.documentElement.lang = known;
  announce();
}

export const say: Words = new Proxy(en, {
  get(_, area: keyof Words) {
    follow();
    return current[area];
  },
});
