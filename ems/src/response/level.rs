//! The flattest load.
//!
//! Slots that hold some load already are filled up with energy, each part of which has a window of slots. As
//! windows neither begin nor end earlier for later parts, a filling is possible exactly if, of each run of
//! slots, the parts whose windows lie within it find room there. So the run whose slots have the most to bear,
//! `(what they hold + what has to go there) / slots`, is at that level in the flattest filling: it is made level
//! and taken out, and so on with the slots that are left, moved together (the method of Yao, Demers and
//! Shenker for the speed of a processor, 1995, with a load that is there before).
//!
//! A run is found in a few passes over the slots that are left, so that the time is that of slots times runs: a year of a
//! community's quarter-hours takes seconds, one in which each slot is a run of its own minutes.
//!
//! In whole units the levels of a run differ by one at most, and the sum of squares is the least of all fillings
//! in whole units: load could only move from a run to one taken out before it, which is no lower.

use super::Flexible;
use std::ops::Range;

/// What each slot takes, where it holds `fixed` already: of all ways to put every part into its window that
/// of the least sum of squares of the slots' totals. The parts come by their windows; a sum of them all times
/// their number squared must fit an `i128`.
pub fn fill(fixed: &[i128], parts: &[Flexible]) -> Vec<i128> {
    let mut slots: Vec<Slot> =
        fixed.iter().enumerate().map(|(at, holds)| Slot { at, holds: *holds }).collect();
    let mut parts: Vec<Part> = parts
        .iter()
        .map(|part| Part {
            energy: part.energy,
            window: part.window.first..part.window.last.saturating_add(1),
        })
        .collect();
    let mut taken: Vec<(usize, i128)> = Vec::with_capacity(slots.len());
    while let Some(run) = fullest(&slots, &parts) {
        let length = run.length();
        let mut until = 0;
        for (count, slot) in (1_i128..).zip(slots.drain(run.slots.clone())) {
            let before = until;
            until = run.total.saturating_mul(count).div_euclid(length);
            taken.push((slot.at, until.saturating_sub(before).saturating_sub(slot.holds)));
        }
        parts.retain_mut(|part| {
            let is_within =
                run.slots.start <= part.window.start && part.window.end <= run.slots.end;
            part.window = run.without(part.window.start)..run.without(part.window.end);
            !is_within
        });
    }
    taken.sort_unstable();
    taken.into_iter().map(|(_, energy)| energy).collect()
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Its place among all slots.
    at: usize,
    holds: i128,
}

#[derive(Clone, Debug)]
struct Part {
    energy: i128,
    /// Among the slots that are left.
    window: Range<usize>,
}

/// Slots in a row, and what they hold in the end.
#[derive(Clone, Debug)]
struct Run {
    slots: Range<usize>,
    total: i128,
}

impl Run {
    fn length(&self) -> i128 {
        as_i128(self.slots.len())
    }

    /// Where the slot at `place` is when this run is taken out.
    fn without(&self, place: usize) -> usize {
        place.saturating_sub(
            place.clamp(self.slots.start, self.slots.end).saturating_sub(self.slots.start),
        )
    }
}

fn as_i128(count: usize) -> i128 {
    i128::try_from(count).unwrap_or(i128::MAX)
}

/// Of one boundary between slots: what everything before it holds, with the parts that have to be before
/// it, and with those that could be.
#[derive(Clone, Copy, Debug)]
struct Boundary {
    least: i128,
    most: i128,
}

/// The run with the most to bear per slot; `None` without slots.
///
/// A run bears no less than its fullest slot holds. Above that, the run from `a` to `b` bears
/// `least(b) - most(a)`. The largest quotient is found by Dinkelbach's method: for the best one known, the run that is
/// most above it, as long as there is one.
fn fullest(slots: &[Slot], parts: &[Part]) -> Option<Run> {
    let (place, slot) = slots.iter().enumerate().max_by_key(|(_, slot)| slot.holds)?;
    let mut best = Run { slots: place..place.saturating_add(1), total: slot.holds };
    let boundaries = boundaries(slots, parts);
    while let Some(fuller) = above(&boundaries, &best) {
        best = fuller;
    }
    Some(best)
}

fn boundaries(slots: &[Slot], parts: &[Part]) -> Vec<Boundary> {
    let (mut due, mut released) = (parts.iter().peekable(), parts.iter().peekable());
    let (mut held, mut least, mut most) = (0_i128, 0_i128, 0_i128);
    let mut boundaries = Vec::with_capacity(slots.len().saturating_add(1));
    for place in 0..=slots.len() {
        while let Some(part) = due.next_if(|part| part.window.end <= place) {
            least = least.saturating_add(part.energy);
        }
        while let Some(part) = released.next_if(|part| part.window.start < place) {
            most = most.saturating_add(part.energy);
        }
        boundaries
            .push(Boundary { least: held.saturating_add(least), most: held.saturating_add(most) });
        held = held.saturating_add(slots.get(place).map_or(0, |slot| slot.holds));
    }
    boundaries
}

/// The run that is most above the level of `best`, if any is.
fn above(boundaries: &[Boundary], best: &Run) -> Option<Run> {
    let length = best.length();
    let rise = |place: usize| best.total.saturating_mul(as_i128(place));
    let mut start: Option<(i128, usize, i128)> = None;
    let mut fullest: Option<(i128, Run)> = None;
    for (place, boundary) in boundaries.iter().enumerate() {
        if let Some((lowest, from, most)) = start {
            let height = boundary.least.saturating_mul(length).saturating_sub(rise(place));
            let over = height.saturating_sub(lowest);
            if over > fullest.as_ref().map_or(0, |(over, _)| *over) {
                let total = boundary.least.saturating_sub(most);
                fullest = Some((over, Run { slots: from..place, total }));
            }
        }
        let height = boundary.most.saturating_mul(length).saturating_sub(rise(place));
        if start.is_none_or(|(lowest, ..)| height < lowest) {
            start = Some((height, place, boundary.most));
        }
    }
    fullest.map(|(_, run)| run)
}
