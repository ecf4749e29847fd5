//! Random sequences against a model that keeps everything that was ever said, and computes each answer from
//! all of it anew.
//!
//! `QEDEX_LEDGER_CASES` says how many sequences; without it there are some hundreds.

use super::*;
use crate::Ends;
use proptest::{prelude::*, sample::Index};
use qedex_primitives::{Calendar, EpochIndex, keys::Reservation};
use std::collections::{BTreeMap, BTreeSet};

/// A second link between the same sites.
const SECOND: LinkId = LinkId(1);
const LINKS: [LinkId; 2] = [LINK, SECOND];

/// What a report says of the truth.
#[derive(Clone, Copy, Debug)]
enum Tongue {
    True,
    /// More is stored, and was made.
    Up(u64),
    /// Less is stored.
    Down(u64),
    Sick,
    Random(u64, u64),
    /// As many keys as there are numbers.
    Endless,
    /// Less was made than before.
    Shrinking,
}

#[derive(Clone, Debug)]
enum Action {
    Report {
        who: usize,
        link: usize,
        tongue: Tongue,
    },
    /// Epochs pass, in each of which links make some keys.
    Pass {
        epochs: u64,
        made: u64,
    },
    /// Sessions draw keys of a link.
    Sessions {
        link: usize,
        keys: u64,
    },
    /// A gate opens, and asks for so many of the keys.
    Open {
        keys: u64,
    },
    /// A slot that is none asks for keys, or one that has some.
    OpenWrongly {
        back: u64,
    },
    /// Clearing uses some of what was promised, and trades draw some of that.
    Clear {
        at: Index,
        used: u64,
        drawn: u64,
    },
    Annul {
        at: Index,
    },
    /// The chain stood still while a slot was paired: fewer trades than clearing has found.
    Standstill {
        at: Index,
        used: u64,
    },
    Finish {
        at: Index,
    },
    /// An enrolment ends, and another one comes.
    Expire {
        who: usize,
    },
    Share {
        percent: u32,
    },
    Bind {
        bound: bool,
    },
    /// The link goes, or comes back as another one of the market's.
    Dismiss {
        link: usize,
    },
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let index = any::<Index>;
    let link = || 0..2_usize;
    let tongue = prop_oneof![
        8 => Just(Tongue::True),
        1 => (0..500_u64).prop_map(Tongue::Up),
        1 => (0..500_u64).prop_map(Tongue::Down),
        1 => Just(Tongue::Sick),
        1 => (0..2_000_u64, 0..2_000_u64).prop_map(|(stored, made)| Tongue::Random(stored, made)),
        1 => Just(Tongue::Endless),
        1 => Just(Tongue::Shrinking),
    ];
    let action = prop_oneof![
        16 => (0..6_usize, link(), tongue)
            .prop_map(|(who, link, tongue)| Action::Report { who, link, tongue }),
        5 => (1..4_u64, 0..100_u64).prop_map(|(epochs, made)| Action::Pass { epochs, made }),
        2 => (link(), 0..200_u64).prop_map(|(link, keys)| Action::Sessions { link, keys }),
        6 => (0..120_u64).prop_map(|keys| Action::Open { keys }),
        1 => (0..12_u64).prop_map(|back| Action::OpenWrongly { back }),
        3 => (index(), 0..120_u64, 0..120_u64)
            .prop_map(|(at, used, drawn)| Action::Clear { at, used, drawn }),
        1 => index().prop_map(|at| Action::Annul { at }),
        1 => (index(), 0..120_u64).prop_map(|(at, used)| Action::Standstill { at, used }),
        3 => index().prop_map(|at| Action::Finish { at }),
        1 => (0..6_usize).prop_map(|who| Action::Expire { who }),
        1 => (0..=100_u32).prop_map(|percent| Action::Share { percent }),
        1 => prop::bool::weighted(0.8).prop_map(|bound| Action::Bind { bound }),
        1 => link().prop_map(|link| Action::Dismiss { link }),
    ];
    prop::collection::vec(action, 0..60)
}

/// Everything that was taken of an end.
type Said = Vec<(EpochIndex, AccountId, LinkReport)>;

/// What an end is counted at.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Plain {
    stored: u64,
    made: u64,
    drawn: u64,
    healthy: bool,
}

struct Link {
    since: EpochIndex,
    /// The most that both ends were seen to have drawn.
    seen: Option<u64>,
    /// What of it counts for trades.
    credit: u64,
    said: [Said; 2],
    /// What is really there.
    stored: u64,
    made: u64,
}

