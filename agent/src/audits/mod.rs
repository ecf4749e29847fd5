//! Audits of links: what this end's key service says of its records, and what is found in the blocks that it
//! opens.
//!
//! # Rules
//!
//! - Of each link that its operator names, the agent reads the signed records at its key service's page and
//!   computes an epoch's root by itself. It stands for the root of the epoch behind the last one that was
//!   fixed on the chain, wherever the service is; where none was, of the one that the service would audit next.
//! - It hands what the chain picked by to the service as challenge, if it has the page's token and the service
//!   is at Alice's end. One that still waits for an earlier epoch, which is over on the chain, gets the same for
//!   that one, so that it goes on.
//! - *It checks the opened block by itself*, with the code of `qkms audit`: against the root and the value that
//!   the chain has, and the records that its own service tells. It never takes a service's word that all
//!   is well; that the service gave an epoch up is a failure.
//! - What is not opened when reveals of the last epoch for verdicts are open it calls not opened.
//! - *It speaks once in an epoch of the beacon*: when all that is awaited is ready; roots that are not there
//!   yet it waits for in the first quarter only, and verdicts until reveals are open.
//! - Nothing is stored: records and files are read again.

mod judge;
mod page;
mod speech;
#[cfg(test)]
mod tests;
mod watch;

pub use judge::judge;

use page::Page;
use qedex_primitives::audits::{AuditNews, AuditOutcome, AuditWork, Statement};
use qkms::records::Keys;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// What is audited.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The page for operators of the agent's key service; an address of the loopback interface.
    pub page: SocketAddr,
    /// The file with that page's token. Without it no challenges are handed in.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// The links.
    #[serde(rename = "link")]
    pub links: Vec<AuditedLink>,
}

/// A link that is audited.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditedLink {
    /// Its number on the chain.
    pub link: u32,
    /// The KME at this end.
    pub kme: String,
    /// The KME at the other end.
    pub peer: String,
    /// Where the page of the KME at Alice's end is, which has the files of audits; an address of the loopback
    /// interface. The same page if nothing is said.
    #[serde(default)]
    pub files: Option<SocketAddr>,
}

/// Why settings are none.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{} is no configuration of audits: {source}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: toml::de::Error,
    },
    /// A page is elsewhere: what comes from there nobody has signed.
    #[error("{0} is not on the loopback interface")]
    NotLoopback(SocketAddr),
    /// A link is named twice.
    #[error("link {0} is named twice")]
    Twice(u32),
}

impl Settings {
    /// Reads them from a file in TOML.
    ///
    /// # Errors
    ///
    /// [`SettingsError`].
    pub fn from_file(path: &Path) -> Result<Self, SettingsError> {
        let file = |source| SettingsError::File { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(file)?;
        let content = |source| SettingsError::Content { path: path.to_owned(), source };
        let settings: Self = toml::from_str(&text).map_err(content)?;
        settings.check()?;
        Ok(settings)
    }

    /// Whether they can be used.
    ///
    /// # Errors
    ///
    /// [`SettingsError::NotLoopback`] and [`SettingsError::Twice`].
    pub fn check(&self) -> Result<(), SettingsError> {
        let files = self.links.iter().filter_map(|link| link.files);
        if let Some(page) = [self.page].into_iter().chain(files).find(|at| !at.ip().is_loopback()) {
            return Err(SettingsError::NotLoopback(page));
        }
        let mut named = std::collections::BTreeSet::new();
        match self.links.iter().find(|link| !named.insert(link.link)) {
            Some(twice) => Err(SettingsError::Twice(twice.link)),
            None => Ok(()),
        }
    }
}

/// What is known of a link.
#[derive(Debug, Default)]
struct Known {
    /// What the service's records say of the epoch that is awaited, once it is whole.
    ready: Option<Statement>,
    /// The keys that sign them, as they were told first.
    keys: Option<Keys>,
    /// What was found, by what was fixed and by what it was picked.
    found: BTreeMap<(Statement, [u8; 32]), AuditOutcome>,
}

/// What is known, and what was said.
#[derive(Debug, Default)]
struct State {
    /// The latest news.
    news: Option<AuditNews>,
    /// By the number of the link.
    links: BTreeMap<u32, Known>,
    /// What was said last, in which epoch of the beacon.
    said: Option<(u64, AuditWork)>,
}

/// What audits the links of an agent.
#[derive(Debug)]
pub struct Auditor {
    settings: Settings,
    page: Page,
    state: Mutex<State>,
    wake: Notify,
}

impl Auditor {
    /// Audits these links.
    ///
    /// # Errors
    ///
    /// Those of [`Settings::check`].
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        let page = Page { address: settings.page, token_file: settings.token_file.clone() };
        Ok(Self { settings, page, state: Mutex::default(), wake: Notify::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is on the chain, and says what is to be brought there. Nothing is asked here: what is found
    /// comes with later news.
    pub fn news(&self, news: AuditNews) -> Option<AuditWork> {
        let mut state = self.state();
        let said = speech::said(&mut state, &news, &self.settings);
        state.news = Some(news);
        drop(state);
        self.wake.notify_one();
        said
    }
}
