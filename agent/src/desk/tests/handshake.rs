//! From a wish to an open session, and what does not get there.

use super::{kme::Rubbish, *};
use qedex_primitives::agent::SessionNews;

const SUITES: [Suite; 2] = [Suite::Hmac, Suite::OneTime];

#[test]
fn two_ends_open_a_session_in_either_suite() {
    for suite in SUITES {
        let mut world = World::new(2);
        let id = world.opened(A, suite);
        let [a, b] = [A, B].map(|end| session_name(&world.ends[end].record(Name::Id(id))));
        assert!(a.is_some() && a == b);
        let keys = suite.keys() as u64;
        for end in [A, B] {
            let totals = world.desk(end).totals().unwrap();
            assert_eq!((totals.keys, totals.bits, totals.finished), (keys, 256 * keys, 1));
            assert_eq!(totals.states["open"], 1);
        }
    }
}

#[test]
fn the_same_news_bring_the_same_message_and_cost_no_second_key() {
    let mut world = World::new(3);
    let asked = world.open(A, Suite::Hmac);
    world.chain.request(&asked.message1).unwrap();
    for _ in 0..3 {
        assert!(world.news(B).is_empty());
    }
    let jobs = world.desk(B).jobs().unwrap();
    assert_eq!(jobs.len(), 1);
    assert!(world.desk(B).jobs().unwrap().is_empty(), "one question of a session at a time");
    world.desk(B).collected(jobs[0].local, world.answer(B, &jobs[0])).unwrap();
    drop(jobs);
    let step = world.news(B);
    assert_eq!(step.len(), 1);
    for _ in 0..3 {
        assert_eq!(world.news(B), step);
        assert!(world.desk(B).jobs().unwrap().is_empty());
        world.ends[B].restart();
    }
    assert_eq!(world.kme.asked(), 1);
    assert!(world.chain.step(&step[0]));
    let confirm = world.news(A);
    assert_eq!(confirm.len(), 1);
    world.ends[A].restart();
    assert_eq!(world.news(A), confirm);
}

#[test]
fn another_chain_is_refused_and_nothing_of_it_is_kept() {
    let mut world = World::new(4);
    world.news(A);
    let mut news = world.chain.news(ALICE, &[]);
    news.genesis = [8; 32].into();
    assert!(matches!(world.desk(A).news(&news), Err(Refusal::OtherChain)));
    let mut wish = world.wish(A, Suite::Hmac);
    wish.genesis = [8; 32];
    assert!(matches!(world.desk(A).wish(wish), Err(Refusal::OtherChain)));
    world.ends[A].restart();
    assert!(matches!(world.desk(A).news(&news), Err(Refusal::OtherChain)));
}

#[test]
fn a_wish_that_is_refused_leaves_nothing_behind() {
    let world = World::new(16);
    let mut wish = world.wish(A, Suite::Hmac);
    wish.genesis = [8; 32];
    wish.least_number = u64::MAX;
    assert!(matches!(world.desk(A).wish(wish), Err(Refusal::Bad(_))));
    // Not even the chain that it named.
    world.news(A);
    world.open(A, Suite::Hmac);
}

#[test]
fn a_request_for_another_account_or_sae_is_none_of_ours() {
    let mut world = World::new(5);
    let asked = world.open(A, Suite::Hmac);
    let id = world.chain.request(&asked.message1).unwrap();
    let mut of_other_account = world.chain.news(BOB, &[id]);
    of_other_account.account = [3; 32];
    let mut of_other_sae = world.chain.news(BOB, &[id]);
    let mut of_no_sae = of_other_sae.clone();
    for (news, sae) in [(&mut of_other_sae, Some("bob2")), (&mut of_no_sae, None)] {
        let SessionNews::Here { saes, .. } = &mut news.sessions[0] else { panic!() };
        saes[1] = sae.map(|sae| sae.as_bytes().to_vec().try_into().unwrap());
    }
    for news in [of_other_sae, of_no_sae, of_other_account] {
        assert!(world.desk(B).news(&news).unwrap().steps.is_empty());
        assert!(world.desk(B).jobs().unwrap().is_empty());
        assert!(world.desk(B).sessions().unwrap().is_empty());
    }
}

