//! The figures of sessions under keys of key services. They stand beside those of the market, which do not
//! depend on them.

use super::Plancks;
use crate::{
    play::Cost,
    sessions::{handshakes::Handshake, talk::Texts},
};
use qedex_client::{agent::Suite, key_service::Ledger};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Bits of a key of a session.
const KEY_BITS: u64 = 256;

/// What is known of the sessions of a run.
#[derive(Clone, Debug)]
pub struct SessionRun {
    /// The suite of each.
    pub suites: Vec<Suite>,
    /// How each was opened, or not.
    pub handshakes: Vec<Handshake>,
    /// What became of what was said.
    pub texts: Texts,
    /// The keys of the key services, if these tell.
    pub keys: Option<KeyFigures>,
    /// Whether the agents of each session drew the keys that it took and no others.
    pub drew_what_they_took: bool,
    /// What was held for the sessions while they were open.
    pub held: Plancks,
    /// What is held for them now that they are closed.
    pub still_held: Plancks,
    /// What is held of the participants for what they keep in the registry.
    pub bonds: Plancks,
    /// What it took of the chain.
    pub cost: Cost,
}

/// Keys of 256 bits at the key services, since these began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KeyFigures {
    /// That links made, each counted once.
    pub made: u64,
    /// That were told to SAEs, by key service: a key is told at both of its ends.
    pub delivered: BTreeMap<String, u64>,
    /// That went into tags on the classical channel, by key service.
    pub tags: BTreeMap<String, u64>,
    /// For which there was no room, or that grew too old, by key service.
    pub wasted: BTreeMap<String, u64>,
    /// That are there to be drawn, by key service.
    pub left: BTreeMap<String, u64>,
}

impl KeyFigures {
    /// Those of the books of all ends of links.
    pub fn of(ledgers: &BTreeMap<(String, String), Ledger>) -> Self {
        let mut figures = Self::default();
        let keys = |bits: u64| bits.div_euclid(KEY_BITS);
        for ((kme, peer), ledger) in ledgers {
            // Both ends make the same key.
            let other = ledgers.get(&(peer.clone(), kme.clone()));
            if kme < peer || other.is_none() {
                figures.made = figures.made.saturating_add(keys(ledger.made));
            }
            let add = |to: &mut BTreeMap<String, u64>, bits| {
                let sum = to.entry(kme.clone()).or_default();
                *sum = sum.saturating_add(keys(bits));
            };
            add(&mut figures.delivered, ledger.delivered);
            add(&mut figures.tags, ledger.tags);
            add(&mut figures.wasted, ledger.wasted.saturating_add(ledger.expired));
            add(&mut figures.left, ledger.stored);
        }
        figures
    }
}

/// How long handshakes took, from the request to the block in which the session was open. None where none
/// was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HandshakeFigures {
    /// Sessions that were asked for.
    pub asked: usize,
    /// Of these, in the suite of one key.
    pub hmac: usize,
    /// In the suite of four keys.
    pub one_time: usize,
    /// That were opened.
    pub opened: usize,
    /// Requests that lapsed and were made again.
    pub lapsed: u64,
    /// Blocks, in the middle: half of them took as many or fewer.
    pub median_blocks: Option<u64>,
    /// Blocks of the slowest.
    pub most_blocks: Option<u64>,
    /// Milliseconds, in the middle, from when the request was sent.
    pub median_ms: Option<u64>,
    /// Of the slowest.
    pub most_ms: Option<u64>,
}

/// Texts that were said in sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TextFigures {
    /// Sent.
    pub sent: u64,
    /// Fetched at the other end, and equal.
    pub received: u64,
    /// Not.
    pub lost: u64,
    /// Why.
    pub troubles: Vec<String>,
}

/// Sessions under keys of key services.
#[derive(Clone, Debug, Serialize)]
pub struct SessionFigures {
    /// Keys at the key services, if these tell.
    pub keys: Option<KeyFigures>,
    /// Keys that the sessions took.
    pub keys_used: u64,
    /// Handshakes.
    pub handshakes: HandshakeFigures,
    /// What was said.
    pub texts: TextFigures,
    /// Deposits of those who asked, while the sessions were open.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub deposits_held: Plancks,
    /// Of these, what came back.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub deposits_returned: Plancks,
    /// Held of the participants for what they keep in the registry.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub bonds: Plancks,
    /// Signed transactions: enrolments, requests, ends.
    pub signed: u64,
    /// Their fees.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub fees: Plancks,
    /// Whether no key was named twice, and no agent drew others than its sessions took.
    #[serde(skip)]
    keys_used_once: bool,
}

