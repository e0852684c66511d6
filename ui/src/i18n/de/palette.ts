import type { Words } from "../en";
import { plural } from "../format";

export const palette: Words["palette"] = {
  title: "Palette",
  short: "Suchen",
  placeholder: "Alles durchsuchen oder sagen, was zu tun ist",
  results: "Treffer",
  conversations: "Unterhaltungen",
  actions: "Aktionen",
  servers: "Server",
  tools: "Werkzeuge",
  said: "In Unterhaltungen",
  kinds: { asked: "Sie", answered: "Loquat", called: "Werkzeug", serverAsked: "Server" },
  searching: "Es wird gesucht …",
  none: (text: string) => (text ? `Nichts passt zu „${text}“.` : "Hier ist noch nichts."),
  count: (count: number) => plural(count, { one: "# Treffer", other: "# Treffer" }),
  behind: "Ältere Unterhaltungen werden noch für die Suche vorbereitet: Es kann mehr geben.",
  hint: "↑ ↓ wählt, Enter öffnet. „In Anführungszeichen“ findet Wörter genau so, -Wort lässt aus.",
  shortcuts: "Tastenkürzel",
  settings: (panel: string) => `Einstellungen: ${panel}`,
  theme: (theme: string) => `Farben: ${theme}`,
  addServer: "Server hinzufügen",
  ofThis: (action) => `Diese Unterhaltung: ${action}`,
  rename: "Diese Unterhaltung umbenennen",
  remove: "Diese Unterhaltung löschen",
};
