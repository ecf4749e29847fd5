//! What the work of this pallet weighs.

use frame_support::weights::Weight;

/// Measured weights of calls and of the steps of a slot's life.
pub trait WeightInfo {
    /// `place_order`; independent of the size of the book.
    fn place_order() -> Weight;
    /// `amend_order` where it makes a new order.
    fn amend_order() -> Weight;
    /// `cancel_order`.
    fn cancel_order() -> Weight;
    /// `set_terms`.
    fn set_terms() -> Weight;
    /// `set_windows`.
    fn set_windows() -> Weight;
    /// Looking at the market once a block.
    fn poll() -> Weight;
    /// Opening a slot.
    fn open_slot() -> Weight;
    /// Looking at a slot in flight, or ending it.
    fn visit_slot() -> Weight;
    /// Price discovery over `b` bid and `a` ask levels.
    fn discover(b: u32, a: u32) -> Weight;
    /// Pairing a bid with an ask, both placed by a grant, and closing both, without opening the trade.
    fn pair() -> Weight;
    /// Releasing an order that was not filled.
    fn release_order() -> Weight;
    /// `place_orders` of `n` orders.
    fn place_orders(n: u32) -> Weight;
    /// `set_standing_order`.
    fn set_standing_order() -> Weight;
    /// `end_standing_order`.
    fn end_standing_order() -> Weight;
    /// `announce`.
    fn announce() -> Weight;
    /// `withdraw_announcement` by another account of the owner who announced.
    fn withdraw_announcement() -> Weight;
    /// `set_leader_limits`.
    fn set_leader_limits() -> Weight;
    /// `grant` where there was none.
    fn grant() -> Weight;
    /// `revoke_grant`.
    fn revoke_grant() -> Weight;
    /// `place_orders_for` with `n` orders.
    fn place_orders_for(n: u32) -> Weight;
    /// `amend_order_for` where it makes a new order.
    fn amend_order_for() -> Weight;
    /// `cancel_order_for`.
    fn cancel_order_for() -> Weight;
    /// Renewing a standing order, or ending it after it failed.
    fn renew() -> Weight;
}

/// For tests.
#[cfg(test)]
impl WeightInfo for () {
    fn place_order() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn amend_order() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn cancel_order() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn set_terms() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn set_windows() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn poll() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn open_slot() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn visit_slot() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn discover(b: u32, a: u32) -> Weight {
        Weight::from_parts(1_000u64.saturating_mul(u64::from(b.saturating_add(a))), 0)
    }
    fn pair() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn release_order() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn place_orders(n: u32) -> Weight {
        Weight::from_parts(1_000u64.saturating_mul(u64::from(n)), 0)
    }
    fn set_standing_order() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn end_standing_order() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn announce() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn withdraw_announcement() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn set_leader_limits() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn grant() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn revoke_grant() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn place_orders_for(n: u32) -> Weight {
        Weight::from_parts(1_000u64.saturating_mul(u64::from(n)), 0)
    }
    fn amend_order_for() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn cancel_order_for() -> Weight {
        Weight::from_parts(1_000, 0)
    }
    fn renew() -> Weight {
        Weight::from_parts(1_000, 0)
    }
}
