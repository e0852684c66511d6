//! German questions, word by word: enough for the words people use of tickets, customers and bills.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;

use super::words::pattern;

/// German spellings and the English words they stand for; `_` joins two words that mean something together.
const TABLE: &str = "
welche welcher welches welchen = which
wer wem wen = who
wie_viele wieviele = how many
wie_hoch was = what
wie = how
wann = when
wo = where
der die das den dem des = the
ein eine einen einem einer eines = a
und sowie = and
oder = or
ist = is
sind = are
war waren wurde wurden = was
hat = has
haben = have
gibt_es = are there
es = it
wir = we
uns = us
mir = me
ihre ihr ihren ihrer ihrem deren dessen = their
sie = they
von vom = of
für = for
mit = with
ohne = without
bei beim = at
im in am an auf = in
zu zum zur = to
über = about
seit = since
nicht = not
alle allen aller = all
zeige zeig nenne liste = show
finde suche such = find
bitte = please
kunde kunden kundin = customers
rechnung = invoice
rechnungen = invoices
überfällig überfällige überfälligen überfälliger = overdue
bezahlt bezahlte bezahlten = paid
ausstehend ausstehende ausstehenden = pending
offene_betrag offener_betrag offenen_betrag betrag saldo = outstanding balance
offen offene offenen offener offenes = open
schuldet schulden = owes
geld = money
kritisch kritische kritischen kritischer dringend dringende dringenden = critical
hoch hohe hohen hoher hoher = high
niedrig niedrige niedrigen niedriger = low
priorität = priority
gelöst gelöste gelösten = resolved
geschlossen geschlossene geschlossenen = closed
störung störungen vorfall vorfälle = tickets
garantie garantien = warranties
abgelaufen abgelaufene abgelaufenen = expired
lizenz lizenzen = licenses
gerät geräte geräten rechner = assets
ansprechpartner kontakt kontakte = contacts
vertrag verträge = contract
artikel = articles
lösung lösungen anleitung anleitungen = solutions
verlauf = history
zahlung zahlungen = payment
technisch technische technischen technischer = technical
ähnlich ähnliche ähnlichen = similar
letzte letzten letzter = last
woche = week
monat = month
jahr = year
";

/// A question with fewer words of the table is not taken for German.
const LEAST: usize = 2;

static WORD: LazyLock<Regex> = LazyLock::new(|| pattern(r"\w+"));
static ENGLISH: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter_map(|line| line.split_once(" = "));
    lines.flat_map(|(german, english)| german.split(' ').map(move |word| (word.to_owned(), english))).collect()
});
/// Spellings that are English words too.
static SHARED: LazyLock<HashSet<&'static str>> = LazyLock::new(|| ["war", "die", "in", "an", "am", "was"].into());

/// The question in English words, where it is German.
pub(crate) fn translated(text: &str) -> Option<String> {
    let words: Vec<(usize, usize, String)> =
        WORD.find_iter(text).map(|word| (word.start(), word.end(), word.as_str().to_lowercase())).collect();
    let is_sign = |word: &str| ENGLISH.contains_key(word) && !SHARED.contains(word);
    if words.iter().filter(|(_, _, word)| is_sign(word)).count() < LEAST {
        return None;
    }
    let (mut english, mut from, mut at) = (String::new(), 0, 0);
    while let Some((start, end, word)) = words.get(at) {
        let pair = words.get(at + 1).map(|(_, end, next)| (*end, format!("{word}_{next}")));
        let joined = pair.and_then(|(end, pair)| Some((end, 2, *ENGLISH.get(&pair)?)));
        let single = ENGLISH.get(word).map(|said| (*end, 1, *said));
        if let Some((end, count, said)) = joined.or(single) {
            english += &text[from..*start];
            english += said;
            (from, at) = (end, at + count);
        } else {
            at += 1;
        }
    }
    Some(english + &text[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn german_is_told_from_english() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(translated(text).as_deref(), expected, "{text}");
        check("Welche kritischen Tickets gibt es?", Some("which critical Tickets are there?"));
        check("Wie hoch ist der offene Betrag von Nordwind?", Some("what is the outstanding balance of Nordwind?"));
        check("What was the war about, and who will die in it?", None);
        check("Show me the Rechnungen table", None);
    }
}
