//! Orders, placed and refused.

use crate::{
    amounts,
    error::Refusal,
    market::{NewOrder, Side},
};
use serde_json::{Value, json};

/// The name of a side.
pub const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Bid => "bid",
        Side::Ask => "ask",
    }
}

/// An order that was refused, for programs.
pub fn refused_as_json((order, refusal): &(NewOrder, Refusal)) -> Value {
    json!({
        "side": side_name(order.side),
        "price_per_kwh": amounts::json(order.limit.0),
        "wh": order.energy.0,
        "error": refusal,
    })
}

/// An order that was refused, in words.
pub fn refused_in_words((order, refusal): &(NewOrder, Refusal)) -> String {
    let (energy, price) = (amounts::energy(order.energy), amounts::price(order.limit));
    format!("{} of {energy} at {price}: {refusal}", side_name(order.side))
}
