//! What models cost, as the person says. What nobody said is unknown, never nothing.

use chat::{ErrorCode, ErrorReport};
use serde::{Deserialize, Serialize};

use crate::provider::{LMSTUDIO, PRACTICE};

/// What a model costs for a million tokens, in the settings' currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Price {
    /// `openai`, `lmstudio`, `practice` or `custom`.
    pub provider: String,
    /// The model's name; one that ends in `*` stands for all that begin so. The longest that fits counts.
    pub model: String,
    pub input: f64,
    /// For what the provider had kept; as `input` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cached: Option<f64>,
    pub output: f64,
}

/// Before anybody said anything: models on this computer cost no money. Providers change their prices too often for
/// a program to know them.
pub(crate) fn usual() -> Vec<Price> {
    let free =
        |provider: &str| Price { provider: provider.into(), model: "*".into(), input: 0.0, cached: None, output: 0.0 };
    vec![free(LMSTUDIO), free(PRACTICE)]
}

/// What is wrong with a table of prices, if anything.
pub(crate) fn problem(prices: &[Price]) -> Option<ErrorReport> {
    let fits = |amount: f64| amount.is_finite() && (0.0..=1_000_000.0).contains(&amount);
    let wrong = prices.iter().find(|price| {
        price.model.trim().is_empty()
            || ![price.input, price.output, price.cached.unwrap_or_default()].into_iter().all(fits)
    })?;
    Some(
        ErrorReport::new(ErrorCode::InvalidInput, format!("The price of {} cannot be used.", wrong.model))
            .because("A price has the name of a model and amounts that are not below zero.")
            .fix("Mend that line, or remove it."),
    )
}
