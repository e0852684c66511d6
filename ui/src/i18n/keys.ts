// What stands on the keys of a keyboard: “Ctrl+K” is “Strg+K” on a German one.
import { say } from "./index";

export function keysShown(keys: string): string {
  return keys.replace(/[A-Za-z]{2,}/g, (key) => say.keyboard.named[key] ?? key);
}
