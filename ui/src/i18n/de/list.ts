// Die Liste der Unterhaltungen.
import type { Words } from "../en";

export const list: Words["list"] = {
  pinned: "Angeheftet",
  pin: "Anheften",
  unpin: "Lösen",
  duplicate: "Duplizieren",
  fork: "Ab hier in einer neuen Unterhaltung fortfahren",
};
