import type { system as english } from "../en/system";

export const system: typeof english = {
  system: "System",
  lead: "Wie sich Loquat an Ihrem System beteiligt, während Sie anderes tun.",
  notifications: "Benachrichtigungen",
  notificationsHint:
    "Wenn ein Zug endet oder ein Aufruf auf Sie wartet, während das Fenster nicht vorn ist. Was gesagt wurde, zeigen sie nie.",
  tray: "Symbol in der Leiste",
  trayHint: "Zeigt in Farbe und in Worten, ob etwas läuft oder auf Sie wartet.",
  trayImpossible: "Dieses System zeigt keines. Unter Debian braucht es das Paket libayatana-appindicator3-1.",
  login: "Beim Anmelden starten",
  loginHint: "Öffnet das Fenster, wenn Sie sich an diesem Rechner anmelden.",
  updates: "Neue Versionen",
  updatesHint: "Gesucht wird auf Klick, nie von selbst. Nur unterschriebene werden eingespielt.",
  updatesImpossible:
    "Diese Kopie wurde ohne Schlüssel für Aktualisierungen gebaut; sie sucht nie nach neuen Versionen.",
  look: "Nach neuer Version suchen",
  newest: "Dies ist die neueste Version.",
  newer: (version) => `Version ${version} ist da.`,
  install: "Einspielen und neu starten",
  words: {
    open: "Loquat öffnen",
    quit: "Beenden",
    idle: "Loquat: nichts läuft",
    running: "Loquat: {} läuft",
    waiting: "Loquat: {} wartet auf Sie",
    answered: "Beantwortet",
    failed: "Der Zug ist gescheitert",
    approval: "Ein Aufruf wartet auf Ihre Erlaubnis",
    question: "{} fragt etwas",
  },
};
