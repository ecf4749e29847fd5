//! The community whose quarter-hours are played: what each participant's meter sees.
//!
//! ### Rules
//! - Load is the profile's value times the load's peak power times a quarter of an hour, and
//!   generation likewise from the plant's peak power. Each is rounded to the nearest whole
//!   watt-hour, halves up, in integer arithmetic.
//! - Own generation serves own load first. What remains charges the participant's battery,
//!   and what is missing discharges it: at most a quarter-hour at half its capacity per hour
//!   (0.5 C) either way, without losses, between empty and full. Every battery is empty
//!   at the beginning of the data's week and is followed from there, so that its charge is
//!   right wherever play begins.
//! - The meter sits at the grid connection, behind plant, load and battery. What leaves
//!   there is *generated*, the participant's surplus; what enters is *consumed*, its deficit.
//!   In one quarter-hour it is one or the other.
//! - What the community could trade within itself in a quarter-hour is the lesser of the sum
//!   of all surplus and the sum of all deficit, before any rounding to lots.

mod data;
pub mod decimal;
mod time;

pub use data::{Participant, Week};
pub use time::Start;

use qedex_math::Wh;
use std::path::Path;

/// Why the community's data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file is missing or cannot be read.
    #[error("the community's data: cannot read {path}: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        reason: std::io::Error,
    },
    /// A file does not say what it should.
    #[error("the community's data: {file}, line {line}: {what}")]
    Malformed {
        /// The file.
        file: String,
        /// Its line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A participant names a column that a week does not have.
    #[error("the community's data: {participant} follows profile {profile}, which is missing")]
    UnknownProfile {
        /// Who.
        participant: String,
        /// The column.
        profile: String,
    },
    /// Play would leave the data.
    #[error("no data for {slots} quarter-hours from {from}; the weeks are {weeks}")]
    OutOfRange {
        /// Where play was to begin.
        from: String,
        /// How long it was to last.
        slots: usize,
        /// What there is.
        weeks: String,
    },
}

impl DataError {
    fn malformed(file: &str, line: usize, what: impl ToString) -> Self {
        Self::Malformed { file: file.to_owned(), line, what: what.to_string() }
    }
}

/// What a participant's meter sees in one quarter-hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// What leaves through the grid connection: the surplus.
    pub generated: Wh,
    /// What enters through it: the deficit.
    pub consumed: Wh,
}

/// One quarter-hour of the community.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarterHour {
    /// Local time at its beginning.
    pub time: String,
    /// Per participant, in their order.
    pub flows: Vec<Flow>,
}

impl QuarterHour {
    /// The sum of all surplus.
    pub fn surplus(&self) -> Wh {
        self.flows.iter().fold(Wh::ZERO, |sum, flow| sum.saturating_add(flow.generated))
    }

    /// The sum of all deficit.
    pub fn deficit(&self) -> Wh {
        self.flows.iter().fold(Wh::ZERO, |sum, flow| sum.saturating_add(flow.consumed))
    }

    /// What could be traded within the community.
    pub fn tradable(&self) -> Wh {
        self.surplus().min(self.deficit())
    }
}

/// The participants and the weeks for which their profiles are known.
#[derive(Clone, Debug)]
pub struct Community {
    /// Who takes part.
    pub participants: Vec<Participant>,
    weeks: Vec<Week>,
}

impl Community {
    /// Reads the community from `directory`, or as built in.
    pub fn load(directory: Option<&Path>) -> Result<Self, DataError> {
        let participants = data::participants(directory)?;
        let weeks = data::weeks(directory, &participants)?;
        Ok(Self { participants, weeks })
    }

    /// The `slots` quarter-hours from `from` on, batteries followed from the week's beginning.
    pub fn quarter_hours(&self, from: &Start, slots: usize) -> Result<Vec<QuarterHour>, DataError> {
        let out_of_range = || DataError::OutOfRange {
            from: from.to_string(),
            slots,
            weeks: self.describe_weeks(),
        };
        let (week, first) = self
            .weeks
            .iter()
            .find_map(|week| {
                let first = week.times.iter().position(|time| *time == from.to_string())?;
                Some((week, first))
            })
            .ok_or_else(out_of_range)?;
        let end = first.checked_add(slots).filter(|end| *end <= week.times.len());
        let end = end.ok_or_else(out_of_range)?;
        let mut all = self.simulate(week, true)?;
        Ok(all.drain(first..end).collect())
    }

