//! Random sequences of everything that changes the set, with nodes that go down as soon as they may: those
//! who vote always reach the threshold of every set that counts, or the act is refused.
//!
//! The same sequences against the rules of before, kept here in a few lines, find what was wrong with them.

use super::support::report;
use crate::{mock::*, *};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config as Cases, TestRunner},
};
use qedex_math::finality::threshold;
use std::collections::{BTreeMap, BTreeSet};

/// One of the things that happen. Accounts are 1 to 10; the first few of them are validators of genesis.
#[derive(Clone, Debug)]
enum Act {
    /// The council admits an account that registers keys, whose node is up, or never is.
    Admit(AccountId, bool),
    Leave(AccountId),
    Remove(AccountId),
    Report(AccountId),
    Lapse(AccountId),
    /// It may validate again, is not removed any more, and its node is up.
    Restore(AccountId),
    /// A node breaks at the beginning of a session, if the sets bear it.
    Crash(AccountId),
    /// A few blocks, in which what was announced becomes final.
    Blocks,
    Rotate,
    /// Root makes those the set who are up.
    Force,
}

fn act() -> impl Strategy<Value = Act> {
    let who = || 1..=10_u64;
    prop_oneof![
        3 => (who(), any::<bool>()).prop_map(|(who, up)| Act::Admit(who, up)),
        2 => who().prop_map(Act::Leave),
        3 => who().prop_map(Act::Remove),
        2 => who().prop_map(Act::Report),
        2 => who().prop_map(Act::Lapse),
        1 => who().prop_map(Act::Restore),
        1 => who().prop_map(Act::Crash),
        1 => Just(Act::Blocks),
        6 => Just(Act::Rotate),
    ]
}

fn acts() -> impl Strategy<Value = (u64, Vec<Act>)> {
    (4..=7_u64, prop::collection::vec(act(), 12..28))
}

/// A chain under one of the two sets of rules.
trait Chain {
    /// The sets of voters that count: the one in use, the planned one, and one that others take the place
    /// of, as long as that is not final.
    fn sets(&self) -> Vec<Vec<AccountId>>;
    /// Those who need not run their node any more, by what the chain says.
    fn excused(&self) -> Vec<AccountId>;
    fn admit(&mut self, who: AccountId);
    fn leave(&mut self, who: AccountId);
    fn remove(&mut self, who: AccountId);
    fn report(&mut self, who: AccountId);
    fn lapse(&mut self, who: AccountId);
    fn restore(&mut self, who: AccountId);
    fn blocks(&mut self, down: &[AccountId]);
    fn rotate(&mut self, down: &[AccountId]);
    fn force(&mut self, set: &[AccountId]);
}

/// How a sequence ended badly.
#[derive(Debug)]
struct Fault {
    /// Whose vote is missing in a set, or nobody's where the set is just too small to bear anybody.
    missing: Vec<AccountId>,
    /// Who of them has never run a node.
    never_up: Vec<AccountId>,
}

/// What the nodes do while a chain goes through a sequence.
struct World<C> {
    chain: C,
    down: BTreeSet<AccountId>,
    never_up: BTreeSet<AccountId>,
    forced: bool,
}

impl<C: Chain> World<C> {
    fn new(chain: C) -> Self {
        Self { chain, down: BTreeSet::new(), never_up: BTreeSet::new(), forced: false }
    }

    fn down(&self) -> Vec<AccountId> {
        self.down.iter().copied().collect()
    }

    /// Whether each set that counts has the votes that it needs if `who` breaks as well.
    fn bears(&self, who: Option<AccountId>) -> Result<(), Fault> {
        for set in self.chain.sets().into_iter().filter(|set| !set.is_empty()) {
            let missing: Vec<_> = set
                .iter()
                .copied()
                .filter(|voter| self.down.contains(voter) || Some(*voter) == who)
                .collect();
            if set.len() - missing.len() < threshold(set.len() as u32) as usize {
                let never_up =
                    missing.iter().copied().filter(|who| self.never_up.contains(who)).collect();
                return Err(Fault { missing, never_up });
            }
        }
        Ok(())
    }

