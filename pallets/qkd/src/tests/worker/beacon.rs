//! What workers carry for the beacon.

use super::*;
use crate::CurrentEpoch;
use frame_support::traits::Hooks;
use qedex_primitives::{
    BeaconSource,
    agent::{BeaconAwaits, BeaconNews, BeaconStep},
    beacon::{Commitment, EpochPart, Revealed},
    qkd::{BitsPerSecond, LinkId},
};

/// Writes the next block behind one that was written at `now`.
pub(super) fn block_at(now: Moment) {
    Now::set(now);
    pass(1);
    Qkd::on_initialize(System::block_number());
}

/// Goes on to the next half of an epoch.
pub(super) fn next_half() {
    let until = CurrentEpoch::<Test>::get().unwrap().until;
    block_at(until);
}

fn part() -> (u64, EpochPart) {
    let epoch = CurrentEpoch::<Test>::get().unwrap();
    (epoch.index, epoch.part)
}

fn secret(who: AccountId) -> Revealed {
    Revealed([who as u8; 32])
}

/// An agent that says to the beacon what `says` makes of what it hears, and notes it.
fn agent_of(
    host: &Host,
    who: AccountId,
    says: impl Fn(&BeaconNews) -> Option<BeaconStep> + Send + 'static,
) -> Arc<Mutex<Vec<News>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&heard);
    host.agent(who, move |request: Request| {
        assert_eq!(request.token, token(who));
        if request.path == WATCHED_PATH {
            return Answer::ok(Watched { sessions: vec![] });
        }
        let news = News::decode(&mut &request.body[..]).unwrap();
        let beacon = news.beacon.as_ref().and_then(&says);
        notes.lock().unwrap().push(news);
        Answer::ok(Steps { steps: vec![], beacon, reports: vec![] })
    });
    heard
}

/// What an honest agent says.
fn honestly(who: AccountId) -> impl Fn(&BeaconNews) -> Option<BeaconStep> {
    move |news| match news.awaits {
        BeaconAwaits::Nothing => None,
        BeaconAwaits::Commitment { .. } => {
            Some(BeaconStep::Commit(own_commitment(who, news.epoch)))
        }
        BeaconAwaits::Reveal => Some(BeaconStep::Reveal(secret(who))),
    }
}

/// The test's agents run beside the chain, so that they hash for themselves.
pub(super) fn own_commitment(who: AccountId, epoch: u64) -> Commitment {
    let bytes =
        qedex_primitives::beacon::committed(GENESIS, &Padded::convert(who), epoch, &secret(who).0);
    Commitment(H256(sha2_256(&bytes)))
}

fn latest_news(heard: &Arc<Mutex<Vec<News>>>) -> BeaconNews {
    heard.lock().unwrap().pop().unwrap().beacon.expect("an epoch is under way")
}

/// Takes all that was brought; says how much that was.
pub(super) fn include_all(host: &Host) -> usize {
    let brought = host.brought();
    brought.iter().for_each(|call| assert_eq!(include(call.clone()), Ok(Ok(()))));
    brought.len()
}

#[test]
fn workers_bring_what_an_epoch_waits_for_once() {
    run_with_host(|host| {
        for who in [ANNA, BEN] {
            agent_of(host, who, honestly(who));
        }
        list(&[ANNA, BEN]);
        work();
        assert_eq!(include_all(host), 0, "no epoch is under way");
        block_at(START);
        work();
        assert_eq!(include_all(host), 2);
        work();
        assert_eq!(include_all(host), 0, "both have committed");
        next_half();
        assert_eq!(part(), (0, EpochPart::Reveal));
        work();
        let first = host.brought();
        work();
        let said = |calls: &[Call<Test>]| -> Vec<_> {
            let one = |call: &Call<Test>| match call {
                Call::bring_epoch { who, epoch, work, .. } => (*who, *epoch, work.clone()),
                call => panic!("{call:?}"),
            };
            calls.iter().map(one).collect()
        };
        let again = host.brought();
        assert_eq!(said(&again), said(&first), "until it is on the chain it is brought again");
        first.into_iter().for_each(|call| assert_eq!(include(call), Ok(Ok(()))));
        work();
        assert_eq!(include_all(host), 0);
        next_half();
        assert_eq!(Qkd::epoch_value(0).unwrap().source, BeaconSource::Keys);
    });
}