    /// The quarter-hours of every week there is, batteries followed from each week's beginning.
    pub fn whole_weeks(&self) -> Result<Vec<Vec<QuarterHour>>, DataError> {
        let each = self.weeks.iter();
        each.map(|week| self.simulate(week, true)).collect()
    }

    /// Every quarter-hour of `week`, with or without the batteries.
    fn simulate(&self, week: &Week, batteries: bool) -> Result<Vec<QuarterHour>, DataError> {
        let mut all: Vec<QuarterHour> = week
            .times
            .iter()
            .map(|time| QuarterHour { time: time.clone(), flows: Vec::new() })
            .collect();
        for participant in &self.participants {
            let column = |profile: &String| {
                week.profiles.get(profile).ok_or_else(|| DataError::UnknownProfile {
                    participant: participant.name.clone(),
                    profile: profile.clone(),
                })
            };
            let load = column(&participant.load_profile)?;
            let pv = participant.pv_profile.as_ref().map(column).transpose()?;
            let mut battery = Battery::new(if batteries { participant.battery_wh } else { 0 });
            for (row, (quarter_hour, load)) in all.iter_mut().zip(load).enumerate() {
                let load = energy(*load, participant.load_peak_w);
                let pv = pv.and_then(|pv| pv.get(row)).copied().unwrap_or_default();
                let pv = energy(pv, participant.pv_peak_w);
                let own = pv.min(load);
                let surplus = battery.charge(pv.saturating_sub(own));
                let deficit = battery.discharge(load.saturating_sub(own));
                quarter_hour.flows.push(Flow { generated: Wh(surplus), consumed: Wh(deficit) });
            }
        }
        Ok(all)
    }

    fn describe_weeks(&self) -> String {
        let span = |week: &Week| match (week.times.first(), week.times.last()) {
            (Some(first), Some(last)) => format!("{first} to {last}"),
            _ => "empty".to_owned(),
        };
        self.weeks.iter().map(span).collect::<Vec<_>>().join(" and ")
    }
}

/// Energy in Wh of a quarter-hour at `ppm` millionths of `watts`, rounded half up.
fn energy(ppm: u64, watts: u64) -> u64 {
    /// Millionths times quarter-hours in an hour.
    const PER_WH: u64 = 4_000_000;
    ppm.saturating_mul(watts).saturating_add(PER_WH / 2) / PER_WH
}

/// A battery of plain self-consumption.
struct Battery {
    capacity: u64,
    charge: u64,
    /// The most that flows either way in a quarter-hour.
    limit: u64,
}

impl Battery {
    /// An empty battery. Half its capacity per hour is an eighth of it per quarter-hour.
    fn new(capacity: u64) -> Self {
        Self { capacity, charge: 0, limit: capacity / 8 }
    }

    /// Takes what it can of `surplus` and gives back the rest.
    fn charge(&mut self, surplus: u64) -> u64 {
        let taken = surplus.min(self.limit).min(self.capacity.saturating_sub(self.charge));
        self.charge = self.charge.saturating_add(taken);
        surplus.saturating_sub(taken)
    }

    /// Serves what it can of `deficit` and gives back the rest.
    fn discharge(&mut self, deficit: u64) -> u64 {
        let given = deficit.min(self.limit).min(self.charge);
        self.charge = self.charge.saturating_sub(given);
        deficit.saturating_sub(given)
    }
}

impl Participant {
    /// The rated capacity to register for its meter: the most that plant or load can move
    /// in a quarter-hour, rounded up.
    pub fn meter_capacity(&self) -> Wh {
        Wh(self.pv_peak_w.max(self.load_peak_w).div_ceil(4).max(1))
    }
}

#[cfg(test)]
mod tests;
