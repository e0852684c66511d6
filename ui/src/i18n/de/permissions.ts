// Einstellungen → Erlaubnisse.
import type { Words } from "../en";

export const permissions = {
  lead: "Was laufen darf, ohne Sie zu fragen. Es entscheidet die strengste Regel, die für einen Aufruf gilt.",
  rules: "Geltende Regeln",
  none: "Noch keine Regeln: Alles fragt. „Immer erlauben“ an einem wartenden Aufruf legt eine an.",
  otherwise: "Wo keine Regel gilt, werden Sie gefragt.",
  given: "kommt mit Loquat oder wurde beim Start angegeben",
  inChat: (title) => `nur in „${title}“`,
  inLostChat: "nur in einer Unterhaltung, die es nicht mehr gibt",
  since: (when) => `seit ${when}`,
  tool: (name) => `${name} darf laufen`,
  withArguments: (name) => `${name} darf mit genau diesen Argumenten laufen`,
  readOnlyOf: (server) => `Nur lesende Werkzeuge von ${server} dürfen laufen`,
  states: {
    inForce: "gilt",
    changed: "Das Werkzeug hat sich seither geändert: Es fragt wieder.",
    serverGone: "Diesen Server gibt es nicht mehr, oder ein anderer trägt seinen Namen: Es fragt wieder.",
  },
  remove: "Entfernen",
  takeBack: (rule) => `Entfernen: ${rule}`,
  tester: "Was würde geschehen?",
  aCallOf: "Ein Aufruf von",
  chooseTool: "Werkzeug wählen",
  where: "in",
  newChat: "einer neuen Unterhaltung",
  withTheseArguments: "mit diesen Argumenten (JSON)",
  test: "Prüfen",
  notJson: "Diese Argumente sind kein gültiges JSON.",
  verdicts: { allow: "Er würde laufen.", ask: "Sie würden gefragt.", deny: "Er würde abgelehnt." },
} satisfies Words["permissions"];
