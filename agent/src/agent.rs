//! An agent that listens.

use crate::{
    audits::{self, Auditor},
    desk::{Desk, Surroundings, Totals},
    engine::Engine,
    http::{self, Shared},
    post::HttpPost,
    serve::Door,
    store::{Store, StoreError},
};
use qkms::{
    agent::Token,
    client::{self, Client},
    kme::service::SaeId,
    tls::{self, Identity, Peer, TlsError},
};
use serde::Deserialize;
use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::{net::TcpListener, sync::watch};
use zeroize::Zeroizing;

/// Connections to the loopback door at once.
const LOOPBACK_PLACES: usize = 64;

/// Connections to the door for mail at once.
const MAIL_PLACES: usize = 256;

/// Of these, those of one network.
const MAIL_PLACES_OF_ONE: usize = 16;

/// The agent's configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where worker and user ask; an address of the loopback interface.
    pub listen: SocketAddr,
    /// Where the token is written.
    pub token_file: PathBuf,
    /// Where sessions are kept: a folder of mode 0700, which is made if it is not there.
    pub store: PathBuf,
    /// Where mail comes in; nowhere if nothing is said.
    #[serde(default)]
    pub mail: Option<SocketAddr>,
    /// Whether it takes part in the entropy beacon: it then commits in each epoch, and its owner answers with its
    /// standing for that it is there to reveal. Not if nothing is said.
    #[serde(default)]
    pub beacon: bool,
    /// Which links it audits; none if nothing is said.
    #[serde(default)]
    pub audits: Option<audits::Settings>,
    /// The SAE and its key service.
    pub sae: client::Settings,
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
    /// The store cannot be opened.
    #[error("cannot open the store in {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The certificate does not name an SAE.
    #[error("{} is not an SAE's certificate", .0.display())]
    NotAnSae(PathBuf),
    /// The client cannot be made.
    #[error(transparent)]
    Client(#[from] client::SetupError),
    /// The certificate cannot be read.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The links to be audited are none.
    #[error(transparent)]
    Audits(#[from] audits::SettingsError),
}

/// Reads what an agent has done, while it runs.
#[derive(Clone, Debug)]
pub struct Meter(Arc<Shared>);

impl Meter {
    /// As which SAE the agent draws keys.
    pub fn sae(&self) -> &SaeId {
        &self.0.sae
    }

    /// What it has done, and what it has; none if its store fails.
    pub fn totals(&self) -> Option<Totals> {
        self.0.engine.totals().ok()
    }
}

/// An agent, listening.
#[derive(Debug)]
pub struct Agent {
    listener: TcpListener,
    address: SocketAddr,
    mail: Option<(TcpListener, SocketAddr)>,
    shared: Arc<Shared>,
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), AgentError> {
    let refuse = |source| AgentError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(refuse)?;
    let address = listener.local_addr().map_err(refuse)?;
    Ok((listener, address))
}

impl Agent {
    /// Reads the SAE's files, opens the store, listens, and writes a new token. Requests are answered once
    /// [`Agent::run`] is awaited.
    ///
    /// # Errors
    ///
    /// [`AgentError`].
    pub async fn bind(settings: Settings) -> Result<Self, AgentError> {
        if !settings.listen.ip().is_loopback() {
            return Err(AgentError::NotLoopback(settings.listen));
        }
        let auditor = settings.audits.map(Auditor::new).transpose()?.map(Arc::new);
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
        let store = Store::open(&settings.store)
            .map_err(|source| AgentError::Folder { path: settings.store.clone(), source })?;
        let desk = Desk::open(sae.clone(), store, Surroundings::system())?;
        let desk = desk.committing(settings.beacon);
        let (listener, address) = listen(settings.listen).await?;
        let mail = match settings.mail {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let token = Token::write(&settings.token_file)
            .map_err(|source| AgentError::Token { path: settings.token_file.clone(), source })?;
        let worker_token = Token::draw()
            .map_err(|source| AgentError::Token { path: "its memory".into(), source })?;
        let engine = Arc::new(Engine::new(desk, client, HttpPost));
        let shared = Arc::new(Shared { engine, auditor, sae, not_after, token, worker_token });
        Ok(Self { listener, address, mail, shared })
    }

    /// Where worker and user ask.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where mail comes in.
    pub fn mail_addr(&self) -> Option<SocketAddr> {
        self.mail.as_ref().map(|(_, address)| *address)
    }

    /// What opens the loopback door to its user, in hexadecimal. The file `token_file` has the same.
    pub fn token(&self) -> Zeroizing<String> {
        self.shared.token.text()
    }

    /// What opens it to the worker, in hexadecimal. It stands in the node's off-chain storage, which others
    /// may read: it opens nothing of the user's.
    pub fn worker_token(&self) -> Zeroizing<String> {
        self.shared.worker_token.text()
    }

    /// As which SAE it draws keys.
    pub fn sae(&self) -> &SaeId {
        &self.shared.sae
    }

    /// Where its numbers are read.
    pub fn meter(&self) -> Meter {
        Meter(Arc::clone(&self.shared))
    }

    /// Serves until `stop` is ready; requests that have begun then have ten seconds. What was under way
    /// with others goes on when the agent is started again.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) {
        let (stopped, notice) = watch::channel(false);
        let told = |mut notice: watch::Receiver<bool>| async move {
            let _ = notice.wait_for(|stopped| *stopped).await;
        };
        let engine = Arc::clone(&self.shared.engine);
        let auditor = self.shared.auditor.clone();
        let user = Door {
            listener: self.listener,
            routes: http::router(self.shared),
            places: LOOPBACK_PLACES,
            places_of_one: LOOPBACK_PLACES,
            keeps_alive: true,
        };
        let mail = self.mail.map(|(listener, _)| Door {
            listener,
            routes: http::mail::router(Arc::clone(&engine)),
            places: MAIL_PLACES,
            places_of_one: MAIL_PLACES_OF_ONE,
            keeps_alive: false,
        });
        let mail_told = told(notice.clone());
        let mail = async move {
            if let Some(door) = mail {
                door.serve(mail_told).await;
            }
        };
        let audits_told = told(notice.clone());
        let audits = async move {
            if let Some(auditor) = auditor {
                auditor.keep_going(audits_told).await;
            }
        };
        let stop = async move {
            stop.await;
            let _ = stopped.send(true);
        };
        let user = user.serve(told(notice.clone()));
        tokio::join!(user, mail, audits, engine.keep_going(told(notice)), stop);
    }
}
