//! Frames between two ends.

use super::*;
use crate::desk::{
    KEPT_BLOCKS, NAMED_BLOCKS,
    frames::{MAX_FETCHED, MAX_QUEUED, MAX_SENT_BYTES, MAX_UNREAD, MAX_UNREAD_BYTES_OF_PEER},
    jobs::MAX_POSTING_TO_ONE,
};

#[test]
fn texts_come_whole_and_in_order_both_ways() {
    let mut world = World::new(40);
    let id = world.opened(A, Suite::OneTime);
    let texts: Vec<Vec<u8>> = (0..100_usize).map(|n| vec![n as u8; 1 + n * 7]).collect();
    for (counter, text) in (0..).zip(&texts) {
        assert_eq!(world.desk(A).seal(Name::Id(id), text).unwrap().1, counter);
    }
    world.desk(B).seal(Name::Id(id), b"and back").unwrap();
    while world.deliver(A, id) {
        for end in [A, B] {
            world.ends[end].restart();
            assert!(matches!(world.desk(end).seal(Name::Id(id), b"x"), Err(Refusal::NotOpen)));
            // The chain says that it is open still.
            world.news(end);
        }
    }
    assert!(world.deliver(B, id));
    assert_eq!(world.texts(A, id), [b"and back"]);
    assert_eq!(world.texts(B, id), texts[..MAX_FETCHED]);
    assert_eq!(world.texts(B, id), texts[MAX_FETCHED..]);
    assert!(world.texts(B, id).is_empty());
    let view = world.desk(A).session(Name::Id(id)).unwrap();
    assert_eq!((view.sent, view.queued, view.received, view.unread), (100, 0, 1, 0));
}

#[test]
fn a_frame_is_taken_once_and_nothing_else_is_taken() {
    let mut world = World::new(41);
    let id = world.opened(A, Suite::Hmac);
    let (local, _) = world.desk(A).seal(Name::Id(id), b"first").unwrap();
    let first = world.desk(A).parcel(local).unwrap().unwrap();
    let other = world.opened(A, Suite::Hmac);
    let (other_local, _) = world.desk(A).seal(Name::Id(other), b"other").unwrap();
    let of_other = world.desk(A).parcel(other_local).unwrap().unwrap().frame;
    let desk = world.desk(B);
    for bit in 0..8 * first.frame.len() {
        let mut forged = first.frame.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        let refused = desk.mail(id, &forged).unwrap_err();
        assert!(matches!(refused, Refusal::NotAuthentic | Refusal::Gap), "{refused}");
    }
    for cut in 0..first.frame.len() {
        assert!(matches!(desk.mail(id, &first.frame[..cut]), Err(Refusal::NotAuthentic)));
    }
    assert!(matches!(desk.mail(id, &of_other), Err(Refusal::NotAuthentic)));
    assert!(matches!(desk.mail(SessionId(77), &first.frame), Err(Refusal::Unknown)));
    for _ in 0..3 {
        assert_eq!(desk.mail(id, &first.frame).unwrap(), first.receipt);
    }
    assert_eq!(world.texts(B, id), [b"first"]);
    world.ends[B].restart();
    world.news(B);
    assert_eq!(world.desk(B).mail(id, &first.frame).unwrap(), first.receipt);
    assert!(world.texts(B, id).is_empty());
    // Its receipt is for who has the frame, not for who knows its counter.
    let mut forged = first.frame.clone();
    forged[20] ^= 1;
    assert!(matches!(world.desk(B).mail(id, &forged), Err(Refusal::NotAuthentic)));
    world.desk(A).delivered(local, 0).unwrap();
    world.desk(A).delivered(local, 0).unwrap();
    assert!(world.desk(A).parcel(local).unwrap().is_none());
}

