//! Whether a call may run before anybody is asked: Loquat's own decisions, the strictest of which wins.

use chat::Decision;
use serde_json::{Map, Value};

use crate::{
    answer::{Class, Refusal},
    caller::Caller,
    config::Approval,
    offer::Offer,
};

/// What stands between this caller and this call.
pub(crate) fn judge(caller: &Caller, offer: &Offer, arguments: &Map<String, Value>) -> Result<Decision, Refusal> {
    let decision = [of_roles(caller, offer), of_approval(offer, arguments)].into_iter().max();
    match decision {
        Some(Decision::Deny { reason }) => Err(denied(caller, offer, reason)),
        Some(decision) => Ok(decision),
        None => Ok(Decision::Ask { reason: "nothing is said of it".to_owned() }),
    }
}

fn of_roles(caller: &Caller, offer: &Offer) -> Decision {
    if caller.has_one_of(&offer.roles) {
        return Decision::Allow;
    }
    Decision::Deny { reason: String::new() }
}

fn of_approval(offer: &Offer, arguments: &Map<String, Value>) -> Decision {
    let vouched = arguments.get("user_approved") == Some(&Value::Bool(true));
    match offer.approval {
        Approval::Never => Decision::Allow,
        Approval::Argument if vouched => Decision::Allow,
        Approval::Argument => Decision::Deny { reason: "user_approved".to_owned() },
        Approval::Person => Decision::Ask { reason: format!("{} needs a person's yes", offer.name) },
    }
}

fn denied(caller: &Caller, offer: &Offer, reason: String) -> Refusal {
    if !caller.has_one_of(&offer.roles) {
        let message = format!(
            "{} is for the roles {}; this caller has {}.",
            offer.name,
            offer.roles.join(", "),
            caller.roles.join(", ")
        );
        return Refusal::new(Class::Permission, "role_not_allowed", message)
            .fix("Use another tool, or ask an administrator for the role.");
    }
    let message = format!("{} needs the user's agreement ({reason}: true).", offer.name);
    Refusal::new(Class::Permission, "user_approval_required", message)
        .fix("Tell the user exactly what will be done; call again with `user_approved: true` only after their yes.")
}
