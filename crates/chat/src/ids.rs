//! Ids as types, so that a call's id is never handed over where a turn's is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
        pub struct $name(pub String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

id!(
    /// Names one conversation, on this machine and in its exports.
    ConversationId
);
id!(
    /// Names one turn: a question and everything done to answer it.
    TurnId
);
id!(
    /// Names one item of a turn; the UI replaces items by it.
    ItemId
);
id!(
    /// Names one call. It is Loquat's own: what the model called it is [`crate::ToolCall::wire_id`].
    CallId
);