/// The least of the values that half of all do not exceed.
pub(super) fn median(values: &mut [u64]) -> Option<u64> {
    values.sort_unstable();
    let middle = values.len().checked_sub(1)?.div_euclid(2);
    values.get(middle).copied()
}

impl SessionFigures {
    /// Those of a run.
    pub fn of(run: SessionRun) -> Self {
        let names = || run.handshakes.iter().flat_map(|handshake| &handshake.key_ids);
        let distinct: BTreeSet<_> = names().collect();
        let keys_used = names().count() as u64;
        let keys_used_once = run.drew_what_they_took && distinct.len() as u64 == keys_used;
        let mut blocks: Vec<u64> = run.handshakes.iter().filter_map(Handshake::blocks).collect();
        let mut millis: Vec<u64> = run.handshakes.iter().filter_map(Handshake::millis).collect();
        let of_suite = |suite| run.suites.iter().filter(|other| **other == suite).count();
        let handshakes = HandshakeFigures {
            asked: run.handshakes.len(),
            hmac: of_suite(Suite::Hmac),
            one_time: of_suite(Suite::OneTime),
            opened: blocks.len(),
            lapsed: run.handshakes.iter().map(|handshake| u64::from(handshake.lapsed)).sum(),
            median_blocks: median(&mut blocks),
            most_blocks: blocks.last().copied(),
            median_ms: median(&mut millis),
            most_ms: millis.last().copied(),
        };
        let lost = run.texts.lost();
        Self {
            keys: run.keys,
            keys_used,
            handshakes,
            texts: TextFigures {
                sent: run.texts.sent,
                received: run.texts.received,
                lost,
                troubles: run.texts.troubles,
            },
            deposits_held: run.held,
            deposits_returned: run.held.saturating_sub(run.still_held),
            bonds: run.bonds,
            signed: run.cost.signed,
            fees: run.cost.fees,
            keys_used_once,
        }
    }

