//! How many keys a delivery slot gets, and how many it should (docs/design.md, section 5).
//!
//! The leader leads by quantity: it admits a share of the keys that are available when a slot's gate
//! opens, at least the council's share and at least one key; the rest stays for later slots. A key
//! that is admitted and not used is available again.
//!
//! What is best follows from what the keys of each slot are worth, by the expected demand curves, and
//! from how many keys come in. With `p` keys available for slot `t`,
//!
//! ```text
//! V_t(p) = max over m of  w_t(u) + V_(t+1)(min(C, p - u + income_(t+1))),   u = min(m, demand_t),
//! ```
//!
//! over the `m` from the least admission to `p`, where `w_t(u)` is what the `u` best keys of the slot
//! are worth together, and `C` how many keys the pool holds: what comes in beyond is lost. That is solved
//! backwards, exactly.

#[cfg(test)]
mod tests;

use crate::{
    PricePerKwh, Wh,
    clearing::{Level, greedy_in_steps},
};
use alloc::{vec, vec::Vec};

/// The most keys with which [`policy`] and [`plan`] compute: of those that are there and all that come in,
/// as many as the pool holds.
pub const MAX_KEYS: u64 = 4_096;

/// How many of `available` keys are admitted by a share in parts per million, where at least
/// `least_ppm` must be: the larger of both, rounded down, but one key at least, if there is any.
pub fn keys(available: u64, share_ppm: u32, least_ppm: u32) -> u64 {
    let ppm = u128::from(share_ppm.max(least_ppm));
    let share = u128::from(available).saturating_mul(ppm).checked_div(1_000_000);
    let share = share.and_then(|keys| u64::try_from(keys).ok()).unwrap_or(available);
    share.max(1).min(available)
}

/// The least share in parts per million that admits `keys` of `available`.
pub fn share_of(keys: u64, available: u64) -> u32 {
    let ppm = u128::from(keys).saturating_mul(1_000_000);
    let share = ppm.checked_add(u128::from(available).saturating_sub(1));
    let share = share.and_then(|sum| sum.checked_div(available.into())).unwrap_or(0);
    u32::try_from(share.min(1_000_000)).unwrap_or(1_000_000)
}

/// A part of a slot's expected demand curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What a kWh is worth here: what a buyer would pay for it more than a seller wants and the grid
    /// takes.
    pub worth: PricePerKwh,
    /// How much energy is worth that.
    pub energy: Wh,
}

/// What the energy of a book is worth: by how much bid exceeds ask and `grid_fee`, in the order in which it
/// is traded where keys do not bind, the best first. Bids come by price descending, asks ascending. What is
/// worth nothing is left out.
pub fn curve(bids: &[Level], asks: &[Level], grid_fee: PricePerKwh) -> Vec<Step> {
    let mut curve: Vec<Step> = Vec::new();
    greedy_in_steps(bids, asks, grid_fee, Wh(u64::MAX), |gain, energy| {
        let worth = gain.saturating_sub(grid_fee);
        match curve.last_mut() {
            _ if worth.0 == 0 => {}
            Some(last) if last.worth == worth => last.energy = last.energy.saturating_add(energy),
            _ => curve.push(Step { worth, energy }),
        }
    });
    curve
}

/// What each key is worth, the best first, in plancks per kWh times Wh, if it covers `wh_per_key`: the
/// curve is cut into keys, the last of which may be filled in part. At most [`MAX_KEYS`] of them.
/// Nothing where a key covers nothing.
pub fn key_worths(curve: &[Step], wh_per_key: Wh) -> Vec<u128> {
    let mut steps: Vec<Step> = curve.iter().copied().filter(|step| step.worth.0 > 0).collect();
    steps.sort_by_key(|step| core::cmp::Reverse(step.worth));
    let mut worths = Vec::new();
    let (mut worth, mut room) = (0u128, wh_per_key.0);
    for step in steps {
        let mut left = step.energy.0;
        while left > 0 && room > 0 && (worths.len() as u64) < MAX_KEYS {
            let part = left.min(room);
            worth = worth.saturating_add(step.worth.0.saturating_mul(part.into()));
            left = left.saturating_sub(part);
            room = room.saturating_sub(part);
            if room == 0 {
                worths.push(worth);
                (worth, room) = (0, wh_per_key.0);
            }
        }
    }
    if worth > 0 && (worths.len() as u64) < MAX_KEYS {
        worths.push(worth);
    }
    worths
}

/// A slot to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coming {
    /// How many keys come in before its gate opens.
    pub income: u64,
    /// What each key is worth in it, the best first; further ones are not used.
    pub worths: Vec<u128>,
}

impl Coming {
    /// How many of the admitted keys are used.
    fn used(&self, admitted: u64) -> u64 {
        admitted.min(self.worths.len() as u64)
    }