struct Model {
    share: u64,
    bound: bool,
    links: BTreeMap<LinkId, Link>,
    slots: BTreeMap<u64, Reservation>,
    next: u64,
}

/// The greatest value that more than half of all reach.
fn plainly(values: &[u64]) -> u64 {
    let reach = |least: u64| values.iter().filter(|value| **value >= least).count();
    values.iter().copied().filter(|value| 2 * reach(*value) > values.len()).max().unwrap()
}

/// The last word of each owner up to an epoch, as far as it is not stale then.
fn heard(said: &Said, at: EpochIndex) -> Vec<LinkReport> {
    let mut last = BTreeMap::new();
    for (epoch, who, report) in said.iter().filter(|(epoch, ..)| *epoch <= at) {
        last.insert(*who, (*epoch, *report));
    }
    let fresh = last.into_values().filter(|(epoch, _)| epoch + u64::from(RULES.stale_after) >= at);
    fresh.map(|(_, report)| report).collect()
}

fn together(said: &Said, at: EpochIndex) -> Option<Plain> {
    let heard = heard(said, at);
    if (heard.len() as u32) < RULES.quorum {
        return None;
    }
    let of = |value: fn(&LinkReport) -> u64| plainly(&heard.iter().map(value).collect::<Vec<_>>());
    Some(Plain {
        stored: of(|one| one.stored),
        made: of(|one| one.made),
        drawn: of(|one| one.made - one.stored),
        healthy: of(|one| u64::from(one.healthy && one.qber_ppm <= TERMS.most_qber_ppm)) == 1,
    })
}

/// What an end was counted at last, from its beginning on.
fn counted(said: &Said, since: EpochIndex, now: EpochIndex) -> Option<Plain> {
    let epochs: BTreeSet<_> = said.iter().map(|(epoch, ..)| *epoch).collect();
    let mut last: Option<(EpochIndex, Plain)> = None;
    for at in epochs.into_iter().filter(|epoch| *epoch <= now) {
        let Some(all) = together(said, at) else {
            continue;
        };
        let count = match last {
            None => Plain { stored: all.stored.min((at - since) * 100), ..all },
            Some((epoch, before)) => {
                let most = (at - epoch) * 100;
                let made = all.made.max(before.made).min(before.made + most);
                let stored = all.stored.min(before.stored + most);
                let gone = (before.stored + made - before.made).saturating_sub(stored);
                let drawn = all.drawn.max(before.drawn).min(before.drawn + gone);
                Plain { stored, made, drawn, ..all }
            }
        };
        last = Some((at, count));
    }
    last.map(|(_, count)| count)
}

fn end_of(who: usize) -> usize {
    who / 3
}

impl Model {
    fn new() -> Self {
        let link = || Link {
            since: 100,
            seen: None,
            credit: 0,
            said: [Vec::new(), Vec::new()],
            stored: 300,
            made: 300,
        };
        let links = LINKS.map(|id| (id, link())).into_iter().collect();
        Self { share: 50, bound: true, links, slots: BTreeMap::new(), next: 4 }
    }

    fn promised(&self) -> u64 {
        self.slots.values().filter(|one| one.backed).map(|one| one.keys).sum()
    }

    fn used(&self) -> u64 {
        let used = self.slots.values().filter(|one| one.backed && one.settled);
        used.map(|one| one.keys).sum()
    }

    fn keys(&self, id: LinkId) -> u64 {
        let link = &self.links[&id];
        let now = Qkd::current_epoch();
        let end = |said| match (together(said, now), counted(said, link.since, now)) {
            (Some(all), Some(count)) if all.healthy => all.stored.min(count.stored),
            _ => 0,
        };
        end(&link.said[0]).min(end(&link.said[1]))
    }

    fn left(&self, id: LinkId) -> u64 {
        let promised = self.promised() - self.links[&id].credit;
        (self.keys(id) * self.share / 100).saturating_sub(promised)
    }

    fn available(&self) -> u64 {
        if !self.bound {
            return Allotment::get();
        }
        self.links.keys().map(|id| self.left(*id)).min().unwrap_or(0)
    }

    /// Keys go from what is used: those of them that were drawn are taken as its own first.
    fn take_off(&mut self, keys: u64) {
        for link in self.links.values_mut() {
            link.credit -= link.credit.min(keys);
        }
    }

