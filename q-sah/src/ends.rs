//! Who speaks with whom, on which chain.

use crate::{Error, bytes::Reader};
use alloc::{borrow::ToOwned, string::String, vec::Vec};

/// The longest identity of an SAE, in bytes of UTF-8.
pub const MAX_SAE_BYTES: usize = 128;

/// The hash of a chain's first block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct GenesisHash(pub [u8; 32]);

/// An account of the chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct AccountId(pub [u8; 32]);

/// The identity of a secure application entity at its key service: 1 to [`MAX_SAE_BYTES`] bytes,
/// compared byte by byte.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct SaeId(String);

impl SaeId {
    /// Takes an identity.
    ///
    /// # Errors
    ///
    /// [`Error::SaeId`] if it is empty or too long.
    pub fn new(text: &str) -> Result<Self, Error> {
        let fits = (1..=MAX_SAE_BYTES).contains(&text.len());
        fits.then(|| Self(text.to_owned())).ok_or(Error::SaeId)
    }

    /// The identity as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One end: an account, and the SAE that the chain has enrolled for it.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct End {
    /// The account.
    pub account: AccountId,
    /// Its SAE.
    pub sae: SaeId,
}

/// The two ends of a session or of a letter, and their chain. A session's initiator (A) is `from`, its
/// responder (B) is `to`; so are a letter's writer and reader.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Ends {
    genesis: GenesisHash,
    from: End,
    to: End,
}

impl Ends {
    /// Names them.
    ///
    /// # Errors
    ///
    /// [`Error::SameEnd`] if both are one account or one SAE.
    pub fn new(genesis: GenesisHash, from: End, to: End) -> Result<Self, Error> {
        if from.account == to.account || from.sae == to.sae {
            return Err(Error::SameEnd);
        }
        Ok(Self { genesis, from, to })
    }

    /// The chain.
    pub fn genesis(&self) -> GenesisHash {
        self.genesis
    }

    /// Who opens the session, or writes the letter.
    pub fn from(&self) -> &End {
        &self.from
    }

    /// Who answers, or reads.
    pub fn to(&self) -> &End {
        &self.to
    }

    /// Whether these are the accounts, in this order.
    pub(crate) fn check(&self, from: AccountId, to: AccountId) -> Result<(), Error> {
        let same = self.from.account == from && self.to.account == to;
        if same { Ok(()) } else { Err(Error::Account) }
    }

    /// Genesis hash and accounts, 96 bytes, then each SAE behind its length in a byte.
    pub(crate) fn write_to(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.genesis.0);
        bytes.extend(self.from.account.0);
        bytes.extend(self.to.account.0);
        for end in [&self.from, &self.to] {
            // It fits: see `SaeId::new`.
            bytes.push(u8::try_from(end.sae.0.len()).unwrap_or(u8::MAX));
            bytes.extend(end.sae.0.as_bytes());
        }
    }

    pub(crate) fn read_from(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let genesis = GenesisHash(reader.array()?);
        let accounts = [AccountId(reader.array()?), AccountId(reader.array()?)];
        let mut end = |account| -> Result<End, Error> {
            let length = reader.byte()?;
            let text = core::str::from_utf8(reader.slice(length.into())?);
            Ok(End { account, sae: SaeId::new(text.map_err(|_| Error::SaeId)?)? })
        };
        let [from, to] = accounts;
        Self::new(genesis, end(from)?, end(to)?)
    }
}
