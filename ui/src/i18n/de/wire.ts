// Was über die Leitung ging.
import type { Words } from "../en";

export const wire = {
  wire: "Leitung",
  lead: "Jede Nachricht, wie sie vorbeikam, die neueste zuerst. Geheimnisse sind verdeckt, bevor sie hier ankommen.",
  way: "Richtung",
  ways: { both: "Beide Richtungen", out: "Gesendet", in: "Empfangen" },
  filter: "Auf der Leitung suchen",
  again: "Noch einmal nachsehen",
  copyAll: "Alles kopieren",
  sent: "Gesendet",
  received: "Empfangen",
  answer: "Ergebnis",
  failedAnswer: "Ergebnis, fehlgeschlagen",
  error: "Fehler",
  cut: "Sie war lang: Dies ist ihr Anfang.",
  none: "Seit dem Start ging nichts über die Leitung.",
} satisfies Words["wire"];
