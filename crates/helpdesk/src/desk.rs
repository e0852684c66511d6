//! What the five servers share: offering tools, reading arguments, answering, and speaking MCP.

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, JsonObject,
        ListToolsResult, PaginatedRequestParams, ProtocolVersion, ResultType, ServerCapabilities, ServerConfig, Tool,
        ToolAnnotations,
    },
    service::RequestContext,
};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{data::Records, refusal::Refusal, schema};

/// One MCP server: a name, instructions and tools over the records. It only reads.
pub(crate) struct Desk {
    about: Implementation,
    instructions: &'static str,
    records: Records,
    offers: Vec<Offer>,
}

struct Offer {
    tool: Tool,
    run: Run,
}

type Run = Box<dyn Fn(&Records, JsonObject) -> Result<Value, Refusal> + Send + Sync>;

/// How a tool presents itself.
pub(crate) struct Sign {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
}

/// The tools of a server never change while it runs, so clients may keep the list.
const TOOLS_KEEP_MS: u64 = 3_600_000;

impl Desk {
    pub(crate) fn new(about: Sign, instructions: &'static str, records: Records) -> Self {
        let about = Implementation::new(about.name, env!("CARGO_PKG_VERSION"))
            .with_title(about.title)
            .with_description(about.description);
        Self { about, instructions, records, offers: Vec::new() }
    }

    /// Adds a tool. Its schemas come from the types of its argument and answer, so they cannot disagree with the code.
    pub(crate) fn offer<A, R>(mut self, sign: Sign, answer: fn(&Records, A) -> Result<R, Refusal>) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        R: Serialize + JsonSchema + 'static,
    {
        let annotations = ToolAnnotations::with_title(sign.title)
            .read_only(true)
            .destructive(false)
            .idempotent(true)
            .open_world(false);
        let tool = Tool::new(sign.name, sign.description, schema::input::<A>())
            .with_title(sign.title)
            .with_raw_output_schema(schema::output::<R>().into())
            .with_annotations(annotations);
        let accepted = describe_arguments(&tool.input_schema);
        let run = move |records: &Records, arguments: JsonObject| {
            let arguments = read_arguments::<A>(arguments, &accepted)?;
            Ok(serde_json::to_value(answer(records, arguments)?)?)
        };
        self.offers.push(Offer { tool, run: Box::new(run) });
        self
    }

    pub(crate) fn tool_names(&self) -> impl Iterator<Item = &str> {
        self.offers.iter().map(|offer| offer.tool.name.as_ref())
    }

    fn find(&self, name: &str) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.tool.name == name)
    }
}

impl ServerHandler for Desk {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(self.about.clone())
            .with_instructions(self.instructions)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.find(name).map(|offer| offer.tool.clone())
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let cacheable = context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
        Ok(ListToolsResult {
            result_type: Some(ResultType::COMPLETE),
            tools: self.offers.iter().map(|offer| offer.tool.clone()).collect(),
            meta: None,
            next_cursor: None,
            ttl_ms: cacheable.then_some(TOOLS_KEEP_MS),
            cache_scope: cacheable.then_some(CacheScope::Public),
        })
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(offer) = self.find(&request.name) else {
            let known: Vec<&str> = self.tool_names().collect();
            let message = format!("No tool {}. Known: {}.", request.name, known.join(", "));
            return Err(ErrorData::invalid_params(message, None));
        };
        let result = match (offer.run)(&self.records, request.arguments.unwrap_or_default()) {
            Ok(value) => CallToolResult::structured(value),
            Err(refusal) => CallToolResult::error(vec![ContentBlock::text(refusal.to_string())]),
        };
        Ok(result.into())
    }
}

/// Models like to fill arguments they do not need with `null` or empty text; both count as absent.
fn read_arguments<A: DeserializeOwned>(mut arguments: JsonObject, accepted: &str) -> Result<A, Refusal> {
    arguments.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
    let parse = |arguments: JsonObject| serde_json::from_value::<A>(Value::Object(arguments));
    parse(arguments.clone()).map_err(|problem| {
        // serde does not say which argument it stumbled over: it is the one without which the complaint changes.
        let said = problem.to_string();
        let culprit = arguments.keys().find(|&key| {
            let mut others = arguments.clone();
            others.shift_remove(key);
            parse(others).map_or_else(|other| other.to_string() != said, |_| true)
        });
        let place = culprit.map_or_else(|| "Arguments:".to_owned(), |key| format!("Argument {key}:"));
        Refusal::Arguments { place, problem, accepted: accepted.to_owned() }
    })
}

fn describe_arguments(schema: &JsonObject) -> String {
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let names =
        schema.get("properties").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| {
            if required.contains(&name.as_str()) { format!("{name} (required)") } else { name.clone() }
        });
    names.collect::<Vec<_>>().join(", ")
}
