//! The figures of keys that bound the market, and of the beacon.

use crate::{books::SlotBooks, play::Agreement};
use qedex_client::beacon::Sources;
use serde::Serialize;

/// What is known of keys beside the books.
#[derive(Clone, Debug, Default)]
pub struct KeyRun {
    /// Whether the chain and the key services agree; not compared if nothing is said.
    pub agreement: Option<Agreement>,
    /// Of what values of the beacon that the run saw were made.
    pub beacon: Sources,
}

/// Keys that bound the market, in whole ones of 256 bits, and values of the beacon.
#[derive(Clone, Debug, Serialize)]
pub struct KeyMarketFigures {
    /// Reserved for the slots when their gates opened.
    pub reserved: u64,
    /// Of these, used by their trades.
    pub used: u64,
    /// Slots behind whose reservation there were keys.
    pub backed: usize,
    /// Slots in which there were too few for more trades.
    pub cap_bound: usize,
    /// Made by the market's links, as the chain counts them; not compared if there are none.
    pub made: Option<u64>,
    /// Drawn from them, likewise.
    pub drawn: Option<u64>,
    /// Values of the beacon that were made of revealed keys.
    pub beacon_keys: u64,
    /// Values that were made of a block's hash, as fewer than two owners revealed.
    pub beacon_block_hash: u64,
}

impl KeyMarketFigures {
    pub(super) fn of(run: &KeyRun, books: &[SlotBooks]) -> Self {
        let sum = |of: fn(&SlotBooks) -> u64| books.iter().map(of).fold(0, u64::saturating_add);
        let count = |of: fn(&SlotBooks) -> bool| books.iter().filter(|slot| of(slot)).count();
        Self {
            reserved: sum(|slot| slot.reserved.map_or(0, |reserved| reserved.keys)),
            used: sum(|slot| slot.clearing.map_or(0, |clearing| clearing.keys_used)),
            backed: count(|slot| slot.reserved.is_some_and(|reserved| reserved.backed)),
            cap_bound: count(is_bound),
            made: run.agreement.map(|agreement| agreement.made),
            drawn: run.agreement.map(|agreement| agreement.drawn),
            beacon_keys: run.beacon.keys,
            beacon_block_hash: run.beacon.block_hash,
        }
    }

    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![
            ("keys reserved", format!("{}, {} of them used", self.reserved, self.used)),
            (
                "  slots",
                format!(
                    "{} with keys behind them, {} bound by too few",
                    self.backed, self.cap_bound
                ),
            ),
            (
                "values of the beacon",
                format!("{} of keys, {} of block hashes", self.beacon_keys, self.beacon_block_hash),
            ),
        ];
        if let Some((made, drawn)) = self.made.zip(self.drawn) {
            rows.insert(2, ("  of the link, on the chain", format!("{made} made, {drawn} drawn")));
        }
        rows
    }
}

/// Whether a slot had too few keys for more trades.
fn is_bound(slot: &SlotBooks) -> bool {
    slot.clearing.is_some_and(|clearing| clearing.cap_binding)
}

/// What must hold where somebody listened: the last slot but one found no key and traded nothing, all others
/// found enough, no slot used more than it was promised, and chain and services agree.
pub(super) fn invariants(run: &KeyRun, books: &[SlotBooks]) -> Vec<(&'static str, bool)> {
    let Some(agreement) = run.agreement else { return Vec::new() };
    let keys = |slot: &SlotBooks| slot.reserved.map_or(0, |reserved| reserved.keys);
    let traded =
        |slot: &SlotBooks| slot.clearing.is_some_and(|clearing| !clearing.volume.is_zero());
    let backed = |slot: &SlotBooks| slot.reserved.is_some_and(|reserved| reserved.backed);
    let within =
        |slot: &SlotBooks| slot.clearing.is_none_or(|clearing| clearing.keys_used <= keys(slot));
    let (closed, others): (Vec<_>, Vec<_>) =
        books.iter().enumerate().partition(|(place, _)| place.saturating_add(2) == books.len());
    let stopped = closed.iter().all(|(_, slot)| keys(slot) == 0 && !traded(slot) && is_bound(slot));
    let went_on = others.iter().all(|(_, slot)| keys(slot) > 0 && traded(slot));
    vec![
        ("keys_agree_with_the_key_services", agreement.holds),
        ("keys_behind_every_slot", books.iter().all(backed)),
        ("keys_used_were_promised", books.iter().all(within)),
        ("keys_of_a_closed_link_trade_nothing", !closed.is_empty() && stopped),
        ("keys_trade_before_and_after", went_on),
    ]
}
