//! What the council may tune, and from when on it holds.

use crate::{Config, Error, Event, Pallet, RuleChanges, Rules};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use qedex_primitives::{Calendar, Deposits, Moment, Windows};

/// The most changes of the rules in the time from the opening of a gate to delivery, at its longest.
pub const MAX_RULE_CHANGES: u32 = 16;

impl<T: Config> Pallet<T> {
    /// The rules for a slot whose gate opened at `moment`.
    pub fn rules_at(moment: Moment) -> Rules {
        let changes = RuleChanges::<T>::get();
        let in_force = changes.iter().rev().find(|(since, _)| *since <= moment);
        // Whatever is older than all changes on record has the oldest of them.
        in_force.or(changes.first()).map_or_else(Rules::default, |(_, rules)| *rules)
    }

    /// Lets `rules` hold for all slots whose gate opens from now on.
    pub(crate) fn change_rules(rules: Rules) -> DispatchResult {
        ensure!(rules.is_valid(), Error::<T>::InvalidRules);
        ensure!(T::Deposits::cover(rules.shortfall_fee), Error::<T>::DepositsTooSmall);
        let now = T::Calendar::now();
        let span = T::Calendar::slot_length().saturating_mul(u64::from(Windows::MAX_SPAN));
        let horizon = now.saturating_sub(span);
        RuleChanges::<T>::try_mutate(|changes| {
            // Of those that no gate opened after, the latest still holds.
            while changes.get(1).is_some_and(|(since, _)| *since <= horizon) {
                changes.remove(0);
            }
            if changes.last().is_some_and(|(since, _)| *since == now) {
                changes.pop();
            }
            changes.try_push((now, rules)).map_err(|_| Error::<T>::TooManyChanges)
        })?;
        Self::deposit_event(Event::RulesChanged { rules });
        Ok(())
    }
}
