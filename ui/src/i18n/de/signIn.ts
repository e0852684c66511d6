// Anmelden bei Servern, Konten, und wo Geheimnisse liegen.
import type { Words } from "../en";

export const accounts = {
  tab: "Anmeldung",
  list: "Konten",
  nobody: "Hier ist niemand angemeldet.",
  another: "Mit einem weiteren Konto anmelden",
  name: "Name des Kontos",
  nameHint: "Frei gewählt, etwa Arbeit.",
  used: "wird benutzt",
  use: (name) => `${name} benutzen`,
  out: "Abmelden",
  outOf: (name) => `${name} abmelden`,
  ends: (when) => `läuft in ${when} ab`,
  over: "abgelaufen",
  renews: "erneuert sich selbst",
  renewsNot: "erneuert sich nicht selbst",
  by: (issuer) => `Angemeldet durch ${issuer}`,
  rights: (scopes) => `Rechte: ${scopes}`,
  signInAs: (name) => `Als ${name} anmelden`,
  asWhom: (server) => `Konto für ${server} in diesem Chat`,
  in: "angemeldet",
  as: (name) => `als ${name}`,
  asEverywhere: (name) => `wie überall (${name})`,
  asNobody: "wie überall",
  asGone: (name) => `als ${name} (abgemeldet)`,
} satisfies Words["accounts"];

export const remedies = {
  resetRegistration: "Registrierung zurücksetzen",
  useClient: "Client-ID verwenden",
  trustIssuer: "Diesem Aussteller vertrauen",
  useResource: "Diesen Namen annehmen",
  trusts: (issuer) => `Von da an darf ${issuer} Sie hier anmelden.`,
  accepts: (resource) => `Von da an gilt der Server als ${resource}.`,
  clientId: "Client-ID",
  clientSecret: "Client-Geheimnis, falls es eines gibt",
  withClient: "Verwenden und anmelden",
  report: "Bericht kopieren",
} satisfies Words["remedies"];

export const secrets = {
  title: "Wo Ihre Geheimnisse liegen",
  memory: "Auf diesem Computer antwortet kein Schlüsselbund. Schlüssel und Anmeldungen gelten nur, bis Loquat endet.",
  choice:
    "Stattdessen können sie in einer Datei unter einer Passphrase liegen. Ohne sie öffnet niemand die Datei, auch Loquat nicht.",
  passphrase: "Passphrase",
  again: "Passphrase noch einmal",
  least: "Mindestens 8 Zeichen.",
  differ: "Die beiden Passphrasen sind verschieden.",
  keep: "In einer Datei aufbewahren",
  file: "Schlüssel und Anmeldungen liegen in einer Datei unter Ihrer Passphrase.",
  locked: "Geheimnisse aufschließen",
  lockedLead:
    "Schlüssel und Anmeldungen liegen in einer Datei unter Ihrer Passphrase. Bis Sie sie nennen, sind sie nicht nutzbar.",
  unlock: "Aufschließen",
  notNow: "Nicht jetzt",
} satisfies Words["secrets"];
