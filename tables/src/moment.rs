//! Times as people write them.

use jiff::{
    Timestamp,
    civil::DateTime,
    fmt::temporal::{Pieces, PiecesOffset},
    tz::{AmbiguousOffset, Offset, TimeZone},
};
use std::{fmt, str::FromStr};

/// The zone of local times, by its name in the time zone database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A minute: a local time, with its offset from UTC if that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    local: DateTime,
    /// With the time's own offset, or with that of its zone.
    offset: Option<Offset>,
    /// Whether the offset is printed: whoever reads a time without one gets it back without.
    has_own_offset: bool,
}

/// A minute of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOfDay {
    hour: i8,
    minute: i8,
}

impl FromStr for TimeOfDay {
    type Err = String;

    /// Reads `11:00`.
    fn from_str(text: &str) -> Result<Self, String> {
        let two_digits = |text: &str, most: i8| -> Option<i8> {
            let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| is_number && *number <= most)
        };
        let read = text.split_once(':').and_then(|(hour, minute)| {
            Some(Self { hour: two_digits(hour, 23)?, minute: two_digits(minute, 59)? })
        });
        read.ok_or_else(|| format!("{text:?} is no time of day like 11:00"))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

impl TimeOfDay {
    /// The hour of the day, from 0 to 23.
    pub const fn hour(self) -> i8 {
        self.hour
    }

    /// The minute of the hour.
    pub const fn minute(self) -> i8 {
        self.minute
    }

    /// Whether a day begins with it.
    pub const fn is_midnight(self) -> bool {
        self.hour == 0 && self.minute == 0
    }
}

impl FromStr for Zone {
    type Err = String;

    /// Reads `Europe/Berlin` or `UTC`.
    fn from_str(name: &str) -> Result<Self, String> {
        TimeZone::get(name).map(Self).map_err(|_| {
            format!("{name:?} is no time zone like Europe/Berlin or UTC in the time zone database")
        })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

impl Moment {
    /// Reads `2016-07-11T10:00`, `2016-07-11 10:00:00` or `11.07.2016 10:00`, each with an offset behind it or not: `Z`,
    /// `+02:00`. One without is local time in `zone`, if that is given.
    ///
    /// # Errors
    /// If it is no such time, has seconds, or is a local time that occurs twice or never in `zone`.
    pub fn read(text: &str, zone: Option<&Zone>) -> Result<Self, String> {
        let bad = || {
            format!(
                "{text:?} is no time like 2016-07-11T10:00, 2016-07-11T10:00+02:00 or 2016-07-11T08:00Z"
            )
        };
        if let Some(hint) = ambiguous_date(text) {
            return Err(hint);
        }
        let iso = day_first(text);
        let pieces = Pieces::parse(iso.as_deref().unwrap_or(text)).map_err(|_| bad())?;
        let time = pieces.time().ok_or_else(bad)?;
        if time.second() != 0 || time.subsec_nanosecond() != 0 {
            return Err(format!("{text:?} is not on the minute"));
        }
        let local = pieces.date().to_datetime(time);
        let own = match pieces.offset() {
            Some(PiecesOffset::Numeric(offset)) => Some(offset.offset()),
            Some(_) => Some(Offset::UTC),
            None => None,
        };
        let annotated = pieces.to_time_zone().map_err(|_| bad())?.map(Zone);
        let offset = match (own, annotated.as_ref().or(zone)) {
            (Some(own), _) => Some(own),
            (None, Some(zone)) => Some(zone.offset_of(local)?),
            (None, None) => None,
        };
        Ok(Self { local, offset, has_own_offset: own.is_some() })
    }

    /// What a clock shows.
    pub fn time_of_day(&self) -> TimeOfDay {
        let time = self.local.time();
        TimeOfDay { hour: time.hour(), minute: time.minute() }
    }

    /// Whether a calendar shows the same day.
    pub fn is_on_day_of(&self, other: &Self) -> bool {
        self.local.date() == other.local.date()
    }

    /// Whether it was written with an offset.
    pub const fn has_own_offset(&self) -> bool {
        self.has_own_offset
    }

    /// Minutes since the Unix epoch; without an offset those of a clock that shows UTC.
    pub fn minutes(&self) -> i64 {
        let offset = self.offset.unwrap_or(Offset::UTC);
        // Years from -9999 to 9999: no time is out of range.
        offset.to_timestamp(self.local).map_or(0, Timestamp::as_second).div_euclid(60)
    }

    /// `minutes` later, on a clock with this one's offset.
    #[must_use]
    pub fn after(&self, minutes: i64) -> Self {
        let later = jiff::Span::new().try_minutes(minutes);
        let local = later.and_then(|span| self.local.checked_add(span)).unwrap_or(DateTime::MAX);
        Self { local, ..*self }
    }

    /// Whether `named` means this time: if it has an offset, the same instant, else the same local time.
    pub fn is(&self, named: &Self) -> bool {
        match (named.has_own_offset, self.offset) {
            (true, Some(_)) => self.minutes() == named.minutes(),
            (true, None) => false,
            (false, _) => self.local == named.local,
        }
    }
}

impl fmt::Display for Moment {
    /// As `2016-07-11T10:00`, with the offset behind it where the time was written with one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}", self.local.date(), self.time_of_day())?;
        match self.offset.filter(|_| self.has_own_offset) {
            Some(Offset::UTC) => f.write_str("Z"),
            Some(offset) => write!(
                f,
                "{}",
                self.local
                    .to_zoned(TimeZone::fixed(offset))
                    .map_err(|_| fmt::Error)?
                    .strftime("%:z")
            ),
            None => Ok(()),
        }
    }
}

impl Zone {
    /// If `name` is that of a column of times, `time`, the zone that it declares: `time (Europe/Berlin)`,
    /// `time [UTC]` and `time_utc` declare one.
    ///
    /// # Errors
    /// If the zone is not known.
    pub fn of_column(name: &str) -> Option<Result<Option<Self>, String>> {
        let (time, rest) = name.split_at_checked("time".len())?;
        if !time.eq_ignore_ascii_case("time") {
            return None;
        }
        let rest = rest.trim();
        if rest.is_empty() {
            return Some(Ok(None));
        }
        if rest.eq_ignore_ascii_case("_utc") {
            return Some(Ok(Some(Self(TimeZone::UTC))));
        }
        let within = |open, close| rest.strip_prefix(open)?.strip_suffix(close);
        let zone = within('(', ')').or_else(|| within('[', ']'))?;
        Some(zone.trim().parse().map(Some))
    }