#[test]
fn a_frame_that_was_not_delivered_goes_before_the_next() {
    let mut world = World::new(42);
    let id = world.opened(A, Suite::Hmac);
    let (local, _) = world.desk(A).seal(Name::Id(id), b"one").unwrap();
    let job = world.desk(A).delivery(local).unwrap();
    assert!(world.desk(A).delivery(local).is_none(), "one delivery at a time");
    world.desk(A).failed(local, "nobody is there");
    drop(job);
    assert!(world.desk(A).delivery(local).is_none(), "it rests");
    let reason = world.desk(A).session(Name::Id(id)).unwrap().reason;
    assert_eq!(reason.as_deref(), Some("nobody is there"));
    world.desk(A).seal(Name::Id(id), b"two").unwrap();
    world.ends[A].restart();
    world.news(A);
    assert_eq!(world.desk(A).jobs().unwrap()[0].work, Work::Post);
    assert!(world.deliver(A, id) && world.deliver(A, id) && !world.deliver(A, id));
    assert_eq!(world.texts(B, id), [b"one", b"two"]);
}

#[test]
fn queue_and_inbox_have_bounds() {
    let mut world = World::new(43);
    let id = world.opened(A, Suite::Hmac);
    for text in [&[][..], &vec![0; MAX_SENT_BYTES + 1]] {
        assert!(matches!(world.desk(A).seal(Name::Id(id), text), Err(Refusal::Bad(_))));
    }
    let seal = |world: &World| world.desk(A).seal(Name::Id(id), b"x");
    let mut local = 0;
    for _ in 0..MAX_QUEUED {
        (local, _) = seal(&world).unwrap();
    }
    assert!(matches!(seal(&world), Err(Refusal::Queue(_))));
    for _ in 0..MAX_UNREAD {
        assert!(world.deliver(A, id));
    }
    seal(&world).unwrap();
    let parcel = world.desk(A).parcel(local).unwrap().unwrap();
    assert!(matches!(world.desk(B).mail(id, &parcel.frame), Err(Refusal::InboxFull)));
    assert_eq!(world.texts(B, id).len(), MAX_FETCHED);
    assert!(world.deliver(A, id));
    // By bytes: a megabyte.
    while !world.texts(B, id).is_empty() {}
    let mut taken = 0;
    loop {
        world.desk(A).seal(Name::Id(id), &vec![1; MAX_SENT_BYTES]).unwrap();
        let parcel = world.desk(A).parcel(local).unwrap().unwrap();
        match world.desk(B).mail(id, &parcel.frame) {
            Ok(_) => taken += 1,
            Err(refusal) => {
                assert!(matches!(refusal, Refusal::InboxFull));
                break;
            }
        }
        world.desk(A).delivered(local, parcel.counter).unwrap();
    }
    assert_eq!(taken, 63);
    assert!(!world.texts(B, id).is_empty());
}

#[test]
fn the_inbox_of_one_account_and_of_all_has_bounds() {
    let mut world = World::new(45);
    let mut full = 0_u64;
    loop {
        let id = world.opened(A, Suite::Hmac);
        let (local, _) = world.desk(A).seal(Name::Id(id), &vec![1; MAX_SENT_BYTES]).unwrap();
        for _ in 0..60 {
            world.desk(A).seal(Name::Id(id), &vec![1; MAX_SENT_BYTES]).unwrap();
        }
        while let Some(parcel) = world.desk(A).parcel(local).unwrap() {
            if let Err(refusal) = world.desk(B).mail(id, &parcel.frame) {
                assert!(matches!(refusal, Refusal::InboxFull), "{refusal}");
                let most = MAX_UNREAD_BYTES_OF_PEER;
                assert!(full <= most && full + MAX_SENT_BYTES as u64 + 24 > most, "{full}");
                // What is fetched makes room.
                let first = SessionId(0);
                assert!(!world.texts(B, first).is_empty());
                world.desk(B).mail(id, &parcel.frame).unwrap();
                return;
            }
            full += MAX_SENT_BYTES as u64;
            world.desk(A).delivered(local, parcel.counter).unwrap();
        }
    }
}

