//! Where in the data play begins.

use std::{fmt, str::FromStr};

/// The day that a time without a date means: the first of the July week.
const DEFAULT_DAY: &str = "2016-07-11";

/// A local time at which a quarter-hour begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start(String);

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Start {
    type Err = String;

    /// Reads `2016-07-11T11:00`, `2016-07-11 11:00` or `11:00`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (day, time) = text.split_once(['T', ' ']).unwrap_or((DEFAULT_DAY, text));
        let bad = || format!("{text:?} is no time like 2016-07-11T11:00 or 11:00");
        let digits = |s: &str, len: usize| s.len() == len && s.bytes().all(|b| b.is_ascii_digit());
        let day_parts: Vec<&str> = day.split('-').collect();
        let is_day = matches!(day_parts.as_slice(),
            [y, m, d] if digits(y, 4) && digits(m, 2) && digits(d, 2));
        let (hour, minute) = time.split_once(':').ok_or_else(bad)?;
        if !is_day || !digits(hour, 2) || !digits(minute, 2) || hour > "23" {
            return Err(bad());
        }
        if !["00", "15", "30", "45"].contains(&minute) {
            return Err(format!("{text:?} is not the beginning of a quarter-hour"));
        }
        Ok(Self(format!("{day}T{time}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_read_in_three_forms() {
        for text in ["2016-07-11T11:00", "2016-07-11 11:00", "11:00"] {
            assert_eq!(text.parse::<Start>().unwrap().to_string(), "2016-07-11T11:00");
        }
    }

    #[test]
    fn what_is_no_quarter_hour_is_refused() {
        for text in ["", "11", "11:07", "24:00", "1:00", "2016-7-11T11:00", "noon", "11:00:00"] {
            assert!(text.parse::<Start>().is_err(), "{text}");
        }
    }
}
