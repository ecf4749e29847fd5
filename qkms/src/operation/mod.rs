//! For those who run the service: metrics and a status page, over plain HTTP on loopback.
//!
//! | path | answer |
//! |---|---|
//! | `/` | the status page: one HTML document that loads nothing else |
//! | `/status.json` | what the page shows, a [`Report`] |
//! | `/records.json` | where the records of blocks stand: number of the next one, roots of epochs |
//! | `/records.json?kme=A&peer=B&from=N` | records of a link end from number N on, an [`Export`](crate::records::Export) |
//! | `POST /challenge` | takes a challenge for an [audit](crate::audit) and says what it picked; with the [token](guard) |
//! | `POST /open` | opens an end of a link that was closed for good; with the token |
//! | `POST /eavesdropper` | lets somebody listen on a simulated link, or nobody; with the token |
//! | `/audit?kme=A&peer=B&epoch=N` | the file of an audit, at Alice's end |
//! | `/metrics` | all metrics in the OpenMetrics text format, for Prometheus |
//!
//! No other path changes anything, and none tells a key or a key's identity, but for the sacrificed
//! block of an audit.

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::header,
    middleware,
    response::{Html, IntoResponse},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::{agent::Token, metrics::Metrics};

pub mod archive;
mod audits;
pub mod guard;
pub mod history;
mod links;
pub mod records;

#[cfg(test)]
mod tests;

use archive::Archive;
use guard::Guard;
use history::{History, Series};

/// What the status page shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// A seed is configured: every key is predictable, and none is secret.
    pub insecure: bool,
    /// The last [`history::SAMPLES`] seconds of each link end.
    pub links: Vec<Series>,
}

/// The part `operation` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where to listen; an address of the loopback interface.
    pub listen: SocketAddr,
}

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// The address is not a loopback address: there is no access control here.
    #[error("{0} is not on the loopback interface")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
}

/// The server of metrics and page, listening.
#[derive(Debug)]
pub struct Operation {
    listener: TcpListener,
    address: SocketAddr,
    token: Token,
}

impl Operation {
    /// Listens. Whoever shows `token` may change something.
    ///
    /// # Errors
    ///
    /// [`OperationError`].
    pub async fn bind(settings: &Settings, token: Token) -> Result<Self, OperationError> {
        let address = settings.listen;
        if !address.ip().is_loopback() {
            return Err(OperationError::NotLoopback(address));
        }
        let refuse = |source| OperationError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(refuse)?;
        let address = listener.local_addr().map_err(refuse)?;
        Ok(Self { listener, address, token })
    }

    /// The address it listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Samples `metrics` each second and serves them and the records of `archive` until `stop` is ready.
    pub async fn run(
        self,
        metrics: Arc<Metrics>,
        archive: Archive,
        stop: impl Future<Output = ()> + Send,
    ) {
        let history = Arc::new(History::default());
        let guard = Guard { token: self.token, address: self.address };
        let router = router(Arc::clone(&metrics), Arc::clone(&history), archive, guard);
        let pages = axum::serve(self.listener, router);
        tokio::select! {
            () = stop => {},
            () = history.sample_forever(&metrics) => {},
            served = pages.into_future() => if let Err(error) = served {
                tracing::error!(%error, "the status page is no longer served");
            },
        }
    }
}

fn router(metrics: Arc<Metrics>, history: Arc<History>, archive: Archive, guard: Guard) -> Router {
    let guarded = middleware::from_fn_with_state(Arc::new(guard), guard::check);
    let operated = Router::new()
        .route("/challenge", post(audits::challenge))
        .route("/open", post(links::open))
        .route("/eavesdropper", post(links::eavesdropper))
        // Whatever was added so far changes something.
        .route_layer(guarded)
        .route("/records.json", get(records::records))
        .route("/audit", get(audits::file))
        .with_state(archive);
    Router::new()
        .route("/", get(page))
        .route("/status.json", get(status))
        .route("/metrics", get(text))
        .with_state((metrics, history))
        .merge(operated)
}

type Shared = State<(Arc<Metrics>, Arc<History>)>;

async fn page() -> impl IntoResponse {
    // The page's own script and styles, and nothing from elsewhere.
    let policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                  connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(include_str!("page.html")))
}

async fn status(State((metrics, history)): Shared) -> impl IntoResponse {
    let report = Report { insecure: metrics.is_insecure(), links: history.report() };
    ([(header::CACHE_CONTROL, "no-store")], axum::Json(report))
}

async fn text(State((metrics, _)): Shared) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], metrics.to_text())
}