    /// What must hold of sessions, by name.
    pub(super) fn invariants(&self) -> [(&'static str, bool); 4] {
        let Self { handshakes, texts, .. } = self;
        [
            ("sessions_all_opened", handshakes.opened > 0 && handshakes.opened == handshakes.asked),
            (
                "sessions_texts_all_arrived_and_equal",
                texts.sent > 0 && texts.lost == 0 && texts.troubles.is_empty(),
            ),
            ("sessions_no_key_used_twice", self.keys_used > 0 && self.keys_used_once),
            ("sessions_deposits_all_returned", self.deposits_returned == self.deposits_held),
        ]
    }

    /// The rows of the table.
    pub(super) fn rows(&self, money: impl Fn(Plancks) -> String) -> Vec<(&'static str, String)> {
        let Self { handshakes, texts, .. } = self;
        let number = |number: Option<u64>| number.map_or("-".to_owned(), |n| n.to_string());
        let seconds = |millis: Option<u64>| {
            millis.map_or("-".to_owned(), |millis| {
                format!("{}.{}", millis.div_euclid(1_000), millis.rem_euclid(1_000).div_euclid(100))
            })
        };
        let mut rows = vec![
            (
                "sessions opened",
                format!(
                    "{} of {} ({} HMAC, {} one-time), {} asked for again",
                    handshakes.opened,
                    handshakes.asked,
                    handshakes.hmac,
                    handshakes.one_time,
                    handshakes.lapsed
                ),
            ),
            (
                "  handshakes",
                format!(
                    "median {} blocks, {} s; slowest {} blocks, {} s",
                    number(handshakes.median_blocks),
                    seconds(handshakes.median_ms),
                    number(handshakes.most_blocks),
                    seconds(handshakes.most_ms)
                ),
            ),
            (
                "  texts",
                format!("{} sent, {} received, {} lost", texts.sent, texts.received, texts.lost),
            ),
            (
                "  deposits",
                format!(
                    "{} held, {} returned",
                    money(self.deposits_held),
                    money(self.deposits_returned)
                ),
            ),
            ("  bonds of the registry", format!("{} held", money(self.bonds))),
            ("  fees", format!("{}, {} signed transactions", money(self.fees), self.signed)),
        ];
        let of_all = |keys: &BTreeMap<String, u64>| {
            let of_each: Vec<_> = keys.iter().map(|(kme, keys)| format!("{keys} {kme}")).collect();
            of_each.join(", ")
        };
        if let Some(keys) = &self.keys {
            rows.push(("keys of 256 bits made", keys.made.to_string()));
            rows.push(("  delivered", of_all(&keys.delivered)));
            rows.push(("  used in sessions", self.keys_used.to_string()));
            rows.push(("  for tags", of_all(&keys.tags)));
            rows.push(("  wasted", of_all(&keys.wasted)));
            rows.push(("  left", of_all(&keys.left)));
        } else {
            rows.push(("keys of 256 bits used", self.keys_used.to_string()));
        }
        rows
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::sessions::handshakes::Height;
    use qedex_primitives::qkd::SessionId;

    fn handshake(id: u64, blocks: u64, keys: &[&str]) -> Handshake {
        let height = |block: u64| Some(Height { block, time: 2_000 * block });
        Handshake {
            key_ids: keys.iter().map(|key| (*key).to_owned()).collect(),
            lapsed: 0,
            sent: 19_000,
            id: Some(SessionId(id)),
            requested: height(10),
            opened: height(10 + blocks),
        }
    }

    pub fn run() -> SessionRun {
        SessionRun {
            suites: vec![Suite::Hmac, Suite::Hmac, Suite::OneTime],
            handshakes: vec![
                handshake(0, 3, &["a"]),
                handshake(1, 5, &["b"]),
                handshake(2, 4, &["c", "d", "e", "f"]),
            ],
            texts: Texts { sent: 12, received: 12, troubles: Vec::new() },
            keys: None,
            drew_what_they_took: true,
            held: 300,
            still_held: 0,
            bonds: 50,
            cost: Cost { signed: 9, fees: 7 },
        }
    }

    fn broken(run: SessionRun) -> Vec<&'static str> {
        let all = SessionFigures::of(run).invariants().into_iter();
        all.filter(|(_, holds)| !holds).map(|(name, _)| name).collect()
    }

    #[test]
    fn figures_of_sessions_add_up() {
        let figures = SessionFigures::of(run());
        let HandshakeFigures { asked, opened, median_blocks, most_blocks, median_ms, .. } =
            figures.handshakes;
        assert_eq!((asked, opened), (3, 3));
        assert_eq!((median_blocks, most_blocks, median_ms), (Some(4), Some(5), Some(9_000)));
        assert_eq!((figures.keys_used, figures.deposits_returned), (6, 300));
        assert!(broken(run()).is_empty());
    }

    #[test]
    fn each_thing_that_must_hold_of_sessions_is_named_when_it_does_not() {
        let mut late = run();
        late.handshakes[1].opened = None;
        assert_eq!(broken(late), ["sessions_all_opened"]);
        let mut lost = run();
        lost.texts.received = 11;
        assert_eq!(broken(lost), ["sessions_texts_all_arrived_and_equal"]);
        let mut twice = run();
        twice.handshakes[1].key_ids = vec!["a".to_owned()];
        assert_eq!(broken(twice), ["sessions_no_key_used_twice"]);
        assert_eq!(
            broken(SessionRun { drew_what_they_took: false, ..run() }),
            ["sessions_no_key_used_twice"]
        );
        assert_eq!(
            broken(SessionRun { still_held: 1, ..run() }),
            ["sessions_deposits_all_returned"]
        );
        let none = SessionRun {
            handshakes: Vec::new(),
            texts: Texts::default(),
            suites: Vec::new(),
            ..run()
        };
        assert_eq!(
            broken(none),
            [
                "sessions_all_opened",
                "sessions_texts_all_arrived_and_equal",
                "sessions_no_key_used_twice"
            ]
        );
    }

    #[test]
    fn a_key_is_made_once_and_delivered_at_both_ends() {
        let ledger = Ledger {
            made: 256_000,
            delivered: 25_600,
            tags: 512,
            expired: 256,
            wasted: 300,
            stored: 131_072,
            pulses: 1,
        };
        let ends = [("west", "east"), ("east", "west")];
        let ledgers: BTreeMap<_, _> =
            ends.map(|(kme, peer)| ((kme.to_owned(), peer.to_owned()), ledger)).into();
        let keys = KeyFigures::of(&ledgers);
        assert_eq!(keys.made, 1_000);
        let each = |keys: &BTreeMap<String, u64>| keys.values().copied().collect::<Vec<_>>();
        assert_eq!((each(&keys.delivered), each(&keys.left)), (vec![100, 100], vec![512, 512]));
        assert_eq!((each(&keys.tags), each(&keys.wasted)), (vec![2, 2], vec![2, 2]));
    }

    #[test]
    fn the_middle_of_an_even_number_is_the_lower_one() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [4, 1, 3, 2]), Some(2));
        assert_eq!(median(&mut [9]), Some(9));
    }
}