    /// What the keys used are worth together.
    fn worth(&self, used: u64) -> u128 {
        let used = usize::try_from(used).unwrap_or(usize::MAX);
        self.worths.iter().take(used).fold(0, |sum, worth| sum.saturating_add(*worth))
    }
}

/// What one slot is to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Keys that are available when its gate opens.
    pub available: u64,
    /// Keys that are admitted.
    pub admitted: u64,
    /// Keys that it uses.
    pub used: u64,
    /// What they are worth together.
    pub worth: u128,
}

/// The keys of which slots get theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// How many are there now.
    pub keys: u64,
    /// How many it holds: what comes in beyond is lost.
    pub capacity: u64,
}

impl Pool {
    /// What is there once `income` came in on top of `left`.
    fn with(self, left: u64, income: u64) -> u64 {
        left.saturating_add(income).min(self.capacity)
    }
}

/// What comes of admitting in each slot what `rule` says of the slot's place in the list and of the
/// keys that are available then.
pub fn follow(
    pool: Pool,
    slots: &[Coming],
    mut rule: impl FnMut(usize, u64) -> u64,
) -> Vec<Planned> {
    let mut left = pool.keys;
    let mut planned = Vec::with_capacity(slots.len());
    for (place, slot) in slots.iter().enumerate() {
        let available = pool.with(left, slot.income);
        let admitted = rule(place, available).min(available);
        let used = slot.used(admitted);
        left = available.saturating_sub(used);
        planned.push(Planned { available, admitted, used, worth: slot.worth(used) });
    }
    planned
}

/// How many keys to admit in each of some slots, by the keys that are available then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    choices: Vec<Vec<u64>>,
}

impl Policy {
    /// How many of `available` keys to admit in the slot at `place`; all of them where more are available
    /// than there could be by what it was made of.
    pub fn admit(&self, place: usize, available: u64) -> u64 {
        let choice =
            usize::try_from(available).ok().and_then(|keys| self.choices.get(place)?.get(keys));
        choice.copied().unwrap_or(available)
    }
}

/// How many keys to admit in each of the coming slots so that all together are worth most, whatever is
/// available then; of several numbers that are worth the same, the least. `None` if there are more than
/// [`MAX_KEYS`].
pub fn policy(pool: Pool, slots: &[Coming], least_ppm: u32) -> Option<Policy> {
    let mut most = pool.keys;
    let mut reach = Vec::with_capacity(slots.len());
    for slot in slots {
        most = Some(pool.with(most, slot.income)).filter(|keys| *keys <= MAX_KEYS)?;
        reach.push(most);
    }
    // What later slots are worth by the keys left.
    let mut later = vec![0u128; usize::try_from(most.min(MAX_KEYS)).ok()?.checked_add(1)?];
    let mut choices = Vec::with_capacity(slots.len());
    let mut income_after = 0u64;
    for (slot, reach) in slots.iter().zip(reach).rev() {
        let mut sums = vec![0u128];
        for worth in &slot.worths {
            let last = sums.last().copied().unwrap_or_default();
            sums.push(last.saturating_add(*worth));
        }
        let after = |left: u64| -> u128 {
            let keys = usize::try_from(pool.with(left, income_after)).unwrap_or(usize::MAX);
            later.get(keys).copied().unwrap_or_default()
        };
        let mut here = Vec::new();
        let mut choice = Vec::new();
        for available in 0..=reach {
            let least = keys(available, 0, least_ppm);
            let highest = slot.used(available).max(least);
            let mut best = (0u128, least);
            for admitted in least..=highest {
                let used = slot.used(admitted);
                let now = usize::try_from(used).ok().and_then(|used| sums.get(used).copied());
                let worth =
                    now.unwrap_or_default().saturating_add(after(available.saturating_sub(used)));
                if admitted == least || worth > best.0 {
                    best = (worth, admitted);
                }
            }
            here.push(best.0);
            choice.push(best.1);
        }
        later = here;
        income_after = slot.income;
        choices.push(choice);
    }
    choices.reverse();
    Some(Policy { choices })
}

/// What comes of following the [`policy`]: of several ways that are worth the same, the one that admits less
/// in the first slot in which they differ. `None` if there are more than [`MAX_KEYS`].
pub fn plan(pool: Pool, slots: &[Coming], least_ppm: u32) -> Option<Vec<Planned>> {
    let policy = policy(pool, slots, least_ppm)?;
    Some(follow(pool, slots, |place, available| policy.admit(place, available)))
}

/// What all slots are worth together.
pub fn total(planned: &[Planned]) -> u128 {
    planned.iter().fold(0, |sum, slot| sum.saturating_add(slot.worth))
}
