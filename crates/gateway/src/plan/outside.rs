//! What must hold of whatever stands in a file of the gateway.

use std::path::PathBuf;

use super::Compiler;
use crate::config::Source;

/// What is wrong in a file is told; answers whether it was understood.
pub fn configurations(text: &str) -> bool {
    let source = Source { name: "gateway.yaml".to_owned(), text: text.to_owned() };
    match (Compiler { source, folder: PathBuf::from("/nowhere"), lent: true }).compile() {
        Ok(_) => true,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}
