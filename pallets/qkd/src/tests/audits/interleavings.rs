//! Whatever workers bring in whatever order, the invariants hold after every step.

use super::*;
use proptest::prelude::*;
use qedex_primitives::Membership;

#[derive(Clone, Debug)]
enum Step {
    /// Somebody posts a root, true or not, of the next epoch or another one.
    Post { who: usize, ahead: u64, is_true: bool },
    /// Somebody gives a verdict on the older or the younger round.
    Judge { who: usize, younger: bool, outcome: AuditOutcome },
    /// The next half of an epoch of the beacon.
    Pass,
    /// The council begins anew.
    Reopen,
    /// An account leaves, or comes back.
    Turn { who: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        4 => Just(PASSED),
        3 => Just(RAW),
        1 => Just(AuditOutcome::NotOpened),
    ];
    prop_oneof![
        12 => (0..6_usize, prop_oneof![8 => Just(1_u64), 1 => 0..4_u64], prop::bool::weighted(0.8))
            .prop_map(|(who, ahead, is_true)| Step::Post { who, ahead, is_true }),
        12 => (0..6_usize, any::<bool>(), outcome)
            .prop_map(|(who, younger, outcome)| Step::Judge { who, younger, outcome }),
        5 => Just(Step::Pass),
        1 => Just(Step::Reopen),
        1 => (0..6_usize).prop_map(|who| Step::Turn { who }),
    ]
}

/// Takes a step. Says whether anything came of it.
fn take(step: &Step, audits: &mut u32) {
    let who = |at: &usize| everybody()[*at];
    match step {
        Step::Post { who: at, ahead, is_true } => {
            let epoch = book().last.map_or(0, |last| last.0) + ahead;
            let says = if *is_true { says(epoch) } else { other(epoch) };
            let _ = include(posting(who(at), says));
        }
        Step::Judge { who: at, younger, outcome } => {
            let rounds = book().rounds;
            let round = if *younger { rounds.last() } else { rounds.first() };
            let Some(says) = round.and_then(|round| round.fixed()) else { return };
            let place = pick_of(says.epoch.0).and_then(|pick| pick.place);
            let verdict = VerdictPost { link: LINK, epoch: says.epoch, place, outcome: *outcome };
            let _ = include(by(who(at), current().index, work_of(vec![], vec![verdict])));
        }
        Step::Pass => {
            let now = current().until;
            block_at(now);
            let decided = |event: &Event<Test>| matches!(event, Event::LinkAudited { .. });
            *audits += events().iter().filter(|event| decided(event)).count() as u32;
            System::reset_events();
        }
        Step::Reopen => {
            let _ = Qkd::reopen_link(root(), LINK);
        }
        Step::Turn { who: at } => {
            let who = who(at);
            if TestMembership::owner_of(&who).is_some() {
                TestMembership::forget_owner(who);
            } else {
                TestMembership::set_owner(who, owner(who));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn invariants_hold_after_every_step(steps in prop::collection::vec(step(), 1..160)) {
        run_audits(|| {
            let mut audits = 0;
            for step in &steps {
                take(step, &mut audits);
                check();
            }
        });
    }
}
