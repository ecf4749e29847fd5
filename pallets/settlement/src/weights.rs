//! What the work of this pallet weighs.

use frame_support::weights::Weight;

/// Measured weights of calls and of the steps of the agenda.
pub trait WeightInfo {
    /// `commit`.
    fn commit() -> Weight;
    /// `acknowledge`, of the last trade of a slot.
    fn acknowledge() -> Weight;
    /// `complain`, about `n` trades of a seller.
    fn complain(n: u32) -> Weight;
    /// `reveal`, without the audit of the bill; `n` readings are hashed.
    fn reveal(n: u32) -> Weight;
    /// `set_rules`.
    fn set_rules() -> Weight;
    /// `set_paused`.
    fn set_paused() -> Weight;
    /// Opening a trade at clearing.
    fn open_trade() -> Weight;
    /// Looking at the agenda once a block: all books marked after an interruption, and struck
    /// off when they are settled.
    fn poll() -> Weight;
    /// Looking at a book, and ending it.
    fn visit_book() -> Weight;
    /// A trade at the freeze, settled at its worst, its seller not excluded.
    fn freeze_trade() -> Weight;
    /// The exclusion of a seller.
    fn exclude() -> Weight;
    /// A trade at the end of the slot, settled at its worst, its seller not excluded.
    fn close_trade() -> Weight;
}

/// For tests.
#[cfg(test)]
impl WeightInfo for () {
    fn commit() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn acknowledge() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn complain(n: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(n), 0)
    }
    fn set_rules() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn set_paused() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn reveal(_: u32) -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn exclude() -> Weight {
        Weight::from_parts(100, 0)
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
