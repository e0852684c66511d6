// Wenn das Gesagte nicht mehr in das passt, was ein Modell liest.
import type { Words } from "../en";
import { plural } from "../format";

export const room: Words["room"] = {
  summedUp: "Frühere Nachrichten wurden zusammengefasst",
  did: (turns: number) =>
    `Das Modell konnte nicht mehr alles lesen. Ab hier bekommt es eine Zusammenfassung ${plural(turns, { one: "der ersten Frage und ihrer Antwort", other: "der ersten # Fragen und ihrer Antworten" })}. Nichts ist verloren.`,
  undone: "Die Zusammenfassung wurde zurückgenommen: Das Modell bekommt wieder alles, soweit es das lesen kann.",
  undo: "Wieder alles sagen",
  show: "Was ihm stattdessen gesagt wird",
  more: (size: string) => `Mit ${size} Kontext laden`,
  loading: "Das Modell wird geladen",
  loadHint: "LM Studio lädt das Modell neu, mit Platz für mehr. Das braucht mehr Speicher.",
  loaded: (size: string) => `Mit ${size} Kontext geladen.`,
  inMemory: "Geladene Modelle",
  noneInMemory: "Keines ist geladen. LM Studio lädt eines, wenn es zuerst gefragt wird.",
  contextOf: (model: string) => `Kontext von ${model}`,
  load: "Laden",
  stranger: (before: string, now: string) => `Anderswo antwortete ${before}. Hier antwortet ${now}.`,
};
