import type { Words } from "../en";

export const branches: Words["branches"] = {
  edit: "Bearbeiten",
  edited: "Nachricht, die stattdessen gestellt wird",
  send: "Senden",
  copyQuestion: "Frage kopieren",
  regenerate: "Neu antworten",
  regenerateWith: "Mit einem anderen Modell neu antworten",
  wait: "Möglich, sobald die Antwort vollständig ist",
  previous: "Vorige Fassung",
  next: "Nächste Fassung",
  versions: (nth: number, count: number) => `Fassung ${nth} von ${count}`,
};
