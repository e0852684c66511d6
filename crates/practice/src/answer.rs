//! Answers in Markdown.

/// Stands under every answer.
pub(crate) const SIGNATURE: &str = "*Practice model: no AI, it matches your words to tools.*";
