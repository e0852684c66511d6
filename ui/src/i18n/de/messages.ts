// Was gesagt wird: Nachrichten, ihre Tabellen, Formeln und Bilder, und was sie begleitet.
import { plural } from "../format";
import type { Words } from "../en";

export const messages = {
  text: "Text",
  table: "Tabelle",
  tableTools: "Was mit dieser Tabelle möglich ist",
  asChart: "Diagramm",
  asTable: "Tabelle",
  copyCsv: "Als CSV kopieren",
  saveCsv: "Speichern",
  savedAs: (path: string) => `Gespeichert als ${path}`,
  diagram: "Diagramm",
  showSource: "Quelltext zeigen",
  showDiagram: "Diagramm zeigen",
  noDiagram: "Das lässt sich nicht als Diagramm zeichnen; hier steht der Quelltext.",
  noFormula: "Das lässt sich nicht als Formel zeichnen; hier steht der Quelltext.",
  imageHeld: "Nicht geladen: Wer es lädt, verrät seiner Adresse, dass er dies liest.",
  openWhole: (characters: string) => `Alles zeigen (noch ${characters} Zeichen)`,
  later: "Spätere Nachrichten zeigen",
  toEnd: "Zum Ende",
  withheld: (size: string) => `${size} davon stehen nicht auf dieser Seite.`,
  openResult: (size: string) => `Alle ${size} zeigen`,
  rows: (count: number) => plural(count, { one: "# Zeile", other: "# Zeilen" }),
  linkTitle: "Wohin dieser Link führt",
  linkSays: (words: string) => `Der Link heißt „${words}“ und führt zu:`,
  linkOpen: "Im Browser öffnen",
  linkCopy: "Adresse kopieren",
  linkOdd: "Sein Name enthält Buchstaben anderer Schriften, die vertrauten ähneln können.",
} satisfies Words["messages"];
