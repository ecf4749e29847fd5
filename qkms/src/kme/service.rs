//! What a KME offers to the SAEs of its site, whatever carries the requests.
//!
//! # Rules
//!
//! - The caller's identity is proven before a method of [`KeyService`] is called; it is never taken
//!   from a request.
//! - All or nothing: a call that returns a [`Refusal`] has drawn no key and told none.
//! - [`KeyService::enc_keys`] answers when each key, its master and its slaves are durable at both
//!   ends. [`KeyService::dec_keys`] answers when it is durable that the key was told to the caller.
//! - A key is told once to its master and once to each slave, or never.
//!
//! Limits and their meaning are those of ETSI GS QKD 014 V1.1.1, clauses 5 and 6.

use std::{fmt, future::Future, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::pool::{Rejection, StoreError};

/// The longest identity of an SAE or a KME, in bytes of UTF-8.
pub const MAX_ID_BYTES: usize = 128;

/// An identity is empty, longer than [`MAX_ID_BYTES`] or holds a control character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an identity has 1 to {MAX_ID_BYTES} bytes and no control characters")]
pub struct InvalidId;

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identity as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text.to_owned())
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                let fits = (1..=MAX_ID_BYTES).contains(&text.len());
                (fits && !text.chars().any(char::is_control)).then_some(Self(text)).ok_or(InvalidId)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

identity! {
    /// The identity of a secure application entity, unique over all sites: 1 to [`MAX_ID_BYTES`]
    /// bytes of UTF-8 without control characters, compared byte by byte.
    SaeId
}
identity! {
    /// The identity of a key management entity; the same rule as for [`SaeId`].
    KmeId
}

/// Over what a key may have come to the slave's site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Over one quantum link that joins the two sites, and nothing else.
    Direct,
    /// Over any way that the KME knows: relayed by trusted nodes, or made in the site itself.
    Any,
}

/// What the vendor extensions of a request ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// The routes that are allowed; any if nothing is said.
    pub route: Option<Route>,
    /// The largest age of a key's block at the time of delivery.
    pub max_age: Option<Duration>,
}

/// A request for keys as `enc_keys` takes it. Numbers are the client's, unchecked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EncRequest {
    /// How many keys; 1 if nothing is said.
    pub number: Option<u64>,
    /// Bits of each key; the status' `key_size` if nothing is said.
    pub size: Option<u64>,
    /// Slaves beside the one in the path.
    pub additional_slaves: Vec<SaeId>,
    /// Options that must be met, or the request is refused.
    pub mandatory: Options,
    /// Options that are met if they can be.
    pub optional: Options,
}

/// Where the bits of a key come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A quantum link.
    Qkd,
    /// The generator of a KME whose site holds all SAEs of the key: no QKD key.
    LocalGenerator,
    /// The generator of the master's KME, [relayed](crate::relay) under the keys of quantum links.
    Relayed,
}

/// A key that leaves the KME. Its bytes are wiped on drop and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct DeliveredKey {
    /// The key's identity, the same at all its ends.
    pub id: Uuid,
    /// Its bytes; bit i of the key is bit `i % 8` (least significant first) of byte `i / 8`.
    pub key: Zeroizing<Vec<u8>>,
    /// Where it comes from.
    pub origin: Origin,
}

impl fmt::Debug for DeliveredKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DeliveredKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why no key can be drawn at the moment although the request is sound; or that it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Blocks are being made, or the pools are full.
    Open,
    /// The link was closed because a block betrayed an eavesdropper or a broken device.
    Closed,
    /// The peer KME does not answer.
    Unreachable,
    /// No link is concerned: both SAEs belong to this site.
    Local,
}

/// What `status` answers: ETSI GS QKD 014, clause 6.1, and what this KME adds to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The KME that answers.
    pub source_kme: KmeId,
    /// The KME of the slave's site.
    pub target_kme: KmeId,
    /// The caller.
    pub master: SaeId,
    /// The slave asked about.
    pub slave: SaeId,
    /// Bits of a key if a request names no size.
    pub key_size: u64,
    /// Keys of `key_size` that can be drawn now by masters of this site.
    pub stored_key_count: u64,
    /// The most keys of `key_size` that the pool holds.
    pub max_key_count: u64,
    /// The most keys in one request.
    pub max_key_per_request: u64,
    /// The largest size in bits.
    pub max_key_size: u64,
    /// The least size in bits.
    pub min_key_size: u64,
    /// The most additional slaves in one request.
    pub max_sae_id_count: u64,
    /// Whether keys between the two come from a quantum link.
    pub origin: Origin,
    /// The state of that link, or of the worst link of the route.
    pub link: LinkState,
    /// Whether a seed makes every key of this KME predictable.
    pub insecure: bool,
    /// What is known of the link that joins the two sites; nothing where there is none.
    pub figures: Option<Figures>,
}

