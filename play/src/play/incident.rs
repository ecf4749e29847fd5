//! An incident on the link from which a community's keys come.
//!
//! Keys that exist bound the market. When the slots that were asked for have their orders somebody listens on
//! the link. Its next block betrays her: the key services close the link, who draws keys there says so to
//! the chain, and a slot whose gate opens then finds no key. Then she goes, an operator opens the link, and
//! the first slot that finds keys again is played as well. So there are two slots more than were asked for.
//!
//! Meanwhile what the chain holds of the links is compared with what the key services tell themselves.

use super::slot::{SlotPlay, Stage};
use crate::{error::Error, keys::Leaders, sessions::doors::Doors};
use qedex_client::{
    At,
    calls::{self, EncodedCall},
    key_service::{KeyServices, Ledger},
    ledger::{self, KeyLedger, KeyRules, LinkTerms, LinkView, Permill},
    queries, registry,
    session::Session,
};
use qedex_math::keys::made_in;
use std::{collections::BTreeMap, path::Path};

/// The share of pulses that are intercepted and sent on.
const INTERCEPTED: f64 = 1.0;

/// Bits of a key.
const KEY_BITS: u64 = 256;

/// The file of a link's first key.
const FIRST_KEY: &str = "first.key";

/// An epoch lasts at least so many tenths of a slot: as many keys as a link makes then are its most in each.
const LEAST_EPOCH_TENTHS: u64 = 4;

/// With more bit errors than this, in parts per million, an end counts as unhealthy.
const MOST_QBER_PPM: u32 = 50_000;

/// Slots that may pass until the market is bound, and from when she comes until all is well again.
pub(super) const PATIENCE: u64 = 30;

/// Slots that are played besides those that were asked for.
pub const FURTHER_SLOTS: usize = 2;

/// The books of both ends of each link, by key service and peer.
type Ledgers = BTreeMap<(String, String), Ledger>;

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scene {
    /// The link is sound, and slots are played that find keys.
    Before,
    /// Somebody listens.
    Listening,
    /// The link is closed, and a slot without keys is played.
    Closed,
    /// She is gone, and an operator opens the link.
    Opening,
    /// It is over.
    After,
}

/// An incident.
pub struct Incident {
    services: KeyServices,
    /// Bits with which the books of a link begin: those of its first key, which no block gave.
    configured: u64,
    scene: Scene,
    /// What the services told, and in which epoch, until the chain is compared with it.
    told: Option<(u64, Ledgers)>,
    agreement: Option<Agreement>,
}

/// Whether chain and key services agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Keys made by the market's links, as the chain counts them: of each link what both ends say.
    pub made: u64,
    /// Keys drawn from them, likewise.
    pub drawn: u64,
    /// Whether each number of the chain lies between what the services told before and after.
    pub holds: bool,
}

impl Incident {
    /// Binds the market by the keys of all links, those that are not the market's yet among them, and waits until
    /// there are some. `folder` is where a node
    /// tells of its key services.
    ///
    /// # Errors
    ///
    /// A folder that tells of none; the chain; and it finds no keys within [`PATIENCE`] slots.
    pub async fn begin(
        session: &mut Session,
        leaders: &Leaders,
        folder: &Path,
    ) -> Result<Self, Error> {
        let services = Doors::read(folder)?.services.ok_or_else(|| {
            let what = format!("{} names no key services to listen at", folder.display());
            qedex_client::Error::BadInput(what)
        })?;
        let slot_length = queries::calendar(session.at()).await?.slot_length;
        let least = slot_length.saturating_mul(LEAST_EPOCH_TENTHS) / 10;
        let counted = ledger::ledger(session.at()).await?.links;
        let is_new = |number| counted.iter().all(|entry| entry.link.0 != number);
        let links = registry::links(session.at()).await?;
        let mut calls = Vec::new();
        for (id, link) in links.iter().filter(|(id, link)| link.agreed && is_new(id.0)) {
            let terms = LinkTerms {
                most_keys_per_epoch: made_in(link.rate.0, least),
                most_qber_ppm: MOST_QBER_PPM,
            };
            calls.push(EncodedCall::of(session.at(), &ledger::admit(id.0, terms))?);
        }
        let rules = KeyRules {
            bound: true,
            market_share: Permill::from_percent(50),
            quorum: 2,
            stale_after: 2,
        };
        calls.push(EncodedCall::of(session.at(), &ledger::set_rules(rules))?);
        let all = EncodedCall::of(session.at(), &calls::batch_all(calls))?;
        let what = "binding the market by keys";
        let signed = session.sign(what, &calls::sudo(all), &leaders.registrar).await?;
        session.send([signed]).await?;
        session.settle().await?;
        session.check()?;
        let until =
            queries::time(session.at()).await?.saturating_add(PATIENCE.saturating_mul(slot_length));
        while ledger::ledger(session.at()).await?.available == 0 {
            if session.next_block().await?.time > until {
                let what = "nobody reports keys of the market's links".to_owned();
                return Err(qedex_client::Error::TimedOut(what).into());
            }
        }
        // A node that runs key services keeps it beside the doors.
        let configured = std::fs::metadata(folder.join(FIRST_KEY)).map_or(0, |file| file.len());
        let configured = configured.saturating_mul(8);
        Ok(Self { services, configured, scene: Scene::Before, told: None, agreement: None })
    }

    /// Whether it is over, and chain and services were compared.
    pub fn is_over(&self) -> bool {
        self.scene == Scene::After && self.agreement.is_some()
    }

    /// What came of the comparison.
    pub const fn agreement(&self) -> Option<Agreement> {
        self.agreement
    }

