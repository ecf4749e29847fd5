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
mod time;

use data::PEAK;
pub use data::{Participant, Week};
pub use qedex_tables::Zone;
pub use time::Start;

use qedex_math::Wh;
use qedex_tables::Moment;
use std::path::Path;

/// Why the community's data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The directory is missing or cannot be read.
    #[error("the community's data: cannot read {path}: {reason}")]
    Unreadable {
        /// The directory.
        path: String,
        /// What the system says.
        reason: std::io::Error,
    },
    /// A file does not say what it should.
    #[error("the community's data: {0}")]
    Table(#[from] qedex_tables::Error),
    /// The files do not make up a community.
    #[error("the community's data: {place}: {what}")]
    Files {
        /// The directory.
        place: String,
        /// What is wrong.
        what: String,
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
    /// Local time at its beginning, with the offset that the data gives it.
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
    /// Reads the community from `directory`, or as built in. Times without an offset are local ones of
    /// `zone`, or of the zone that the data declares.
    pub fn load(directory: Option<&Path>, zone: Option<&Zone>) -> Result<Self, DataError> {
        let (participants, weeks) = data::read(directory, zone)?;
        Ok(Self { participants, weeks })
    }

    /// The `slots` quarter-hours from `from` on, or from the beginning of the latest week; batteries followed from the
    /// week's beginning.
    pub fn quarter_hours(
        &self,
        from: Option<&Start>,
        slots: usize,
    ) -> Result<Vec<QuarterHour>, DataError> {
        let out_of_range = || DataError::OutOfRange {
            from: from.map_or("the beginning".to_owned(), Start::to_string),
            slots,
            weeks: self.describe_weeks(),
        };
        let (week, first) = match from {
            None => (self.weeks.first().ok_or_else(out_of_range)?, 0),
            Some(from) => self.find(from)?.ok_or_else(out_of_range)?,
        };
        let end = first.checked_add(slots).filter(|end| *end <= week.times.len());
        let end = end.ok_or_else(out_of_range)?;
        let mut all = self.simulate(week, true);
        Ok(all.drain(first..end).collect())
    }

    /// The week and the place in it that `from` means. A time without a day is one of the latest week's first.
    fn find(&self, from: &Start) -> Result<Option<(&Week, usize)>, DataError> {
        let latest = self.weeks.first().and_then(|week| week.times.first());
        let is_meant = |time: &Moment| match from {
            Start::Day(named) => time.is(named),
            Start::FirstDay(named) => {
                time.time_of_day() == *named && latest.is_some_and(|day| time.is_on_day_of(day))
            }
        };
        let mut found = self.weeks.iter().flat_map(|week| {
            let places = week.times.iter().enumerate().filter(|(_, time)| is_meant(time));
            places.map(move |(place, _)| (week, place))
        });
        match (found.next(), found.next()) {
            (Some((week, _)), Some(_)) => Err(DataError::Files {
                place: week.file.clone(),
                what: format!("{from} occurs twice: name it with its offset"),
            }),
            (found, _) => Ok(found),
        }
    }

    /// The quarter-hours of every week there is, batteries followed from each week's beginning.
    pub fn whole_weeks(&self) -> Vec<Vec<QuarterHour>> {
        self.weeks.iter().map(|week| self.simulate(week, true)).collect()
    }

    /// Every quarter-hour of `week`, with or without the batteries.
    fn simulate(&self, week: &Week, batteries: bool) -> Vec<QuarterHour> {
        let mut all: Vec<QuarterHour> = week
            .times
            .iter()
            .map(|time| QuarterHour { time: time.to_string(), flows: Vec::new() })
            .collect();
        for participant in &self.participants {
            let load = week.profile(&participant.load_profile);
            let pv = participant.pv_profile.as_ref().map(|profile| week.profile(profile));
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
        all
    }

    fn describe_weeks(&self) -> String {
        let span = |week: &Week| match (week.times.first(), week.times.last()) {
            (Some(first), Some(last)) => format!("{first} to {last}"),
            _ => "empty".to_owned(),
        };
        self.weeks.iter().map(span).collect::<Vec<_>>().join(" and ")
    }
}

/// Energy in Wh of a quarter-hour at `share` parts of [`PEAK`] of `watts`, rounded half up.
fn energy(share: u64, watts: u64) -> u64 {
    /// Parts of the peak times quarter-hours in an hour.
    const PER_WH: u128 = PEAK as u128 * 4;
    // Neither factor is above 2^64, nor the quotient, since no share is above the peak.
    let energy = (u128::from(share) * u128::from(watts) + PER_WH / 2) / PER_WH;
    u64::try_from(energy).unwrap_or(u64::MAX)
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
