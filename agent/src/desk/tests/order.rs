//! Which request is answered when, and what a fork does to it.

use super::*;

#[test]
fn requests_of_one_account_are_answered_in_the_order_of_their_numbers() {
    let mut world = World::new(20);
    let asked: Vec<_> = (0..3).map(|_| world.open(A, Suite::Hmac)).collect();
    for asked in &asked {
        world.chain.request(&asked.message1).unwrap();
    }
    // The higher ones are told first.
    let ids = world.chain.ids();
    let turned: Vec<_> = ids.iter().rev().copied().collect();
    world.desk(B).news(&world.chain.news(BOB, &turned)).unwrap();
    for (turn, id) in ids.iter().enumerate() {
        let jobs = world.desk(B).jobs().unwrap();
        let [job] = &jobs[..] else { panic!("one at a time") };
        assert_eq!(
            job.work,
            Work::Collect { peer: "alice".parse().unwrap(), ids: asked[turn].ids.clone() }
        );
        world.desk(B).collected(job.local, world.answer(B, job)).unwrap();
        assert_eq!(world.ends[B].state(Name::Id(*id)), "answered");
    }
    assert_eq!(world.news(B).len(), 3);
}

#[test]
fn a_higher_request_whose_keys_are_here_waits_for_a_lower_one_that_came_later() {
    let mut world = World::new(21);
    let (low, high) = (world.open(A, Suite::Hmac), world.open(A, Suite::OneTime));
    let ids = [&low, &high].map(|asked| world.chain.request(&asked.message1).unwrap());
    world.desk(B).news(&world.chain.news(BOB, &ids[1..])).unwrap();
    let job = world.desk(B).jobs().unwrap().remove(0);
    world.desk(B).news(&world.chain.news(BOB, &ids[..1])).unwrap();
    world.desk(B).collected(job.local, world.answer(B, &job)).unwrap();
    drop(job);
    world.ends[B].restart();
    assert!(world.news(B).is_empty(), "the lower one has no key yet");
    assert_eq!(world.collect(B), 1);
    assert_eq!(world.news(B).len(), 2);
    assert_eq!(world.kme.asked(), 2);
}

#[test]
fn a_failure_that_may_pass_is_tried_again_after_a_rest() {
    let mut world = World::new(22);
    let asked = world.open(A, Suite::Hmac);
    let id = world.chain.request(&asked.message1).unwrap();
    world.news(B);
    let mut rest = jobs::FIRST_REST_MS;
    for _ in 0..8 {
        let job = world.desk(B).jobs().unwrap().remove(0);
        world.desk(B).collected(job.local, Err(kme::unavailable())).unwrap();
        drop(job);
        assert!(world.desk(B).session(Name::Id(id)).unwrap().reason.unwrap().contains("no link"));
        world.pass(rest / 2 - 1);
        assert!(world.desk(B).jobs().unwrap().is_empty());
        world.pass(rest / 2 + 1);
        rest = (2 * rest).min(jobs::LONGEST_REST_MS);
    }
    assert_eq!(world.collect(B), 1);
    assert_eq!(world.bring(B), 1);
}