#[test]
fn a_made_up_key_gives_no_key_and_no_step_and_is_asked_for_once() {
    let mut world = World::new(6);
    let mut message1 = world.open(A, Suite::Hmac).message1;
    message1[66..82].copy_from_slice(&[0xAA; 16]);
    let id = world.chain.request(&message1).unwrap();
    assert!(world.news(B).is_empty());
    assert_eq!(world.collect(B), 1);
    for _ in 0..5 {
        world.chain.next_block();
        world.pass(1_000_000);
        assert!(world.news(B).is_empty());
        world.ends[B].restart();
        assert_eq!(world.collect(B), 0);
    }
    assert_eq!(world.kme.asked(), 1);
    assert_eq!(world.ends[B].state(Name::Id(id)), "given-up");
    assert!(world.desk(B).session(Name::Id(id)).unwrap().reason.unwrap().contains("key service"));
}

#[test]
fn a_forged_message_is_not_answered() {
    let mut world = World::new(7);
    let mut asked = world.open(A, Suite::Hmac);
    *asked.message1.last_mut().unwrap() ^= 1;
    let id = world.chain.request(&asked.message1).unwrap();
    world.news(B);
    world.collect(B);
    assert!(world.news(B).is_empty());
    let view = world.desk(B).session(Name::Id(id)).unwrap();
    assert_eq!(
        (view.state, view.reason.as_deref()),
        ("given-up", Some("the message is not authentic"))
    );
}

#[test]
fn an_old_number_is_refused_before_any_key_is_asked_for() {
    let mut world = World::new(8);
    let (old, new) = (world.open(A, Suite::Hmac), world.open(A, Suite::Hmac));
    assert!(new.number > old.number);
    let id = world.chain.request(&new.message1).unwrap();
    world.finish(A, id);
    // The old one comes behind: as a chain would not take it, on a fork without the new one.
    world.chain.fork(1_000);
    world.chain = Chain::new(&[(ALICE, "alice"), (BOB, "bob")]);
    world.chain.request(&old.message1).unwrap();
    let asked = world.kme.asked();
    assert!(world.news(B).is_empty());
    assert_eq!((world.collect(B), world.kme.asked()), (0, asked));
    assert!(!world.kme.has_told(old.ids[0]));
}

#[test]
fn rubbish_of_the_key_service_is_not_used() {
    for suite in SUITES {
        for how in
            [Rubbish::OneMore, Rubbish::Short, Rubbish::OtherId, Rubbish::SameBytes, Rubbish::Same]
        {
            let mut world = World::new(9);
            world.opened(A, suite);
            let asked = world.open(A, suite);
            let id = world.chain.request(&asked.message1).unwrap();
            world.news(B);
            let job = world.desk(B).jobs().unwrap().remove(0);
            let first = world.kme.all();
            let keys = world.answer(B, &job).unwrap();
            let spoilt = match how {
                // The bytes of a key that this end has used.
                Rubbish::SameBytes => {
                    let used = world.ends[B].desk();
                    let used = first.iter().find(|bytes| used.is_known(bytes)).unwrap();
                    keys.iter().map(|key| kme::key(key.id, used)).collect()
                }
                _ => world.kme.spoil(keys, how),
            };
            world.desk(B).collected(job.local, Ok(spoilt)).unwrap();
            assert!(world.news(B).is_empty());
            let view = world.desk(B).session(Name::Id(id)).unwrap();
            assert_eq!(view.state, "given-up", "{how:?}");
            assert!(view.reason.unwrap().contains("cannot be used"));
        }
    }
}

#[test]
fn what_the_key_service_gives_a_is_looked_at_too() {
    let world = World::new(10);
    let used = world.open(A, Suite::Hmac).ids[0];
    let place = |world: &World| match world.desk(A).wish(world.wish(A, Suite::Hmac)).unwrap() {
        Plan::Draw(place) => place,
        Plan::Granted(_) => panic!(),
    };
    let fresh = world.kme.draw("alice", "bob", 2);
    for keys in [
        vec![],
        fresh.clone(),
        vec![kme::key(fresh[0].id, &[7; 31])],
        vec![kme::key(used, &[7; 32])],
    ] {
        let refused = world.desk(A).opened(&place(&world), keys);
        assert!(matches!(refused, Err(Refusal::Keys(_))));
    }
    assert_eq!(world.desk(A).sessions().unwrap().len(), 1);
    world.desk(A).opened(&place(&world), fresh[..1].to_vec()).unwrap();
}

