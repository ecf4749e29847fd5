//! How many owners hold something, how many of them have held it for long, and how many of those
//! may lose it in a day (docs/design.md, section 3).
//!
//! Whoever begins to hold something on day d is *established* from day d + [`PROBATION`] on: after
//! thirty whole days at least. A [`Tally`] counts both kinds in constant space, because it
//! remembers of those who are not established only how many begin to be on each coming day.
//!
//! ```
//! use qedex_math::tenure::{Tally, allowance};
//!
//! let mut tally = Tally::default();
//! let day = tally.begin(0);
//! assert_eq!(day, 31);
//! assert_eq!((tally.owners(), tally.established(30), tally.established(31)), (1, 0, 1));
//! tally.end(day, 31);
//! assert_eq!((tally.owners(), tally.established(31)), (0, 0));
//! assert_eq!((allowance(0), allowance(39), allowance(40)), (1, 1, 2));
//! ```

#[cfg(test)]
mod tests;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// A day, counted since the Unix epoch.
pub type Day = u32;

/// So many days after it began, a tenure is established.
pub const PROBATION: Day = 31;

/// One in so many of the established may lose what they hold in a day.
pub const SHARE: u32 = 20;

/// How many owners may lose what they hold in a day, if so many are established: one in twenty,
/// rounded down, and one at least.
pub fn allowance(established: u32) -> u32 {
    established.checked_div(SHARE).unwrap_or_default().max(1)
}

/// How many owners hold something, and on which day those among them who are not established will
/// be. Days never go back; one that does is taken for the latest.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Tally {
    /// All of them.
    owners: u32,
    /// The latest day on which it was changed.
    day: Day,
    /// How many become established on each of the days after that one, by the day modulo
    /// [`PROBATION`].
    coming: [u32; PROBATION as usize],
}

impl Tally {
    /// How many owners there are.
    pub fn owners(&self) -> u32 {
        self.owners
    }

    /// How many of them are established on the day `today`.
    pub fn established(&self, today: Day) -> u32 {
        let mut then = self.clone();
        then.pass_to(today);
        let coming = then.coming.iter().fold(0_u32, |sum, more| sum.saturating_add(*more));
        then.owners.saturating_sub(coming)
    }

    /// Counts an owner who begins today, and says from which day on it is established.
    pub fn begin(&mut self, today: Day) -> Day {
        let day = today.max(self.day).saturating_add(PROBATION);
        self.resume(day, today);
        day
    }

    /// Counts an owner who is established from the day `established_on` on, at most [`PROBATION`]
    /// days ahead, or has been since then.
    pub fn resume(&mut self, established_on: Day, today: Day) {
        self.pass_to(today);
        self.owners = self.owners.saturating_add(1);
        if let Some(coming) = self.coming_on(established_on) {
            *coming = coming.saturating_add(1);
        }
    }

    /// Counts an owner no more who is established from the day `established_on` on.
    pub fn end(&mut self, established_on: Day, today: Day) {
        self.pass_to(today);
        self.owners = self.owners.saturating_sub(1);
        if let Some(coming) = self.coming_on(established_on) {
            *coming = coming.saturating_sub(1);
        }
    }

    /// Lets time pass: whoever is established by `today` is not to come any more.
    fn pass_to(&mut self, today: Day) {
        let passed = today.saturating_sub(self.day).min(PROBATION);
        for step in 1..=passed {
            let day = self.day.saturating_add(step);
            if let Some(coming) = self.slot(day) {
                *coming = 0;
            }
        }
        self.day = self.day.max(today);
    }

    /// How many become established on `day`; none if that is past.
    fn coming_on(&mut self, day: Day) -> Option<&mut u32> {
        if day > self.day { self.slot(day) } else { None }
    }

    fn slot(&mut self, day: Day) -> Option<&mut u32> {
        let place = day.checked_rem(PROBATION)?;
        self.coming.get_mut(usize::try_from(place).ok()?)
    }
}
