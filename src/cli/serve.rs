//! `bizcenter serve`.

use std::io::Write;

use tokio::net::TcpListener;
use tracing::info;

use super::{Outcome, open_migrated};
use crate::app::{self, AppState};
use crate::background::Background;
use crate::clock::Clock;
use crate::config::{Config, Environment};
use crate::server;

/// Serves until a signal stops it.
pub async fn serve(config: &Config) -> Outcome {
    let db = open_migrated(config).await?;
    let listener = TcpListener::bind((config.host, config.port))
        .await
        .map_err(|error| format!("cannot listen on {}:{}: {error}", config.host, config.port))?;
    let address = listener.local_addr()?;
    let state = AppState::new(config, db.clone(), Clock::System);
    let (service, stopping) = (app::service(config, state.clone()), state.stopping.clone());
    info!(environment = ?config.environment, database = %config.database.target, "starting");
    if config.environment == Environment::Development {
        info!("development: the secrets may be public defaults; set APP_ENV=production for real use");
    }
    // Before the server says that it is up: whoever waits for that may stop it at once.
    let stop = server::stop_signal()?;
    // Whoever started the server may have stopped listening to it already.
    let _ = writeln!(std::io::stdout(), "API   http://{address}/api/v1\nDocs  http://{address}/api/docs");
    let background = Background::start(&state);
    let stop = async {
        stop.await;
        stopping.cancel();
    };
    server::serve(listener, service, stop).await;
    state.errands.done().await;
    background.stop().await;
    db.close().await;
    info!("stopped");
    Ok(())
}
