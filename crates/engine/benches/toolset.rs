//! What finding tools saves and what it costs: tokens sent and recall@5 on questions with known answers, against
//! sending everything. The definitions are those of real servers, as they list them (`data/tools.json` names each
//! source); a question counts where a tool that answers it is among those at hand.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, not the product")]

use chat::Tool;
use engine::ToolIndex;
use serde_json::Value;

/// The first so many: the help desk, then local tools, then browsers and forges.
const SETS: [usize; 3] = [20, 100, 500];
const AT: usize = 5;

fn main() {
    let lists: Vec<Value> = serde_json::from_str(include_str!("data/tools.json")).unwrap();
    let questions: Vec<Value> = serde_json::from_str(include_str!("data/questions.json")).unwrap();
    println!(
        "{:>5} {:>10} {:>10} {:>9} {:>9} {:>9}",
        "tools", "all sent", "found", "recall@1", "recall@5", "questions"
    );
    for most in SETS {
        let all: Vec<Tool> = lists.iter().flat_map(tools).take(most).collect();
        measure(&all, &questions);
    }
}

fn tools(list: &Value) -> Vec<Tool> {
    let server = list["server"].as_str().unwrap();
    let raws = list["tools"].as_array().unwrap();
    mcp::tools_of(server, raws)
}

fn measure(tools: &[Tool], questions: &[Value]) {
    let index = ToolIndex::new(tools);
    let price = |tool: &Tool| engine::token_price(tool).unwrap_or(0);
    let all: u32 = tools.iter().map(price).sum();
    let (mut asked, mut first, mut five, mut sent) = (0, 0, 0, 0);
    for question in questions {
        let answers: Vec<(&str, &str)> =
            question["tools"].as_array().unwrap().iter().filter_map(|name| name.as_str()?.split_once('/')).collect();
        let answers_it = |tool: &Tool| answers.contains(&(tool.server.as_str(), tool.name.as_str()));
        if !tools.iter().any(answers_it) {
            continue;
        }
        asked += 1;
        let words = question["question"].as_str().unwrap();
        let found: Vec<&Tool> = index.search(words, AT).into_iter().map(|at| &tools[at]).collect();
        first += usize::from(found.first().is_some_and(|tool| answers_it(tool)));
        let hit = found.iter().any(|tool| answers_it(tool));
        five += usize::from(hit);
        if !hit {
            let names: Vec<String> = found.iter().map(|tool| format!("{}/{}", tool.server, tool.name)).collect();
            println!("      missed: {words} → {}", names.join(", "));
        }
        sent += found.iter().map(|tool| price(tool)).sum::<u32>();
    }
    let share = |count: usize| 100.0 * count as f64 / asked as f64;
    println!(
        "{:>5} {:>10} {:>10} {:>8.1}% {:>8.1}% {:>9}",
        tools.len(),
        all,
        sent / u32::try_from(asked).unwrap(),
        share(first),
        share(five),
        asked
    );
}
