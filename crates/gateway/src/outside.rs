//! What must hold of whatever comes from elsewhere. The tests try it with what is spoilt, and `fuzz/` with all that it
//! can think of.

pub use crate::fetch::outside::{addresses, pages};
pub use crate::plan::outside::configurations;
