//! In which order the slots come.

use alloc::vec::Vec;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};

/// The smallest cap on consecutive slots of one author that these shares can keep, at least 1:
/// with m the largest share, its runs stand between the slots of the others, so that
/// `m <= cap * (others + 1)`.
pub fn least_run(shares: &[u32]) -> u32 {
    let all: u64 = shares.iter().map(|share| u64::from(*share)).sum();
    let largest = u64::from(shares.iter().copied().max().unwrap_or_default());
    let gaps = all.saturating_sub(largest).saturating_add(1);
    u32::try_from(largest.div_ceil(gaps)).unwrap_or(u32::MAX).max(1)
}

/// A number below `bound`, each with the same probability; 0 if `bound` is 0.
fn below(rng: &mut impl RngCore, bound: u64) -> u64 {
    // What lies beyond the last whole multiple of the bound is drawn again: it would favour the
    // small numbers. A draw is refused with a probability below one half.
    let Some(excess) = u64::MAX.checked_rem(bound) else {
        return 0;
    };
    let last = u64::MAX.saturating_sub(excess);
    loop {
        let drawn = rng.next_u64();
        if drawn < last {
            return drawn.checked_rem(bound).unwrap_or_default();
        }
    }
}

/// Puts slots in an order drawn from `seed`: the author of each slot, as a position in `shares`.
///
/// Position `i` comes exactly `shares[i]` times, whatever the seed. Nobody comes more than
/// `max_run` times in a row, or, where the shares do not permit that, more than [`least_run`]
/// times. The cap holds within the list, which a session runs through once; nothing is promised
/// across its two ends. Without a cap that binds, every order of the slots is equally probable.
///
/// O(N n) for N slots of n authors. The draws are those of ChaCha with 8 rounds.
pub fn arrange(shares: &[u32], max_run: u32, seed: &[u8; 32]) -> Vec<u32> {
    let cap = max_run.max(least_run(shares));
    let mut rng = ChaCha8Rng::from_seed(*seed);
    let mut left: Vec<u32> = shares.to_vec();
    let mut all: u64 = left.iter().map(|share| u64::from(*share)).sum();
    let mut order = Vec::with_capacity(usize::try_from(all).unwrap_or_default());
    let (mut last, mut run) = (usize::MAX, 0_u32);
    while all > 0 {
        let Some(author) = next(&left, all, cap, (last, run), &mut rng) else {
            break;
        };
        if let Some(share) = left.get_mut(author) {
            *share = share.saturating_sub(1);
        }
        all = all.saturating_sub(1);
        run = if author == last { run.saturating_add(1) } else { 1 };
        last = author;
        order.push(u32::try_from(author).unwrap_or(u32::MAX));
    }
    order
}

/// The author of the next slot.
///
/// Whoever has more slots left than fit between all others' comes now, or could not be placed
/// within the cap any more; by induction that is never whoever has just reached the cap. There is
/// at most one such, because it has more than half of what is left.
fn next(
    left: &[u32],
    all: u64,
    cap: u32,
    (last, run): (usize, u32),
    rng: &mut impl RngCore,
) -> Option<usize> {
    let urgent = left.iter().position(|share| {
        let share = u64::from(*share);
        share > all.saturating_sub(share).saturating_mul(cap.into())
    });
    if urgent.is_some() {
        return urgent;
    }
    let may = |author: usize| author != last || run < cap;
    let barred = if may(last) { 0 } else { left.get(last).copied().unwrap_or_default() };
    let mut drawn = below(rng, all.saturating_sub(barred.into()));
    left.iter().enumerate().find_map(|(author, share)| {
        if !may(author) {
            return None;
        }
        match drawn.checked_sub((*share).into()) {
            Some(rest) => {
                drawn = rest;
                None
            }
            None => Some(author),
        }
    })
}

#[cfg(test)]
mod tests;
