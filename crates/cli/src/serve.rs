//! `loq serve`: the engine for other programs.

use std::net::{IpAddr, SocketAddr};

use ::chat::{ErrorCode, ErrorReport};
use api::{Api, Door, Keys, TeamKeys};
use engine::Home;
use tokio::net::TcpListener;

use crate::args::Serve;
use crate::{Ending, print, standing};

const PORT: u16 = 8000;

pub(crate) async fn serve(args: Serve) -> Result<Ending, ErrorReport> {
    let address = address(&args)?;
    let home = Home::find()?;
    let keys = match &args.database {
        Some(database) => Keys::of_team(TeamKeys::open(database).await.map_err(|error| error.report())?).await,
        None => Keys::open(home.dir()),
    };
    let keys = keys.map_err(|error| error.report())?;
    let door = door(&args, &address, &keys)?;
    let listener = TcpListener::bind(address).await.map_err(|error| taken(&address, &error))?;
    let mut common = args.common.clone();
    common.servers = common.servers.or_else(seed_servers);
    let engine = crate::open::open_copy(&common, args.database.clone()).await?;
    // Where nobody named a model, the provider's own first one is meant.
    let settled = crate::settings::settled_model(&engine).await.ok();
    let default_model = environment("DEFAULT_MODEL").filter(|_| common.model.is_none());
    let default_model = default_model.or(settled.map(|model| format!("{}/{}", model.provider, model.model)));
    let api = Api::new(engine.clone(), keys, door).default_model(default_model);
    let served = api::serve(api, listener).map_err(|error| error.report())?;
    print::note(&format!("Loquat's API is at http://{}. Ctrl+C ends it.", served.address()));
    if door == Door::Open {
        print::note("Every program on this machine may use it without a key, as asked.");
    }
    tokio::select! {
        () = stopped() => (),
        never = standing::follow(engine.servers(), standing::here) => match never {},
    }
    served.end().await;
    engine.shut_down().await;
    Ok(Ending::Answered)
}

fn address(args: &Serve) -> Result<SocketAddr, ErrorReport> {
    let wrong = |what: &str| {
        ErrorReport::new(ErrorCode::InvalidInput, format!("'{what}' is no address to listen on."))
            .fix("Give one such as 127.0.0.1:8000, or a port alone.")
    };
    if let Some(listen) = &args.listen {
        if let Ok(port) = listen.trim_start_matches(':').parse::<u16>() {
            return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
        }
        let listen = listen.replace("localhost", "127.0.0.1");
        return listen.parse().map_err(|_| wrong(&listen));
    }
    let port = match environment("PORT") {
        Some(port) => port.parse().map_err(|_| wrong(&port))?,
        None => PORT,
    };
    let host: IpAddr = match environment("HOST").as_deref() {
        None | Some("localhost") => IpAddr::from([127, 0, 0, 1]),
        Some(host) => host.parse().map_err(|_| wrong(host))?,
    };
    Ok(SocketAddr::new(host, port))
}

/// Fails closed: from outside this machine only with keys, and without any only where that was asked for.
fn door(args: &Serve, address: &SocketAddr, keys: &Keys) -> Result<Door, ErrorReport> {
    let local = address.ip().is_loopback();
    if args.open && !local {
        return Err(ErrorReport::new(ErrorCode::InvalidInput, "Without keys only this machine can be served.")
            .because(format!("{address} can be reached from others."))
            .fix("Leave --open out and make a key, or listen on 127.0.0.1."));
    }
    if args.open {
        return Ok(Door::Open);
    }
    if keys.list().iter().all(|key| key.revoked) {
        print::note("There is no key yet, so nobody gets in. Make one with `loq keys create NAME`,");
        print::note("or serve every program of this machine with `loq serve --open`.");
    }
    Ok(if local { Door::Loopback } else { Door::Network })
}

fn taken(address: &SocketAddr, error: &std::io::Error) -> ErrorReport {
    ErrorReport::new(ErrorCode::InvalidInput, format!("Nothing can listen on {address}."))
        .because(error.to_string())
        .fix("Choose another with --listen ADDRESS.")
}

/// `servers_config.json` of the working directory, which other chats of this kind read.
fn seed_servers() -> Option<std::path::PathBuf> {
    let path = std::path::PathBuf::from("servers_config.json");
    path.is_file().then_some(path)
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Until somebody ends the program.
async fn stopped() {
    #[cfg(unix)]
    if let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => (),
            _ = terminated.recv() => (),
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}
