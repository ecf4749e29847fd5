//! What the work of this pallet weighs.

use frame_support::weights::Weight;

/// Measured weights of calls and of the steps of the agenda.
pub trait WeightInfo {
    /// `commit`.
    fn commit() -> Weight;
    /// Opening a trade at clearing.
    fn open_trade() -> Weight;
    /// Looking at the agenda once a block: all books marked after an interruption, and struck
    /// off when they are settled.
    fn poll() -> Weight;
    /// Looking at a book, and ending it.
    fn visit_book() -> Weight;
    /// A trade at the freeze, settled at its worst.
    fn freeze_trade() -> Weight;
    /// A trade at the end of complaints, settled.
    fn close_trade() -> Weight;
}

/// For tests.
#[cfg(test)]
impl WeightInfo for () {
    fn commit() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn open_trade() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn poll() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn visit_book() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn freeze_trade() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn close_trade() -> Weight {
        Weight::from_parts(1_000, 0)
    }
}
