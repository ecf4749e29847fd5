//! Tag keys for one run of post-processing, out of the run's lease.

use zeroize::Zeroizing;

use crate::{
    distil::auth::{Direction as Way, TagKeys, TagKeysSpent},
    pool::{BookError, Books, Direction, Store, StoreError, record::Lease},
};

/// Bytes by which the durable mark moves ahead of what is used: at most that many of each
/// direction are lost in a crash, and one sync is paid for that many.
const STRIDE: u64 = 1024;

/// The tag keys that a run may use, and how far it has come.
pub struct Purse {
    store: Store,
    block: u64,
    to_bob: Lane,
    to_alice: Lane,
}

struct Lane {
    direction: Direction,
    bytes: Zeroizing<Vec<u8>>,
    used: u64,
    marked: u64,
}

impl Lane {
    fn take(
        &mut self,
        store: &Store,
        block: u64,
        bytes: usize,
    ) -> Result<Zeroizing<Vec<u8>>, TagKeysSpent> {
        let from = usize::try_from(self.used).map_err(|_| TagKeysSpent)?;
        let to = from.checked_add(bytes).ok_or(TagKeysSpent)?;
        let taken = Zeroizing::new(self.bytes.get(from..to).ok_or(TagKeysSpent)?.to_vec());
        let end = to as u64;
        if end > self.marked {
            let mark = end.max(self.marked + STRIDE).min(self.bytes.len() as u64);
            let direction = self.direction;
            // Without a durable mark the key must not be used: a crash would bring it back.
            store
                .run_blocking(move |books| books.mark_tags(block, direction, mark))
                .map_err(|_| TagKeysSpent)?;
            self.marked = mark;
        }
        self.used = end;
        Ok(taken)
    }
}

impl Purse {
    /// The purse of a lease that the books hold. Blocks.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn open(store: &Store, lease: Lease) -> Result<Self, StoreError> {
        let block = lease.block;
        let read = move |books: &mut Books<'_>| -> Result<_, BookError> {
            let to_bob = books.purse_bytes(&lease.alice_to_bob)?;
            Ok((to_bob, books.purse_bytes(&lease.bob_to_alice)?))
        };
        let (to_bob, to_alice) = store.run_blocking(read)?;
        let lane = |direction, bytes| Lane { direction, bytes, used: 0, marked: 0 };
        Ok(Self {
            store: store.clone(),
            block,
            to_bob: lane(Direction::AliceToBob, to_bob),
            to_alice: lane(Direction::BobToAlice, to_alice),
        })
    }

    /// Ends the lease by what was used. Blocks.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn settle(self) -> Result<(), StoreError> {
        let (block, to_bob, to_alice) = (self.block, self.to_bob.used, self.to_alice.used);
        self.store.run_blocking(move |books| books.settle_lease(block, to_bob, to_alice))
    }
}

impl TagKeys for Purse {
    fn take(&mut self, way: Way, bytes: usize) -> Result<Zeroizing<Vec<u8>>, TagKeysSpent> {
        let lane = match way {
            Way::AliceToBob => &mut self.to_bob,
            Way::BobToAlice => &mut self.to_alice,
        };
        lane.take(&self.store, self.block, bytes)
    }
}
