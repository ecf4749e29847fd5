//! The market whose keys the benchmarks count.

use super::epochs::put_epoch;
use crate::{
    ledger::types::{EndBook, KeptReport, MarketLink},
    *,
};
use alloc::vec::Vec;
use frame_benchmarking::account;
use frame_support::BoundedVec;
use qedex_primitives::{
    Calendar, EpochIndex, OwnerId, SlotIndex,
    beacon::EpochPart,
    keys::{
        KeyRules, LinkReport, LinkReports, LinkTerms, MAX_KEYS, MAX_MARKET_LINKS, MAX_REPORTERS,
        Reservation,
    },
    qkd::{BitsPerSecond, Link, LinkId, SiteId},
};
use sp_runtime::Permill;

/// The epoch that is under way.
pub(super) const EPOCH: EpochIndex = 1_000;

/// The slot that is promised keys.
pub(super) const SLOT: SlotIndex = SlotIndex(1_000_000);

/// As what each link counts.
pub(super) const TERMS: LinkTerms =
    LinkTerms { most_keys_per_epoch: MAX_KEYS, most_qber_ppm: 110_000 };

/// Rules by which keys bind, and every report has to be looked at.
pub(super) const RULES: KeyRules = KeyRules {
    bound: true,
    market_share: Permill::from_percent(50),
    quorum: MAX_REPORTERS,
    stale_after: 2,
};

/// A report of a link.
pub(super) fn report(link: LinkId, made: u64) -> LinkReport {
    LinkReport {
        link,
        stored: 1_000,
        made,
        drawn: made.saturating_sub(1_000),
        qber_ppm: 20_000,
        healthy: true,
    }
}

/// An end of a link of which as many owners as there can be have reported for the epoch before, the last
/// of them `owner`.
fn book(link: LinkId, owner: OwnerId, entry: &MarketLink) -> EndBook {
    let mut book = EndBook::default();
    let epoch = EPOCH.saturating_sub(1);
    for number in 0..MAX_REPORTERS {
        let last = number.saturating_add(1) == MAX_REPORTERS;
        let mut other = [200; 32];
        for (byte, part) in other.iter_mut().zip(number.to_le_bytes()) {
            *byte = part;
        }
        let owner = if last { owner } else { OwnerId(other) };
        let made = 5_000_u64.saturating_sub(number.into());
        let kept = KeptReport { owner, epoch, said: report(link, made) };
        let _ = book.reports.try_push(kept);
    }
    book.count(epoch, &RULES, entry);
    book
}

/// As many links as there can be, from `site` to others, each of whose ends has as many reporters as it
/// can have, `owner` the last of them. A settled slot has some keys.
pub(super) fn put_market<T: Config>(site: SiteId, owner: OwnerId) {
    put_epoch::<T>(EPOCH, EpochPart::Commit);
    CurrentRules::<T>::put(RULES);
    let by: T::AccountId = account("by", 0, 0);
    let mut links = BoundedVec::new();
    for number in 0..MAX_MARKET_LINKS {
        let id = LinkId(number);
        let other = SiteId(number.saturating_add(1_000));
        let sites = [site, other];
        let rate = BitsPerSecond(u64::MAX);
        Links::<T>::insert(id, Link { by: by.clone(), sites, rate, agreed: true });
        let entry = MarketLink {
            link: id,
            terms: TERMS,
            since: 0,
            drawn: Some(0),
            credit: 0,
            covered: 1_000,
        };
        for end in sites {
            Ends::<T>::insert(id, end, book(id, owner, &entry));
        }
        let _ = links.try_push(entry);
    }
    MarketKeys::<T>::put(ledger::types::Market { promised: 100, used: 100, links });
}

/// The same without its last link, which could be admitted; none if the market has none.
pub(super) fn put_all_but_one<T: Config>() -> Option<LinkId> {
    put_market::<T>(SiteId(0), OwnerId([1; 32]));
    MarketKeys::<T>::mutate(|market| market.links.pop()).map(|entry| entry.link)
}

/// Reports of `n` of these links, of an epoch in which some keys were made and drawn.
pub(super) fn reports(n: u32) -> LinkReports {
    let all: Vec<_> = (0..n).map(|number| report(LinkId(number), 5_100)).collect();
    BoundedVec::truncate_from(all)
}

/// Makes the gate of [`SLOT`] be open.
pub(super) fn open_gate<T: Config>() {
    T::Calendar::set_now(T::Calendar::schedule(SLOT).gate_opens);
}

/// The market, and keys promised to [`SLOT`] of which some were settled.
pub(super) fn put_promise<T: Config>() {
    put_market::<T>(SiteId(0), OwnerId([1; 32]));
    Reservations::<T>::insert(SLOT, Reservation { keys: 100, settled: true, backed: true });
}
