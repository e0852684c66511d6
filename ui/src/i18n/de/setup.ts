// Wie Server übernommen, behandelt und gestartet werden.
import type { Words } from "../en";
import { plural } from "../format";

export const serverSettings = {
  tab: "Einstellungen",
  startTimeout: "Sekunden zum Start",
  callTimeout: "Sekunden Stille",
  callLimit: "Sekunden je Aufruf",
  parallel: "Aufrufe zugleich",
  hints: {
    startTimeout: "Beim ersten Mal wird oft viel geladen.",
    callTimeout: "Ein Aufruf, der so lange schweigt, wird aufgegeben. Fortschritt beginnt sie neu.",
    callLimit: "Länger darf kein Aufruf insgesamt dauern.",
    parallel: "Weitere warten, bis sie an der Reihe sind.",
  },
  era: "Protokoll",
  eraHint: "Wird von selbst gefunden; wählen Sie nur, wo das misslingt.",
  eras: { auto: "Von selbst", legacy: "Älter", modern: "Neu" },
  ca: "Zertifikate",
  caHint: "Eine Datei mit Zertifikaten, denen neben denen des Systems vertraut wird.",
} satisfies Words["serverSettings"];

export const launch = {
  title: "Wie er gestartet wird",
  line: "Befehlszeile",
  program: "Programm",
  notFound: (command) => `${command}: nicht gefunden`,
  folder: "Ordner",
  variables: "Variablen",
  path: "Wo nach Programmen gesucht wird",
  sandbox: "Sandkasten",
  noSandbox: "Keiner: Er darf, was Sie dürfen.",
  reads: (folders) => `Liest ${folders}.`,
  writes: (folders) => `Ändert ${folders}.`,
  network: "Benutzt das Netz.",
  noNetwork: "Kein Netz.",
} satisfies Words["launch"];

export const importing = {
  open: "Aus Claude Desktop, Cursor … übernehmen",
  title: "Server eines anderen Programms übernehmen",
  path: "Eine Datei, etwa ~/.cursor/mcp.json",
  look: "Ansehen",
  unreadable: "nicht lesbar",
  servers: (count) => plural(count, { one: "# Server", other: "# Server" }),
  found: "Was darin steht",
  nothing: "Es stehen keine Server darin.",
  fates: {
    added: "neu",
    renamed: "umbenannt",
    alreadyThere: "schon da",
    unusable: "nicht brauchbar",
  },
  renamed: (name) => `wird zu ${name}`,
  secrets: "Kommt in den Schlüsselbund:",
  lacks: (what) => `Das müssen Sie noch angeben: ${what}`,
  take: (count) => plural(count, { one: "# Server übernehmen", other: "# Server übernehmen" }),
  beside: "Neben dieser Liste liegen Anmeldungen offen herum. Sind die Server da, können sie übernommen werden.",
  lookBeside: "Die Anmeldungen ansehen",
  signIns: "Anmeldungen in dieser Datei",
  signInsLead: "Sie liegen offen in dieser Datei. Übernommen werden sie dort aufbewahrt, wo Ihre Geheimnisse sind.",
  signInFor: (server) => `für ${server}`,
  noServer: "noch kein Server dieses Namens oder dieser Adresse",
  takeSignIns: (count) => plural(count, { one: "# Anmeldung übernehmen", other: "# Anmeldungen übernehmen" }),
  taken: "übernommen",
  stays: "dort ist schon jemand angemeldet",
  deleteLead: "In der Datei liegen sie noch immer offen.",
  deleteFile: "Die Datei löschen",
  keepFile: "Behalten",
  deleted: "Die Datei ist gelöscht.",
  asksFirst: "Programme fragen vor dem ersten Start noch einmal.",
} satisfies Words["importing"];
