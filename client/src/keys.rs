//! Whose keys sign what.

use super::{meter::Signature, metering::Scheme};
use crate::error::Error;
use sp_core::{Pair, ed25519};
use std::str::FromStr;
pub use subxt_signer::sr25519::Keypair;
use subxt_signer::{DeriveJunction, SecretUri};

fn malformed() -> Error {
    Error::BadInput("the secret URI is malformed".to_owned())
}

/// The key pair of a secret URI such as `//Dave` or a phrase. The URI never shows in errors.
pub fn from_suri(suri: &str) -> Result<Keypair, Error> {
    let uri = SecretUri::from_str(suri).map_err(|_| malformed())?;
    Keypair::from_uri(&uri).map_err(|_| malformed())
}

/// Whoever signs readings.
pub trait Signer {
    /// The signature over `message`.
    fn signature(&self, message: &[u8]) -> Signature;
}

impl Signer for Keypair {
    fn signature(&self, message: &[u8]) -> Signature {
        Signature::Sr25519(self.sign(message).0)
    }
}

/// The key pair of a meter. Meters that know no Ristretto sign by ed25519.
pub enum MeterKeys {
    /// Schnorr over Ristretto.
    Sr25519(Box<Keypair>),
    /// EdDSA over Curve25519.
    Ed25519(Box<ed25519::Pair>),
}

impl MeterKeys {
    /// The key pair of a secret URI, by this scheme. The URI never shows in errors.
    pub fn from_suri(scheme: Scheme, suri: &str) -> Result<Self, Error> {
        Ok(match scheme {
            Scheme::Sr25519 => Self::Sr25519(Box::new(from_suri(suri)?)),
            Scheme::Ed25519 => {
                let pair = ed25519::Pair::from_string(suri, None).map_err(|_| malformed())?;
                Self::Ed25519(Box::new(pair))
            }
        })
    }

    /// The public key.
    pub fn public(&self) -> [u8; 32] {
        match self {
            Self::Sr25519(pair) => pair.public_key().0,
            Self::Ed25519(pair) => pair.public().0,
        }
    }
}

impl Signer for MeterKeys {
    fn signature(&self, message: &[u8]) -> Signature {
        match self {
            Self::Sr25519(pair) => pair.signature(message),
            Self::Ed25519(pair) => Signature::Ed25519(pair.sign(message).0),
        }
    }
}

/// The accounts that lead the community of the development chain.
pub struct Leaders {
    /// Alice, the registrar and the source of everybody's first funds.
    pub registrar: Keypair,
    /// Bob, who installs meters.
    pub installer: Keypair,
    /// Charlie, the broker.
    pub broker: Keypair,
}

impl Leaders {
    /// The well-known keys of the development chain.
    pub fn of_dev_chain() -> Result<Self, Error> {
        Ok(Self {
            registrar: from_suri("//Alice")?,
            installer: from_suri("//Bob")?,
            broker: from_suri("//Charlie")?,
        })
    }
}

/// The keys of a played participant: its account's and its meter's.
#[derive(Clone)]
pub struct ParticipantKeys {
    /// `//qedex//<name>`
    pub account: Keypair,
    /// `//qedex//<name>//meter`
    pub meter: Keypair,
}

impl ParticipantKeys {
    /// The keys of every participant of `names`.
    pub fn derive<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<Self>, Error> {
        let community = from_suri("//qedex")?;
        Ok(names
            .map(|name| {
                let account = community.derive([DeriveJunction::hard(name)]);
                let meter = account.derive([DeriveJunction::hard("meter")]);
                Self { account, meter }
            })
            .collect())
    }
}

/// The public key, which is the account.
pub fn account_of(keypair: &Keypair) -> crate::market::Account {
    keypair.public_key().0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn participants_have_the_keys_that_their_paths_say() {
        let [keys] =
            ParticipantKeys::derive(["p042"].into_iter()).unwrap().try_into().ok().unwrap();
        let keys: ParticipantKeys = keys;
        let account = from_suri("//qedex//p042").unwrap();
        let meter = from_suri("//qedex//p042//meter").unwrap();
        assert_eq!(account_of(&keys.account), account_of(&account));
        assert_eq!(account_of(&keys.meter), account_of(&meter));
    }

    #[test]
    fn a_malformed_secret_is_refused_without_showing_it() {
        let error = from_suri("correct horse battery").err().unwrap().to_string();
        assert!(!error.contains("horse"), "{error}");
    }
}
