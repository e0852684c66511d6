//! Tools: from the catalogue that ships, from files, from the configuration itself, and of other servers.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chat::ToolHints;
use http::Method;
use serde_json::{Map, Value, json};
use serde_saphyr::Spanned;

use crate::{
    GatewayError, Problem, catalogue,
    config::{self, Approval, File, Source, Tool, ToolApproval, ToolRule},
    offer::{Offer, Path, Via},
};

use super::Compiler;

/// What a configuration says of a server's tools as a whole, or of one of them.
#[derive(Clone, Default)]
pub(crate) struct ServerRule {
    pub(crate) roles: Option<Arc<[String]>>,
    pub(crate) approval: Option<Approval>,
    pub(crate) enabled: Option<bool>,
}

/// One tool as written, and in which file.
struct Written<'a> {
    source: Source,
    service: Option<String>,
    tool: &'a Spanned<Tool>,
}

impl Compiler {
    pub(super) fn offers(
        &self,
        file: &File,
        mode: Approval,
        default_roles: &Arc<[String]>,
    ) -> Result<BTreeMap<String, Arc<Offer>>, Problem> {
        let has_services = file.tenants.values().any(|tenant| !tenant.services.is_empty());
        let mut catalogues = vec![];
        if file.catalogue.unwrap_or(has_services) {
            for source in catalogue::shipped() {
                catalogues.push((source.clone(), config::read::<config::Catalogue>(&source)?));
            }
        }
        for name in &file.include {
            let source = Source::open(&self.folder.join(&name.value)).map_err(|error| match error {
                GatewayError::Config(problem) => *problem,
                other => self.problem_of(name).what(other.to_string()).fix("Correct the path, or take it out."),
            })?;
            catalogues.push((source.clone(), config::read::<config::Catalogue>(&source)?));
        }
        let mut written: BTreeMap<&str, Written<'_>> = BTreeMap::new();
        for (source, catalogue) in &catalogues {
            for (name, tool) in &catalogue.tools {
                let service = tool.value.service.clone().or_else(|| catalogue.service.clone());
                written.insert(name, Written { source: source.clone(), service, tool });
            }
        }
        // What the file itself says replaces what a catalogue says.
        for (name, tool) in &file.tools {
            written.insert(name, Written { source: self.source.clone(), service: tool.value.service.clone(), tool });
        }
        let mut offers = BTreeMap::new();
        for (name, written) in &written {
            let rule = file.security.tools.get(*name).map(|rule| &rule.value);
            if rule.and_then(|rule| rule.enabled) == Some(false) {
                continue;
            }
            for offer in written.offers(name, rule, mode, default_roles)? {
                if let Some(other) = offers.insert(offer.name.clone(), Arc::new(offer)) {
                    return Err(written.problem(&format!("The name {} is given twice.", other.name), "Rename one."));
                }
            }
        }
        Ok(offers)
    }

    /// Rules for names that are no tool here may be about another server's tool, which is only known later.
    pub(super) fn tool_rules(
        &self,
        file: &File,
        offers: &BTreeMap<String, Arc<Offer>>,
    ) -> Result<HashMap<String, ServerRule>, Problem> {
        let mut rules = HashMap::new();
        for (name, rule) in &file.security.tools {
            let off = rule.value.enabled == Some(false);
            let of_a_server = !file.plain_names.is_empty()
                || file.servers.keys().any(|server| name.starts_with(&format!("{server}__")));
            if !off && !of_a_server && !offers.contains_key(name) {
                return Err(self
                    .problem_of(rule)
                    .what(format!("There is no tool {name:?}."))
                    .why("The rule would protect nothing.")
                    .fix(match nearest(name, offers.keys()) {
                        Some(near) => format!("Did you mean {near}? Otherwise take it out."),
                        None => "Correct the name, or take it out.".to_owned(),
                    }));
            }
            rules.insert(name.clone(), server_rule(&rule.value));
        }
        Ok(rules)
    }

