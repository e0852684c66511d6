//! Serving HTTP to programs that nobody knows: slow ones, silent ones, and very many of them.
//!
//! **Invariant:** knows sockets, deadlines and bytes; nothing of what is asked or answered, nor of who may ask.
//!
//! Start reading at [`serve`].

mod body;
mod connections;
mod room;

pub use body::{Pace, Unread, whole};
pub use connections::{Bounds, serve};
