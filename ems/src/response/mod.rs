//! Demand response: the least peak where a part of each slot's load may move (BC-ET-MF, 4.9, 6.7 and 6.8).
//!
//! ### Rules
//! - Of each slot's load at most the share F moves, rounded down to the milliwatt-hour, each part of it into
//!   one other slot that is in reach: at most so many slots away, or of the same day. Nothing is saved: the
//!   sum of the load stays.
//! - The peak is the largest load less generation of a slot. Of all plans the *flattest* is told, that of the
//!   least sum of squares of load less generation. It has the least peak, and of whatever convex cost
//!   a slot's import has, all alike, the least sum. Many plans have the least peak, and in most of them a
//!   hundred members move into the same slot.
//! - Among the ways to come to these loads, the one told moves the least energy.
//!
//! All of it is exact in whole milliwatt-hours; where a level is none, slots of it differ by one. Slots of equal cost need no price here; a tariff that
//! differs between slots is a plan of a site.
//!
//! Moving no more than the share F of each slot, nothing gets the peak-to-average ratio below `(1 - F)` times
//! what it was: [`par_ppm`] of a plan is never below that (docs/papers.md says what follows for the paper).

mod level;
mod moves;
#[cfg(test)]
mod tests;

pub use moves::Move;

/// Energy in thousandths of a watt-hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MilliWh(pub u64);

/// How far load may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach<'a> {
    /// At most so many slots, earlier or later.
    Slots(usize),
    /// Within its day: how many slots each day has, the days in a row.
    Days(&'a [usize]),
}

/// What may move.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Of each slot.
    pub load: &'a [MilliWh],
    /// What is generated in each slot and has no part in the peak; empty for none.
    pub generation: &'a [MilliWh],
    /// The largest share of a slot's load that moves, in parts per million.
    pub share_ppm: u32,
    /// How far.
    pub reach: Reach<'a>,
}

/// The flattest plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The load of each slot afterwards.
    pub load: Vec<MilliWh>,
    /// What moves, by the slot that it leaves.
    pub moves: Vec<Move>,
}

/// Why there is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// No slot.
    #[error("there is no slot")]
    NoSlot,
    /// More slots than [`MOST_SLOTS`].
    #[error("{0} slots are more than {MOST_SLOTS}")]
    TooLong(usize),
    /// Another number of slots.
    #[error("the generation has {generation} slots, and the load {load}")]
    Lengths {
        /// Of the load.
        load: usize,
        /// Of the generation.
        generation: usize,
    },
    /// More than everything.
    #[error("a share of {0} millionths is more than all")]
    Share(u32),
    /// Days of another length than the load.
    #[error("the days have {days} slots, and the load {load}")]
    Days {
        /// Of all days.
        days: usize,
        /// Of the load.
        load: usize,
    },
    /// A slot would have to hold more than [`MilliWh`] can tell.
    #[error("the load is too large to be computed with")]
    TooLarge,
}

/// The largest number of slots: three years of quarter-hours, and so few that no sum below overflows.
pub const MOST_SLOTS: usize = 1 << 17;

/// Parts of a whole share.
const WHOLE: u32 = 1_000_000;

/// The slots to which a slot's load may move, itself among them: from `first` to `last`. Neither comes
/// earlier for a later slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    first: usize,
    last: usize,
}

/// What of a slot's load may move, and where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Flexible {
    energy: i128,
    window: Window,
}

/// The flattest plan.
///
/// # Errors
/// If there is no slot or there are too many, if lengths differ, or the share is above one.
pub fn flattest(request: &Request<'_>) -> Result<Plan, Unfit> {
    let flexible = flexible(request)?;
    let energy = |slot: &MilliWh| i128::from(slot.0);
    let generation = request.generation.iter().map(energy).chain(std::iter::repeat(0));
    let stays = request.load.iter().zip(&flexible);
    let stays: Vec<i128> =
        stays.map(|(load, moves)| energy(load).saturating_sub(moves.energy)).collect();
    let fixed: Vec<i128> =
        stays.iter().zip(generation).map(|(stays, made)| stays.saturating_sub(made)).collect();
    let taken = level::fill(&fixed, &flexible);
    let load: Option<Vec<MilliWh>> = stays
        .iter()
        .zip(&taken)
        .map(|(stays, taken)| stays.saturating_add(*taken).try_into().ok().map(MilliWh))
        .collect();
    let load = load.ok_or(Unfit::TooLarge)?;
    let moves = moves::fewest(&flexible, &taken).ok_or(Unfit::TooLarge)?;
    Ok(Plan { load, moves })
}

/// Checks a request.
fn flexible(request: &Request<'_>) -> Result<Vec<Flexible>, Unfit> {
    let (load, generation) = (request.load.len(), request.generation.len());
    match load {
        0 => return Err(Unfit::NoSlot),
        _ if load > MOST_SLOTS => return Err(Unfit::TooLong(load)),
        _ if generation != 0 && generation != load => {
            return Err(Unfit::Lengths { load, generation });
        }
        _ => {}
    }
    if request.share_ppm > WHOLE {
        return Err(Unfit::Share(request.share_ppm));
    }
    let part = |slot: &MilliWh| {
        let part = u128::from(slot.0).saturating_mul(request.share_ppm.into());
        // At most the slot's load.
        i128::try_from(part.div_euclid(WHOLE.into())).unwrap_or_default()
    };
    let windows = windows(request.reach, load)?;
    let parts = request.load.iter().map(part);
    Ok(parts.zip(windows).map(|(energy, window)| Flexible { energy, window }).collect())
}

fn windows(reach: Reach<'_>, load: usize) -> Result<Vec<Window>, Unfit> {
    let end = load.saturating_sub(1);
    match reach {
        Reach::Slots(most) => {
            let window = |slot: usize| Window {
                first: slot.saturating_sub(most),
                last: slot.saturating_add(most).min(end),
            };
            Ok((0..load).map(window).collect())
        }
        Reach::Days(days) => {
            let mut windows = Vec::new();
            for day in days {
                let first = windows.len();
                let last = first.saturating_add(*day).min(load.saturating_add(1));
                windows.resize(last, Window { first, last: last.saturating_sub(1) });
            }
            let days = days.iter().fold(0_usize, |sum, day| sum.saturating_add(*day));
            if days == load { Ok(windows) } else { Err(Unfit::Days { days, load }) }
        }
    }
}

/// Load less generation of each slot, in milliwatt-hours: what is below zero flows out.
pub fn net(load: &[MilliWh], generation: &[MilliWh]) -> Vec<i128> {
    let generation = generation.iter().copied().chain(std::iter::repeat(MilliWh(0)));
    let net = load.iter().zip(generation);
    net.map(|(load, made)| i128::from(load.0).saturating_sub(made.0.into())).collect()
}

/// The peak-to-average ratio (BC-ET-MF, eq. 18) in parts per million, rounded down: `10^6 max n / sum`.
///
/// `None` where the sum is not above zero, or for more than [`MOST_SLOTS`].
pub fn par_ppm(net: &[i128]) -> Option<u128> {
    if net.len() > MOST_SLOTS {
        return None;
    }
    let slots = i128::try_from(net.len()).ok()?;
    let sum = net.iter().try_fold(0_i128, |sum, slot| sum.checked_add(*slot))?;
    let peak = net.iter().max()?.checked_mul(slots)?.checked_mul(WHOLE.into())?;
    (sum > 0).then(|| peak.checked_div(sum)?.try_into().ok()).flatten()
}