    /// Those switch their nodes off who may.
    fn settle(&mut self) -> Result<(), Fault> {
        self.down.extend(self.chain.excused());
        self.bears(None)?;
        let small = |set: &Vec<_>| (1..=3).contains(&set.len());
        if !self.forced && self.chain.sets().iter().any(small) {
            return Err(Fault { missing: Vec::new(), never_up: Vec::new() });
        }
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Result<(), Fault> {
        let down = self.down();
        match *act {
            Act::Admit(who, up) => {
                if !self.chain.sets().concat().contains(&who) {
                    if !up {
                        self.never_up.insert(who);
                        self.down.insert(who);
                    }
                    self.chain.admit(who);
                }
            }
            Act::Leave(who) => self.chain.leave(who),
            Act::Remove(who) => self.chain.remove(who),
            Act::Report(who) => self.chain.report(who),
            Act::Lapse(who) => self.chain.lapse(who),
            Act::Restore(who) => {
                self.chain.restore(who);
                if !self.never_up.contains(&who) {
                    self.down.remove(&who);
                }
            }
            Act::Blocks => self.chain.blocks(&down),
            Act::Rotate => self.chain.rotate(&down),
            Act::Crash(who) => {
                self.chain.rotate(&down);
                self.settle()?;
                if self.bears(Some(who)).is_ok() {
                    self.down.insert(who);
                }
                let down = self.down();
                self.chain.rotate(&down);
            }
            Act::Force => {
                let set = self.chain.sets().swap_remove(0);
                let up: Vec<_> = set.into_iter().filter(|who| !down.contains(who)).collect();
                self.forced = true;
                self.chain.force(&up);
            }
        }
        self.settle()
    }

    fn play(&mut self, acts: &[Act]) -> Result<(), (usize, Fault)> {
        acts.iter()
            .enumerate()
            .try_for_each(|(number, act)| self.act(act).map_err(|fault| (number, fault)))
    }
}

/// The pallet, in the mock's chain.
struct Pallet;

impl Chain for Pallet {
    fn sets(&self) -> Vec<Vec<AccountId>> {
        let before = Outgoing::<Test>::get().filter(|(block, _)| !Pov::is_final(*block));
        vec![
            Voters::<Test>::get().into_inner(),
            NextVoters::<Test>::get().into_inner(),
            before.map(|(_, voters)| voters.into_inner()).unwrap_or_default(),
        ]
    }

    fn excused(&self) -> Vec<AccountId> {
        let planned = NextVoters::<Test>::get();
        let out = Removals::<Test>::iter().filter(|(_, removal)| removal.effective);
        out.map(|(who, _)| who)
            .chain(Leaving::<Test>::iter_keys())
            .chain(Voters::<Test>::get().into_iter().filter(|who| !planned.contains(who)))
            .collect()
    }

    fn admit(&mut self, who: AccountId) {
        let _ = Pov::admit(RuntimeOrigin::root(), who);
        TestMembership::permit(who, Role::Validate);
        TestMembership::set_owner(who, owner(who));
        pallet_session::NextKeys::<Test>::insert(who, keys(who));
    }

    fn leave(&mut self, who: AccountId) {
        let _ = Pov::leave(RuntimeOrigin::signed(who));
    }

    fn remove(&mut self, who: AccountId) {
        let _ = Pov::remove(RuntimeOrigin::root(), who);
    }

    fn report(&mut self, who: AccountId) {
        if Voters::<Test>::get().contains(&who) {
            let _ = report(who, Session::current_index());
        }
    }

    fn lapse(&mut self, who: AccountId) {
        TestMembership::forbid(who, Role::Validate);
    }

    fn restore(&mut self, who: AccountId) {
        TestMembership::permit(who, Role::Validate);
        let _ = Pov::readmit(RuntimeOrigin::root(), who);
    }

