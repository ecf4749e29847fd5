//! Whose keys sign what.

use crate::error::Error;
use qedex_primitives::{MeterKey, MeterSignature};
use serde::{Deserialize, Serialize};
use sp_core::{Pair, ed25519};
use std::str::FromStr;
use subxt_signer::SecretUri;
pub use subxt_signer::sr25519::Keypair;

fn malformed() -> Error {
    Error::BadInput("the secret URI is malformed".to_owned())
}

/// The key pair of a secret URI such as `//Dave` or a phrase. The URI never shows in errors.
pub fn from_suri(suri: &str) -> Result<Keypair, Error> {
    let uri = SecretUri::from_str(suri).map_err(|_| malformed())?;
    Keypair::from_uri(&uri).map_err(|_| malformed())
}

/// A scheme of signatures that a meter's key may follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Schnorr over Ristretto.
    #[default]
    Sr25519,
    /// EdDSA over Curve25519.
    Ed25519,
}

impl Scheme {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sr25519 => "sr25519",
            Self::Ed25519 => "ed25519",
        }
    }

    /// The public key with these bytes.
    pub fn key(self, bytes: [u8; 32]) -> MeterKey {
        match self {
            Self::Sr25519 => MeterKey::Sr25519(bytes.into()),
            Self::Ed25519 => MeterKey::Ed25519(bytes.into()),
        }
    }

    /// The signature with these bytes.
    pub fn signature(self, bytes: [u8; 64]) -> MeterSignature {
        match self {
            Self::Sr25519 => MeterSignature::Sr25519(bytes.into()),
            Self::Ed25519 => MeterSignature::Ed25519(bytes.into()),
        }
    }

    /// The scheme and the bytes of a key.
    pub fn of_key(key: &MeterKey) -> (Self, [u8; 32]) {
        match key {
            MeterKey::Sr25519(public) => (Self::Sr25519, public.0),
            MeterKey::Ed25519(public) => (Self::Ed25519, public.0),
        }
    }

    /// The scheme and the bytes of a signature.
    pub fn of_signature(signature: &MeterSignature) -> (Self, [u8; 64]) {
        match signature {
            MeterSignature::Sr25519(signature) => (Self::Sr25519, signature.0),
            MeterSignature::Ed25519(signature) => (Self::Ed25519, signature.0),
        }
    }
}

/// Whoever signs readings.
pub trait Signer {
    /// The signature over `message`.
    fn signature(&self, message: &[u8]) -> MeterSignature;
}

impl Signer for Keypair {
    fn signature(&self, message: &[u8]) -> MeterSignature {
        MeterSignature::Sr25519(self.sign(message).0.into())
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
    fn signature(&self, message: &[u8]) -> MeterSignature {
        match self {
            Self::Sr25519(pair) => pair.signature(message),
            Self::Ed25519(pair) => MeterSignature::Ed25519(pair.sign(message)),
        }
    }
}

/// The public key, which is the account.
pub fn account_of(keypair: &Keypair) -> crate::market::Account {
    keypair.public_key().0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the well-known keys of Alice, of which the ed25519 one votes on finality.
    #[test]
    fn keys_are_derived_as_everywhere_in_substrate() {
        let public = |scheme| {
            let keys = MeterKeys::from_suri(scheme, "//Alice").unwrap();
            hex::encode(keys.public())
        };
        assert_eq!(
            public(Scheme::Sr25519),
            "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"
        );
        assert_eq!(
            public(Scheme::Ed25519),
            "88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee"
        );
        // EdDSA derives by hard junctions alone.
        for bad in ["//Dave/soft", "correct horse battery"] {
            let error = MeterKeys::from_suri(Scheme::Ed25519, bad).err().unwrap();
            assert_eq!(error.to_string(), "bad input: the secret URI is malformed");
        }
    }

    #[test]
    fn a_malformed_secret_is_refused_without_showing_it() {
        let error = from_suri("correct horse battery").err().unwrap().to_string();
        assert!(!error.contains("horse"), "{error}");
    }
}