    /// Goes on, as things stand after a block. `slots` are those that are played. Says what happened, and
    /// whether the next slot to open is to be played as well.
    ///
    /// # Errors
    ///
    /// The chain, or the key services.
    pub async fn go_on(&mut self, at: &At, slots: &[SlotPlay]) -> Result<Option<Turn>, Error> {
        let ordered = slots.iter().all(|slot| slot.stage() >= Stage::Ordered);
        let counted = ledger::ledger(at).await?;
        let turn = match self.scene {
            Scene::Before if ordered => {
                for (kme, peer) in self.services.ledgers().await?.keys() {
                    self.services.listen(kme, peer, Some(INTERCEPTED)).await?;
                }
                self.scene = Scene::Listening;
                Some(Turn { what: "somebody listens on the quantum link", plays: false })
            }
            Scene::Listening if counted.available == 0 => {
                self.scene = Scene::Closed;
                Some(Turn { what: "the link is closed: a slot finds no keys", plays: true })
            }
            Scene::Closed if ordered => {
                for (kme, peer) in self.services.ledgers().await?.keys() {
                    self.services.listen(kme, peer, None).await?;
                }
                self.scene = Scene::Opening;
                Some(Turn { what: "she is gone, and an operator opens the link", plays: false })
            }
            Scene::Opening if counted.available > 0 => {
                self.scene = Scene::After;
                Some(Turn { what: "there are keys again", plays: true })
            }
            Scene::Opening => {
                // A block that she heard before she went may close it once more.
                for (kme, peer) in self.services.ledgers().await?.keys() {
                    self.services.open(kme, peer).await?;
                }
                None
            }
            Scene::After => {
                self.compare(&counted).await?;
                None
            }
            _ => None,
        };
        Ok(turn)
    }

    /// Compares the chain with the services once all reports that count were made after these told theirs: in
    /// epochs behind the next one, as final blocks lag, and when those of before are stale.
    async fn compare(&mut self, counted: &KeyLedger) -> Result<(), Error> {
        if self.agreement.is_some() {
            return Ok(());
        }
        let Some((epoch, before)) = &self.told else {
            self.told = Some((counted.epoch, self.services.ledgers().await?));
            return Ok(());
        };
        let stale = u64::from(counted.rules.stale_after);
        let fresh = epoch.saturating_add(2).saturating_add(stale);
        let mut ends = counted.links.iter().flat_map(|link| link.ends.iter().flatten());
        if ends.any(|end| end.counted.is_none_or(|counted| counted < fresh)) {
            return Ok(());
        }
        let after = self.services.ledgers().await?;
        self.agreement = Some(agreement(&counted.links, self.configured, [before, &after]));
        Ok(())
    }
}

/// What has happened.
pub struct Turn {
    /// In words.
    pub what: &'static str,
    /// Whether the next slot to open is to be played.
    pub plays: bool,
}

/// Compares what the chain holds of links with what the key services told before its reports were made and
/// after; `configured` bits were there from the beginning. A development chain has one link, so that each
/// service has one peer.
fn agreement(links: &[LinkView], configured: u64, [before, after]: [&Ledgers; 2]) -> Agreement {
    let keys = |all: &Ledgers, of: &dyn Fn(&Ledger) -> u64, least: bool| {
        let ends = all.values().map(|ledger| of(ledger) / KEY_BITS);
        if least { ends.min() } else { ends.max() }.unwrap_or_default()
    };
    let within = |number: u64, of: &dyn Fn(&Ledger) -> u64| {
        (keys(before, of, true)..=keys(after, of, false)).contains(&number)
    };
    let ends: Vec<_> = links.iter().filter_map(|link| link.ends.as_ref()).collect();
    let holds = !ends.is_empty()
        && ends.iter().copied().flatten().all(|end| {
            within(end.made, &|ledger| ledger.made.saturating_add(configured))
                && within(end.drawn, &|ledger| ledger.delivered)
        });
    let least = |of: fn(&ledger::EndView) -> u64| {
        ends.iter().map(|ends| ends.iter().map(of).min().unwrap_or_default()).sum()
    };
    Agreement { made: least(|end| end.made), drawn: least(|end| end.drawn), holds }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::EndView;

    #[test]
    fn chain_and_services_agree_if_each_number_was_true_in_between() {
        let end = |made, drawn| EndView {
            site: qedex_primitives::qkd::SiteId(0),
            reporters: 3,
            stored: made - drawn,
            made,
            drawn,
            healthy: true,
            counted: Some(7),
        };
        let link = |ends| LinkView {
            link: qedex_primitives::qkd::LinkId(0),
            terms: LinkTerms { most_keys_per_epoch: 1, most_qber_ppm: 1 },
            ends: Some(ends),
            keys: 0,
            promised: 0,
            left: 0,
        };
        let told = |made: u64, drawn: u64| {
            let one = Ledger {
                made: made * KEY_BITS + 9,
                delivered: drawn * KEY_BITS,
                ..Ledger::default()
            };
            let name = |name: &str| name.to_owned();
            Ledgers::from([
                ((name("west"), name("east")), one),
                ((name("east"), name("west")), one),
            ])
        };
        let compared =
            |ends| agreement(&[link(ends)], 20 * KEY_BITS, [&told(80, 10), &told(90, 12)]);
        let sound = compared([end(100, 10), end(110, 12)]);
        assert_eq!(sound, Agreement { made: 100, drawn: 10, holds: true });
        for wrong in [end(99, 10), end(111, 10), end(100, 9), end(100, 13)] {
            assert!(!compared([end(100, 10), wrong]).holds);
        }
        assert!(!agreement(&[], 0, [&told(1, 1), &told(1, 1)]).holds);
    }
}