    fn blocks(&mut self, down: &[AccountId]) {
        advance(10, down);
    }

    fn rotate(&mut self, down: &[AccountId]) {
        advance_sessions(1, down);
    }

    fn force(&mut self, set: &[AccountId]) {
        let last = System::block_number() - 1;
        let id = pallet_grandpa::CurrentSetId::<Test>::get();
        // Whoever is to be removed would have to be readmitted first.
        let sound = |who: &&AccountId| !Removals::<Test>::contains_key(*who);
        let set: Vec<_> = set.iter().filter(sound).copied().collect();
        let forced = Pov::force_set(RuntimeOrigin::root(), set, last, id, 0);
        let pending = pallet_grandpa::Error::<Test>::ChangePending.into();
        assert!(forced == Ok(()) || forced == Err(pending), "{forced:?}");
    }
}

/// The rules of before: a third of the present set may leave, never below three; whoever registers keys
/// joins; and who has asked to leave, or is out of the planned set, is not counted.
#[derive(Default)]
struct Before {
    present: Vec<AccountId>,
    queued: Vec<AccountId>,
    registered: BTreeSet<AccountId>,
    removed: BTreeMap<AccountId, bool>,
    leaving: Vec<AccountId>,
    lapsed: BTreeSet<AccountId>,
}

impl Before {
    fn new(validators: u64) -> Self {
        let present: Vec<_> = (1..=validators).collect();
        let registered = present.iter().copied().collect();
        Self { queued: present.clone(), present, registered, ..Self::default() }
    }

    fn may_leave(validators: usize) -> usize {
        (validators / 3).min(validators.saturating_sub(3))
    }

    fn one_more_may_go(&self) -> bool {
        let out = self.present.iter().filter(|who| self.removed.get(who) == Some(&true)).count();
        out < Self::may_leave(self.present.len())
    }
}

impl Chain for Before {
    fn sets(&self) -> Vec<Vec<AccountId>> {
        vec![self.present.clone(), self.queued.clone()]
    }

    fn excused(&self) -> Vec<AccountId> {
        let out = self.removed.iter().filter(|(_, effective)| **effective).map(|(who, _)| *who);
        out.chain(self.present.iter().copied().filter(|who| !self.queued.contains(who))).collect()
    }

    fn admit(&mut self, who: AccountId) {
        self.registered.insert(who);
        self.lapsed.remove(&who);
    }

    fn leave(&mut self, who: AccountId) {
        if self.present.contains(&who) && !self.leaving.contains(&who) {
            self.leaving.push(who);
        }
    }

    fn remove(&mut self, who: AccountId) {
        if self.removed.get(&who) != Some(&true)
            && (!self.present.contains(&who) || self.one_more_may_go())
        {
            self.removed.insert(who, true);
        }
    }

    fn report(&mut self, who: AccountId) {
        if self.present.contains(&who) && !self.removed.contains_key(&who) {
            let effective = self.one_more_may_go();
            self.removed.insert(who, effective);
        }
    }

    fn lapse(&mut self, who: AccountId) {
        self.lapsed.insert(who);
    }

    fn restore(&mut self, who: AccountId) {
        self.lapsed.remove(&who);
        self.removed.remove(&who);
    }

    fn blocks(&mut self, _down: &[AccountId]) {}

