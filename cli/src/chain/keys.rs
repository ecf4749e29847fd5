//! Whose keys sign what.

use crate::error::Error;
use std::str::FromStr;
pub use subxt_signer::sr25519::Keypair;
use subxt_signer::{DeriveJunction, SecretUri};

/// The key pair of a secret URI such as `//Dave` or a phrase. The URI never shows in errors.
pub fn from_suri(suri: &str) -> Result<Keypair, Error> {
    let bad = || Error::BadInput("the secret URI is malformed".to_owned());
    let uri = SecretUri::from_str(suri).map_err(|_| bad())?;
    Keypair::from_uri(&uri).map_err(|_| bad())
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
        let [keys] = ParticipantKeys::derive(["p042"].into_iter())
            .unwrap()
            .try_into()
            .ok()
            .unwrap();
        let keys: ParticipantKeys = keys;
        let account = from_suri("//qedex//p042").unwrap();
        let meter = from_suri("//qedex//p042//meter").unwrap();
        assert_eq!(account_of(&keys.account), account_of(&account));
        assert_eq!(account_of(&keys.meter), account_of(&meter));
    }

    #[test]
    fn a_malformed_secret_is_refused_without_showing_it() {
        let error = from_suri("correct horse battery")
            .err()
            .unwrap()
            .to_string();
        assert!(!error.contains("horse"), "{error}");
    }
}
