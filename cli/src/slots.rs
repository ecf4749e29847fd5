//! Delivery slots as people name them.

use crate::{error::Error, output::note};
use jiff::{Timestamp, Zoned, civil, tz::TimeZone};
use qedex_client::{At, queries};
use std::str::FromStr;

/// How long an order may take into a block, in milliseconds: three blocks. A gate that closes
/// sooner is as good as closed.
const INCLUSION: u64 = 6_000;

/// A slot by its number, by a time in it, or the next one to trade in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotName {
    /// Its number.
    Number(u64),
    /// The first slot in which an order can still be placed.
    Next,
    /// By a time, in milliseconds since the Unix epoch.
    At(u64),
}

impl FromStr for SlotName {
    type Err = String;

    /// A number, `next`, a local time of today such as 14:30, or a date with a time, local or with its
    /// offset.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::read(text, &Zoned::now())
    }
}

impl SlotName {
    /// As [`FromStr`] reads it, where it is `now`.
    fn read(text: &str, now: &Zoned) -> Result<Self, String> {
        let bad = || {
            format!(
                "{text:?} names no slot: give its number, next, a time such as 14:30 or \
                 2026-07-11T14:30, or one with its offset such as 2026-07-11T12:30Z"
            )
        };
        if text == "next" {
            return Ok(Self::Next);
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map(Self::Number).map_err(|_| bad());
        }
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Self::of(moment, &bad);
        }
        let date = match text.parse::<civil::DateTime>() {
            Ok(date) if text.contains(':') => date,
            _ => match text.parse::<civil::Time>() {
                Ok(time) if text.contains(':') => now.date().to_datetime(time),
                _ => return Err(bad()),
            },
        };
        let local = now.time_zone().to_ambiguous_timestamp(date);
        let local = local.unambiguous().map_err(|_| {
            format!(
                "{date} occurs twice or never in the local time zone: give the time with its offset"
            )
        })?;
        Self::of(local, &bad)
    }

    fn of(moment: Timestamp, bad: &dyn Fn() -> String) -> Result<Self, String> {
        u64::try_from(moment.as_millisecond()).map(Self::At).map_err(|_| bad())
    }

    /// The slot in which to place orders: by a time, the first from then on whose gate is not closed. Which that is
    /// goes to standard error, before anything is signed.
    pub async fn to_trade(&self, at: &At) -> Result<u64, Error> {
        if let Self::Number(slot) = self {
            return Ok(*slot);
        }
        let calendar = queries::calendar(at).await?;
        let now = queries::time(at).await?;
        let next = calendar.first_not_closed(now.saturating_add(INCLUSION));
        let Self::At(time) = self else {
            return Ok(next);
        };
        let slot = next.max(time.div_ceil(calendar.slot_length.max(1)));
        let taken = Taken { time: *time, slot, length: calendar.slot_length };
        note!("note: {}", taken.to_trade(now, &TimeZone::system()));
        Ok(slot)
    }

    /// The slot to look at: by a time, the one under delivery then. Which that is goes to standard error.
    pub async fn to_see(&self, at: &At) -> Result<u64, Error> {
        if let Self::Number(slot) = self {
            return Ok(*slot);
        }
        let calendar = queries::calendar(at).await?;
        let Self::At(time) = self else {
            return Ok(calendar.first_not_closed(queries::time(at).await?));
        };
        let slot = calendar.slot_at(*time);
        let taken = Taken { time: *time, slot, length: calendar.slot_length };
        note!("note: {}", taken.to_see(&TimeZone::system()));
        Ok(slot)
    }

    /// Its number, if that is how it is named.
    pub const fn number(&self) -> Option<u64> {
        match self {
            Self::Number(slot) => Some(*slot),
            _ => None,
        }
    }
}

/// The slot that was taken for a time.
struct Taken {
    /// In milliseconds since the Unix epoch.
    time: u64,
    slot: u64,
    /// The length of a slot in milliseconds.
    length: u64,
}

