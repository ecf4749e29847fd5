//! What each account has paid, and what was held of it and for how long.

use crate::{tests::games::document::milli, *};
use codec::{Decode, Encode};
use frame_support::traits::fungible::InspectHold;
use pallet_qkd::{Bonds, Deposits, HoldReason, Sessions};
use sp_keyring::Sr25519Keyring as Key;
use std::collections::BTreeMap;

/// What something cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Fees, in plancks.
    pub fees: Balance,
    /// The most that was held at once, in plancks, ...
    pub held: Balance,
    /// ... for how many blocks something was, ...
    pub blocks: BlockNumber,
    /// ... and the sum over these blocks.
    pub use_of_held: Balance,
    /// Keys that a key service has told.
    pub keys: u32,
}

impl Cost {
    /// Whether it is no less than another one, of each kind.
    pub fn is_no_less_than(&self, other: &Self) -> bool {
        self.fees >= other.fees && self.use_of_held >= other.use_of_held && self.keys >= other.keys
    }

    /// In words, with amounts in thousandths of a QED.
    pub fn told(&self) -> String {
        let fees = (self.fees > 0).then(|| milli(self.fees));
        let blocks = if self.blocks == 1 { "block" } else { "blocks" };
        let held = (self.held > 0)
            .then(|| format!("{} held for {} {blocks}", milli(self.held), self.blocks));
        let s = if self.keys == 1 { "" } else { "s" };
        let keys = (self.keys > 0).then(|| format!("{} key{s}", self.keys));
        let all: Vec<_> = [fees, held, keys].into_iter().flatten().collect();
        if all.is_empty() { "nothing".into() } else { all.join("; ") }
    }
}

/// What is held of `who` for what it has on record, and for sessions.
pub fn held_of(who: &AccountId) -> Balance {
    [HoldReason::Registry, HoldReason::Session]
        .map(|reason| Balances::balance_on_hold(&RuntimeHoldReason::Qkd(reason), who))
        .into_iter()
        .sum()
}

/// What was held of everybody after each block since the books were opened.
#[derive(Default)]
pub struct Ledger {
    before: BTreeMap<Key, Balance>,
    last: BlockNumber,
    /// For how many blocks so much was held.
    blocks: Vec<(BlockNumber, BTreeMap<Key, Balance>)>,
}

fn everybody() -> BTreeMap<Key, Balance> {
    Key::iter().map(|key| (key, held_of(&key.to_account_id()))).collect()
}

impl Ledger {
    /// Opens the books.
    pub fn open() -> Self {
        Self { before: everybody(), last: System::block_number(), blocks: Vec::new() }
    }

    /// Enters what is held after a block.
    pub fn enter(&mut self) {
        let now = System::block_number();
        self.blocks.push((now - self.last, everybody()));
        self.last = now;
    }

    /// What these had held beyond what was held when the books were opened: the most, for how many
    /// blocks, and the sum over them.
    pub fn held(&self, who: &[Key]) -> (Balance, BlockNumber, Balance) {
        let sum = |held: &BTreeMap<Key, Balance>| -> Balance {
            who.iter().map(|key| held[key].saturating_sub(self.before[key])).sum()
        };
        self.blocks.iter().fold((0, 0, 0), |(most, blocks, area), (passed, held)| {
            let held = sum(held);
            let counted = if held > 0 { *passed } else { 0 };
            (most.max(held), blocks + counted, area + held * Balance::from(counted))
        })
    }
}

/// What is held behind a bond or a deposit: it is stored as its amount.
fn amount(ticket: &impl Encode) -> Balance {
    Balance::decode(&mut &ticket.encode()[..]).expect("an amount")
}

/// Holds that all money is somebody's, and that what is held is what bonds and deposits say.
pub fn audit() {
    let accounts = frame_system::Account::<Runtime>::iter_values();
    let owned: Balance = accounts.map(|account| account.data.free + account.data.reserved).sum();
    assert_eq!(owned, Balances::total_issuance());
    let mut said = BTreeMap::<(AccountId, bool), Balance>::new();
    for (payer, bond) in Bonds::<Runtime>::iter_values() {
        *said.entry((payer, true)).or_default() += amount(&bond);
    }
    for (id, deposit) in Deposits::<Runtime>::iter() {
        let payer = Sessions::<Runtime>::get(id).expect("a session").from.account;
        *said.entry((payer, false)).or_default() += amount(&deposit);
    }
    for who in frame_system::Account::<Runtime>::iter_keys() {
        for (reason, registry) in [(HoldReason::Registry, true), (HoldReason::Session, false)] {
            let held = Balances::balance_on_hold(&RuntimeHoldReason::Qkd(reason), &who);
            assert_eq!(held, said.remove(&(who.clone(), registry)).unwrap_or_default());
        }
    }
    assert!(said.is_empty(), "nothing is held of nobody");
}
