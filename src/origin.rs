//! Where a request comes from: what the audit log and the throttle know of the caller beside his name.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

use crate::app::AppState;
use crate::edge::RequestId;

/// Each proxy on the way appends the address that it saw.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// The most letters of a `User-Agent` that are kept.
const USER_AGENT_LENGTH: usize = 255;

/// Where a request comes from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The address of the caller; nothing at the command line and in jobs.
    pub ip: Option<IpAddr>,
    /// His program, as it calls itself; at most 255 letters.
    pub user_agent: Option<String>,
    /// The request's id, as in the log.
    pub request_id: Option<String>,
}

impl<S> FromRequestParts<S> for Origin
where
    S: Send + Sync,
    AppState: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let app = AppState::from_ref(state);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let agent = parts.headers.get(header::USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()));
        Ok(Self {
            ip: peer.map(|peer| caller(peer, &parts.headers, &app.trusted_proxies)),
            user_agent: agent.map(|agent| agent.chars().take(USER_AGENT_LENGTH).collect()),
            request_id: parts.extensions.get::<RequestId>().map(|RequestId(id)| id.as_ref().to_owned()),
        })
    }
}

/// The address that no trusted proxy has: the last one in the chain of `X-Forwarded-For` and the peer. What stands before
/// it may be anybody's invention.
fn caller(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    // An IPv4 peer of a socket for both families comes in IPv6's clothes.
    let is_trusted = |ip: IpAddr| trusted.iter().any(|net| net.contains(&ip));
    let mut caller = peer.to_canonical();
    // What a caller made up may be any bytes; what the proxies appended to it still counts.
    let lines = headers.get_all(X_FORWARDED_FOR).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
    let lines: Vec<_> = lines.collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !is_trusted(caller) {
            break;
        }
        let Some(before) = address(hop.trim()) else { break };
        caller = before;
    }
    caller
}

/// An address, alone or with a port: some proxies write one.
fn address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse().map(|address: SocketAddr| address.ip());
    let in_brackets = || hop.trim_matches(['[', ']']).parse();
    hop.parse().or_else(|_| with_port()).or_else(|_| in_brackets()).ok().map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn caller_of(peer: &str, lines: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_static(line));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        caller(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(caller_of("192.0.2.1", &["198.51.100.7"], &[]), "192.0.2.1");
        assert_eq!(caller_of("192.0.2.1", &["198.51.100.7"], &["10.0.0.0/8"]), "192.0.2.1");
        assert_eq!(caller_of("10.0.0.1", &["198.51.100.7"], &["10.0.0.0/8"]), "198.51.100.7");
        assert_eq!(caller_of("10.0.0.1", &[], &["10.0.0.0/8"]), "10.0.0.1");
    }

    #[test]
    fn what_the_caller_made_up_counts_for_nothing() {
        let trusted = ["10.0.0.0/8", "2001:db8::/32"];
        assert_eq!(caller_of("10.0.0.1", &["1.1.1.1, 198.51.100.7"], &trusted), "198.51.100.7");
        assert_eq!(caller_of("10.0.0.1", &["1.1.1.1", "198.51.100.7, 10.0.0.2"], &trusted), "198.51.100.7");
        assert_eq!(caller_of("10.0.0.1", &["1.1.1.1, nonsense, 10.0.0.2"], &trusted), "10.0.0.2");
        assert_eq!(caller_of("10.0.0.1", &["10.0.0.3, 10.0.0.2"], &trusted), "10.0.0.3");
        assert_eq!(caller_of("2001:db8::1", &["198.51.100.7:4711"], &trusted), "198.51.100.7");
        assert_eq!(caller_of("::ffff:10.0.0.1", &["[2001:4860::8]:443"], &trusted), "2001:4860::8");
    }

    #[test]
    fn a_line_with_other_bytes_than_ascii_is_read_like_any_other() {
        let mut headers = HeaderMap::new();
        headers.append(X_FORWARDED_FOR, HeaderValue::from_bytes(b"\xff\xe9, 198.51.100.7, 10.0.0.2").unwrap());
        let trusted: [IpNet; 1] = ["10.0.0.0/8".parse().unwrap()];
        assert_eq!(caller("10.0.0.1".parse().unwrap(), &headers, &trusted).to_string(), "198.51.100.7");
    }
}
