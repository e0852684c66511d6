//! Files that come with questions: kept with the conversation, and given to the model with every request.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use chat::{AttachmentKind, ErrorCode, Item, ModelRef, Turn};
use common::{DOT, Desk};
use engine::{ExportFormat, Place, Question};
use testkit::Round;

#[tokio::test]
async fn a_picture_and_a_text_go_with_this_and_every_later_request() {
    let desk = Desk::new(vec![Round::text("Seen."), Round::text("Still there.")]).await;
    let picture = desk.engine.attach("folder/dot.png", DOT.to_vec()).await.unwrap();
    assert_eq!((picture.name.as_str(), &picture.kind), ("dot.png", &AttachmentKind::Image { width: 1, height: 1 }));
    let text = desk.engine.attach("notes.md", b"# Notes".to_vec()).await.unwrap();
    let attachments = vec![picture.id.clone(), text.id.clone()];
    let question = Question { text: "What is this?".into(), attachments, ..Default::default() };
    let conversation = desk.follow(question).await.conversation;

    let desk = desk.reopen().await;
    desk.ask_in(Some(conversation.clone()), "And now?", |_, _| ()).await;
    let kept = desk.turns(&conversation).await;
    let Some(Item::Message(asked)) = kept[0].items.first() else { panic!("{kept:?}") };
    assert_eq!(asked.attachments, [picture.clone(), text]);
    assert!(desk.engine.attached(&picture.id).await.unwrap().starts_with("data:image/png;base64,"));
    let requests = desk.finish().await;
    for request in requests {
        let messages = request["messages"].as_array().unwrap();
        let content = messages.iter().find(|message| message["role"] == "user").unwrap()["content"].as_array().unwrap();
        assert!(content.iter().any(|part| {
            part["image_url"]["url"].as_str().is_some_and(|url| url.starts_with("data:image/png;base64,"))
        }));
        let words = content.last().unwrap()["text"].as_str().unwrap();
        assert!(words.contains("notes.md") && words.contains("# Notes") && words.ends_with("What is this?"), "{words}");
    }
}

#[tokio::test]
async fn what_cannot_be_attached_says_why() {
    let desk = Desk::new(vec![]).await;
    let report = desk.engine.attach("a.exe", b"MZ\0\0".to_vec()).await.unwrap_err();
    assert!(report.message.contains("a.exe") && report.cause.is_some() && report.fix.is_some(), "{report:?}");
    let question = Question { text: "x".into(), attachments: vec!["gone".into()], ..Default::default() };
    assert!(desk.engine.send(question).await.unwrap_err().message.contains("not there"));
    desk.finish().await;
}

fn attached(turn: &Turn) -> Vec<&str> {
    let Some(Item::Message(asked)) = turn.items.first() else { panic!("{turn:?}") };
    asked.attachments.iter().map(|file| file.name.as_str()).collect()
}

#[tokio::test]
async fn files_go_along_with_a_copy_another_answer_and_other_words() {
    let words = ["one", "two", "three", "four"];
    let desk = Desk::new(words.map(Round::text).to_vec()).await;
    let file = desk.engine.attach("notes.md", b"# Notes".to_vec()).await.unwrap();
    let question = Question { attachments: vec![file.id.clone()], ..Default::default() };
    let first = desk.follow(question).await;
    assert_eq!(desk.engine.conversations()[0].title, "notes.md");

    let copy = desk.engine.fork(&first.conversation, None).await.unwrap();
    desk.ask_in(Some(copy.clone()), "And?", |_, _| ()).await;
    assert_eq!(attached(&desk.turns(&copy).await[0]), ["notes.md"]);

    let (conversation, place) = (Some(first.conversation.clone()), Place::Again(first.turn.clone()));
    let again = Question { conversation: conversation.clone(), place, ..Default::default() };
    assert_eq!(attached(&desk.turns(&desk.follow(again).await.conversation).await[0]), ["notes.md"]);
    let (place, attachments) = (Place::Edited(first.turn), vec![file.id.clone()]);
    let edited = Question { conversation, text: "In short?".into(), place, attachments, ..Default::default() };
    assert_eq!(attached(&desk.turns(&desk.follow(edited).await.conversation).await[0]), ["notes.md"]);

    let requests = desk.finish().await;
    for request in requests {
        let asked = request["messages"].as_array().unwrap().iter().find(|it| it["role"] == "user").unwrap();
        assert!(asked["content"].as_str().unwrap().contains("# Notes"), "{asked}");
    }
}

#[tokio::test]
async fn a_model_that_is_known_to_be_blind_is_told_of_a_picture_but_not_shown_it() {
    let desk = Desk::with(vec![], |options| options.servers = Some(vec![])).await;
    let picture = desk.engine.attach("dot.png", DOT.to_vec()).await.unwrap();
    let model = Some(ModelRef { provider: "practice".into(), model: "practice".into() });
    let question = Question { text: "hello".into(), model, attachments: vec![picture.id], ..Default::default() };
    let told = desk.follow(question).await;
    let exchanges = desk.engine.model_exchanges(&told.turn);
    let sent = serde_json::to_string(&exchanges).unwrap();
    assert!(sent.contains("dot.png") && !sent.contains("image_url"), "{sent}");
    desk.finish().await;
}

#[tokio::test]
async fn an_imported_file_that_is_not_what_it_says_stays_out() {
    let desk = Desk::new(vec![Round::text("one")]).await;
    let picture = desk.engine.attach("dot.png", DOT.to_vec()).await.unwrap();
    let text = desk.engine.attach("notes.md", b"# Notes".to_vec()).await.unwrap();
    let attachments = vec![picture.id.clone(), text.id.clone()];
    desk.follow(Question { text: "What is this?".into(), attachments, ..Default::default() }).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("all.json");
    desk.engine.export(None, ExportFormat::Json, &file).await.unwrap();
    let forged = std::fs::read_to_string(&file).unwrap().replace("data:image/png;", "data:image/svg+xml;");
    std::fs::write(&file, forged).unwrap();
    desk.engine.delete_all().await.unwrap();
    let imported = desk.engine.import_conversations(&file, None).await.unwrap();
    assert_eq!((imported.conversations, imported.left.images, imported.left.files), (1, 1, 0));
    assert_eq!(desk.engine.attached(&picture.id).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(desk.engine.attached(&text.id).await.unwrap(), "# Notes");
    desk.finish().await;
}
