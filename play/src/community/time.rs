//! Where in the data play begins.

use qedex_tables::{Moment, TimeOfDay};
use std::{fmt, str::FromStr};

/// The beginning of a quarter-hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// On a day that is named.
    Day(Moment),
    /// On the first day of the latest week.
    FirstDay(TimeOfDay),
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(moment) => moment.fmt(f),
            Self::FirstDay(time) => time.fmt(f),
        }
    }
}

impl FromStr for Start {
    type Err = String;

    /// Reads `11:00`, or a time with a day as [`Moment::read`] does.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let start = match text.parse() {
            Ok(time) => Self::FirstDay(time),
            Err(_) => Self::Day(
                Moment::read(text, None)
                    .map_err(|reason| format!("{reason}, and none like 11:00"))?,
            ),
        };
        if start.time_of_day().minute() % 15 != 0 {
            return Err(format!("{text:?} is not the beginning of a quarter-hour"));
        }
        Ok(start)
    }
}

impl Start {
    fn time_of_day(&self) -> TimeOfDay {
        match self {
            Self::Day(moment) => moment.time_of_day(),
            Self::FirstDay(time) => *time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_read_in_several_forms() {
        for text in ["2016-07-11T11:00", "2016-07-11 11:00", "11.07.2016 11:00"] {
            assert_eq!(text.parse::<Start>().unwrap().to_string(), "2016-07-11T11:00");
        }
        for text in ["11:00", "2016-07-11T11:00+02:00", "2016-07-11T09:00Z"] {
            assert_eq!(text.parse::<Start>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_quarter_hour_is_refused() {
        for text in ["", "11", "11:07", "24:00", "1:00", "2016-7-11T11:00", "noon", "11:00:00"] {
            assert!(text.parse::<Start>().is_err(), "{text}");
        }
    }
}
