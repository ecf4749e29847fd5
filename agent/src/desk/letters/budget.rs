//! How often strangers may have the key service asked for a key.

use crate::serve::Network;
use std::collections::HashMap;

/// Questions a minute for letters of all networks that turned out not to be authentic.
pub const LOOKUPS_A_MINUTE: u64 = 300;

/// Of these, for letters of one network.
pub const LOOKUPS_A_MINUTE_OF_ONE: u64 = 30;

const MINUTE_MS: u64 = 60_000;

/// So much of a minute is spent until this moment, in milliseconds since the Unix epoch: as a bucket that
/// leaks at an even pace and holds a minute's worth.
#[derive(Clone, Copy, Debug, Default)]
struct Spent(u64);

impl Spent {
    fn after(self, now: u64, rate: u64) -> Option<Self> {
        let cost = MINUTE_MS.checked_div(rate).unwrap_or(MINUTE_MS);
        let end = self.0.max(now).saturating_add(cost);
        (end.saturating_sub(now) <= MINUTE_MS).then_some(Self(end))
    }

    fn back(self, rate: u64) -> Self {
        Self(self.0.saturating_sub(MINUTE_MS.checked_div(rate).unwrap_or(MINUTE_MS)))
    }
}

/// What is left for strangers.
#[derive(Debug, Default)]
pub struct Budget {
    all: Spent,
    each: HashMap<Network, Spent>,
}

impl Budget {
    /// Takes one question for a network at this moment, in milliseconds since the Unix epoch, if one is left.
    pub fn take(&mut self, network: Network, now: u64) -> bool {
        self.each.retain(|_, spent| spent.0 > now);
        // A clock that was set back does not shut the door for longer than a minute.
        let latest = now.saturating_add(MINUTE_MS);
        for spent in self.each.values_mut().chain([&mut self.all]) {
            spent.0 = spent.0.min(latest);
        }
        let one = self.each.get(&network).copied().unwrap_or_default();
        let left = self.all.after(now, LOOKUPS_A_MINUTE);
        let (Some(all), Some(one)) = (left, one.after(now, LOOKUPS_A_MINUTE_OF_ONE)) else {
            return false;
        };
        self.all = all;
        self.each.insert(network, one);
        true
    }

    /// Gives one back: it was for a letter that is authentic.
    pub fn give_back(&mut self, network: Network) {
        self.all = self.all.back(LOOKUPS_A_MINUTE);
        if let Some(spent) = self.each.get_mut(&network) {
            *spent = spent.back(LOOKUPS_A_MINUTE_OF_ONE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    fn network(number: u64) -> Network {
        Network(IpAddr::V4(Ipv4Addr::from_bits(number as u32)))
    }

    #[test]
    fn a_network_and_all_of_them_have_so_many_questions_a_minute() {
        let mut budget = Budget::default();
        let now = 1_000_000;
        let mut took = 0;
        for stranger in 0..LOOKUPS_A_MINUTE / LOOKUPS_A_MINUTE_OF_ONE {
            for _ in 0..LOOKUPS_A_MINUTE_OF_ONE {
                assert!(budget.take(network(stranger), now));
                took += 1;
            }
            assert!(!budget.take(network(stranger), now));
        }
        assert_eq!(took, LOOKUPS_A_MINUTE);
        assert!(!budget.take(network(1_000), now), "none is left for anybody");
        // In a fifth of a second one more for all, and in two seconds one more for each.
        assert!(budget.take(network(1_000), now + 200));
        assert!(!budget.take(network(0), now + 400), "not yet for this one");
        assert!(budget.take(network(0), now + 2_000));
        // A minute later all is as it was, and nobody is remembered.
        let later = now + 2 * MINUTE_MS;
        assert!(budget.take(network(7), later));
        assert_eq!(budget.each.len(), 1);
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let mut budget = Budget::default();
        for _ in 0..10 * LOOKUPS_A_MINUTE {
            assert!(budget.take(network(1), 5));
            budget.give_back(network(1));
        }
        for _ in 0..LOOKUPS_A_MINUTE_OF_ONE {
            assert!(budget.take(network(1), 5));
        }
        assert!(!budget.take(network(1), 5));
    }

    #[test]
    fn a_clock_that_is_set_back_shuts_nobody_out_for_more_than_a_minute() {
        let mut budget = Budget::default();
        assert!(budget.take(network(1), 1_000_000_000));
        assert!(!budget.take(network(1), 5));
        assert!(budget.take(network(1), 5 + MINUTE_MS));
    }
}
