//! Finding things by words: one small ranked search for tickets, articles and names.
//!
//! Okapi BM25 over weighted fields (BM25F). The collections are tiny, so an index is built per question.

use std::collections::HashMap;

/// A piece of text and how much a word in it counts.
pub(crate) struct Field<'a>(pub(crate) f64, pub(crate) &'a str);

/// Where a document stands in the list it came from, and how well it fits; higher is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hit {
    pub(crate) at: usize,
    pub(crate) score: f64,
}

pub(crate) struct Index {
    documents: Vec<HashMap<String, f64>>,
    mean_length: f64,
}

/// BM25: how fast repeated words stop counting, and how much long documents are held back.
const SATURATION: f64 = 1.2;
const LENGTH_WEIGHT: f64 = 0.5;
/// Hits far below the best are chance meetings of common words.
const FLOOR: f64 = 0.2;
/// What a word counts that fits only by its beginning or but for one letter.
const NEAR_MISS: f64 = 0.5;

const STOP_WORDS: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "can", "do", "does", "for", "from", "has", "have", "how",
    "i", "in", "is", "it", "its", "me", "my", "no", "not", "of", "on", "or", "our", "that", "the", "their", "there",
    "this", "to", "was", "we", "what", "when", "which", "why", "with", "you",
];

const LEGAL_FORMS: &[&str] = &["inc", "llc", "ltd", "gmbh", "corp", "co", "company", "plc", "the"];

impl Index {
    pub(crate) fn new<'a>(documents: impl IntoIterator<Item = Vec<Field<'a>>>) -> Self {
        let documents: Vec<HashMap<String, f64>> = documents.into_iter().map(weigh).collect();
        let total: f64 = documents.iter().map(length).sum();
        Self { mean_length: (total / documents.len().max(1) as f64).max(1.0), documents }
    }

    /// Best first; equals keep their order. A query of nothing but stop words finds nothing.
    pub(crate) fn search(&self, query: &str) -> Vec<Hit> {
        rank(self.score(query))
    }

    /// Like [`Index::search`] for a query made from the document `at` itself, which would outshine all others.
    pub(crate) fn neighbours(&self, at: usize, query: &str) -> Vec<Hit> {
        let mut scores = self.score(query);
        scores[at] = 0.0;
        rank(scores)
    }

    fn score(&self, query: &str) -> Vec<f64> {
        let mut scores = vec![0.0; self.documents.len()];
        let mut terms = stems(query);
        terms.sort();
        terms.dedup();
        for (term, factor) in terms.iter().flat_map(|term| self.expand(term)) {
            self.add(&term, factor, &mut scores);
        }
        scores
    }

    fn add(&self, term: &str, factor: f64, scores: &mut [f64]) {
        let holding = self.documents.iter().filter(|document| document.contains_key(term)).count() as f64;
        let rarity = (1.0 + (self.documents.len() as f64 - holding + 0.5) / (holding + 0.5)).ln();
        for (document, score) in self.documents.iter().zip(scores) {
            let Some(count) = document.get(term) else { continue };
            let stretch = 1.0 - LENGTH_WEIGHT + LENGTH_WEIGHT * length(document) / self.mean_length;
            *score += factor * rarity * count * (SATURATION + 1.0) / (count + SATURATION * stretch);
        }
    }

    /// A known word stands for itself; an unknown one for the known words next to it.
    fn expand(&self, term: &str) -> Vec<(String, f64)> {
        if self.documents.iter().any(|document| document.contains_key(term)) {
            return vec![(term.to_owned(), 1.0)];
        }
        let mut near: Vec<&String> =
            self.documents.iter().flat_map(HashMap::keys).filter(|known| is_near(term, known)).collect();
        near.sort();
        near.dedup();
        near.into_iter().map(|known| (known.clone(), NEAR_MISS)).collect()
    }
}

fn rank(scores: Vec<f64>) -> Vec<Hit> {
    let best = scores.iter().copied().fold(0.0, f64::max);
    let mut hits: Vec<Hit> = scores.into_iter().enumerate().map(|(at, score)| Hit { at, score }).collect();
    hits.retain(|hit| hit.score > 0.0 && hit.score >= best * FLOOR);
    hits.sort_by(|left, right| right.score.total_cmp(&left.score).then(left.at.cmp(&right.at)));
    hits
}

fn weigh(fields: Vec<Field<'_>>) -> HashMap<String, f64> {
    let mut terms = HashMap::new();
    for Field(weight, text) in fields {
        for stem in stems(text) {
            *terms.entry(stem).or_insert(0.0) += weight;
        }
    }
    terms
}

fn length(document: &HashMap<String, f64>) -> f64 {
    document.values().sum()
}

fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// An id stays whole: the `001` of `AST-SRV-001` is not that of `TKT-001`.
fn stems(text: &str) -> Vec<String> {
    let parts = text.split(|letter: char| !letter.is_alphanumeric() && letter != '-');
    let words = parts.flat_map(|part| if is_id(part) { vec![part.to_lowercase()] } else { words(part) });
    words.filter(|word| !STOP_WORDS.contains(&word.as_str())).map(|word| stem(&word)).collect()
}

/// Letters, then perhaps more of them, then three digits: `TKT-001`, `AST-SRV-001`, `inv-2025-003`.
fn is_id(part: &str) -> bool {
    let pieces: Vec<&str> = part.split('-').collect();
    let letters = |piece: &str| !piece.is_empty() && piece.bytes().all(|byte| byte.is_ascii_alphabetic());
    let digits = |piece: &str| piece.len() == 3 && piece.bytes().all(|byte| byte.is_ascii_digit());
    pieces.len() > 1 && letters(pieces[0]) && pieces.last().is_some_and(|last| digits(last))
}

