//! How many slots each validator gets.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// What every share keeps to, in whole slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// N: all slots to be given away.
    pub slots: u32,
    /// F: what everybody gets at least.
    pub floor: u32,
    /// M: what anybody gets at most.
    pub largest: u32,
}

/// Why slots cannot be given away under these limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApportionError {
    /// There is nobody to give them to.
    Nobody,
    /// The floors alone are more than all slots: `n F > N`.
    FloorTooHigh,
    /// The largest shares together are less than all slots: `M < ceil(N / n)`.
    LargestTooSmall,
}

impl Limits {
    /// Limits that can be kept with `claimants`: the largest share gives way first, up to
    /// `ceil(N / n)`, then the floor, down to `floor(N / n)`.
    #[must_use]
    pub fn relaxed(self, claimants: u32) -> Self {
        let claimants = claimants.max(1);
        Self {
            slots: self.slots,
            floor: self.floor.min(self.slots.checked_div(claimants).unwrap_or_default()),
            largest: self.largest.max(self.slots.div_ceil(claimants)),
        }
    }

    fn check(self, claimants: u32) -> Result<(), ApportionError> {
        if claimants == 0 {
            return Err(ApportionError::Nobody);
        }
        if u64::from(claimants).saturating_mul(self.floor.into()) > u64::from(self.slots) {
            return Err(ApportionError::FloorTooHigh);
        }
        if self.largest < self.slots.div_ceil(claimants) {
            return Err(ApportionError::LargestTooSmall);
        }
        Ok(())
    }
}

/// A scale factor as a fraction: slots over score.
#[derive(Clone, Copy)]
struct Scale {
    slots: u32,
    score: u64,
}

impl Scale {
    fn cmp(&self, other: &Self) -> Ordering {
        self.product(other.score).cmp(&other.product(self.score))
    }

    /// `slots * score`: below 2^96.
    fn product(&self, score: u64) -> u128 {
        u128::from(self.slots).saturating_mul(u128::from(score))
    }
}

/// Where the quota of one validator stands at some scale.
enum Quota {
    Floor,
    Between,
    Largest,
}

/// Where `scale * score` stands just above this scale.
fn quota(scale: Scale, score: u64, limits: Limits) -> Quota {
    let exact = scale.product(score);
    let bound = |slots: u32| u128::from(slots).saturating_mul(u128::from(scale.score));
    if score == 0 || exact < bound(limits.floor) {
        Quota::Floor
    } else if exact >= bound(limits.largest) {
        Quota::Largest
    } else {
        Quota::Between
    }
}

/// What is fixed and what is shared just above some scale.
#[derive(Clone, Copy, Default)]
struct Split {
    /// Slots that go to those at the floor and at the largest share.
    fixed: u64,
    /// The sum of all other scores.
    shared: u128,
}

fn split(scale: Scale, scores: &[u64], limits: Limits) -> Split {
    scores.iter().fold(Split::default(), |sum, score| {
        let fixed = match quota(scale, *score, limits) {
            Quota::Floor => limits.floor,
            Quota::Largest => limits.largest,
            Quota::Between => {
                let shared = sum.shared.saturating_add(u128::from(*score));
                return Split { shared, ..sum };
            }
        };
        let fixed = sum.fixed.saturating_add(fixed.into());
        Split { fixed, ..sum }
    })
}

/// Whether the quotas at this scale sum to at most all slots.
///
/// Scores are below 2^64 and slots below 2^32: nothing saturates with fewer than 2^31 validators.
fn fits(scale: Scale, scores: &[u64], limits: Limits) -> bool {
    let Split { fixed, shared } = split(scale, scores, limits);
    let Some(left) = u64::from(limits.slots).checked_sub(fixed) else {
        return false;
    };
    shared.saturating_mul(scale.slots.into())
        <= u128::from(left).saturating_mul(u128::from(scale.score))
}

/// Gives `limits.slots` slots to validators by their scores: how many each of them gets.
///
/// The quota of a validator is `clamp(lambda * score, F, M)` with the one lambda that makes all
/// quotas sum to N, an exact fraction; the quotas are rounded by largest remainder, and ties go to
/// the earlier position. So each share is within one slot of its quota, F and M are kept, and the
/// shares sum to N. Those without a score stay at F unless everybody with a score is at M; then,
/// and where nobody has a score, they share alike.
///
/// O(n log n) comparisons of fractions and as many passes as the binary logarithm of 2 n.
///
/// # Errors
///
/// Where the limits cannot be kept, see [`ApportionError`] and [`Limits::relaxed`].
pub fn apportion(scores: &[u64], limits: Limits) -> Result<Vec<u32>, ApportionError> {
    let claimants = u32::try_from(scores.len()).unwrap_or(u32::MAX);
    limits.check(claimants)?;
    // The quotas rise with lambda; they bend where one of them leaves F or reaches M.
    let mut bends: Vec<Scale> = scores
        .iter()
        .filter(|score| **score > 0)
        .flat_map(|score| {
            [limits.floor, limits.largest].map(|slots| Scale { slots, score: *score })
        })
        .collect();
    bends.sort_unstable_by(Scale::cmp);
    let fitting = bends.partition_point(|bend| fits(*bend, scores, limits));
    let last_fitting = fitting.checked_sub(1).and_then(|last| bends.get(last));
    let Some(scale) = last_fitting.copied() else {
        // Without any score there is no bend; with one, the first bend is at F and fits.
        return Ok(round(&alloc::vec![1; scores.len()], |_| Quota::Between, limits));
    };
    if fitting == bends.len() && split(scale, scores, limits).fixed < limits.slots.into() {
        // Everybody with a score is at M and slots are left: the others share them alike.
        let alike: Vec<u64> = scores.iter().map(|score| u64::from(*score == 0)).collect();
        let place = |score| match score {
            0 => Quota::Largest,
            _ => Quota::Between,
        };
        return Ok(round(&alike, place, limits));
    }
    Ok(round(scores, |score| quota(scale, score, limits), limits))
}

/// Gives the fixed shares, and shares the rest in proportion by largest remainder.
fn round(scores: &[u64], place: impl Fn(u64) -> Quota, limits: Limits) -> Vec<u32> {
    let mut left = u128::from(limits.slots);
    let mut shared = 0_u128;
    for score in scores {
        match place(*score) {
            Quota::Floor => left = left.saturating_sub(limits.floor.into()),
            Quota::Largest => left = left.saturating_sub(limits.largest.into()),
            Quota::Between => shared = shared.saturating_add(u128::from(*score)),
        }
    }
    let mut remainders = Vec::new();
    let mut unplaced = left;
    let mut shares: Vec<u32> = scores
        .iter()
        .enumerate()
        .map(|(position, score)| match place(*score) {
            Quota::Floor => limits.floor,
            Quota::Largest => limits.largest,
            Quota::Between => {
                let product = u128::from(*score).saturating_mul(left);
                let whole = product.checked_div(shared).unwrap_or_default();
                unplaced = unplaced.saturating_sub(whole);
                remainders.push((product.checked_rem(shared).unwrap_or_default(), position));
                u32::try_from(whole).unwrap_or(u32::MAX)
            }
        })
        .collect();
    // Largest remainder first, then the earlier position.
    remainders.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let unplaced = usize::try_from(unplaced).unwrap_or(usize::MAX);
    for (_, position) in remainders.into_iter().take(unplaced) {
        if let Some(share) = shares.get_mut(position) {
            *share = share.saturating_add(1);
        }
    }
    shares
}

#[cfg(test)]
mod tests;