#[test]
fn agents_hear_of_the_epoch_and_of_their_commitment() {
    run_with_host(|host| {
        let heard = agent_of(host, ANNA, honestly(ANNA));
        list(&[ANNA]);
        block_at(START);
        let hears = |committed: Option<Commitment>, awaits: BeaconAwaits| {
            work();
            let epoch = part().0;
            assert_eq!(latest_news(&heard), BeaconNews { epoch, committed, awaits });
        };
        hears(None, BeaconAwaits::Commitment { peer: None });
        assert_eq!(include_all(host), 1);
        let ours = Some(own_commitment(ANNA, 0));
        hears(ours, BeaconAwaits::Nothing);
        next_half();
        hears(ours, BeaconAwaits::Reveal);
        assert_eq!(include_all(host), 1);
        hears(ours, BeaconAwaits::Nothing);
        next_half();
        // Who may not commit is not asked to.
        crate::BarredUntil::<Test>::insert(owner(ANNA), 2);
        hears(None, BeaconAwaits::Nothing);
        crate::BarredUntil::<Test>::remove(owner(ANNA));
        next_half();
        hears(None, BeaconAwaits::Nothing);
    });
}

/// Another agent of the same account has committed to something else: this one cannot reveal that.
#[test]
fn what_does_not_hash_to_the_commitment_is_not_brought() {
    run_with_host(|host| {
        agent_of(host, ANNA, honestly(ANNA));
        list(&[ANNA]);
        block_at(START);
        work();
        assert_eq!(include_all(host), 1);
        next_half();
        agent_of(host, ANNA, |_| Some(BeaconStep::Reveal(secret(BEN))));
        host.set_seed(0);
        let asked = host.asked(ANNA);
        work();
        assert_eq!(host.brought(), vec![]);
        work();
        assert_eq!(host.asked(ANNA), asked + 2, "it is left alone");
        pass(1);
        agent_of(host, ANNA, honestly(ANNA));
        work();
        assert_eq!(include_all(host), 1);
    });
}

#[test]
fn what_nobody_waits_for_is_not_brought() {
    let commit = BeaconStep::Commit(Commitment(H256::zero()));
    let reveal = BeaconStep::Reveal(secret(ANNA));
    // Before the first epoch, in its first half, and in its second without a commitment.
    for (halves, said) in [(0, commit), (0, reveal), (1, reveal), (2, commit), (2, reveal)] {
        run_with_host(|host| {
            if halves > 0 {
                block_at(START);
            }
            (1..halves).for_each(|_| next_half());
            host.agent(ANNA, move |request: Request| {
                if request.path == WATCHED_PATH {
                    return Answer::ok(Watched { sessions: vec![] });
                }
                Answer::ok(Steps { steps: vec![], beacon: Some(said), reports: vec![] })
            });
            list(&[ANNA]);
            work();
            assert_eq!(host.brought(), vec![], "{halves}, {said:?}");
        });
    }
}

#[test]
fn the_peer_is_an_sae_at_the_other_end_of_a_link() {
    run_with_host(|host| {
        let heard = agent_of(host, ANNA, |_| None);
        list(&[ANNA]);
        block_at(START);
        let peer = || {
            work();
            match latest_news(&heard).awaits {
                BeaconAwaits::Commitment { peer } => peer,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(peer(), None, "those of the same site share no key of a link");
        assert_ok!(Qkd::register_site(signed(OTHER_OPERATOR), text("Stadt")));
        let (own, far) = (SITE, SiteId(1));
        assert_ok!(Qkd::register_link(signed(OPERATOR), own, far, BitsPerSecond(1)));
        for who in [DORA, EMIL] {
            assert_ok!(Qkd::enrol(signed(OTHER_OPERATOR), far, sae(who), who, EXPIRY));
        }
        let accept = |who| {
            let id = crate::EnrolmentOfSae::<Test>::get(sae(who)).unwrap();
            assert_ok!(Qkd::accept_sae(signed(who), id));
        };
        accept(DORA);
        assert_eq!(peer(), None, "nobody stands for the link at the other end");
        assert_ok!(Qkd::agree_link(signed(OTHER_OPERATOR), LinkId(0)));
        assert_eq!(peer(), Some(sae(DORA)));
        accept(EMIL);
        assert_eq!(peer(), Some(sae(DORA)), "the first one's turn");
        (0..2).for_each(|_| next_half());
        assert_eq!(peer(), Some(sae(EMIL)));
        (0..2).for_each(|_| next_half());
        assert_eq!(peer(), Some(sae(DORA)));
    });
}

/// A second part would take what the first one wants for nothing that is wanted.
#[test]
fn of_news_in_parts_the_first_one_has_the_epoch() {
    run_with_host(|host| {
        block_at(START);
        for number in 1..=MAX_SESSIONS as u64 + 1 {
            asked(ANNA, BEN, number);
            crate::RequestsTo::<Test>::remove(owner(ANNA), BEN);
            crate::Requests::<Test>::remove(owner(ANNA));
        }
        let heard = agent_of(host, BEN, |_| None);
        list(&[BEN]);
        work();
        let parts: Vec<_> =
            heard.lock().unwrap().iter().map(|news| news.beacon.is_some()).collect();
        assert_eq!(parts, [true, false]);
        // The quotas as they should be, for the invariants.
        for id in 0..=MAX_SESSIONS as u64 {
            assert_ok!(Qkd::close_session(signed(ANNA), SessionId(id)));
        }
    });
}
