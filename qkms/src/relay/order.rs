//! What the sites of a route tell each other.

use codec::{Decode, Encode};
use uuid::Uuid;

use super::{MAX_BYTES, SALT_BYTES, TAG_KEY_BYTES};
use crate::{
    kme::{limits::Limits, why::Why},
    pool::Range,
    records::Signature,
};

/// Keys of one request and whose they are, without their bytes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Order {
    /// The KMEs from the origin to the target.
    pub path: Vec<String>,
    /// The master, an SAE of the origin's site.
    pub master: String,
    /// The slaves, SAEs of the target's site.
    pub slaves: Vec<String>,
    /// The keys' identities.
    pub ids: Vec<[u8; 16]>,
    /// Bytes of each key.
    pub len: u64,
}

impl Order {
    /// Bytes of salt and keys.
    pub fn clear_bytes(&self) -> u64 {
        let keys = self.len.saturating_mul(self.ids.len() as u64);
        keys.saturating_add(SALT_BYTES as u64)
    }

    /// Bytes that each link pays for it.
    pub fn pad_bytes(&self) -> u64 {
        self.clear_bytes().saturating_add(TAG_KEY_BYTES as u64)
    }

    /// The identity under which a withdrawal is kept: the first key's.
    pub fn first(&self) -> Uuid {
        self.ids.first().map_or(Uuid::nil(), |id| Uuid::from_bytes(*id))
    }

    /// Whether it asks for no more than a site allows.
    ///
    /// # Errors
    ///
    /// [`Why::Limits`].
    pub fn check(&self, limits: &Limits) -> Result<(), Why> {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (least, most) = limits.len;
        let fits = (1..=limits.keys).contains(&count(self.ids.len()))
            && (1..=limits.slaves).contains(&count(self.slaves.len()))
            && (least..=most).contains(&self.len)
            && self.clear_bytes() <= MAX_BYTES.saturating_add(SALT_BYTES as u64);
        if fits { Ok(()) } else { Err(Why::Limits) }
    }
}

/// Keys for the next site of a route. Modelled on `ext_keys` of the draft ETSI GS QKD 020.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ExtKeys {
    /// Whose keys they are.
    pub order: Order,
    /// The largest age of the blocks that pay, in milliseconds.
    pub max_age: Option<u64>,
    /// The origin's signature of order and keys.
    pub signature: Signature,
    /// What of the link's key was spent, in the order of use: first the pad, then the tag's key.
    pub pad: Vec<Range>,
    /// Salt and keys under the pad.
    pub sealed: Vec<u8>,
    /// Proves everything above to the next site.
    pub tag: [u8; 16],
}

impl ExtKeys {
    /// Whether its lengths agree with each other and with what a site allows.
    ///
    /// # Errors
    ///
    /// [`Why::Limits`].
    pub fn check(&self, limits: &Limits) -> Result<(), Why> {
        self.order.check(limits)?;
        let sealed = u64::try_from(self.sealed.len()).unwrap_or(u64::MAX);
        let pad = self.pad.iter().fold(0, |sum: u64, range| sum.saturating_add(range.len));
        let fits = sealed == self.order.clear_bytes()
            && pad == self.order.pad_bytes()
            && self.pad.iter().all(|range| range.len > 0);
        if fits { Ok(()) } else { Err(Why::Limits) }
    }
}

/// Keys whose master was refused: nobody may be told them. Modelled on `void` of the same draft.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Void {
    /// Whose keys they are.
    pub order: Order,
    /// The origin's signature.
    pub signature: Signature,
}