/// What this end of a quantum link says of it at one moment. Keys have 256 bits, and are rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Keys that can be drawn, in both directions together.
    pub stored_keys: u64,
    /// Keys that were told to masters or slaves of this site, since the link's books began.
    pub delivered_keys: u64,
    /// Keys made since then: those that are stored and delivered, and what else became of them, as tags, as pads
    /// of relayed keys, by audits, by age, and by waste. It never shrinks.
    pub made_keys: u64,
    /// The quantum bit error rate of the latest block that had one, in parts per million; none before the first
    /// one since the KME was started.
    pub qber_ppm: Option<u32>,
    /// Whether the link is open, and its latest block gave key.
    pub sound: bool,
}

/// Why a request is refused. None names key bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The caller is no SAE of this site (401).
    #[error("the SAE does not belong to this KME")]
    UnknownCaller,
    /// The caller was not named when each of the keys was drawn (401).
    #[error("the SAE was not named for all of the keys")]
    NotNamed,
    /// No site has this SAE (400).
    #[error("the SAE {0} is not known")]
    UnknownSae(SaeId),
    /// Master and slave are the same (400).
    #[error("an SAE shares no key with itself")]
    OwnSlave,
    /// A slave is named twice (400).
    #[error("the SAE {0} is named twice")]
    RepeatedSlave(SaeId),
    /// More additional slaves than `max_SAE_ID_count` (400).
    #[error("at most {0} additional slaves can be named")]
    TooManySlaves(u64),
    /// The slaves belong to sites that no single link or route serves (400).
    #[error("the slaves belong to sites that no single link or route serves")]
    SlavesOfManySites,
    /// `number` is zero or above `max_key_per_request` (400).
    #[error("number shall be 1 to {0}")]
    Number(u64),
    /// `size` is no multiple of 8 (400).
    #[error("size shall be a multiple of 8")]
    SizeUneven,
    /// `size` is out of range (400).
    #[error("size shall be {min} to {max}")]
    Size {
        /// The least size in bits.
        min: u64,
        /// The largest size in bits.
        max: u64,
    },
    /// A mandatory option cannot be met (400).
    #[error("not all extension_mandatory request options could be met")]
    MandatoryUnmet,
    /// `dec_keys` names no key, or more than `max_key_per_request` (400).
    #[error("1 to {0} keys can be named")]
    KeyIds(u64),
    /// `dec_keys` names a key twice (400).
    #[error("the key {0} is named twice")]
    RepeatedKey(Uuid),
    /// Unknown, told already, expired, or of another master (400).
    #[error("one or more keys specified are not found on KME")]
    KeysNotFound(Vec<Uuid>),
    /// The pool holds fewer keys of that size than asked for (503).
    #[error("not enough keys are left")]
    Exhausted,
    /// The link was closed (503).
    #[error("the quantum link is closed")]
    LinkClosed,
    /// The peer KME did not confirm in time, or refused (503).
    #[error("the peer KME does not confirm the keys")]
    Unconfirmed,
    /// The store could not be written, for want of space or otherwise (503).
    #[error("the key store cannot be written")]
    Store,
    /// The KME is stopping (503).
    #[error("the KME is stopping")]
    Stopping,
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Rejected(Rejection::Exhausted) => Self::Exhausted,
            StoreError::Rejected(Rejection::TooOld) => Self::MandatoryUnmet,
            StoreError::Rejected(Rejection::NotNamed) => Self::NotNamed,
            StoreError::Rejected(Rejection::NotFound(ids)) => Self::KeysNotFound(ids),
            StoreError::Closed => Self::Stopping,
            StoreError::Rejected(_) | StoreError::Failed(_) => Self::Store,
        }
    }
}

/// The key service of one KME for the SAEs of its site. Cheap to share behind an `Arc`.
pub trait KeyService: Send + Sync + 'static {
    /// What can be drawn by `caller` as master for `slave`.
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownCaller`], [`Refusal::UnknownSae`] or [`Refusal::OwnSlave`].
    fn status(&self, caller: &SaeId, slave: &SaeId) -> Result<Status, Refusal>;

    /// Draws keys for `master`, an SAE of this site, to be shared with `slave` and the request's
    /// additional slaves. If the future is dropped before it answers, the keys are drawn or not; a
    /// key drawn so is told to nobody but its slaves.
    ///
    /// # Errors
    ///
    /// A [`Refusal`], and then nothing was drawn.
    fn enc_keys(
        &self,
        master: &SaeId,
        slave: &SaeId,
        request: EncRequest,
    ) -> impl Future<Output = Result<Vec<DeliveredKey>, Refusal>> + Send;

    /// Tells `caller`, an SAE of this site, the keys that `master` drew with it as a slave, in the
    /// order of `ids`.
    ///
    /// # Errors
    ///
    /// A [`Refusal`], and then none of the keys counts as told.
    fn dec_keys(
        &self,
        caller: &SaeId,
        master: &SaeId,
        ids: Vec<Uuid>,
    ) -> impl Future<Output = Result<Vec<DeliveredKey>, Refusal>> + Send;
}
