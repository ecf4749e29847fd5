//! What the council may tune, and from when on it holds.

use crate::{Config, Error, Event, Pallet, RuleChanges};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use qedex_primitives::{Calendar, Millis, Moment, Windows};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::Permill;

/// The shortest exclusion: one hour.
pub const MIN_EXCLUSION: Millis = 60 * 60 * 1_000;

/// The longest exclusion: 31 days.
pub const MAX_EXCLUSION: Millis = 31 * 24 * MIN_EXCLUSION;

/// The least and the largest share of honest sellers that may be assumed off-line.
pub const OFFLINE_SHARES: (Permill, Permill) =
    (Permill::from_percent(1), Permill::from_percent(50));

/// The most slots that a seller may default in before it is excluded.
pub const MAX_DEFAULTS: u32 = 100;

/// The most changes of the rules in the time from the opening of a gate to delivery, at its longest.
pub const MAX_RULE_CHANGES: u32 = 16;

/// The rules of settlement. A slot keeps those under which its gate opened.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct Rules {
    /// The share of honest sellers that are assumed off-line when a complaint calls on them: sets
    /// the bond of a complaint. From 1 % to 50 %.
    pub offline_share: Permill,
    /// In how many slots a seller may default before it is excluded, from 1 to 100.
    pub defaults_to_exclusion: u32,
    /// How long it is excluded, in milliseconds, from an hour to 31 days.
    pub exclusion: Millis,
}

impl Default for Rules {
    /// One seller in twenty off-line, excluded for a day at the second default.
    fn default() -> Self {
        Self {
            offline_share: Permill::from_percent(5),
            defaults_to_exclusion: 2,
            exclusion: 24 * MIN_EXCLUSION,
        }
    }
}

impl Rules {
    /// Whether each of them is in its range.
    pub fn is_valid(&self) -> bool {
        let (least, largest) = OFFLINE_SHARES;
        (least..=largest).contains(&self.offline_share)
            && (1..=MAX_DEFAULTS).contains(&self.defaults_to_exclusion)
            && (MIN_EXCLUSION..=MAX_EXCLUSION).contains(&self.exclusion)
    }
}

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