impl Taken {
    /// Which slot orders go to, at `now` by the chain's time.
    fn to_trade(&self, now: u64, zone: &TimeZone) -> String {
        let (time, slot) = (moment(self.time, zone), self.slot);
        let delivered = self.delivered(zone);
        if self.time < now {
            return format!("{time} is past: orders still reach slot {slot}, {delivered}");
        }
        format!("from {time} on, {slot} is the first slot whose gate has not closed, {delivered}")
    }

    /// Which slot is looked at.
    fn to_see(&self, zone: &TimeZone) -> String {
        format!("{} lies in slot {}, {}", moment(self.time, zone), self.slot, self.delivered(zone))
    }

    fn delivered(&self, zone: &TimeZone) -> String {
        let at = |slot: u64| moment(slot.saturating_mul(self.length), zone);
        format!("delivered from {} to {}", at(self.slot), at(self.slot.saturating_add(1)))
    }
}

/// A moment in a zone, with its offset: no two are written alike.
fn moment(millis: u64, zone: &TimeZone) -> String {
    let timestamp = i64::try_from(millis).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    timestamp.map_or_else(
        || "a time beyond all calendars".to_owned(),
        |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(text: &str) -> Zoned {
        text.parse::<civil::DateTime>().unwrap().in_tz("Europe/Berlin").unwrap()
    }

    #[test]
    fn a_slot_has_many_names() {
        let now = berlin("2026-07-11T09:00");
        let read = |text: &str| SlotName::read(text, &now);
        assert_eq!(read("148614999"), Ok(SlotName::Number(148_614_999)));
        assert_eq!(read("next"), Ok(SlotName::Next));
        let half_past_two = 1_783_773_000_000;
        for text in
            ["14:30", "14:30:00", "2026-07-11T14:30", "2026-07-11T12:30Z", "2026-07-11 14:30+02:00"]
        {
            assert_eq!(read(text), Ok(SlotName::At(half_past_two)), "{text}");
        }
        for wrong in ["", "-1", "+1", "1.5", "25:00", "noon", "2026-07-11", "1969-01-01T00:00Z"] {
            assert!(read(wrong).unwrap_err().contains("names no slot"), "{wrong}");
        }
    }

    #[test]
    fn a_local_time_that_occurs_twice_or_never_is_refused_by_name() {
        for (day, time) in [("2026-10-25", "02:30"), ("2026-03-29", "02:30")] {
            let now = berlin(&format!("{day}T12:00"));
            let why = SlotName::read(time, &now).unwrap_err();
            assert!(why.contains("twice or never") && why.contains(day), "{why}");
            assert!(SlotName::read(&format!("{day}T{time}Z"), &now).is_ok());
        }
    }

    #[test]
    fn which_slot_a_time_stands_for_is_said_and_that_a_time_is_past() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let time = |text: &str| berlin(text).timestamp().as_millisecond() as u64;
        let length = 900_000;
        let half_past_two = time("2026-07-11T14:30");
        let slot = half_past_two / length;
        let taken = Taken { time: half_past_two, slot, length };
        let delivered = "delivered from 2026-07-11T14:30:00+02:00 to 2026-07-11T14:45:00+02:00";
        assert_eq!(
            taken.to_trade(time("2026-07-11T12:00"), &zone),
            format!(
                "from 2026-07-11T14:30:00+02:00 on, {slot} is the first slot whose gate has not closed, \
                 {delivered}"
            )
        );
        assert_eq!(
            taken.to_see(&zone),
            format!("2026-07-11T14:30:00+02:00 lies in slot {slot}, {delivered}")
        );
        // Typed in the evening: nobody wants the slot of half past eight for that of half past two.
        let late = Taken { slot: slot + 24, ..taken };
        assert_eq!(
            late.to_trade(time("2026-07-11T20:05"), &zone),
            format!(
                "2026-07-11T14:30:00+02:00 is past: orders still reach slot {}, delivered from \
                 2026-07-11T20:30:00+02:00 to 2026-07-11T20:45:00+02:00",
                slot + 24
            )
        );
        assert!(moment(u64::MAX, &zone).contains("beyond"));
    }
}