    pub(super) fn server_rules(&self, file: &File) -> Result<HashMap<String, ServerRule>, Problem> {
        let mut rules = HashMap::new();
        for (name, rule) in &file.security.servers {
            if !self.lent && !file.servers.contains_key(name) {
                return Err(self
                    .problem_of(rule)
                    .what(format!("There is no server {name:?}."))
                    .why("The rule would protect nothing.")
                    .fix("Correct the name, or add the server under `servers`."));
            }
            rules.insert(name.clone(), server_rule(&rule.value));
        }
        Ok(rules)
    }

    pub(super) fn plain_names(&self, file: &File) -> Result<Vec<String>, Problem> {
        let name = |spanned: &Spanned<String>| {
            if self.lent || file.servers.contains_key(&spanned.value) {
                return Ok(spanned.value.clone());
            }
            Err(self
                .problem_of(spanned)
                .what(format!("There is no server {:?}.", spanned.value))
                .why("`plain_names` is about servers of this file.")
                .fix("Correct the name, or take it out."))
        };
        file.plain_names.iter().map(name).collect()
    }

    pub(super) fn servers(
        &self,
        servers: &BTreeMap<String, Spanned<Value>>,
    ) -> Result<Vec<mcp::ServerConfig>, Problem> {
        let mut configs = vec![];
        for (name, spanned) in servers {
            let mut value = spanned.value.clone();
            self.fill(&mut value, spanned)?;
            let document = json!({ "mcpServers": { name: value } });
            let wrong = |why: String| {
                self.problem_of(spanned)
                    .what(format!("The server {name:?} cannot be used."))
                    .why(why)
                    .fix("Give `command` and `args`, or `url` and `headers`, as in any client's file.")
            };
            let parsed = mcp::parse_servers(&document.to_string()).map_err(|error| wrong(error.to_string()))?;
            let [mut config] = <[_; 1]>::try_from(parsed).map_err(|_| wrong("It is not one server.".to_owned()))?;
            if config.name != *name {
                return Err(wrong(format!("Its name would become {:?}: letters a-z, digits and - only.", config.name)));
            }
            if let mcp::Transport::Stdio { cwd, .. } = &mut config.transport {
                // Paths mean what they mean beside the file, wherever the gateway is started.
                *cwd = Some(cwd.as_ref().map_or(self.folder.clone(), |cwd| self.folder.join(cwd)));
            }
            configs.push(config);
        }
        Ok(configs)
    }

    /// Fills variables in wherever a text stands.
    fn fill(&self, value: &mut Value, at: &Spanned<Value>) -> Result<(), Problem> {
        match value {
            Value::String(text) => *text = self.text(text, at.referenced)?,
            Value::Array(list) => list.iter_mut().try_for_each(|value| self.fill(value, at))?,
            Value::Object(map) => map.values_mut().try_for_each(|value| self.fill(value, at))?,
            Value::Null | Value::Bool(_) | Value::Number(_) => (),
        }
        Ok(())
    }
}

fn server_rule(rule: &ToolRule) -> ServerRule {
    let required = rule.user_approval_required;
    ServerRule {
        roles: rule.allowed_roles.clone().map(Into::into),
        approval: rule.approval.or(match required {
            Some(true) => Some(Approval::Argument),
            Some(false) => Some(Approval::Never),
            None => None,
        }),
        enabled: rule.enabled,
    }
}

/// The known name that differs in the fewest letters, where that is close enough to be meant.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    let distance = |other: &str| {
        let same = name.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
        name.len().max(other.len()) - same
    };
    let near = known.map(|other| (distance(other), other.as_str())).min()?;
    (near.0 <= 4).then_some(near.1)
}

