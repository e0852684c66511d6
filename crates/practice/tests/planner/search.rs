//! Tools that are found through a tool.

use practice::EXAMPLES;
use serde_json::json;

use crate::talk::{Talk, check, tool};

#[test]
fn the_examples_are_answered_when_tools_are_found() {
    for example in EXAMPLES {
        let (_, all) = Talk::helpdesk().ask(example);
        let (rounds, found) = Talk::helpdesk().behind_a_search().ask(example);
        assert!(rounds[0].starts_with("find_tools"), "{example}: {rounds:?}");
        let tables =
            |text: &str| text.lines().filter(|line| line.starts_with('|')).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(tables(&found), tables(&all), "{example}\n{rounds:#?}\n{found}");
    }
}

#[test]
fn every_part_of_a_question_is_looked_for() {
    let (rounds, text) = Talk::helpdesk().behind_a_search().ask(EXAMPLES[6]);
    let searches: Vec<&str> = rounds[0].split(" | ").collect();
    let expected = [
        r#"find_tools {"query":"critical tickets customers"}"#,
        r#"find_tools {"query":"overdue invoices"}"#,
        r#"find_tools {"query":"sla terms"}"#,
    ];
    for search in expected {
        let words: Vec<&str> = search.split('"').nth(3).unwrap().split(' ').collect();
        let is_made = |made: &&str| words.iter().all(|word| made.contains(word));
        assert!(searches.iter().any(is_made), "{search} is not in {searches:?}\n{text}");
    }
}

#[test]
fn found_tools_are_not_looked_for_again() {
    let mut talk = Talk::helpdesk().behind_a_search();
    talk.ask("What are all the critical priority tickets?");
    let (rounds, _) = talk.ask("What are all the critical priority tickets?");
    assert_eq!(rounds, [r#"search_tickets {"priority":"critical"}"#]);
}

#[test]
fn what_is_not_found_is_said() {
    let mut talk = Talk::helpdesk().behind_a_search();
    let says = ["I looked for tools that fit “write poem spring”", "found none I can use"];
    check(&mut talk, "Write me a poem about spring", &[r#"find_tools {"query":"write poem spring"}"#], &says);
}

#[test]
fn a_tool_of_that_name_that_finds_things_is_none() {
    let hammer =
        tool("find_tools", "Find hammers and saws on the shelf.", &["query"], json!({"query": {"type": "string"}}));
    let mut talk =
        Talk::with(json!([hammer]), &[(r#"find_tools {"query":"hammer"}"#, r#"{"tools": [{"name": "Hammer"}]}"#)]);
    check(&mut talk, "find tools about hammer", &[r#"find_tools {"query":"hammer"}"#], &["**1 tool**", "Hammer"]);
}