#[test]
fn so_many_questions_are_asked_at_once_and_no_more() {
    let mut world = World::new(23);
    let accounts: Vec<[u8; 32]> = (10..30).map(|account| [account; 32]).collect();
    let saes = accounts.iter().map(|who| (*who, format!("sae-{}", who[0]).leak() as &str));
    let saes: Vec<(AccountBytes, &'static str)> = saes.chain([(BOB, "bob")]).collect();
    world.chain = Chain::new(&saes);
    for (account, sae) in &saes[..20] {
        let other = End::new(*account, sae, &world.clock, account[0].into());
        let wish = Wish { from: *account, ..world.wish(A, Suite::Hmac) };
        let Plan::Draw(place) = other.desk().wish(wish).unwrap() else { panic!() };
        let keys = world.kme.draw(sae, "bob", 1);
        let asked = other.desk().opened(&place, keys).unwrap();
        world.chain.request(&asked.message1).unwrap();
    }
    world.news(B);
    let mut left = 20;
    while left > 0 {
        let jobs = world.desk(B).jobs().unwrap();
        assert_eq!(jobs.len(), jobs::MAX_COLLECTING.min(left));
        for job in &jobs {
            world.desk(B).collected(job.local, world.answer(B, job)).unwrap();
        }
        left -= jobs.len();
    }
    assert_eq!(world.bring(B), 20);
}

#[test]
fn an_account_has_so_many_sessions_and_takes_no_places_of_others() {
    const CAROL: AccountBytes = [3; 32];
    let mut world = World::new(29);
    world.chain = Chain::new(&[(ALICE, "alice"), (BOB, "bob"), (CAROL, "carol")]);
    let carol = End::new(CAROL, "carol", &world.clock, 77);
    let ids: Vec<_> = (0..MAX_RECORDS_OF_PEER).map(|_| world.opened(A, Suite::Hmac)).collect();
    let asked = world.open(A, Suite::Hmac);
    world.chain.request(&asked.message1).unwrap();
    let Plan::Draw(place) =
        carol.desk().wish(Wish { from: CAROL, ..world.wish(A, Suite::Hmac) }).unwrap()
    else {
        panic!()
    };
    let keys = world.kme.draw("carol", "bob", 1);
    let hers = carol.desk().opened(&place, keys).unwrap();
    world.chain.request(&hers.message1).unwrap();
    // Whose key is asked for: Carol's alone.
    let peers = |world: &World| -> Vec<_> {
        world.news(B);
        let jobs = world.desk(B).jobs().unwrap();
        jobs.into_iter()
            .filter_map(|job| match job.work {
                Work::Collect { peer, .. } => Some(peer.to_string()),
                Work::Draw(_) | Work::Survey { .. } | Work::Post | Work::Letter => None,
            })
            .collect()
    };
    assert_eq!(peers(&world), ["carol"]);
    // When one of them has ended there is a place again.
    world.chain.remove(ids[0]);
    for _ in 0..2 {
        world.desk(B).news(&world.chain.news(BOB, &ids[..1])).unwrap();
        world.chain.skip(KEPT_BLOCKS);
    }
    assert_eq!(peers(&world), ["alice", "carol"]);
}

#[test]
fn a_fork_that_takes_steps_back_gets_them_again() {
    let mut world = World::new(24);
    let asked = world.open(A, Suite::Hmac);
    let id = world.chain.request(&asked.message1).unwrap();
    let requested = world.chain.clone();
    world.finish(A, id);
    let name = session_name(&world.ends[A].record(Name::Id(id)));
    world.desk(A).seal(Name::Id(id), b"1200 Wh").unwrap();
    world.chain = requested;
    world.chain.next_block();
    let again = world.news(B);
    assert_eq!(again.len(), 1, "message 2 once more");
    assert_eq!(world.ends[B].state(Name::Id(id)), "answered");
    assert!(matches!(world.desk(B).seal(Name::Id(id), b"x"), Err(Refusal::NotOpen)));
    assert!(world.chain.step(&again[0]));
    assert_eq!((world.bring(A), world.bring(B), world.bring(A)), (1, 0, 0));
    for end in [A, B] {
        assert_eq!(session_name(&world.ends[end].record(Name::Id(id))), name);
        assert_eq!(world.ends[end].state(Name::Id(id)), "open");
    }
    assert!(world.deliver(A, id));
    assert_eq!(world.texts(B, id), [b"1200 Wh"]);
}

#[test]
fn another_request_under_the_same_number_is_another_session() {
    let mut world = World::new(25);
    let (first, second) = (world.open(A, Suite::Hmac), world.open(A, Suite::Hmac));
    let empty = world.chain.clone();
    let id = world.chain.request(&first.message1).unwrap();
    world.finish(A, id);
    let full = world.chain.clone();
    // The fork has only the second one, in the place of the first.
    world.chain = empty.clone();
    world.chain.next_block();
    assert_eq!(world.chain.request(&second.message1), Some(id));
    world.news(A);
    assert!(world.news(B).is_empty());
    assert_eq!(world.ends[A].state(Name::Asked(first.number)), "ended");
    assert_eq!(world.ends[A].state(Name::Id(id)), "asked");
    world.finish(A, id);
    assert_eq!(world.ends[B].record(Name::Id(id)).message1, second.message1);
    // And back.
    world.chain = full;
    world.news(A);
    world.news(B);
    for end in [A, B] {
        assert_eq!(world.ends[end].record(Name::Id(id)).message1, first.message1);
        assert_eq!(world.ends[end].state(Name::Id(id)), "open");
    }
    world.desk(A).seal(Name::Id(id), b"of the first").unwrap();
    assert!(world.deliver(A, id));
}

#[test]
fn what_is_gone_is_unusable_at_once_and_wiped_after_a_while() {
    for ended in [false, true] {
        let mut world = World::new(26);
        let id = world.opened(A, Suite::Hmac);
        world.desk(A).seal(Name::Id(id), b"late").unwrap();
        if ended {
            world.chain.end(id)
        } else {
            world.chain.remove(id)
        }
        world.news(A);
        world.news(B);
        assert!(matches!(world.desk(A).seal(Name::Id(id), b"x"), Err(Refusal::NotOpen)));
        assert!(matches!(world.desk(B).mail(id, &[0; 30]), Err(Refusal::NotOpen)));
        assert!(world.desk(A).jobs().unwrap().is_empty());
        world.chain.skip(KEPT_BLOCKS - 1);
        world.news(A);
        assert!(session_name(&world.ends[A].record(Name::Id(id))).is_some());
        world.chain.next_block();
        world.ends[A].restart();
        world.news(A);
        assert!(world.ends[A].record(Name::Id(id)).is_over());
        assert_eq!(world.ends[A].state(Name::Id(id)), "ended");
        assert!(matches!(world.desk(A).mail(id, &[0; 30]), Err(Refusal::Unknown)));
        // Its name goes too, in the end.
        world.chain.skip(NAMED_BLOCKS);
        world.news(A);
        assert!(matches!(world.desk(A).session(Name::Id(id)), Err(Refusal::Unknown)) || ended);
    }
}

#[test]
fn watched_sessions_take_turns_and_handshakes_come_first() {
    let mut world = World::new(27);
    let ids: Vec<_> = (0..MAX_SESSIONS + 8).map(|_| world.opened(A, Suite::Hmac)).collect();
    let asked = world.open(A, Suite::Hmac);
    let id = world.chain.request(&asked.message1).unwrap();
    world.news(B);
    let mut seen = BTreeSet::new();
    for _ in 0..2 {
        let watched = world.desk(B).watched().unwrap().sessions;
        assert_eq!((watched.len(), watched[0]), (MAX_SESSIONS, id));
        seen.extend(watched);
    }
    assert_eq!(seen, ids.into_iter().chain([id]).collect());
}

#[test]
fn a_session_that_was_closed_here_stays_closed() {
    let mut world = World::new(28);
    let asked = world.open(A, Suite::Hmac);
    let id = world.chain.request(&asked.message1).unwrap();
    world.news(B);
    world.collect(B);
    world.desk(B).close(Name::Id(id)).unwrap();
    world.desk(A).close(Name::Asked(asked.number)).unwrap();
    for _ in 0..3 {
        assert!(world.news(B).is_empty() && world.news(A).is_empty());
        world.ends[B].restart();
        assert_eq!(world.collect(B), 0);
    }
    assert!(matches!(world.desk(B).close(Name::Id(SessionId(99))), Err(Refusal::Unknown)));
}

#[test]
fn another_message_under_the_same_number_gets_no_answer_that_was_for_the_first() {
    let mut world = World::new(29);
    let asked = world.open(A, Suite::Hmac);
    let empty = world.chain.clone();
    let id = world.chain.request(&asked.message1).unwrap();
    world.news(B);
    world.collect(B);
    let accept = world.news(B).remove(0);
    assert!(world.chain.step(&accept));
    assert_eq!(world.news(A).len(), 1);
    let answered = world.chain.clone();
    let mut other = asked.message1.clone();
    // Another nA.
    other[100] ^= 1;
    world.chain = empty;
    assert_eq!(world.chain.request(&other), Some(id));
    assert!(world.news(B).is_empty());
    assert_eq!(world.collect(B), 0);
    assert!(matches!(world.desk(B).mail(id, &[0; 30]), Err(Refusal::NotOpen)));
    // Somebody answers it in B's name: A has nothing to confirm.
    let mut forged = accept;
    forged.answered = crate::record::sha256(&other);
    assert!(world.chain.step(&forged));
    assert!(world.news(A).is_empty());
    world.chain = answered;
    assert_eq!((world.bring(A), world.bring(B)), (1, 0));
    assert_eq!(world.ends[B].state(Name::Id(id)), "open");
}