    fn pick(&self, at: Index) -> Option<u64> {
        (!self.slots.is_empty()).then(|| *at.get(&self.slots.keys().copied().collect::<Vec<_>>()))
    }

    fn report(&mut self, who: usize, id: LinkId, tongue: Tongue) {
        let (account, now) = (REPORTERS[who], Qkd::current_epoch());
        let Some(link) = self.links.get_mut(&id) else {
            let report = LinkReport { link: id, ..report(1, 1) };
            assert_eq!(says(account, &[report]), Err(Error::<Test>::LinkNotCounted.into()));
            return;
        };
        let truth = LinkReport { link: id, ..report(link.stored, link.made) };
        let said = &mut link.said[end_of(who)];
        let last = said.iter().rev().find(|(_, by, _)| *by == account).copied();
        let fresh = last.filter(|(epoch, ..)| epoch + u64::from(RULES.stale_after) >= now);
        let made = fresh.map(|(.., report)| report.made);
        let report = match tongue {
            Tongue::True => truth,
            Tongue::Up(more) => {
                LinkReport { stored: truth.stored + more, made: truth.made + more, ..truth }
            }
            Tongue::Down(less) => LinkReport { stored: truth.stored.saturating_sub(less), ..truth },
            Tongue::Sick => LinkReport { healthy: false, ..truth },
            Tongue::Random(stored, made) => LinkReport { stored, made, ..truth },
            Tongue::Endless => LinkReport { stored: u64::MAX, made: u64::MAX, ..truth },
            Tongue::Shrinking => {
                let made = made.unwrap_or_default().saturating_sub(1);
                LinkReport { stored: 0, made, ..truth }
            }
        };
        // What is not stored any more was drawn.
        let drawn = report.made.saturating_sub(report.stored);
        let report = LinkReport { drawn, ..report };
        let error = if report.made > 1 << 48 {
            Some(Error::<Test>::TooManyKeys)
        } else if report.stored > report.made {
            Some(Error::<Test>::MoreStoredThanMade)
        } else if last.is_some_and(|(epoch, ..)| epoch == now) {
            Some(Error::<Test>::ReportedAlready)
        } else if made.is_some_and(|made| made > report.made) {
            Some(Error::<Test>::MadeShrinks)
        } else {
            None
        };
        if let Some(error) = error {
            let before = Ends::<Test>::iter().collect::<Vec<_>>();
            assert_eq!(says(account, &[report]), Err(error.into()));
            assert_eq!(Ends::<Test>::iter().collect::<Vec<_>>(), before);
            return;
        }
        assert_ok!(says(account, &[report]));
        said.push((now, account, report));
        // What both ends have said was drawn since.
        let drawn = [0, 1].map(|end| counted(&link.said[end], link.since, now).map(|it| it.drawn));
        if let [Some(first), Some(second)] = drawn {
            let drawn = first.min(second);
            let more = drawn.saturating_sub(link.seen.unwrap_or(drawn)) * self.share / 100;
            link.seen = link.seen.max(Some(drawn));
            let credit = link.credit + more;
            let used = self.used();
            self.links.get_mut(&id).unwrap().credit = credit.min(used);
        }
    }

    fn open(&mut self, keys: u64) {
        let slot = self.next;
        self.next += 1;
        let backed = self.bound;
        let expected = keys.min(self.available());
        assert_eq!(opens(slot, keys), Ok(expected), "slot {slot}");
        self.slots.insert(slot, Reservation { keys: expected, settled: false, backed });
        if !backed || expected == 0 {
            return;
        }
        // Nothing is promised that there is not.
        for id in self.links.keys() {
            let promised = self.promised() - self.links[id].credit;
            assert!(promised <= self.keys(*id) * self.share / 100);
        }
    }

    fn settle(&mut self, slot: u64, used: u64) {
        settle(slot, used);
        let before = self.slots[&slot];
        let used = used.min(before.keys);
        let settled = Reservation { keys: used, settled: true, ..before };
        self.slots.insert(slot, settled);
        if before.settled && before.backed {
            self.take_off(before.keys - used);
        }
    }

    fn finish(&mut self, slot: u64) {
        release(slot);
        let last = self.slots.remove(&slot).unwrap();
        if last.settled && last.backed {
            self.take_off(last.keys);
        }
    }

