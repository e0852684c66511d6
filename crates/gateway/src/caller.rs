//! Who calls, as their credential says it: never as an argument says it alone.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::answer::{Class, Refusal};

/// One known caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// What was shown: a key's name, a token's subject, or how else they came in.
    pub(crate) credential: Arc<str>,
    pub(crate) actor: Arc<str>,
    pub(crate) tenant: Arc<str>,
    pub(crate) roles: Arc<[String]>,
}

impl Caller {
    pub(crate) fn new(credential: String, actor: &str, tenant: &str, roles: &[String]) -> Self {
        Self { credential: credential.into(), actor: actor.into(), tenant: tenant.into(), roles: roles.into() }
    }

    pub(crate) fn has_one_of<S: AsRef<str>>(&self, roles: &[S]) -> bool {
        self.roles.iter().any(|role| roles.iter().any(|other| other.as_ref() == role))
    }

    /// The same caller as the arguments say it, where those only repeat or narrow what the credential says.
    pub(crate) fn acting(&self, arguments: &mut Map<String, Value>) -> Result<Self, Refusal> {
        let mut acting = self.clone();
        for (name, own) in [("tenant_id", &self.tenant), ("actor_id", &self.actor)] {
            match taken(arguments, name) {
                Some(said) if said != **own => return Err(not_yours(name, &said)),
                Some(_) | None => (),
            }
        }
        if let Some(role) = taken(arguments, "actor_role") {
            if !self.roles.contains(&role) {
                return Err(not_yours("actor_role", &role));
            }
            acting.roles = Arc::new([role]);
        }
        Ok(acting)
    }
}

fn taken(arguments: &mut Map<String, Value>, name: &str) -> Option<String> {
    match arguments.shift_remove(name)? {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

fn not_yours(name: &str, said: &str) -> Refusal {
    let said: String = said.chars().take(60).collect();
    Refusal::new(Class::Permission, "identity_mismatch", format!("`{name}` says {said:?}, the credential does not."))
        .fix(format!("Leave `{name}` out: who calls is known from the credential."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_repeat_or_narrow_and_never_widen() {
        let caller = Caller::new("key:k".into(), "ann", "acme", &["Agent".into(), "Admin".into()]);
        let rows = [
            (json!({ "q": 1 }), Some(2)),
            (json!({ "tenant_id": "acme", "actor_id": "ann", "actor_role": "Agent" }), Some(1)),
            (json!({ "actor_role": "Admin", "actor_id": null }), Some(1)),
            (json!({ "actor_role": "Orchestrator" }), None),
            (json!({ "tenant_id": "other" }), None),
            (json!({ "tenant_id": 7 }), None),
            (json!({ "actor_id": "bob" }), None),
        ];
        for (arguments, roles) in rows {
            let mut given = arguments.as_object().unwrap().clone();
            let acting = caller.acting(&mut given);
            assert_eq!(acting.ok().map(|caller| caller.roles.len()), roles, "{arguments}");
        }
    }
}
