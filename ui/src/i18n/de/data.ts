// Unterhaltungen als Dateien: hinaus, herein und fort.
import type { data as english } from "../en/data";
import { plural } from "../format";

export const data: typeof english = {
  name: "Daten",
  lead: "Unterhaltungen liegen nur auf diesem Rechner. Was Sie exportieren, können Sie behalten, lesen und zurückholen.",
  place: "Wo es liegt",
  placeHint:
    "Eine Datenbank für Unterhaltungen, Dateien für Einstellungen, Server und Freigaben. Schlüssel liegen im Schlüsselbund.",
  show: "Ordner zeigen",
  exporting: "Exportieren",
  exportingHint: "JSON behält alles und lässt sich wieder importieren. Markdown und HTML sind zum Lesen.",
  exportAll: "Alles exportieren",
  formats: { json: "JSON", markdown: "Markdown", html: "HTML" },
  format: "Format",
  exportAs: { json: "Als JSON exportieren", markdown: "Als Markdown exportieren", html: "Als HTML exportieren" },
  exported: (count: number, size: string, path: string) =>
    `${plural(count, { one: "# Unterhaltung", other: "# Unterhaltungen" })} (${size}) nach ${path} geschrieben`,
  importing: "Importieren",
  importingHint:
    "Exporte von Loquat, ChatGPT, Claude, LibreChat und Open WebUI: die JSON-Datei oder das Archiv, wie es kam.",
  choose: "Unterhaltungen importieren",
  path: "Pfad der Datei",
  look: "Ansehen",
  looking: "Die Datei wird gelesen …",
  found: "Unterhaltungen in der Datei",
  summary: (count: number, fresh: number) =>
    `${plural(count, { one: "# Unterhaltung", other: "# Unterhaltungen" })}, davon ${fresh} neu.`,
  take: (count: number) => plural(count, { one: "# Unterhaltung übernehmen", other: "# Unterhaltungen übernehmen" }),
  all: "Alle, die neu sind",
  taken: (count: number, messages: number) =>
    `Übernommen: ${plural(count, { one: "# Unterhaltung", other: "# Unterhaltungen" })} mit ${plural(messages, { one: "# Nachricht", other: "# Nachrichten" })}.`,
  messages: (count: number) => plural(count, { one: "# Nachricht", other: "# Nachrichten" }),
  by: { loquat: "Loquat", chatGpt: "ChatGPT", claude: "Claude", libreChat: "LibreChat", openWebUi: "Open WebUI" },
  fates: { new: "neu", alreadyThere: "schon da", copy: "neben einem anderen Stand davon", empty: "leer" },
  left: "Fehlt:",
  images: (count: number) => plural(count, { one: "# Bild", other: "# Bilder" }),
  files: (count: number) => plural(count, { one: "# Datei", other: "# Dateien" }),
  elsewhere: (count: number) =>
    plural(count, { one: "# Nachricht eines anderen Zweigs", other: "# Nachrichten anderer Zweige" }),
  unknown: (count: number) =>
    plural(count, {
      one: "# Eintrag ist keine Unterhaltung, die Loquat kennt.",
      other: "# Einträge sind keine Unterhaltungen, die Loquat kennt.",
    }),
  more: (count: number) => plural(count, { one: "und # weitere", other: "und # weitere" }),
  deleting: "Löschen",
  deletingHint: "Nur Unterhaltungen. Einstellungen, Server, Schlüssel und Freigaben bleiben.",
  deleteAll: "Alle Unterhaltungen löschen",
  deleteTitle: "Alle Unterhaltungen löschen?",
  deleteWhat: (count: number) =>
    `${plural(count, { one: "# Unterhaltung wird", other: "# Unterhaltungen werden" })} endgültig gelöscht, auch früher gelöschte. Das lässt sich nicht rückgängig machen.`,
  deleteFirst: "Exportieren Sie vorher alles, falls Sie etwas davon noch einmal brauchen könnten.",
  deleteWord: "löschen",
  deleteType: (word: string) => `„${word}“ eintippen, um fortzufahren`,
  deleteNow: "Endgültig löschen",
  deleted: "Alle Unterhaltungen wurden gelöscht.",
  kept: (count: number) =>
    plural(count, {
      one: "# Unterhaltung bleibt: Ein anderes Programm schreibt sie gerade.",
      other: "# Unterhaltungen bleiben: Ein anderes Programm schreibt sie gerade.",
    }),
};