    fn play(&mut self, action: Action) {
        match action {
            Action::Report { who, link, tongue } => self.report(who, LINKS[link], tongue),
            Action::Pass { epochs, made } => {
                skip_epochs(epochs);
                for link in self.links.values_mut() {
                    link.stored += made;
                    link.made += made;
                }
            }
            Action::Sessions { link, keys } => {
                if let Some(link) = self.links.get_mut(&LINKS[link]) {
                    link.stored = link.stored.saturating_sub(keys);
                }
            }
            Action::Open { keys } => self.open(keys),
            Action::OpenWrongly { back } => {
                let slot = SlotIndex(self.next.saturating_sub(back));
                let there = self.slots.contains_key(&slot.0);
                let time = <Test as crate::Config>::Calendar::schedule(slot);
                let opens = time.is_gate_open(Now::get());
                let error = match (there, opens) {
                    (true, _) => Error::<Test>::AlreadyReserved,
                    (false, false) => Error::<Test>::SlotNotOpening,
                    // A gate that opens indeed.
                    (false, true) => return,
                };
                assert_eq!(<Qkd as KeyBudget>::reserve(slot, 1), Err(error.into()));
            }
            Action::Clear { at, used, drawn } => {
                let Some(slot) = self.pick(at) else { return };
                self.settle(slot, used);
                let drawn = drawn.min(self.slots[&slot].keys);
                for link in self.links.values_mut() {
                    link.stored = link.stored.saturating_sub(drawn);
                }
            }
            Action::Annul { at } => {
                let Some(slot) = self.pick(at) else { return };
                self.settle(slot, 0);
            }
            Action::Standstill { at, used } => {
                let Some(slot) = self.pick(at) else { return };
                self.settle(slot, used);
            }
            Action::Finish { at } => {
                let Some(slot) = self.pick(at) else { return };
                self.finish(slot);
            }
            Action::Expire { who } => {
                let (account, site) = (REPORTERS[who], [WEST, EAST][end_of(who)]);
                leave(account);
                let reports = [report(1, 1)];
                assert_eq!(says(account, &reports), Err(Error::<Test>::NotAReporter.into()));
                draws(account, site);
            }
            Action::Share { percent } => {
                self.share = percent.into();
                self.set_rules();
            }
            Action::Bind { bound } => {
                self.bound = bound;
                self.set_rules();
            }
            Action::Dismiss { link } => {
                let id = LINKS[link];
                if self.links.remove(&id).is_some() {
                    assert_ok!(Qkd::dismiss_link(root(), id));
                } else {
                    assert_ok!(Qkd::admit_link(root(), id, TERMS));
                    let said = [Vec::new(), Vec::new()];
                    let since = Qkd::current_epoch();
                    let link = Link { since, seen: None, credit: 0, said, stored: 0, made: 0 };
                    self.links.insert(id, link);
                }
            }
        }
    }

    fn set_rules(&self) {
        let market_share = Permill::from_percent(self.share as u32);
        let rules = KeyRules { bound: self.bound, market_share, ..RULES };
        assert_ok!(Qkd::set_key_rules(root(), rules));
    }

    /// The chain says what the model says.
    fn compare(&self) {
        let ledger = ledger();
        assert_eq!((ledger.promised, ledger.used), (self.promised(), self.used()));
        assert_eq!((ledger.available, available()), (self.available(), self.available()));
        assert_eq!(ledger.links.len(), self.links.len());
        for link in &ledger.links {
            assert_eq!(link.keys, self.keys(link.link));
            assert_eq!(link.promised, self.promised() - self.links[&link.link].credit);
            assert_eq!(link.left, self.left(link.link));
        }
        let slots: BTreeMap<_, _> =
            Qkd::reservations().into_iter().map(|one| (one.slot.0, one.reservation)).collect();
        assert_eq!(slots, self.slots);
        Qkd::do_try_state().unwrap();
    }
}

fn cases() -> u32 {
    let said = std::env::var("QEDEX_LEDGER_CASES");
    said.ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    /// What counts, what is promised and what is refused are what the model says, and the invariants hold
    /// after each step. At the end everything comes back.
    #[test]
    fn the_ledger_does_what_a_long_memory_does(actions in actions()) {
        new_chain().execute_with(|| {
            set_up_market();
            put_link(SECOND);
            assert_ok!(Qkd::admit_link(root(), SECOND, TERMS));
            let mut model = Model::new();
            for action in actions {
                model.play(action);
                model.compare();
            }
            for slot in model.slots.keys().copied().collect::<Vec<_>>() {
                model.finish(slot);
            }
            model.compare();
            assert_eq!(promised(), (0, 0));
        });
    }
}
