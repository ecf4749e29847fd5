//! What the chain has of a link at one moment: what is said of its ends, and what is counted.

use pallet_qkd::books::EndBook;
use qedex_primitives::{
    OwnerId,
    keys::{EndView, KeyLedger, LinkReport, LinkView},
};
use sp_keyring::Sr25519Keyring;

/// One of the ends of the link, by its place among the sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Alice's site.
    West = 0,
    /// Bob's.
    East = 1,
}

/// What the chain has of the one link of a built-in chain.
pub struct Sight {
    /// What is counted.
    pub ledger: KeyLedger,
    /// What is said, at both ends.
    pub books: Vec<EndBook>,
}

/// Whom the genesis of the built-in chains names behind an account.
pub fn owner(who: Sr25519Keyring) -> OwnerId {
    OwnerId(who.to_raw_public())
}

impl Sight {
    /// The link.
    pub fn link(&self) -> &LinkView {
        let [link] = &self.ledger.links[..] else { panic!("one link") };
        link
    }

    /// What an end counts as.
    pub fn counted(&self, end: End) -> &EndView {
        &self.link().ends.as_ref().expect("it is on record")[end as usize]
    }

    /// What those say of an end whose reports count, `but` for one of them.
    pub fn said_by_all(&self, end: End, but: Option<Sr25519Keyring>) -> Vec<LinkReport> {
        let (now, stale) = (self.ledger.epoch, u64::from(self.ledger.rules.stale_after));
        let fresh = self.books[end as usize].reports.iter();
        let fresh = fresh.filter(|one| now.saturating_sub(one.epoch) <= stale);
        fresh
            .filter(|one| but.is_none_or(|but| one.owner != owner(but)))
            .map(|one| one.said)
            .collect()
    }

    /// The latest that `who` has said of an end, with the epoch of which it is.
    pub fn said_by(&self, end: End, who: Sr25519Keyring) -> Option<(u64, LinkReport)> {
        let mut all = self.books[end as usize].reports.iter();
        all.find(|one| one.owner == owner(who)).map(|one| (one.epoch, one.said))
    }
}
