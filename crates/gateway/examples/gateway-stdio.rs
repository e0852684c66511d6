//! A gateway over standard input and output: `gateway-stdio FILE`.

use std::time::Duration;

use gateway::{Gateway, Options};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = std::env::args().nth(1).ok_or("give the path of a gateway's file")?.into();
    let gateway = Gateway::open(Options { config, ..Options::default() }).await?;
    gateway.settled(Duration::from_secs(30)).await;
    gateway.serve_stdio().await?;
    gateway.shut_down().await;
    Ok(())
}
