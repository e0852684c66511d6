//! Dates in a question: "since 2024-05-01", "in March 2025", "last 30 days".

use std::sync::LazyLock;

use jiff::Span;
use jiff::civil::{Date, date};
use regex::Regex;

use super::words::pattern;

/// From the first day to the last, both meant to be included; either may be open.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Range {
    pub(crate) from: Option<Date>,
    pub(crate) to: Option<Date>,
}

static DAY: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(\d{4})-(\d{2})-(\d{2})\b"));
static MONTH: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b([a-z]{3,9})\.?\s+(\d{4})\b"));
static YEAR: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:in|of|during|since|after|before|until)\s+(20\d{2})\b(?:[^-]|$)"));
static RECENT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:last|past|previous)\s+(\d+)?\s*(day|week|month|year)s?\b"));
static CURRENT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bthis\s+(month|year)\b"));
static OPEN_END: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:since|after|from|starting)\s+(?:the\s+)?$"));
static OPEN_START: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:before|until|till|to|by)\s+(?:the\s+)?$"));

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The number of a month by its name or the first three letters of it.
pub(crate) fn month(word: &str) -> Option<i8> {
    let word = word.to_lowercase();
    let at = MONTHS.iter().position(|month| *month == word || (word.len() == 3 && month.starts_with(&word)))?;
    i8::try_from(at + 1).ok()
}

/// The range a text speaks of.
pub(crate) fn range(text: &str, today: Date) -> Range {
    let mut spans = stated(text);
    spans.sort_by_key(|(at, _, _)| *at);
    let mut range = Range::default();
    for (index, (at, first, last)) in spans.iter().enumerate() {
        let before = &text[..*at];
        if OPEN_END.is_match(before) || (index == 0 && spans.len() > 1) {
            range.from = Some(*first);
        } else if OPEN_START.is_match(before) {
            let until_end = before.trim_end().to_lowercase().ends_with("before");
            range.to = Some(if until_end { *first } else { *last });
        } else if index > 0 {
            range.to = Some(*last);
        } else {
            range = Range { from: Some(*first), to: Some(*last) };
        }
    }
    if range == Range::default() { relative(text, today) } else { range }
}

/// Days, months and years as written, each with where it stands, its first day and its last.
fn stated(text: &str) -> Vec<(usize, Date, Date)> {
    let mut spans = Vec::new();
    for found in DAY.find_iter(text) {
        if let Ok(day) = found.as_str().parse::<Date>() {
            spans.push((found.start(), day, day));
        }
    }
    for found in MONTH.captures_iter(text) {
        let (Some(month), Ok(year)) = (month(&found[1]), found[2].parse::<i16>()) else { continue };
        if let (Some(whole), Ok(first)) = (found.get(0), Date::new(year, month, 1)) {
            spans.push((whole.start(), first, first.last_of_month()));
        }
    }
    for found in YEAR.captures_iter(text) {
        if let (Some(at), Ok(year)) = (found.get(1), found[1].parse::<i16>()) {
            spans.push((at.start(), date(year, 1, 1), date(year, 12, 31)));
        }
    }
    spans
}

fn relative(text: &str, today: Date) -> Range {
    let lower = text.to_lowercase();
    let has = |word: &str| lower.split(|letter: char| !letter.is_alphanumeric()).any(|part| part == word);
    if has("yesterday") {
        let day = today.yesterday().ok();
        return Range { from: day, to: day };
    }
    if has("today") {
        return Range { from: Some(today), to: Some(today) };
    }
    if let Some(found) = CURRENT.captures(text) {
        let first = if found[1].eq_ignore_ascii_case("month") { today.first_of_month() } else { today.first_of_year() };
        return Range { from: Some(first), to: Some(today) };
    }
    let Some(found) = RECENT.captures(text) else { return Range::default() };
    let unit = found[2].to_lowercase();
    let Some(count) = found.get(1) else {
        return last_whole(&unit, today);
    };
    let from = count.as_str().parse().ok().and_then(|count| ago(today, &unit, count));
    Range { from, to: from.map(|_| today) }
}

/// "last month" is the calendar month before this one; "last week" the seven days behind us.
fn last_whole(unit: &str, today: Date) -> Range {
    let Some(back) = ago(today, unit, 1) else { return Range::default() };
    match unit {
        "month" => Range { from: Some(back.first_of_month()), to: Some(back.last_of_month()) },
        "year" => Range { from: Some(back.first_of_year()), to: Some(back.last_of_year()) },
        _ => Range { from: Some(back), to: Some(today) },
    }
}

fn ago(today: Date, unit: &str, count: i64) -> Option<Date> {
    let span = match unit {
        "day" => Span::new().try_days(count),
        "week" => Span::new().try_weeks(count),
        "month" => Span::new().try_months(count),
        _ => Span::new().try_years(count),
    };
    today.checked_sub(span.ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let range = range(text, date(2025, 6, 15));
        let show = |day: Option<Date>| day.map_or("…".to_owned(), |day| day.to_string());
        assert_eq!(format!("{} {}", show(range.from), show(range.to)), expect, "{text}");
    }

    #[test]
    fn dates_become_ranges() {
        check("tickets since 2024-05-01", "2024-05-01 …");
        check("tickets before 2024-05-01", "… 2024-05-01");
        check("in March 2025", "2025-03-01 2025-03-31");
        check("from January 2025 to March 2025", "2025-01-01 2025-03-31");
        check("between 2025-01-05 and 2025-02-01", "2025-01-05 2025-02-01");
        check("invoices of 2024", "2024-01-01 2024-12-31");
        check("the last 30 days", "2025-05-16 2025-06-15");
        check("last month", "2025-05-01 2025-05-31");
        check("the last 99999999999 days", "… …");
        check("opened today", "2025-06-15 2025-06-15");
        check("tickets may be open", "… …");
    }
}
