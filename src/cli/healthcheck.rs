//! `bizcenter healthcheck`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Outcome;
use crate::config::Config;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks `/health` of the server that these settings describe.
pub async fn check(config: &Config) -> Outcome {
    tokio::time::timeout(TIMEOUT, ask(config)).await.map_err(|_| "the server did not answer in time")?
}

async fn ask(config: &Config) -> Outcome {
    // A server on every address is asked on the machine's own.
    let host = match config.host {
        IpAddr::V4(host) if host.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(host) if host.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        host => host,
    };
    let stream = TcpStream::connect((host, config.port)).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/health").header(header::HOST, "localhost").body(Body::empty())?;
    match sender.send_request(request).await?.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("the server answered {status}").into()),
    }
}
