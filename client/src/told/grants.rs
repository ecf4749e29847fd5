//! What principals let brokers do.

use crate::{amounts, grants::Grant, text::distance};
use qedex_math::PricePerKwh;
use serde_json::{Value, json};

/// A grant, for programs.
pub fn in_json(grant: &Grant) -> Value {
    let price = |price: Option<PricePerKwh>| price.map(|price| amounts::json(price.0));
    json!({
        "buy_up_to": price(grant.buy_up_to),
        "sell_from": price(grant.sell_from),
        "expires": grant.expires,
        "budget": amounts::json(grant.budget),
    })
}

/// A grant, in words.
pub fn in_words(grant: &Grant, now: u64) -> String {
    let buy = grant.buy_up_to.map(|price| format!("buy up to {}", amounts::price(price)));
    let sell = grant.sell_from.map(|price| format!("sell from {}", amounts::price(price)));
    let sides: Vec<_> = buy.into_iter().chain(sell).collect();
    let ends = if grant.expires > now { "which ends" } else { "which ended" };
    format!(
        "{}, for {} a slot, {ends} {}",
        sides.join(" and "),
        amounts::money(grant.budget),
        distance(grant.expires, now)
    )
}