/// Takes the common English endings off, the same way for documents and queries. Words with digits
/// or other scripts are names (`0x1a`, `7xk4q53`) and stay.
fn stem(word: &str) -> String {
    if word.len() < 4 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let singular = match word {
        _ if word.ends_with("ies") && word.len() > 4 => format!("{}y", &word[..word.len() - 3]),
        _ if ["ches", "shes", "sses", "xes", "zes"].iter().any(|end| word.ends_with(end)) => {
            word[..word.len() - 2].to_owned()
        }
        _ if word.ends_with('s') && !["ss", "us", "is"].iter().any(|end| word.ends_with(end)) => {
            word[..word.len() - 1].to_owned()
        }
        _ => word.to_owned(),
    };
    let base = ["ing", "ed"].iter().find_map(|end| singular.strip_suffix(end).filter(|base| base.len() > 2));
    let base = base.map_or(singular.clone(), undouble);
    base.strip_suffix('e').filter(|base| base.len() > 2).map_or(base.clone(), str::to_owned)
}

/// `dropp` is `drop`, but `kill` and `pass` end that way by nature.
fn undouble(base: &str) -> String {
    let mut letters = base.bytes().rev();
    match (letters.next(), letters.next()) {
        (Some(last), Some(before)) if last == before && !b"lsz".contains(&last) => base[..base.len() - 1].to_owned(),
        (_, _) => base.to_owned(),
    }
}

fn is_near(term: &str, known: &str) -> bool {
    let begins = term.chars().count() >= 3 && known.starts_with(term);
    begins || (term.chars().count() >= 5 && one_edit_apart(term, known))
}

/// True when one letter was added, dropped or replaced.
fn one_edit_apart(left: &str, right: &str) -> bool {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let (short, long) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let same = short.iter().zip(&long).take_while(|(one, other)| one == other).count();
    let skip = usize::from(long.len() == short.len());
    short.iter().skip(same + skip).eq(long.iter().skip(same + 1))
}

/// How well `query` names `name`: 0 is not at all. Case, spacing, punctuation and legal forms do not matter,
/// a part is enough, and one letter may be wrong.
pub(crate) fn rank_name(query: &str, name: &str) -> f64 {
    let (asked, own) = (name_words(query), name_words(name));
    let (folded, own_folded) = (asked.concat(), own.concat());
    if folded.is_empty() {
        return 0.0;
    }
    let begins = |word: &String| own.iter().any(|known| known.starts_with(word.as_str()));
    let nearly = |word: &String| own.iter().any(|known| is_near(word, known));
    match () {
        () if folded == own_folded => 1.0,
        () if own_folded.starts_with(&folded) => 0.9,
        () if own_folded.contains(&folded) || own.iter().all(|word| asked.contains(word)) => 0.7,
        () if asked.iter().all(begins) => 0.6,
        () if asked.iter().all(nearly) => 0.4,
        () => 0.0,
    }
}

fn name_words(name: &str) -> Vec<String> {
    let all = words(name);
    let kept: Vec<String> = all.iter().filter(|word| !LEGAL_FORMS.contains(&word.as_str())).cloned().collect();
    if kept.is_empty() { all } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(documents: &[&str], query: &str) -> Vec<usize> {
        let index = Index::new(documents.iter().map(|text| vec![Field(1.0, text)]));
        index.search(query).into_iter().map(|hit| hit.at).collect()
    }

    #[test]
    fn endings_do_not_matter() {
        for (left, right) in
            [("crashes", "crash"), ("updating", "updates"), ("dropped", "drops"), ("killed", "kill"), ("ies", "ies")]
        {
            assert_eq!(stem(left), stem(right), "{left} {right}");
        }
        assert_eq!(stem("0x1a"), "0x1a");
    }

    #[test]
    fn rare_words_count_more_than_common_ones() {
        let documents = ["windows printer", "windows windows windows", "windows mail", "linux kernel"];
        assert_eq!(found(&documents, "windows printer"), [0, 1, 2]);
        assert_eq!(found(&documents, "the of and"), [0; 0]);
    }

    #[test]
    fn ids_are_found_whole() {
        assert_eq!(found(&["TKT-001 of CUST-002", "TKT-002 about AST-SRV-001"], "ast-srv-001"), [1]);
        assert_eq!(found(&["nw-db-01", "nw-db-02"], "db-01"), [0, 1], "hostnames come apart");
    }

    #[test]
    fn heavier_fields_win() {
        let index = Index::new([
            vec![Field(3.0, "mail"), Field(1.0, "kernel panic")],
            vec![Field(3.0, "kernel panic"), Field(1.0, "mail")],
        ]);
        assert_eq!(index.search("kernel panic")[0].at, 1);
    }

    #[test]
    fn beginnings_and_typing_errors_are_found() {
        assert_eq!(found(&["postgresql", "mail"], "postgres"), [0]);
        assert_eq!(found(&["outlook", "mail"], "outlok"), [0]);
    }

    #[test]
    fn names_are_matched_generously() {
        let name = "TechCorp Industries";
        for query in
            ["techcorp industries", "TECHCORP", "tech corp", "industries", "TechCorp Industries, Inc.", "techcorb"]
        {
            assert!(rank_name(query, name) > 0.0, "{query}");
        }
        for query in ["", "Northwind", "technology partners", "untechcorpindustriesed"] {
            assert_eq!(rank_name(query, name), 0.0, "{query}");
        }
    }
}
