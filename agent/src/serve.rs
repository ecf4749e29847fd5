//! The HTTP server behind both doors: connections, their time limits, and its end.
//!
//! - The head of a request and its body have [`LIMIT`] each, and so has a client to take what it is told;
//!   then the connection is closed. A connection may be idle no longer.
//! - More connections than a door has places, in all or for one network, are closed at once. A network is
//!   an address of IPv4, or the first 64 bits of one of IPv6.
//! - When the server is told to stop it accepts nothing more, lets requests that have begun finish, and
//!   closes what is left after [`LIMIT`].

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
};
use http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::timeout,
};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

/// For the head of a request, for its body, and for the end of the server.
pub const LIMIT: Duration = Duration::from_secs(10);

/// The largest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// A door: where it listens, what it answers, and how many may stand in it.
pub struct Door {
    /// Where.
    pub listener: TcpListener,
    /// What.
    pub routes: Router,
    /// Connections at once.
    pub places: usize,
    /// Connections of one network at once.
    pub places_of_one: usize,
    /// Whether a connection takes more than one request.
    pub keeps_alive: bool,
}

/// Who stands in a door: how many of which network.
type Guests = Arc<Mutex<HashMap<Network, usize>>>;

/// From which network a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(pub IpAddr);

/// A place in a door, until this is dropped.
struct Place {
    _of_all: OwnedSemaphorePermit,
    network: Network,
    guests: Guests,
}

impl Place {
    fn take(all: &Arc<Semaphore>, guests: &Guests, address: IpAddr, most: usize) -> Option<Self> {
        let _of_all = Arc::clone(all).try_acquire_owned().ok()?;
        let network = network(address);
        let mut counts = guests.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(network).or_default();
        if *count >= most {
            return None;
        }
        *count = count.saturating_add(1);
        Some(Self { _of_all, network, guests: Arc::clone(guests) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = counts.get_mut(&self.network) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(&self.network);
        }
    }
}

/// By what strangers are counted: who has one address of IPv6 has 64 bits of them.
fn network(address: IpAddr) -> Network {
    Network(match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (!0 << 64))),
        v4 => v4,
    })
}

impl Door {
    /// Serves until `stop` is ready, and then ends as the module says.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send) {
        let places = Arc::new(Semaphore::new(self.places));
        let (guests, keeps_alive) = (Guests::default(), self.keeps_alive);
        let open = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => {},
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, from)) => {
                        let place = Place::take(&places, &guests, from.ip(), self.places_of_one);
                        let Some(place) = place else { continue };
                        let (routes, watcher) = (self.routes.clone(), open.watcher());
                        connections.spawn(async move {
                            serve(stream, place.network, routes, keeps_alive, watcher).await;
                            drop(place);
                        });
                    },
                    Err(error) => {
                        // Out of file descriptors, most likely: pause, so that others can close.
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    },
                },
            }
        }
        drop(self.listener);
        if timeout(LIMIT, open.shutdown()).await.is_err() {
            tracing::warn!("some requests were still open when the agent stopped");
            connections.shutdown().await;
        }
    }
}

async fn serve(
    stream: TcpStream,
    network: Network,
    routes: Router,
    keeps_alive: bool,
    watcher: Watcher,
) {
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(LIMIT));
    let answer = service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(network);
        let routes = routes.clone();
        async move {
            Ok::<_, Infallible>(routes.oneshot(request.map(Body::new)).await.unwrap_or_else(never))
        }
    });
    let connection = http1::Builder::new()
        .half_close(true)
        .keep_alive(keeps_alive)
        .max_buf_size(MAX_HEAD_BYTES)
        .timer(TokioTimer::new())
        .header_read_timeout(LIMIT)
        .serve_connection(TokioIo::new(Box::pin(stream)), answer);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "connection ended");
    }
}

/// The whole body of a request.
///
/// # Errors
///
/// 413 if it is longer than `most` bytes, 408 if it takes too long, 400 if it is cut off.
pub async fn body(request: Request, most: usize) -> Result<Bytes, StatusCode> {
    let whole = Limited::new(request.into_body(), most).collect();
    match timeout(LIMIT, whole).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

fn never<T>(impossible: Infallible) -> T {
    match impossible {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_all_and_for_each_network() {
        let (all, guests) = (Arc::new(Semaphore::new(4)), Guests::default());
        let take = |address: &str| Place::take(&all, &guests, address.parse().unwrap(), 2);
        let first = take("192.0.2.1").unwrap();
        let _second = take("::ffff:192.0.2.1").unwrap();
        assert!(take("192.0.2.1").is_none());
        let _third = take("2001:db8::1").unwrap();
        let fourth = take("2001:db8::2:0:0:1").unwrap();
        assert!(take("2001:db8::3").is_none() && take("192.0.2.2").is_none());
        drop(fourth);
        assert!(take("2001:db8:0:1::1").is_some());
        drop(first);
        assert!(take("192.0.2.1").is_some());
        assert_eq!(guests.lock().unwrap().len(), 2);
    }
}
