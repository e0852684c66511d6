//! What must hold of whatever comes from elsewhere. The tests try it with what is spoilt, and `fuzz/` with all that it
//! can think of.

use serde_json::Value;

use crate::{import, mask, output, paste, shallow, tools};

/// A list of servers is understood, or refused in words; answers how often each.
pub fn lists(text: &str) -> [usize; 2] {
    let mut outcomes = [0, 0];
    for outcome in [paste::parse_servers(text).map(drop), import::read_list(text).map(drop)] {
        match outcome {
            Ok(()) => outcomes[0] += 1,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                outcomes[1] += 1;
            }
        }
    }
    outcomes
}

/// What is written down once without secrets is written down so a second time.
pub fn masks(text: &str) {
    let masked = mask::text(text).into_owned();
    assert_eq!(mask::text(&masked), masked, "{text:?}");
    if let Ok(shown) = url::Url::parse(&mask::url(text)) {
        assert!(shown.password().is_none(), "{text:?} is shown as {shown}");
    }
}

/// A message is made shallow and nothing else of it is changed; answers whether it is JSON at all.
pub fn messages(text: &[u8]) -> bool {
    let value = serde_json::from_slice::<Value>(text).ok();
    let left = shallow::message(text.to_vec());
    assert!(left.len() <= text.len());
    let Some(value) = value else { return false };
    assert_eq!(serde_json::from_slice::<Value>(&left).ok(), Some(value));
    true
}

/// A result is read and cut to any length.
pub fn results(result: &Value) {
    let (read, _) = output::read(result);
    for budget in [0, 1, 7, 100] {
        assert!(output::cut(&read.model_text, budget).chars().count() <= budget + 200);
    }
}

/// Of a server's tools those that can be used are, each under a name that no other has and that providers take.
pub fn definitions(list: &[Value]) {
    let tools = tools::read("server", list);
    let mut called: Vec<&str> = tools.iter().map(|tool| tool.called.as_str()).collect();
    for name in &called {
        assert!(!name.is_empty() && name.len() <= 64, "{name:?}");
        assert!(name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter)), "{name:?}");
    }
    called.sort_unstable();
    called.dedup();
    assert_eq!(called.len(), tools.len(), "a name stands for two tools");
}
