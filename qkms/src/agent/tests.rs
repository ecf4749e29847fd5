use std::sync::Arc;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Full, Vault};
use crate::client::Key;

fn keys(number: usize) -> Vec<Key> {
    let key = || Key { id: Uuid::new_v4(), bytes: Zeroizing::new(vec![7; 32]), local: false };
    std::iter::repeat_with(key).take(number).collect()
}

#[test]
fn places_under_way_count_as_taken_until_they_are_filled_or_given_back() {
    let vault = Arc::new(Vault::new(10));
    let bob = "bob".parse().unwrap();
    let first = vault.promise(6).unwrap();
    assert_eq!(vault.promise(5).unwrap_err(), Full { held: 0, promised: 6, most: 10 });
    let second = vault.promise(4).unwrap();
    drop(second);
    assert_eq!(first.fulfil(&bob, keys(6)).len(), 6);
    assert_eq!(vault.promise(5).unwrap_err(), Full { held: 6, promised: 0, most: 10 });
    assert!(vault.promise(4).is_ok());
    assert_eq!((vault.held(), vault.held_with(&bob)), (6, 6));
    assert_eq!(vault.held_with(&"carol".parse().unwrap()), 0);
}

#[test]
fn more_keys_than_were_asked_for_find_no_place() {
    let vault = Arc::new(Vault::new(10));
    let ids = vault.promise(2).unwrap().fulfil(&"bob".parse().unwrap(), keys(5));
    assert_eq!((ids.len(), vault.held()), (2, 2));
}

#[test]
fn nothing_that_is_printed_holds_a_key() {
    let vault = Arc::new(Vault::new(10));
    let promise = vault.promise(1).unwrap();
    promise.fulfil(&"bob".parse().unwrap(), keys(1));
    assert!(!format!("{vault:?}").contains("7, 7"));
}
