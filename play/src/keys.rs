//! Whose keys sign what in the played community.

use qedex_client::{
    Error,
    keys::{Keypair, from_suri},
};
use subxt_signer::DeriveJunction;

/// The accounts that lead the community of the development chain.
pub struct Leaders {
    /// Alice, the registrar, the source of everybody's first funds, and the second installer.
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

#[cfg(test)]
mod tests {
    use super::*;
    use qedex_client::keys::account_of;

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
}
