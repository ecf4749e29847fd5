//! What the ledger stores, and how reports of an end are counted.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use qedex_math::keys::{Count, lower_median};
use qedex_primitives::{
    EpochIndex, OwnerId,
    keys::{KeyRules, LinkReport, LinkTerms, MAX_MARKET_LINKS, MAX_REPORTERS},
    qkd::LinkId,
};
use scale_info::TypeInfo;

/// A link of the market.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct MarketLink {
    /// Which link.
    pub link: LinkId,
    /// As what it counts.
    pub terms: LinkTerms,
    /// In which epoch it was admitted: its ends begin to fill then.
    pub since: EpochIndex,
    /// The most that both ends have said was drawn in all; nothing before both have.
    pub drawn: Option<u64>,
    /// How many keys that were used by trades have been drawn since: they are promised no more. At most
    /// as many as all that are used.
    pub credit: u64,
    /// The market's share of its keys when some were last promised, or what was promised already when it
    /// was admitted. Never less than what is promised of it.
    pub covered: u64,
}

/// What the market is promised, and of which links.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Market {
    /// The keys of all reservations behind which there are keys.
    pub promised: u64,
    /// Of these, those of slots that are settled.
    pub used: u64,
    /// The links, in the order in which they were admitted.
    pub links: BoundedVec<MarketLink, ConstU32<MAX_MARKET_LINKS>>,
}

impl Market {
    /// Its entry of a link.
    pub fn link_mut(&mut self, link: LinkId) -> Option<&mut MarketLink> {
        self.links.iter_mut().find(|entry| entry.link == link)
    }

    /// What of `entry`'s keys is promised and was not drawn yet.
    pub fn promised_of(&self, entry: &MarketLink) -> u64 {
        self.promised.saturating_sub(entry.credit)
    }

    /// Takes `keys` off what is used and promised. What was drawn of a link counts for whichever slot comes
    /// first: so no key that some other slot may still draw is promised again.
    pub fn take_off(&mut self, keys: u64) {
        self.promised = self.promised.saturating_sub(keys);
        self.used = self.used.saturating_sub(keys);
        for entry in &mut self.links {
            entry.credit = entry.credit.saturating_sub(keys);
        }
    }
}

/// The latest report of an owner at an end.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct KeptReport {
    /// Whose.
    pub owner: OwnerId,
    /// Of which epoch.
    pub epoch: EpochIndex,
    /// What it says.
    pub said: LinkReport,
}

/// What an end was counted at.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Counts {
    /// The latest epoch with a quorum.
    pub epoch: EpochIndex,
    /// What it was counted at then.
    pub count: Count,
    /// The one before, and its count, from which this one grew.
    pub before: Option<(EpochIndex, Count)>,
}

/// What is said and counted of an end.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct EndBook {
    /// The latest report of each owner.
    pub reports: BoundedVec<KeptReport, ConstU32<MAX_REPORTERS>>,
    /// What it was counted at; nothing before a quorum has reported.
    pub counts: Option<Counts>,
}

/// What those say together whose reports count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// The lower medians, each of its own.
    pub count: Count,
    /// Whether more than half say that the end is healthy, within the health floor.
    pub healthy: bool,
}

/// Why a report is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// Its owner has reported for this epoch.
    Twice,
    /// Less was made than its owner has said before.
    MadeShrinks,
    /// As many owners as there is room for report already.
    Full,
}

impl EndBook {
    /// Whether a report counts at `now`.
    fn is_fresh(report: &KeptReport, now: EpochIndex, rules: &KeyRules) -> bool {
        now.saturating_sub(report.epoch) <= u64::from(rules.stale_after)
    }

    /// The reports that count at `now`.
    fn fresh(&self, now: EpochIndex, rules: &KeyRules) -> impl Iterator<Item = &LinkReport> {
        let fresh = self.reports.iter().filter(move |one| Self::is_fresh(one, now, rules));
        fresh.map(|one| &one.said)
    }

    /// How many they are.
    pub fn reporters(&self, now: EpochIndex, rules: &KeyRules) -> u32 {
        u32::try_from(self.fresh(now, rules).count()).unwrap_or(u32::MAX)
    }

    /// What those say together whose reports count at `now`; nothing without a quorum.
    pub fn said(&self, now: EpochIndex, rules: &KeyRules, terms: &LinkTerms) -> Option<Said> {
        if self.reporters(now, rules) < rules.quorum.max(1) {
            return None;
        }
        let median = |value: fn(&LinkReport) -> u64| {
            lower_median(self.fresh(now, rules).map(value).collect::<Vec<_>>())
        };
        let healthy = |one: &LinkReport| one.healthy && one.qber_ppm <= terms.most_qber_ppm;
        Some(Said {
            count: Count {
                stored: median(|one| one.stored)?,
                made: median(|one| one.made)?,
                drawn: median(|one| one.drawn)?,
            },
            // In order, unhealthy comes first: the lower median again.
            healthy: lower_median(self.fresh(now, rules).map(healthy).collect::<Vec<_>>())?,
        })
    }

    /// Whether a report of `owner` for `now` would find room: it has one there, or not all that are there
    /// still count.
    pub fn has_room(&self, owner: OwnerId, now: EpochIndex, rules: &KeyRules) -> bool {
        !self.reports.is_full()
            || self.reports.iter().any(|one| one.owner == owner || !Self::is_fresh(one, now, rules))
    }

    /// Keeps a report in the place of its owner's last one. One that counts no more is forgotten: a service
    /// that began anew begins anew here as well.
    pub fn keep(&mut self, report: KeptReport, rules: &KeyRules) -> Result<(), NotKept> {
        let now = report.epoch;
        if let Some(last) = self.reports.iter_mut().find(|last| last.owner == report.owner) {
            if last.epoch >= now {
                return Err(NotKept::Twice);
            }
            if Self::is_fresh(last, now, rules) && last.said.made > report.said.made {
                return Err(NotKept::MadeShrinks);
            }
            *last = report;
            return Ok(());
        }
        if self.reports.is_full() {
            let stale = self.reports.iter_mut().find(|last| !Self::is_fresh(last, now, rules));
            *stale.ok_or(NotKept::Full)? = report;
            return Ok(());
        }
        self.reports.try_push(report).map_err(|_| NotKept::Full)
    }

    /// Counts the end at `now`, after a report. Without a quorum nothing changes.
    pub fn count(&mut self, now: EpochIndex, rules: &KeyRules, entry: &MarketLink) {
        let Some(Said { count: said, .. }) = self.said(now, rules, &entry.terms) else {
            return;
        };
        let before = match self.counts {
            Some(counts) if counts.epoch < now => Some((counts.epoch, counts.count)),
            Some(counts) => counts.before,
            None => None,
        };
        let begin = before.map_or(entry.since, |(epoch, _)| epoch);
        let most = now.saturating_sub(begin).saturating_mul(entry.terms.most_keys_per_epoch);
        let count = match before {
            Some((_, count)) => count.followed_by(said, most),
            None => Count::first(said, most),
        };
        self.counts = Some(Counts { epoch: now, count, before });
    }

    /// How many keys of this end count at `now`: none without a quorum, or when it is not healthy.
    pub fn keys(&self, now: EpochIndex, rules: &KeyRules, terms: &LinkTerms) -> u64 {
        match (self.counts, self.said(now, rules, terms)) {
            (Some(counts), Some(said)) if said.healthy => {
                counts.count.stored.min(said.count.stored)
            }
            _ => 0,
        }
    }
}
