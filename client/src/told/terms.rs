//! The market's terms.

use crate::{
    amounts,
    share::percent,
    terms::{LeaderLimits, PriceList},
};
use serde_json::{Value, json};

/// A price list, for programs.
pub fn list_in_json(list: &PriceList) -> Value {
    json!({
        "floor": amounts::json(list.floor.0),
        "cap": amounts::json(list.cap.0),
        "grid_fee": amounts::json(list.grid_fee.0),
        "tick": amounts::json(list.tick.0),
        "lot": list.lot.0,
        "least_order": list.least_order.0,
        "deposit_ppm": list.deposit_rate.deconstruct(),
    })
}

/// The limits of leaders, for programs.
pub fn limits_in_json(limits: &LeaderLimits) -> Value {
    json!({
        "least_share_ppm": limits.least_share.deconstruct(),
        "least_wh_per_key": limits.least_wh_per_key.0,
        "most_wh_per_key": limits.most_wh_per_key.0,
    })
}

/// The limits of leaders, in words.
pub fn limits_in_words(limits: &LeaderLimits) -> String {
    format!(
        "a leader admits {} of the keys at least, and {} to {} Wh a key; without one a slot takes one part in \
         as many as are open at once, and {} Wh a key",
        percent(limits.least_share.deconstruct()),
        limits.least_wh_per_key.0,
        limits.most_wh_per_key.0,
        limits.least_wh_per_key.0,
    )
}