#[test]
fn a_wish_with_a_uuid_is_granted_once() {
    let mut world = World::new(11);
    let mut wish = world.wish(A, Suite::OneTime);
    wish.request = Some(Uuid::from_bytes([5; 16]));
    let Plan::Draw(place) = world.desk(A).wish(wish.clone()).unwrap() else { panic!() };
    assert!(matches!(world.desk(A).wish(wish.clone()), Err(Refusal::UnderWay)));
    let keys = world.kme.draw("alice", "bob", 4);
    let asked = world.desk(A).opened(&place, keys).unwrap();
    drop(place);
    for _ in 0..2 {
        let Plan::Granted(again) = world.desk(A).wish(wish.clone()).unwrap() else { panic!() };
        assert_eq!(again, asked);
        world.ends[A].restart();
    }
    wish.suite = Suite::Hmac;
    assert!(matches!(world.desk(A).wish(wish), Err(Refusal::RequestDiffers)));
}

#[test]
fn numbers_rise_whatever_the_clock_and_the_caller_say() {
    let mut world = World::new(12);
    let first = world.open(A, Suite::Hmac).number;
    assert_eq!(first, 1_000_001);
    world.clock.store(5, Ordering::SeqCst);
    world.ends[A].restart();
    assert_eq!(world.open(A, Suite::Hmac).number, first + 1);
    let mut wish = world.wish(A, Suite::Hmac);
    wish.least_number = u64::MAX;
    assert!(matches!(world.desk(A).wish(wish), Err(Refusal::Bad(_))));
    let mut news = world.chain.news(ALICE, &[]);
    news.last_number = 2_000_000;
    world.desk(A).news(&news).unwrap();
    assert_eq!(world.open(A, Suite::Hmac).number, 2_000_001);
}

#[test]
fn a_message_2_that_does_not_hold_changes_nothing() {
    let mut world = World::new(13);
    let asked = world.open(A, Suite::Hmac);
    let id = world.chain.request(&asked.message1).unwrap();
    world.news(B);
    world.collect(B);
    let truth = world.news(B).remove(0);
    let before = world.chain.clone();
    let mut forged = truth.clone();
    forged.message[40] ^= 1;
    assert!(world.chain.step(&forged));
    assert!(world.news(A).is_empty());
    assert_eq!(world.ends[A].state(Name::Id(id)), "asked");
    // A fork brings the true one.
    world.chain = before;
    assert!(world.chain.step(&truth));
    assert_eq!((world.bring(A), world.bring(B)), (1, 0));
    assert_eq!(world.ends[B].state(Name::Id(id)), "open");
}

#[test]
fn no_more_sessions_are_asked_for_than_can_be_under_way() {
    let mut world = World::new(14);
    for _ in 0..opening::MAX_UNFINISHED {
        world.open(A, Suite::Hmac);
    }
    let refused = world.desk(A).wish(world.wish(A, Suite::Hmac));
    assert!(matches!(refused, Err(Refusal::Unfinished(_))));
    // What is never seen on the chain makes room in the end.
    world.news(A);
    world.chain.skip(ASKED_BLOCKS);
    world.news(A);
    assert_eq!(world.desk(A).totals().unwrap().states["ended"], 64);
    world.open(A, Suite::Hmac);
}

#[test]
fn the_agents_account_can_change_and_sessions_stay() {
    let mut world = World::new(15);
    let id = world.opened(A, Suite::Hmac);
    let mut news = world.chain.news(ALICE, &[id]);
    news.account = [7; 32];
    world.desk(A).news(&news).unwrap();
    assert_eq!(world.ends[A].state(Name::Id(id)), "open");
    let refused = world.desk(A).wish(world.wish(A, Suite::Hmac));
    assert!(matches!(refused, Err(Refusal::OtherAccount)));
    let mut wish = world.wish(A, Suite::Hmac);
    wish.from = [7; 32];
    assert!(matches!(world.desk(A).wish(wish), Ok(Plan::Draw(_))));
}
