//! Accepts connections and hands their requests to the application; stops without losing one.
//!
//! `axum::serve` sets no limit on how long a client may take to send a request's head, or to take its answer; and neither
//! does a builder that finds out first whether the client speaks HTTP/1 or 2. HTTP/1.1 is all that is spoken here: without
//! TLS no browser speaks another, and no proxy needs to.

mod write_timeout;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tower::{Service, ServiceExt};
use tracing::{debug, info, warn};

use self::write_timeout::WriteTimeout;

/// How long a client may take before it is let go.
#[derive(Clone, Copy)]
struct Patience {
    /// To send a request's head, or to begin the next one on an open connection.
    head: Duration,
    /// While it takes nothing of its answer. On a slow line the kernel asks for more only now and then.
    write: Duration,
}

const PATIENCE: Patience = Patience { head: Duration::from_secs(60), write: Duration::from_secs(60) };
/// How long requests in flight may take to finish when the server stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves until `stop` ends, then finishes what is in flight.
pub async fn serve<S>(listener: TcpListener, service: S, stop: impl Future<Output = ()>)
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static,
{
    serve_patiently(listener, service, PATIENCE, stop).await;
}

async fn serve_patiently<S>(listener: TcpListener, service: S, patience: Patience, stop: impl Future<Output = ()>)
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static,
{
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(patience.head);
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: others must end before more can begin.
                    warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        // Answers are written whole, so waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        let answer = service_fn(move |request| service.clone().oneshot(with_peer(request, peer)));
        let stream = TokioIo::new(WriteTimeout::new(stream, patience.write));
        let connection = builder.serve_connection(stream, answer);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                debug!(%peer, %error, "connection ended");
            }
        });
    }
    drop(listener);
    info!("stopping; finishing what is in flight");
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, graceful.shutdown()).await.is_err() {
        warn!("some requests did not finish in time");
    }
}

/// Lets the process open as many files, and so connections, as it may; gives how many. To be called at the start, before
/// anything asks for [`descriptor_limit`].
#[cfg(unix)]
pub fn raise_descriptor_limit() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let maximum = getrlimit(Resource::Nofile).maximum;
    // macOS refuses what it calls unlimited; then it stays as it was.
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        debug!(%error, "cannot raise the limit of open files");
    }
    descriptor_limit()
}

/// How many files the process may open.
#[cfg(unix)]
pub fn descriptor_limit() -> u64 {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Nothing limits them here.
#[cfg(not(unix))]
pub fn raise_descriptor_limit() -> u64 {
    descriptor_limit()
}

/// Nothing limits them here.
#[cfg(not(unix))]
pub fn descriptor_limit() -> u64 {
    u64::MAX
}

fn with_peer(request: hyper::Request<Incoming>, peer: SocketAddr) -> Request {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

/// A future that ends at the first SIGINT (Ctrl-C) or SIGTERM from now on, even if it is awaited only later.
#[cfg(unix)]
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// A future that ends at the first Ctrl-C.
#[cfg(not(unix))]
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use futures_util::stream;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::{mpsc, oneshot};
    use tokio::task::JoinHandle;
    use tokio::time::{sleep, timeout};

    use super::*;

    /// Tells when it goes.
    struct Held(mpsc::UnboundedSender<()>);

    impl Drop for Held {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }

    /// An answer without an end.
    async fn endless(held: Held) -> Result<Response, Infallible> {
        let pieces = stream::unfold(held, |held| async move {
            Some((Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 65_536])), held))
        });
        Ok(Response::new(Body::from_stream(pieces)))
    }

    #[tokio::test]
    async fn who_takes_nothing_of_an_answer_is_let_go() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (gone, mut is_gone) = mpsc::unbounded_channel();
        let service = tower::service_fn(move |_: Request| endless(Held(gone.clone())));
        let patience = Patience { write: Duration::from_secs(1), ..PATIENCE };
        tokio::spawn(serve_patiently(listener, service, patience, std::future::pending()));
        let open = async || {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            client
        };
        let (mut reader, mut sleeper) = (open().await, open().await);
        let mut bytes = vec![0; 262_144];
        // Far more than the kernel keeps for both.
        for _ in 0..300 {
            reader.read_exact(&mut bytes).await.unwrap();
            sleep(Duration::from_millis(10)).await;
        }
        timeout(Duration::from_secs(30), is_gone.recv()).await.unwrap().unwrap();
        // Whoever reads goes on.
        reader.read_exact(&mut bytes).await.unwrap();
        assert!(is_gone.try_recv().is_err());
        let taken = timeout(Duration::from_secs(30), sleeper.read_to_end(&mut Vec::new())).await.unwrap();
        assert!(!taken.is_ok_and(|length| length == 0));
    }

    #[cfg(unix)]
    #[test]
    fn the_limit_is_raised_to_what_is_allowed() {
        let before = descriptor_limit();
        let raised = raise_descriptor_limit();
        assert!(raised >= before && raised == descriptor_limit(), "{before} {raised}");
    }

    /// A server that waits so long for a head, and how to stop it.
    async fn server(head_timeout: Duration) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = |_: Request| async { Ok::<_, Infallible>(Response::new(Body::from("fine"))) };
        let (stop, stopped) = oneshot::channel::<()>();
        let patience = Patience { head: head_timeout, ..PATIENCE };
        let serving = serve_patiently(listener, tower::service_fn(answer), patience, async move {
            let _ = stopped.await;
        });
        (address, stop, tokio::spawn(serving))
    }

    /// Sends this; gives what the server says until it hangs up.
    async fn said(client: &mut TcpStream, sent: &str) -> String {
        client.write_all(sent.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        // Whether it hangs up or breaks off does not matter.
        let read = timeout(Duration::from_secs(30), client.read_to_end(&mut said)).await;
        assert!(read.is_ok(), "the server does not hang up after {sent:?}");
        String::from_utf8(said).unwrap()
    }

    #[tokio::test]
    async fn who_sends_no_whole_head_is_hung_up_on() {
        let (address, _stop, _serving) = server(Duration::from_secs(2)).await;
        // Nothing, what could become HTTP/2, what could become HTTP/1, and nothing after a whole request.
        let clients = [
            ("", 0),
            ("P", 0),
            ("PRI * HTTP", 0),
            ("GET /", 0),
            ("GET / HTTP/1.1\r\nHost: x\r\n", 0),
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 1),
        ]
        .map(|(sent, answers)| {
            tokio::spawn(async move {
                let mut client = TcpStream::connect(address).await.unwrap();
                let said = said(&mut client, sent).await;
                assert_eq!(said.matches("HTTP/1.1 200 OK").count(), answers, "{sent:?}: {said}");
            })
        });
        for client in clients {
            client.await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_stop_waits_for_no_silent_client() {
        let (address, stop, serving) = server(Duration::from_secs(600)).await;
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        // Whoever came first was let in before this one was answered.
        idle.read_exact(&mut [0; 15]).await.unwrap();
        drop(stop);
        timeout(Duration::from_secs(20), serving).await.expect("the server does not stop").unwrap();
        assert_eq!(said(&mut silent, "").await, "");
        assert!(said(&mut idle, "").await.ends_with("fine"));
    }
}