    fn rotate(&mut self, _down: &[AccountId]) {
        self.present = self.queued.clone();
        let lapsed: Vec<_> =
            self.present.iter().copied().filter(|who| self.lapsed.contains(who)).collect();
        let few = lapsed.len() * 3 < self.present.len();
        let mut going: Vec<_> = self
            .present
            .iter()
            .copied()
            .filter_map(|who| {
                let turn = match self.removed.get(&who) {
                    Some(effective) => u8::from(!effective),
                    None if few && lapsed.contains(&who) => 2,
                    None if self.leaving.contains(&who) => 3,
                    None => return None,
                };
                Some((turn, who))
            })
            .collect();
        going.sort_unstable();
        going.truncate(Self::may_leave(self.present.len()));
        let going: BTreeSet<_> = going.into_iter().map(|(_, who)| who).collect();
        for who in &going {
            if let Some(effective) = self.removed.get_mut(who) {
                *effective = true;
            }
            self.leaving.retain(|leaving| leaving != who);
            self.registered.remove(who);
        }
        let joins = |who: &AccountId| {
            !self.removed.contains_key(who)
                && !self.lapsed.contains(who)
                && !self.present.contains(who)
        };
        let joining: Vec<_> = self.registered.iter().copied().filter(joins).collect();
        self.queued = self
            .present
            .iter()
            .copied()
            .filter(|who| !going.contains(who))
            .chain(joining)
            .collect();
    }

    fn force(&mut self, _set: &[AccountId]) {}
}

fn play_by_the_rules(validators: u64, acts: &[Act]) -> Result<(), (usize, Fault)> {
    Least::set(4);
    let genesis: Vec<_> = (1..=validators).collect();
    let mut result = Ok(());
    run(&genesis, || result = World::new(Pallet).play(acts));
    Least::set(3);
    result
}

proptest! {
    #![proptest_config(Cases::with_cases(24))]

    #[test]
    fn whatever_happens_to_the_set_finality_goes_on((validators, acts) in acts()) {
        let played = play_by_the_rules(validators, &acts);
        prop_assert!(played.is_ok(), "{:?} of {:?}", played, acts);
    }

    #[test]
    fn and_after_root_has_forced_a_set_as_well(
        (validators, mut acts) in acts(), at in any::<prop::sample::Index>(),
    ) {
        let at = at.index(acts.len());
        acts.insert(at, Act::Force);
        acts.insert(at, Act::Blocks);
        let played = play_by_the_rules(validators, &acts);
        prop_assert!(played.is_ok(), "{:?} of {:?}", played, acts);
    }
}

/// The shortest way into each of the three faults, and the pallet's answer to the very same acts.
#[test]
fn the_rules_of_before_lose_finality_in_each_of_three_ways() {
    use Act::{Admit, Leave, Remove, Rotate};
    // Two newcomers beside four, whose nodes are not up.
    let joining = vec![Admit(8, false), Admit(9, false), Rotate, Rotate];
    // From four to three, which bear nobody.
    let shrinking = vec![Leave(1), Rotate, Rotate];
    // Two of six are removed and switched off: four are not enough of six.
    let removing = vec![Remove(1), Remove(2)];
    // One of four leaves, and then one is removed.
    let both = vec![Leave(1), Rotate, Remove(2), Rotate, Rotate];
    let ways = [(4, joining), (4, shrinking), (6, removing), (4, both)];
    for (validators, acts) in ways {
        let fault = World::new(Before::new(validators)).play(&acts);
        assert!(fault.is_err(), "{acts:?}");
        assert!(play_by_the_rules(validators, &acts).is_ok(), "{acts:?}");
    }
}

/// Not by chance: the same random sequences that the pallet stands find all of them.
#[test]
fn random_sequences_find_what_was_wrong_with_the_rules_of_before() {
    let mut runner = TestRunner::deterministic();
    let (mut joined, mut small, mut went) = (0, 0, 0);
    for _ in 0..400 {
        let (validators, acts) = acts().new_tree(&mut runner).unwrap().current();
        let Err((_, fault)) = World::new(Before::new(validators)).play(&acts) else {
            continue;
        };
        if fault.missing.is_empty() {
            small += 1;
        } else if fault.missing == fault.never_up {
            joined += 1;
        } else if fault.never_up.is_empty() {
            went += 1;
        }
    }
    println!("F1 {joined}, F2 {small}, F3 {went} of 400");
    assert!(joined > 0 && small > 0 && went > 0, "{joined} {small} {went}");
}
