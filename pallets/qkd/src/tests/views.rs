//! What clients are told.

use super::*;
use crate::views::MAX_PAGE;
use qedex_primitives::qkd::SessionEnd;
use std::collections::BTreeSet;

#[test]
fn a_session_is_told_with_why_it_has_ended() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        let view = Qkd::session(id).unwrap();
        assert_eq!((view.id, view.session, view.ended), (id, session(id), None));
        pass(ACCEPT_WITHIN + 1);
        assert_eq!(Qkd::session(id).unwrap().ended, Some(SessionEnd::NotAccepted));
        assert_ok!(Qkd::clear_session(signed(ANNA), id));
        assert_eq!(Qkd::session(id), None);
    });
}

#[test]
fn the_sessions_of_an_account_are_told_page_by_page_as_either_end() {
    run(|| {
        let mut all = BTreeSet::new();
        for number in 1..=3 {
            all.insert(opened(ANNA, BEN, number));
            all.insert(opened(CLARA, ANNA, number));
        }
        opened(BEN, CLARA, 1);
        let mut told = BTreeSet::new();
        let mut after = None;
        loop {
            let page = Qkd::sessions_of(&ANNA, after, 4);
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            told.extend(page.iter().map(|view| view.id));
        }
        assert_eq!(told, all);
        assert!(Qkd::sessions_of(&EMIL, None, 4).is_empty());
        assert!(Qkd::sessions_of(&ANNA, None, u32::MAX).len() <= MAX_PAGE as usize);
    });
}

#[test]
fn what_is_awaited_of_a_worker_is_told_with_the_messages() {
    run(|| {
        let (first, second) = (asked(ANNA, BEN, 1), asked(CLARA, BEN, 1));
        let awaited = |who| -> BTreeSet<SessionId> {
            Qkd::awaited_of(&who, None, 10).iter().map(|view| view.id).collect()
        };
        assert_eq!(awaited(BEN), [first, second].into());
        assert!(awaited(ANNA).is_empty());
        accepted(first);
        assert_eq!(awaited(BEN), [second].into());
        assert_eq!(awaited(ANNA), [first].into());
        confirmed(first);
        assert!(awaited(ANNA).is_empty());
        // What has ended says so, until it is cleared.
        pass(ACCEPT_WITHIN + 1);
        let ended = Qkd::awaited_of(&BEN, None, 10);
        assert_eq!(ended[0].ended, Some(SessionEnd::NotAccepted));
        let one = Qkd::awaited_of(&BEN, Some(second), 10);
        assert!(one.is_empty());
    });
}
