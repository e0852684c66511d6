// Einen Fehler finden und jemandem davon berichten.
import type { Words } from "../en";

export const diagnostics: Words["diagnostics"] = {
  diagnostics: "Diagnose",
  lead: "Der Doktor versucht jeden eingeschalteten Server und das Modell, das antwortet, und sagt, welcher Schritt scheitert und warum. Was läuft, läuft ungestört weiter.",
  run: "Den Doktor rufen",
  running: "Der Doktor sieht nach …",
  doctor: "Was der Doktor fand",
  nothing: "Nichts ist eingeschaltet, das man untersuchen könnte.",
  copyReport: "Bericht kopieren",
  well: "gesund",
  unwell: "funktioniert nicht",
  steps: (name: string) => `Schritte von ${name}`,
  outcomes: { ok: "In Ordnung", failed: "Gescheitert", skipped: "Nicht angesehen" },
  checks: { reach: "Erreichen", tls: "TLS", protocol: "Protokoll", signIn: "Anmeldung", list: "Angebot" },
  log: "Protokoll",
  level: "Mindestens",
  levels: { error: "Fehler", warn: "Warnung", info: "Info", debug: "Debug", trace: "Trace" },
  find: "Im Protokoll finden",
  openFile: "Datei öffnen",
  copyLog: "Protokoll kopieren",
  noLines: "Nichts Passendes wurde aufgeschrieben.",
  versions: "Versionen",
  system: "System",
  webView: "Webansicht",
  home: "Daten",
};
