//! Reading what a client sends, of a size and at a pace that are bounded.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::StreamExt;
use tokio::time::{Instant, timeout_at};

/// How slowly a body may come.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long a small one may take.
    pub patience: Duration,
    /// And so much longer for every 16 KiB that have come.
    pub more: Duration,
}

const PIECE: usize = 16 << 10;

impl Default for Pace {
    fn default() -> Self {
        Self { patience: Duration::from_secs(30), more: Duration::from_secs(1) }
    }
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    #[error("it is longer than is taken here")]
    TooLong,
    #[error("it came too slowly")]
    TooSlow,
    #[error("it broke off")]
    BrokenOff,
}

/// The whole of a body of at most `most` bytes, if it keeps coming.
pub async fn whole(body: Body, most: usize, pace: Pace) -> Result<Bytes, Unread> {
    let mut pieces = body.into_data_stream();
    let begun = Instant::now();
    let mut text = Bytes::new();
    let mut long: Vec<u8> = vec![];
    loop {
        let come = text.len() + long.len();
        let more = pace.more.saturating_mul(u32::try_from(come / PIECE).unwrap_or(u32::MAX));
        let next = timeout_at(begun + pace.patience + more, pieces.next()).await.map_err(|_| Unread::TooSlow)?;
        let Some(piece) = next else { break };
        let piece = piece.map_err(|_| Unread::BrokenOff)?;
        if come + piece.len() > most {
            return Err(Unread::TooLong);
        }
        // Most come in one piece, which is not copied.
        if come == 0 {
            text = piece;
        } else {
            long.extend_from_slice(&std::mem::take(&mut text));
            long.extend_from_slice(&piece);
        }
    }
    Ok(if long.is_empty() { text } else { long.into() })
}
