// Dateien, die eine Frage begleiten.
import { plural } from "../format";

export const files = {
  attach: "Anhängen",
  attachWhat: "Bilder, PDFs, Text oder Quelltext anhängen; auch durch Einfügen oder Ablegen",
  choose: "Dateien zum Anhängen",
  attached: "Angehängte Dateien",
  withQuestion: "Dateien zu dieser Frage",
  reading: (name: string) => `${name} wird gelesen`,
  remove: (name: string) => `${name} entfernen`,
  tooMany: (most: number) => `Höchstens ${most} Dateien begleiten eine Frage.`,
  tooManyFix: "Entfernen Sie zuerst eine, oder senden Sie diese mit der nächsten Frage.",
  tooLarge: "Sie ist größer als 20 MB.",
  tooLargeFix: "Hängen Sie eine kleinere an, oder einen Teil davon.",
  notRead: "Sie lässt sich nicht lesen.",
  notReadFix: "Ein Ordner lässt sich nicht anhängen; hängen Sie die Dateien darin an.",
  characters: (count: number) => plural(count, { one: "# Zeichen", other: "# Zeichen" }),
  show: (name: string) => `Zeigen, was das Modell von ${name} liest`,
  gone: "Diese Datei ist nicht mehr da.",
  blind: (model: string) =>
    `${model} kann keine Bilder ansehen und erfährt nur ihre Namen. Wählen Sie ein Modell, das sieht, damit sie angesehen werden.`,
};
