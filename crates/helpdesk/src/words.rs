//! The closed vocabularies and the identifiers of the help desk, with their JSON schemas.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de::Error};

/// An enum of fixed words. Reading is forgiving (`In Progress` is `in_progress`): language models
/// vary the spelling, and a refused spelling costs a round trip.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
        pub(crate) enum $name { $(#[serde(rename = $word)] $variant),+ }

        impl $name {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),+];

            pub(crate) fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let word = text.trim().to_lowercase().replace([' ', '-'], "_");
                Self::ALL.iter().copied().find(|known| known.word() == word).ok_or_else(|| {
                    D::Error::custom(format!("`{text}` is not one of: {}", [$($word),+].join(", ")))
                })
            }
        }
    };
}

words!(Priority { Critical = "critical", High = "high", Medium = "medium", Low = "low" });
words!(TicketStatus {
    Open = "open",
    InProgress = "in_progress",
    WaitingOnCustomer = "waiting_on_customer",
    Resolved = "resolved",
    Closed = "closed",
});
words!(Os { Windows = "windows", Linux = "linux", Macos = "macos" });
words!(Category {
    Crash = "crash",
    Hardware = "hardware",
    Storage = "storage",
    Network = "network",
    Performance = "performance",
    Software = "software",
    Security = "security",
});
words!(Side { Agent = "agent", Customer = "customer" });
words!(Tier { Basic = "basic", Standard = "standard", Premium = "premium" });
words!(AccountStatus { Active = "active", OnHold = "on_hold", Suspended = "suspended" });
words!(ContactRole { Primary = "primary", Technical = "technical", Billing = "billing", Executive = "executive" });
words!(Channel { Phone = "phone", Email = "email", Chat = "chat" });
words!(InvoiceStatus { Paid = "paid", Pending = "pending", Overdue = "overdue" });
words!(PaymentMethod { BankTransfer = "bank_transfer", Card = "card", Check = "check" });
words!(AssetKind { Server = "server", Workstation = "workstation", Laptop = "laptop" });
words!(AssetStatus { InService = "in_service", InRepair = "in_repair", Retired = "retired" });
words!(LicenseKind { Perpetual = "perpetual", Subscription = "subscription", Oem = "oem" });
words!(
    /// Where a warranty or licence stands on the reference date; `expiring_soon` means within 90 days.
    Validity { NotStarted = "not_started", Active = "active", ExpiringSoon = "expiring_soon", Expired = "expired", Unlimited = "unlimited" }
);
words!(AssetEvent {
    Purchased = "purchased",
    Deployed = "deployed",
    Maintenance = "maintenance",
    Inspection = "inspection",
    Repair = "repair",
    Upgrade = "upgrade",
    Incident = "incident",
    TicketOpened = "ticket_opened",
    TicketResolved = "ticket_resolved",
});

/// A newtype identifier whose schema carries its pattern. Reading trims and upper-cases.
macro_rules! identifier {
    ($name:ident, $pattern:literal, $example:literal) => {
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) String);

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self(String::deserialize(deserializer)?.trim().to_uppercase()))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "examples": [$example] })
            }
        }
    };
}

identifier!(TicketId, r"^TKT-\d{3}$", "TKT-001");
identifier!(CustomerId, r"^CUST-\d{3}$", "CUST-001");
identifier!(InvoiceId, r"^INV-\d{4}-\d{3}$", "INV-2025-003");
identifier!(ArticleId, r"^KB-\d{3}$", "KB-001");
identifier!(AssetId, r"^AST-[A-Z]+-\d{3}$", "AST-SRV-001");

/// How many at most: a whole number, also as models write it now and then (`5.0`, `"5"`).
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
    let number = text.strip_suffix(".0").unwrap_or(&text).parse().ok();
    number.map(Some).ok_or_else(|| D::Error::custom(format!("`{text}` is not a whole number from 0 on")))
}

/// An amount of money in cents, so that sums are exact; written as a decimal number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Money(i64);

impl Money {
    pub(crate) const ZERO: Self = Self(0);

    pub(crate) fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl std::ops::Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl std::ops::Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).sum())
    }
}

impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / 100.0)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self((f64::deserialize(deserializer)? * 100.0).round() as i64))
    }
}

impl JsonSchema for Money {
    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_forgivingly_and_refused_with_the_choices() {
        assert_eq!(serde_json::from_str::<TicketStatus>("\"In Progress\"").unwrap(), TicketStatus::InProgress);
        let refused = serde_json::from_str::<Os>("\"beos\"").unwrap_err().to_string();
        assert!(refused.contains("`beos` is not one of: windows, linux, macos"), "{refused}");
    }

    #[test]
    fn whole_numbers_are_read_however_they_are_written() {
        #[derive(Deserialize)]
        struct Sample {
            #[serde(default, deserialize_with = "whole")]
            limit: Option<usize>,
        }
        let read = |text: &str| serde_json::from_str::<Sample>(text).map(|sample| sample.limit);
        for (text, expected) in
            [("{}", None), (r#"{"limit":5}"#, Some(5)), (r#"{"limit":5.0}"#, Some(5)), (r#"{"limit":" 5"}"#, Some(5))]
        {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        for text in ["-1", "2.5", "\"many\"", "[]"] {
            let refused = read(&format!(r#"{{"limit":{text}}}"#)).unwrap_err().to_string();
            assert!(refused.contains("is not a whole number"), "{refused}");
        }
    }

    #[test]
    fn identifiers_are_normalised() {
        assert_eq!(serde_json::from_str::<CustomerId>("\" cust-007\"").unwrap().0, "CUST-007");
    }

    #[test]
    fn money_sums_exactly() {
        let amounts: Vec<Money> = serde_json::from_str("[0.1, 0.2, 1240.50]").unwrap();
        assert_eq!(serde_json::to_string(&amounts.into_iter().sum::<Money>()).unwrap(), "1240.8");
    }
}
