//! What an update of the ratings costs: items read and written, counted beneath the pallet.

use super::*;
use crate::{Memories, Memory, Pair, Places};
use sp_externalities::{
    Error, Extension, ExtensionStore, Externalities, MultiRemovalResults,
    set_and_run_with_externalities,
};
use std::any::{Any, TypeId};

/// Passes everything on and counts.
struct Counting<'a> {
    inner: &'a mut dyn Externalities,
    reads: u32,
    writes: u32,
}

impl ExtensionStore for Counting<'_> {
    fn extension_by_type_id(&mut self, type_id: TypeId) -> Option<&mut dyn Any> {
        self.inner.extension_by_type_id(type_id)
    }
    fn register_extension_with_type_id(
        &mut self,
        type_id: TypeId,
        extension: Box<dyn Extension>,
    ) -> Result<(), Error> {
        self.inner.register_extension_with_type_id(type_id, extension)
    }
    fn deregister_extension_by_type_id(&mut self, type_id: TypeId) -> Result<(), Error> {
        self.inner.deregister_extension_by_type_id(type_id)
    }
}

/// Child tries, roots and offchain storage, which no rating touches.
macro_rules! untouched {
    ($($method:ident($($argument:ty),*) $(-> $result:ty)?;)*) => {
        $(fn $method(&mut self, $(_: $argument),*) $(-> $result)? {
            panic!("a rating called {}", stringify!($method))
        })*
    };
}

impl Externalities for Counting<'_> {
    fn storage(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        self.reads += 1;
        self.inner.storage(key)
    }
    fn place_storage(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.writes += 1;
        self.inner.place_storage(key, value);
    }
    fn storage_append(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.writes += 1;
        self.inner.storage_append(key, value);
    }
    fn next_storage_key(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        self.reads += 1;
        self.inner.next_storage_key(key)
    }
    fn storage_start_transaction(&mut self) {
        self.inner.storage_start_transaction();
    }
    fn storage_rollback_transaction(&mut self) -> Result<(), ()> {
        self.inner.storage_rollback_transaction()
    }
    fn storage_commit_transaction(&mut self) -> Result<(), ()> {
        self.inner.storage_commit_transaction()
    }
    fn read_write_count(&self) -> (u32, u32, u32, u32) {
        (self.reads, 0, self.writes, 0)
    }
    fn get_whitelist(&self) -> Vec<sp_core::storage::TrackedStorageKey> {
        Vec::new()
    }
    fn get_read_and_written_keys(&self) -> Vec<(Vec<u8>, u32, u32, bool)> {
        Vec::new()
    }
    untouched! {
        set_offchain_storage(&[u8], Option<&[u8]>);
        storage_hash(&[u8]) -> Option<Vec<u8>>;
        child_storage_hash(&sp_core::storage::ChildInfo, &[u8]) -> Option<Vec<u8>>;
        child_storage(&sp_core::storage::ChildInfo, &[u8]) -> Option<Vec<u8>>;
        next_child_storage_key(&sp_core::storage::ChildInfo, &[u8]) -> Option<Vec<u8>>;
        kill_child_storage(&sp_core::storage::ChildInfo, Option<u32>, Option<&[u8]>) -> MultiRemovalResults;
        clear_prefix(&[u8], Option<u32>, Option<&[u8]>) -> MultiRemovalResults;
        clear_child_prefix(&sp_core::storage::ChildInfo, &[u8], Option<u32>, Option<&[u8]>) -> MultiRemovalResults;
        place_child_storage(&sp_core::storage::ChildInfo, Vec<u8>, Option<Vec<u8>>);
        storage_root(sp_core::storage::StateVersion) -> Vec<u8>;
        child_storage_root(&sp_core::storage::ChildInfo, sp_core::storage::StateVersion) -> Vec<u8>;
        wipe();
        commit();
        reset_read_write_count();
        set_whitelist(Vec<sp_core::storage::TrackedStorageKey>);
    }
}

/// Reads and writes of `rating`, in a state in which Anna has `raters` raters.
fn cost(raters: u32, rating: fn()) -> (u32, u32) {
    let mut externalities = build();
    externalities.execute_with(|| {
        let (yesterday, anna) = (Reputation::today() - 1, owner(ANNA));
        let sum = Counts { kept: FULL, missed: 0 };
        for place in 0..raters {
            let rater = owner(1_000 + u64::from(place));
            let pair = Pair { sum, kept_last: FULL, last_day: yesterday };
            Pairs::<Test>::insert(anna, rater, pair);
            Places::<Test>::insert(anna, place, rater);
            Totals::<Test>::mutate(anna, |all| *all = all.saturating_add(sum));
        }
        let memory = Memory { raters, ..Memory::default() };
        Memories::<Test>::insert(anna, memory);
        System::reset_events();
    });
    externalities.commit_all().unwrap();
    let mut inner = externalities.ext();
    let mut counting = Counting { inner: &mut inner, reads: 0, writes: 0 };
    set_and_run_with_externalities(&mut counting, rating);
    (counting.reads, counting.writes)
}

#[test]
fn an_update_s_cost_does_not_depend_on_the_number_of_raters() {
    let by_a_known_one = || keep(1_000, ANNA);
    let by_a_new_one = || keep(BEN, ANNA);
    let one = cost(1, by_a_known_one);
    assert!(one.0 > 0 && one.1 > 0, "something is counted");
    for raters in 2..=MAX_RATERS {
        assert_eq!(cost(raters, by_a_known_one), one, "{raters} raters");
    }
    let first = cost(0, by_a_new_one);
    for raters in 1..MAX_RATERS {
        assert_eq!(cost(raters, by_a_new_one), first, "{raters} raters");
    }
}

#[test]
fn a_full_memory_costs_a_constant_more() {
    let by_a_new_one = || keep(BEN, ANNA);
    let (reads, writes) = cost(MAX_RATERS - 1, by_a_new_one);
    let (more_reads, more_writes) = cost(MAX_RATERS, by_a_new_one);
    // A place and a pair for each probe. The pair that goes is written, and an event with it.
    assert!(more_reads <= reads + 2 * crate::PROBES + 4, "{more_reads}");
    assert!(more_writes <= writes + 4, "{more_writes}");
}
