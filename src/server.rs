//! Accepts connections and hands their requests to the application; stops without losing one.
//!
//! `axum::serve` sets no limit on how long a client may take to send a request's head, or to take its answer.

mod write_timeout;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tower::{Service, ServiceExt};
use tracing::{debug, info, warn};

use self::write_timeout::WriteTimeout;

/// How long a client may take to send a request's head, or to begin the next one on an open connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a client may take nothing of its answer. On a slow line the kernel asks for more only now and then.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long requests in flight may take to finish when the server stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves until `stop` ends, then finishes what is in flight.
pub async fn serve<S>(listener: TcpListener, service: S, stop: impl Future<Output = ()>)
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static,
{
    serve_patiently(listener, service, WRITE_TIMEOUT, stop).await;
}

/// Lets a client go that has taken nothing of its answer for so long.
async fn serve_patiently<S>(listener: TcpListener, service: S, patience: Duration, stop: impl Future<Output = ()>)
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEAD_TIMEOUT);
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
        let stream = TokioIo::new(WriteTimeout::new(stream, patience));
        let connection = builder.serve_connection(stream, answer).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                debug!(%peer, error, "connection ended");
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
    use tokio::sync::mpsc;
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
        tokio::spawn(serve_patiently(listener, service, Duration::from_secs(1), std::future::pending()));
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
}