#[test]
fn what_came_outlives_its_session_and_what_was_not_delivered_is_told() {
    let mut world = World::new(46);
    let id = world.opened(A, Suite::Hmac);
    let (local, first) = world.desk(A).seal(Name::Id(id), b"one").unwrap();
    assert!(world.deliver(A, id));
    let (_, second) = world.desk(A).seal(Name::Id(id), b"two").unwrap();
    assert_eq!(world.desk(A).queued_from(local, second).unwrap(), 1);
    world.chain.end(id);
    for end in [A, B] {
        world.news(end);
    }
    world.chain.skip(KEPT_BLOCKS + 1);
    for end in [A, B] {
        world.news(end);
        assert!(world.ends[end].record(Name::Id(id)).is_over());
    }
    assert_eq!(world.desk(A).queued_from(local, first).unwrap(), 0);
    let lost = world.desk(A).queued_from(local, second).unwrap_err();
    assert!(matches!(lost, Refusal::NotDelivered), "{lost}");
    world.chain.skip(NAMED_BLOCKS);
    world.news(B);
    assert_eq!(world.texts(B, id), [b"one"]);
    // Then its name goes as well.
    world.chain.next_block();
    world.news(B);
    assert!(matches!(world.desk(B).receive(Name::Id(id), 0), Err(Refusal::Unknown)));
}

#[test]
fn a_session_that_has_expired_carries_nothing_though_no_news_come() {
    let mut world = World::new(47);
    let id = world.opened(A, Suite::Hmac);
    let (local, _) = world.desk(A).seal(Name::Id(id), b"one").unwrap();
    let parcel = world.desk(A).parcel(local).unwrap().unwrap();
    world.clock.store(1 << 42, std::sync::atomic::Ordering::SeqCst);
    assert!(matches!(world.desk(A).seal(Name::Id(id), b"two"), Err(Refusal::NotOpen)));
    assert!(world.desk(A).parcel(local).unwrap().is_none());
    assert!(world.desk(A).jobs().unwrap().is_empty());
    assert!(matches!(world.desk(B).mail(id, &parcel.frame), Err(Refusal::NotOpen)));
}

#[test]
fn one_slow_account_leaves_room_for_others() {
    let mut world = World::new(48);
    let ids: Vec<_> = (0..4).map(|_| world.opened(A, Suite::Hmac)).collect();
    for id in &ids {
        world.desk(A).seal(Name::Id(*id), b"x").unwrap();
    }
    let jobs = world.desk(A).jobs().unwrap();
    assert_eq!(jobs.len(), MAX_POSTING_TO_ONE);
    let first: Vec<_> = jobs.iter().map(|job| job.local).collect();
    drop(jobs);
    // The others have their turn, though nothing was delivered.
    let jobs = world.desk(A).jobs().unwrap();
    assert!(jobs.len() == MAX_POSTING_TO_ONE && jobs.iter().all(|job| !first.contains(&job.local)));
}

#[test]
fn closing_wipes_what_waits() {
    let mut world = World::new(44);
    let id = world.opened(A, Suite::Hmac);
    world.desk(A).seal(Name::Id(id), b"one").unwrap();
    assert!(world.deliver(A, id));
    world.desk(A).seal(Name::Id(id), b"two").unwrap();
    for end in [A, B] {
        world.desk(end).close(Name::Id(id)).unwrap();
        world.ends[end].restart();
        assert!(world.texts(end, id).is_empty());
        let store = &world.desk(end).store;
        let local = world.desk(end).transact(|books| Ok(books.find(Name::Id(id))?.0)).unwrap();
        for counter in 0..3 {
            assert!(store.read(Row::Outgoing(local, counter)).unwrap().is_none());
            assert!(store.read(Row::Incoming(local, counter)).unwrap().is_none());
        }
    }
}
