//! What turns took is counted as the provider counts it, and stays when the conversation goes.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use chat::{ErrorCode, ModelRef, Usage};
use common::Desk;
use engine::{ModelFigures, Price, Settings};
use testkit::Round;

fn model() -> ModelRef {
    ModelRef { provider: "custom".into(), model: "scripted".into() }
}

fn sums(figures: &[ModelFigures]) -> Vec<(ModelRef, u64, Usage)> {
    figures.iter().map(|each| (each.model.clone(), each.turns, each.usage)).collect()
}

#[tokio::test]
async fn figures_add_up_and_outlive_what_was_said() {
    let rounds = vec![
        Round::text("one").usage(100, 10, 5),
        Round::text("two").usage(200, 20, 50),
        Round::text("three").usage(1, 1, 0),
        Round::text("not counted"),
    ];
    let desk = Desk::new(rounds).await;
    let first = desk.ask("hi").await.conversation;
    desk.ask_in(Some(first.clone()), "and?", |_, _| ()).await;
    desk.ask("elsewhere").await;
    desk.ask("nobody counts").await;
    let here = desk.engine.figures(Some(&first)).await.unwrap();
    assert_eq!(sums(&here), [(model(), 2, Usage { input: 300, output: 30, cached: 55 })]);
    let all = desk.engine.figures(None).await.unwrap();
    assert_eq!(sums(&all), [(model(), 3, Usage { input: 301, output: 31, cached: 55 })]);
    assert_eq!(all[0].month.len(), "2026-11".len());
    desk.engine.delete_all().await.unwrap();
    assert_eq!(desk.engine.figures(None).await.unwrap(), all);
    desk.finish().await;
}

#[tokio::test]
async fn the_latest_round_says_how_full_the_context_is() {
    let rounds = vec![
        Round::new().call("a", "kb__get_article", serde_json::json!({ "article_id": "KB-001" })).usage(100, 10, 0),
        Round::new().say("two ").say("words").usage(250, 20, 0),
    ];
    let desk = Desk::new(rounds).await;
    let told = desk.ask("hi").await;
    let turn = desk.turns(&told.conversation).await.remove(0);
    assert_eq!(turn.usage, Usage { input: 350, output: 30, cached: 0 });
    assert_eq!(turn.latest, Usage { input: 250, output: 20, cached: 0 });
    // A round that came all at once has no pace; where there is one it speaks of the words alone.
    assert!(turn.pace.is_none_or(|pace| pace.written == 20));
    desk.finish().await;
}

#[tokio::test]
async fn prices_are_the_persons_and_nonsense_is_refused() {
    let desk = Desk::new(vec![]).await;
    let usual = desk.engine.settings_view().prices;
    assert!(usual.iter().all(|price| price.provider == "lmstudio" || price.provider == "practice"), "{usual:?}");
    let price = |model: &str, input: f64| Price {
        provider: "openai".into(),
        model: model.into(),
        input,
        cached: None,
        output: 1.0,
    };
    let with = |prices| Settings { prices: Some(prices), ..desk.engine.settings_view().settings };
    desk.engine.change_settings(with(vec![price("gpt-5*", 1.25)])).unwrap();
    assert_eq!(desk.engine.settings_view().prices, [price("gpt-5*", 1.25)]);
    for wrong in [price("", 1.0), price("gpt-5", -1.0), price("gpt-5", f64::NAN)] {
        let error = desk.engine.change_settings(with(vec![wrong])).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidInput);
    }
    desk.finish().await;
}
