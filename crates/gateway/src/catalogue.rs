//! The catalogue that ships: memory, CRM, workflows and the website, as data.

use crate::config::Source;

const SHIPPED: [(&str, &str); 4] = [
    ("memory.yaml", include_str!("../catalogue/memory.yaml")),
    ("crm.yaml", include_str!("../catalogue/crm.yaml")),
    ("workflows.yaml", include_str!("../catalogue/workflows.yaml")),
    ("website.yaml", include_str!("../catalogue/website.yaml")),
];

/// Each file of the catalogue.
pub(crate) fn shipped() -> impl Iterator<Item = Source> {
    SHIPPED.into_iter().map(|(name, text)| Source { name: format!("catalogue/{name}"), text: text.to_owned() })
}