impl Written<'_> {
    fn problem(&self, what: &str, fix: &str) -> Problem {
        self.source.problem(self.tool.referenced).what(what).fix(fix)
    }

    /// The tool and each of its other names.
    fn offers(
        &self,
        name: &str,
        rule: Option<&ToolRule>,
        mode: Approval,
        default_roles: &Arc<[String]>,
    ) -> Result<Vec<Offer>, Problem> {
        let tool = &self.tool.value;
        let rule = rule.map(server_rule).unwrap_or_default();
        let required = match tool.approval {
            ToolApproval::None => Approval::Never,
            ToolApproval::Required => mode,
        };
        // `user_approval_required: true` asks for what the mode says, which may be more than the argument.
        let approval = match rule.approval {
            Some(Approval::Argument) if mode == Approval::Person => Approval::Person,
            Some(approval) => approval,
            None => required,
        };
        let roles = rule.roles.or_else(|| tool.roles.clone().map(Into::into)).unwrap_or_else(|| default_roles.clone());
        let input = Arc::new(self.input(name, approval)?);
        let names = std::iter::once((name, None)).chain(tool.aliases.iter().map(|alias| (alias.as_str(), Some(name))));
        names
            .map(|(called, alias_of)| {
                let description = match alias_of {
                    Some(name) => format!("{} (The same as {name}.)", tool.description.trim()),
                    None => tool.description.trim().to_owned(),
                };
                Ok(Offer {
                    name: called.to_owned(),
                    alias_of: alias_of.map(str::to_owned),
                    title: tool.title.clone(),
                    description,
                    validator: Some(self.validator(&input)?),
                    input: input.clone(),
                    output: None,
                    hints: ToolHints {
                        stated: true,
                        read_only: tool.reads_only,
                        destructive: tool.destroys && !tool.reads_only,
                        idempotent: tool.idempotent || tool.reads_only,
                        open_world: tool.open_world,
                    },
                    roles: roles.clone(),
                    approval,
                    via: self.via(&input)?,
                })
            })
            .collect()
    }

    fn input(&self, name: &str, approval: Approval) -> Result<Map<String, Value>, Problem> {
        let valid = !name.is_empty() && name.len() <= 64;
        if !valid || !name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
            return Err(self.problem(&format!("{name:?} is no name of a tool."), "Use letters, digits, . _ and -."));
        }
        let mut input = match self.tool.value.input.as_ref().map(|input| &input.value) {
            None => Map::new(),
            Some(Value::Object(input)) => input.clone(),
            Some(_) => return Err(self.problem("`input` is no JSON Schema.", "Write an object with `properties`.")),
        };
        input.entry("type").or_insert(json!("object"));
        let properties = input.entry("properties").or_insert(json!({}));
        if approval == Approval::Argument
            && let Some(properties) = properties.as_object_mut()
        {
            let words = "True only where the user has agreed to exactly this call; without it the call is refused.";
            properties.insert("user_approved".to_owned(), json!({ "type": "boolean", "description": words }));
        }
        Ok(input)
    }

    fn validator(&self, input: &Map<String, Value>) -> Result<jsonschema::Validator, Problem> {
        jsonschema::validator_for(&Value::Object(input.clone()))
            .map_err(|error| self.problem(&format!("Its `input` is no JSON Schema: {error}."), "Correct the schema."))
    }

    fn via(&self, input: &Map<String, Value>) -> Result<Via, Problem> {
        let Some(call) = &self.tool.value.call else { return Ok(Via::Fetch) };
        let wrong = |what: String, fix: &str| self.source.problem(call.referenced).what(what).fix(fix);
        let (method, path) = call.value.split_once(' ').unwrap_or((call.value.as_str(), ""));
        let method = match method {
            "GET" => Method::GET,
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "PATCH" => Method::PATCH,
            "DELETE" => Method::DELETE,
            other => return Err(wrong(format!("{other:?} is no method."), "Write POST /path.")),
        };
        let open = "It has a brace that is not closed.".to_owned();
        let path = Path::parse(path.trim()).ok_or_else(|| wrong(open, "Write POST /things/{id}."))?;
        let required = input.get("required").and_then(Value::as_array);
        for argument in path.arguments() {
            if !required.is_some_and(|required| required.iter().any(|name| name == argument)) {
                let what = format!("The path needs {argument:?}, which is not a required argument.");
                return Err(wrong(what, "Add it to `required` of its `input`."));
            }
        }
        let Some(service) = self.service.clone() else {
            return Err(self.problem("Nothing says which service it calls.", "Add `service: NAME`."));
        };
        Ok(Via::Http { service, method, path })
    }
}
