//! What has to move where, for slots to take what they take.

use super::{Flexible, MilliWh};
use std::collections::VecDeque;

/// Load that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// The place of the slot that it leaves.
    pub from: usize,
    /// The place of the slot that it comes to.
    pub to: usize,
    /// How much.
    pub energy: MilliWh,
}

/// The moves of the least energy by which every slot takes what it takes; `None` if a move is too large to
/// be told.
///
/// What does not stay goes in the order of its slots: the first part that moves to the first slot that takes.
/// That is possible exactly if, up to each slot, no less was taken than had to be and no more than could be.
/// Each of these conditions limits what may stay in some slots in a row. The first slot keeps as
/// much as it may, then the second, and so on: what an earlier slot keeps in place of a later one
/// stands in the way of nothing else.
pub fn fewest(parts: &[Flexible], taken: &[i128]) -> Option<Vec<Move>> {
    let stays = stays(parts, taken);
    let left = |of: i128, stays: &i128| of.saturating_sub(*stays);
    let mut leaving =
        parts.iter().zip(&stays).map(|(part, stays)| left(part.energy, stays)).enumerate();
    let mut coming = taken.iter().zip(&stays).map(|(taken, stays)| left(*taken, stays)).enumerate();
    let mut moves = Vec::new();
    let (mut from, mut to) = (leaving.next(), coming.next());
    while let (Some((source, leaves)), Some((target, comes))) = (from, to) {
        let energy = leaves.min(comes);
        if energy > 0 {
            let energy = MilliWh(energy.try_into().ok()?);
            moves.push(Move { from: source, to: target, energy });
        }
        from = Some((source, leaves.saturating_sub(energy))).filter(|(_, left)| *left > 0);
        from = from.or_else(|| leaving.next());
        to = Some((target, comes.saturating_sub(energy))).filter(|(_, left)| *left > 0);
        to = to.or_else(|| coming.next());
    }
    Some(moves)
}

/// What stays in the slots from `after` on and before `until` is at most `most`.
#[derive(Clone, Copy, Debug)]
struct Limit {
    after: usize,
    until: usize,
    most: i128,
}

/// How much of each part stays where it is.
fn stays(parts: &[Flexible], taken: &[i128]) -> Vec<i128> {
    let (due, released) = limits(parts, taken);
    let (mut due, mut released) = (Open::new(due), Open::new(released));
    // What stays before each slot.
    let mut before = vec![0_i128];
    let mut stays = Vec::with_capacity(parts.len());
    for (slot, (part, taken)) in parts.iter().zip(taken).enumerate() {
        let so_far = before.last().copied().unwrap_or_default();
        let mut until = so_far.saturating_add(part.energy.min(*taken));
        for open in [&mut due, &mut released] {
            until = until.min(open.bound(slot, &before).unwrap_or(until));
        }
        stays.push(until.saturating_sub(so_far));
        before.push(until);
    }
    stays
}

/// The limits on what stays that parts set which have to be done, and those that set which are not there yet;
/// both in order.
fn limits(parts: &[Flexible], taken: &[i128]) -> (Vec<Limit>, Vec<Limit>) {
    let (mut due, mut released) = (Vec::new(), Vec::new());
    let (mut ends, mut begins) = (parts.iter().peekable(), parts.iter().peekable());
    let (mut taken_so_far, mut due_so_far, mut released_so_far) = (0_i128, 0_i128, 0_i128);
    let (mut due_parts, mut released_parts) = (0_usize, 0_usize);
    for (slot, taken) in taken.iter().enumerate() {
        let next = slot.saturating_add(1);
        taken_so_far = taken_so_far.saturating_add(*taken);
        while let Some(part) = ends.next_if(|part| part.window.last <= slot) {
            due_so_far = due_so_far.saturating_add(part.energy);
            due_parts = due_parts.saturating_add(1);
        }
        while let Some(part) = begins.next_if(|part| part.window.first <= slot) {
            released_so_far = released_so_far.saturating_add(part.energy);
            released_parts = released_parts.saturating_add(1);
        }
        let most = taken_so_far.saturating_sub(due_so_far);
        due.push(Limit { after: due_parts, until: next, most });
        let most = released_so_far.saturating_sub(taken_so_far);
        released.push(Limit { after: next, until: released_parts, most });
    }
    (due, released)
}

/// The limits that a slot lies in, as slots go by.
#[derive(Debug)]
struct Open {
    coming: VecDeque<Limit>,
    /// Until where, and how much may stay before the slot's end; the tightest first.
    open: VecDeque<(usize, i128)>,
}

impl Open {
    fn new(limits: Vec<Limit>) -> Self {
        Self { coming: limits.into(), open: VecDeque::new() }
    }

    /// How much may stay in all slots up to `slot`, where so much stays `before` each.
    fn bound(&mut self, slot: usize, before: &[i128]) -> Option<i128> {
        while let Some(limit) = self.coming.front().copied().filter(|limit| limit.after <= slot) {
            self.coming.pop_front();
            let bound =
                before.get(limit.after).copied().unwrap_or_default().saturating_add(limit.most);
            while self.open.back().is_some_and(|(_, looser)| *looser >= bound) {
                self.open.pop_back();
            }
            self.open.push_back((limit.until, bound));
        }
        while self.open.front().is_some_and(|(until, _)| *until <= slot) {
            self.open.pop_front();
        }
        self.open.front().map(|(_, bound)| *bound)
    }
}
