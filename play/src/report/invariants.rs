//! What must hold after a run.

use super::{CheatFigures, Run, SessionFigures, TradeFigures, keys};
use crate::books::SlotBooks;
use qedex_client::market::Account;
use std::collections::BTreeMap;

/// What must hold after a run, by name.
pub(super) fn invariants(
    run: &Run,
    books: &[SlotBooks],
    slots_cleared: usize,
    trades: &TradeFigures,
    cheats: &CheatFigures,
) -> BTreeMap<&'static str, bool> {
    let everywhere = |holds: fn(&SlotBooks) -> bool| books.iter().all(holds);
    let plays = |who: &Account| run.names.contains_key(who);
    let planned = books.iter().any(|slot| !slot.cheats.is_empty());
    // In which somebody listened, and nothing was traded.
    let closed = usize::from(run.keys.agreement.is_some());
    let mut invariants = BTreeMap::from([
        ("total_issuance_constant", run.issuance.0 == run.issuance.1),
        ("no_escrow_left_behind", run.still_held == 0),
        ("energy_sold_equals_energy_bought", everywhere(SlotBooks::energy_balances)),
        ("every_fill_inside_its_limit", everywhere(SlotBooks::fills_are_inside_limits)),
        ("every_planck_accounted_for", everywhere(SlotBooks::money_adds_up)),
        ("honest_lost_no_deposit", books.iter().all(|slot| slot.honest_lost_nothing(plays))),
        ("every_slot_cleared", slots_cleared.saturating_add(closed) >= run.slots),
        ("every_trade_settled", trades.settled == trades.opened),
        ("some_trade_settled", trades.settled > 0),
        ("no_transaction_failed", run.failed.is_empty()),
    ]);
    // A community told to be honest has no cheat to pay.
    if planned {
        // Where buyers pay the grid price, missing energy harms nobody and costs no deposit,
        // but it is not paid for either.
        let some = cheats.list.iter().any(|line| line.lost > 0);
        let all = cheats.list.iter().all(|line| line.lost > 0 || line.unpaid > 0);
        invariants.insert("cheats_paid", some && all);
    }
    invariants.extend(keys::invariants(&run.keys, books));
    invariants.extend(run.sessions.iter().flat_map(SessionFigures::invariants));
    invariants
}
