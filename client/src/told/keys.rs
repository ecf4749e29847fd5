//! The ledger of keys.

use crate::{
    ledger::{EndView, KeyLedger, KeyRules},
    share::percent,
};

/// By what rules keys bound the market, in words.
pub fn rules_in_words(rules: &KeyRules) -> String {
    let bound = if rules.bound {
        "keys that are reported bound the market"
    } else {
        "keys do not bound the market: each slot has the council's allotment, with no key behind it"
    };
    format!(
        "{bound}; its share of each link {}, quorum {}, reports count for {} epochs after their own",
        percent(rules.market_share.deconstruct()),
        rules.quorum,
        rules.stale_after,
    )
}

/// The ledger as a whole, in words.
pub fn in_words(ledger: &KeyLedger) -> String {
    format!(
        "epoch {}: {}\na slot whose gate opened now would find {} keys; {} are promised, {} of them used",
        ledger.epoch,
        rules_in_words(&ledger.rules),
        ledger.available,
        ledger.promised,
        ledger.used,
    )
}

/// What is said of an end of a link, in words.
pub fn end_in_words(end: Option<&EndView>) -> String {
    end.map_or("gone".to_owned(), |end| {
        let health = if end.healthy { "" } else { ", not healthy" };
        format!("{} of {}, by {}{health}", end.stored, end.made, end.reporters)
    })
}