    fn offset_of(&self, local: DateTime) -> Result<Offset, String> {
        let name = |offset: Offset| {
            Moment { local, offset: Some(offset), has_own_offset: true }.to_string()
        };
        let shown = Moment { local, offset: None, has_own_offset: false };
        match self.0.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => Ok(offset),
            AmbiguousOffset::Gap { .. } => Err(format!(
                "{shown} never occurs in {self}: clocks go forward over it. Write times in UTC or with their offset"
            )),
            AmbiguousOffset::Fold { before, after } => Err(format!(
                "{shown} occurs twice in {self}: clocks go back over it. Write {} or {}, or times in UTC",
                name(before),
                name(after)
            )),
        }
    }
}

/// `2016-07-11 10:00` for `11.07.2016 10:00`.
fn day_first(text: &str) -> Option<String> {
    let (date, time) = text.split_once([' ', 'T'])?;
    let parts: Vec<&str> = date.split('.').collect();
    let [day, month, year] = parts.as_slice() else { return None };
    (year.len() == 4).then(|| format!("{year}-{month:0>2}-{day:0>2}T{:0>5}", time.trim_start()))
}

/// What is wrong with a date like 07/11/2016.
fn ambiguous_date(text: &str) -> Option<String> {
    let (date, _) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    (date.matches('/').count() == 2).then(|| {
        format!("{text:?} may mean a day or a month first: write dates as 2016-07-11 or 11.07.2016")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, zone: &str) -> Result<String, String> {
        let zone = (!zone.is_empty()).then(|| zone.parse().unwrap());
        Moment::read(text, zone.as_ref()).map(|moment| format!("{moment} {}", moment.minutes()))
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        let local = "2016-07-11T10:00 24470520";
        for text in [
            "2016-07-11T10:00",
            "2016-07-11 10:00",
            "2016-07-11T10:00:00",
            "2016-07-11T10:00:00.000",
            "11.07.2016 10:00",
            "11.07.2016 10:00:00",
            "11.7.2016 10:00",
        ] {
            assert_eq!(read(text, "").as_deref(), Ok(local), "{text}");
        }
        for (text, expected) in [
            ("2016-07-11T08:00Z", "2016-07-11T08:00Z 24470400"),
            ("2016-07-11T10:00+02:00", "2016-07-11T10:00+02:00 24470400"),
            ("2016-07-11T10:00:00+0200", "2016-07-11T10:00+02:00 24470400"),
            ("2016-07-11 10:00+02", "2016-07-11T10:00+02:00 24470400"),
        ] {
            assert_eq!(read(text, "").as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(
            read("2016-07-11T10:00", "Europe/Berlin").as_deref(),
            Ok("2016-07-11T10:00 24470400")
        );
        let annotated = "2016-07-11T10:00[Europe/Berlin]";
        assert_eq!(read(annotated, "").as_deref(), Ok("2016-07-11T10:00 24470400"));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "NULL",
            "10:00",
            "2016-07-11",
            "2016-13-01T00:00",
            "2016-07-11T25:00",
            "11.13.2016 10:00",
        ] {
            let error = read(text, "").unwrap_err();
            assert!(error.contains("is no time like 2016-07-11T10:00"), "{error}");
        }
        assert!(read("07/11/2016 10:00", "").unwrap_err().contains("a day or a month first"));
        assert!(read("2016-07-11T10:00:30", "").unwrap_err().contains("is not on the minute"));
        assert!("Berlin".parse::<Zone>().is_err());
    }

    #[test]
    fn a_local_time_that_occurs_twice_or_never_is_refused_by_name() {
        let twice = read("2016-10-30T02:15", "Europe/Berlin").unwrap_err();
        assert!(twice.starts_with("2016-10-30T02:15 occurs twice in Europe/Berlin"), "{twice}");
        assert!(twice.contains("2016-10-30T02:15+02:00 or 2016-10-30T02:15+01:00"), "{twice}");
        let never = read("2016-03-27T02:15", "Europe/Berlin").unwrap_err();
        assert!(never.starts_with("2016-03-27T02:15 never occurs in Europe/Berlin"), "{never}");
        assert!(read("2016-10-30T02:15+02:00", "Europe/Berlin").is_ok());
        assert!(read("2016-10-30T02:15", "UTC").is_ok());
    }

    #[test]
    fn a_column_of_times_may_declare_its_zone() {
        let zone = |name: &str| {
            Zone::of_column(name).map(|zone| zone.map(|zone| zone.map(|zone| zone.to_string())))
        };
        assert_eq!(zone("time"), Some(Ok(None)));
        assert_eq!(zone("Time"), Some(Ok(None)));
        assert_eq!(zone("time (Europe/Berlin)"), Some(Ok(Some("Europe/Berlin".to_owned()))));
        assert_eq!(zone("time[UTC]"), Some(Ok(Some("UTC".to_owned()))));
        assert_eq!(zone("time_utc"), Some(Ok(Some("UTC".to_owned()))));
        assert!(zone("time (Berlin)").unwrap().is_err());
        assert_eq!(zone("timer"), None);
        assert_eq!(zone("date"), None);
    }

    #[test]
    fn a_time_of_day_is_hours_and_minutes() {
        assert_eq!(
            "09:05".parse::<TimeOfDay>().map(|time| time.to_string()).as_deref(),
            Ok("09:05")
        );
        for text in ["", "11", "24:00", "1:00", "11:60", "11:00:00", "noon", "+1:00"] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_is_found_by_its_instant_or_by_what_a_clock_shows() {
        let moment = |text: &str| Moment::read(text, None).unwrap();
        assert!(moment("2016-07-11T10:00+02:00").is(&moment("2016-07-11T08:00Z")));
        assert!(moment("2016-07-11T10:00+02:00").is(&moment("2016-07-11T10:00")));
        assert!(!moment("2016-07-11T10:00").is(&moment("2016-07-11T10:00Z")));
    }
}
