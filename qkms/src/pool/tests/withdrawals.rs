//! Orders to withdraw relayed keys.

use super::*;
use crate::pool::withdrawals::{Kept, MOST_WITHDRAWALS};

fn keep(site: &Site, numbers: std::ops::Range<u64>) {
    site.store
        .run_blocking(move |books| {
            numbers
                .into_iter()
                .try_for_each(|number| books.keep_withdrawal(id(number), &number.to_be_bytes()))
        })
        .unwrap();
}

fn id(number: u64) -> Uuid {
    Uuid::from_u128(number.into())
}

fn kept(site: &Site, after: Option<Kept>, most: usize) -> Vec<(Kept, Vec<u8>)> {
    site.store.run_blocking(move |books| books.kept_withdrawals(after, most)).unwrap()
}

fn drop_old(site: &Site) -> u64 {
    site.store.run_blocking(|books| books.drop_old_withdrawals()).unwrap()
}

#[test]
fn an_order_to_withdraw_is_dropped_when_it_is_older_than_a_key_may_be() {
    let (mut site, _) = pair();
    keep(&site, 0..3);
    site.clock.fetch_add(10, Ordering::SeqCst);
    keep(&site, 3..4);
    site.clock.fetch_add(HOUR - 10, Ordering::SeqCst);
    assert_eq!(drop_old(&site), 0, "it is as old as a key may be, and not older");
    site.clock.fetch_add(1, Ordering::SeqCst);
    assert_eq!(drop_old(&site), 3);
    site.reopen();
    let left = kept(&site, None, usize::MAX);
    assert_eq!(left, [((1_000_000_010, id(3)), 3u64.to_be_bytes().to_vec())]);
    site.clock.fetch_add(10, Ordering::SeqCst);
    assert_eq!(drop_old(&site), 1);
    assert!(kept(&site, None, usize::MAX).is_empty());
}

#[test]
fn the_oldest_order_goes_for_one_more_than_are_kept() {
    let (site, _) = pair();
    keep(&site, 0..MOST_WITHDRAWALS + 5);
    let left = kept(&site, None, usize::MAX);
    assert_eq!(left.len() as u64, MOST_WITHDRAWALS);
    assert_eq!(left[0].0.1, id(5));
}

#[test]
fn a_round_begins_behind_the_last_order_of_the_one_before() {
    let (site, _) = pair();
    keep(&site, 0..5);
    let numbers = |after, most| -> Vec<Uuid> {
        kept(&site, after, most).into_iter().map(|((_, first), _)| first).collect()
    };
    assert_eq!(numbers(None, 2), [0, 1].map(id));
    assert_eq!(numbers(Some((1_000_000_000, id(3))), 9), [4, 0, 1, 2, 3].map(id));
    site.run(|books| books.forget_withdrawal((1_000_000_000, id(4)))).unwrap();
    assert_eq!(numbers(Some((1_000_000_000, id(3))), 2), [0, 1].map(id));
}
