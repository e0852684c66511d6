// Fragen, die eine leere Unterhaltung anbietet, je nachdem, was die Tools können.
import type { Words } from "../en";

export const suggest: Words["suggest"] = {
  edits: "Kommt ins Nachrichtenfeld, um zuerst angepasst zu werden",
  use: (what: string, server: string) => `„${what}“ bei ${server} aufrufen`,
  questions: {
    closing: "Zeig mir alle Opportunities, die diesen Monat abschließen",
    pipeline: "Welchen Gesamtwert hat meine Pipeline?",
    contacts: "Finde Kontakte bei Unternehmen im Gesundheitswesen",
    accounts: "Welche Kunden habe ich seit 30 Tagen nicht kontaktiert?",
    lead: "Lege einen neuen Lead für John Smith bei Acme Corp an",
    mine: "Welche Tickets sind mir zugewiesen?",
    bugs: "Zeig mir alle Fehler mit hoher Priorität",
    updated: "Welche Vorgänge haben sich diese Woche geändert?",
    reviews: "Welche Pull Requests warten auf eine Durchsicht?",
    task: "Lege eine Aufgabe an, die Roadmap für Q1 durchzusehen",
    meetings: "Welche Termine habe ich morgen?",
    sheets: "Finde alle Tabellen mit „Budget“ im Namen",
    row: "Füge meiner Vertriebstabelle eine Zeile hinzu",
    unread: "Welche ungelesenen Nachrichten habe ich?",
    mails: "Suche E-Mails von unserer Rechtsabteilung",
    message: "Schreib #sales-team eine Nachricht über die neuen Preise",
    files: "Welche Dateien gibt es, und worum geht es darin?",
    tables: "Welche Tabellen gibt es, und wie hängen sie zusammen?",
    dealTicket: "Finde mein größtes Geschäft und lege ein Ticket an, um das Angebot vorzubereiten",
    summary: "Nimm meinen Kalender für morgen und schick meinem Team eine Zusammenfassung",
    forecast: "Hol die Verkaufszahlen aus Q4 und aktualisiere die Prognosetabelle",
    meetingTickets: "Welche meiner offenen Tickets betreffen die Termine von morgen?",
  },
};
