//! The agent: an SAE's certificate and keys, kept on behalf of a process that can hold neither.
//!
//! # Rules
//!
//! - It listens on loopback only, and answers only who shows the token: `Authorization: Bearer
//!   TOKEN`. The token is drawn anew at each start and written to a file of mode 0600.
//! - **It never answers with a key.** It draws keys from its KME and holds them in memory; what it
//!   tells are their identities, numbers, pools and health. Code in this process takes a key out
//!   with [`Vault::take`].
//! - It holds `max_keys` at most, and refuses to draw more before it asks its KME: a drawn key that
//!   nobody can hold is a lost key. Keys are wiped when they are taken, forgotten, or the agent
//!   ends; they do not survive it.
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1/health` | the SAE, when its KME last answered, what its last failure was, days that its certificate is still valid |
//! | `GET /v1/pools` | for each configured peer: keys held, and the KME's status |
//! | `POST /v1/peers/{SAE}/draw` with `{number, size}` | draws as master; the identities |
//! | `POST /v1/peers/{SAE}/collect` with `{key_IDs: [...]}` | fetches as slave what the peer drew; the identities |
//! | `DELETE /v1/keys/{ID}` | forgets a key; 404 if it is not held |
//!
//! Errors are `{message}`: 400, 401 (no body), 404, 409 (no room), 502 (the KME).

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use serde::Deserialize;
use tokio::net::TcpListener;

use crate::{
    client::{self, Client},
    kme::service::SaeId,
    tls::{self, Identity, Peer, TlsError},
};

mod http;
mod token;
mod vault;

#[cfg(test)]
mod tests;

pub use token::Token;
pub use vault::{Full, Vault};

/// The agent's configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where to listen; an address of the loopback interface.
    pub listen: SocketAddr,
    /// Where the token is written.
    pub token_file: PathBuf,
    /// The most keys that are held.
    #[serde(default = "default_max_keys")]
    pub max_keys: usize,
    /// The SAEs whose pools are told.
    #[serde(default)]
    pub peers: Vec<SaeId>,
    /// The SAE and its KME.
    pub sae: client::Settings,
}

fn default_max_keys() -> usize {
    4096
}

/// Why the agent cannot start.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The address is not a loopback address.
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
    /// The token cannot be written.
    #[error("cannot write the token to {}: {source}", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The certificate does not name an SAE.
    #[error("{} is not an SAE's certificate", .0.display())]
    NotAnSae(PathBuf),
    /// The client cannot be made.
    #[error(transparent)]
    Client(#[from] client::SetupError),
    /// The certificate cannot be read.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// An agent, listening.
#[derive(Debug)]
pub struct Agent {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<http::Shared>,
}

impl Agent {
    /// Reads the SAE's files, writes a new token, and listens.
    ///
    /// # Errors
    ///
    /// [`AgentError`].
    pub async fn bind(settings: Settings) -> Result<Self, AgentError> {
        let address = settings.listen;
        if !address.ip().is_loopback() {
            return Err(AgentError::NotLoopback(address));
        }
        let path = &settings.sae.certificate;
        let identity = Identity::from_files(path, &settings.sae.key)?;
        let certificate =
            identity.certificate().ok_or_else(|| AgentError::NotAnSae(path.clone()))?;
        let (Ok(Peer::Sae(sae)), Ok(not_after)) =
            (tls::peer_of(certificate), tls::identity::not_after(certificate))
        else {
            return Err(AgentError::NotAnSae(path.clone()));
        };
        let client = Client::new(&settings.sae)?;
        let refuse = |source| AgentError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(refuse)?;
        let address = listener.local_addr().map_err(refuse)?;
        let token = Token::write(&settings.token_file)
            .map_err(|source| AgentError::Token { path: settings.token_file.clone(), source })?;
        let vault = Arc::new(Vault::new(settings.max_keys));
        let shared = http::Shared::new(sae, not_after, settings.peers, client, vault, token);
        Ok(Self { listener, address, shared: Arc::new(shared) })
    }

    /// The address it listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The keys it holds.
    pub fn vault(&self) -> Arc<Vault> {
        Arc::clone(self.shared.vault())
    }

    /// Serves until `stop` is ready; requests that have begun then have ten seconds.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) {
        let (stopped, mut notice) = tokio::sync::watch::channel(false);
        let stop = async move {
            stop.await;
            let _ = stopped.send(true);
        };
        let served = axum::serve(self.listener, http::router(self.shared))
            .with_graceful_shutdown(stop)
            .into_future();
        let grace = async {
            let _ = notice.wait_for(|stopped| *stopped).await;
            tokio::time::sleep(Duration::from_secs(10)).await;
        };
        tokio::select! {
            served = served => if let Err(error) = served {
                tracing::error!(%error, "the agent no longer serves");
            },
            () = grace => {},
        }
    }
}
