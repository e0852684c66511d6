// Die Liste der Unterhaltungen.
import type { Words } from "../en";

export const list: Words["list"] = {
  pinned: "Angeheftet",
  pin: "Anheften",
  unpin: "Lösen",
  duplicate: "Duplizieren",
  fork: "Ab hier in einer neuen Unterhaltung fortfahren",
  deleted: "Gelöschte Unterhaltungen",
  deletedHint: "Sie bleiben 30 Tage und lassen sich zurückholen. Danach sind sie endgültig fort.",
  nothingDeleted: "Keine.",
  goneIn: (time: string) => `fort in ${time}`,
  bringBack: "Zurückholen",
  bringBackOne: (title: string) => `„${title}“ zurückholen`,
  titles: "Unterhaltungen benennen",
  titlesHint:
    "Das Modell, das zuerst antwortete, findet einen Titel: eine weitere, kurze Anfrage. Sonst ist die Frage der Titel.",
};
