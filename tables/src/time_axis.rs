//! The check of a time axis.

use crate::moment::Moment;

/// How far apart the times of an axis lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A quarter of an hour.
    QuarterHour,
    /// An hour.
    Hour,
}

/// Times that follow each other by one step: each once, in order, none left out.
#[derive(Clone, Debug)]
pub struct TimeAxis {
    step: Step,
    times: Vec<(Moment, usize)>,
}

impl Step {
    /// How many minutes.
    pub const fn minutes(self) -> i64 {
        match self {
            Self::QuarterHour => 15,
            Self::Hour => 60,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::QuarterHour => "quarter-hour",
            Self::Hour => "hour",
        }
    }

    const fn one(self) -> &'static str {
        match self {
            Self::QuarterHour => "a quarter-hour",
            Self::Hour => "an hour",
        }
    }
}

impl TimeAxis {
    /// An axis without a time yet.
    pub const fn new(step: Step) -> Self {
        Self { step, times: Vec::new() }
    }

    /// Takes the next time, which stands in `line`.
    ///
    /// # Errors
    /// If it does not begin a step, has an offset where others have none or the other way round, comes a second
    /// time, or does not follow the one before: what is doubled or missing, by name and line.
    pub fn push(&mut self, time: Moment, line: usize) -> Result<(), String> {
        let step = self.step.minutes();
        if time.minutes().rem_euclid(step) != 0 {
            return Err(format!("{time} is not the beginning of {}", self.step.one()));
        }
        if let (Some((first, first_line)), Some((last, last_line))) =
            (self.times.first(), self.times.last())
        {
            if first.has_own_offset() != time.has_own_offset() {
                let has = |moment: &Moment| if moment.has_own_offset() { "has" } else { "has not" };
                return Err(format!(
                    "{time} {} its offset from UTC, and {first} in line {first_line} {}; write all times alike",
                    has(&time),
                    has(first)
                ));
            }
            let ahead = time.minutes().saturating_sub(last.minutes());
            if ahead > step {
                return Err(self.hole(last, *last_line, ahead));
            }
            if ahead < step {
                return Err(self.not_ahead(&time, last, *last_line));
            }
        }
        self.times.push((time, line));
        Ok(())
    }

    /// The times, in order.
    pub fn into_times(self) -> Vec<Moment> {
        self.times.into_iter().map(|(time, _)| time).collect()
    }

    fn hole(&self, last: &Moment, last_line: usize, ahead: i64) -> String {
        let step = self.step.minutes();
        let missing = ahead.saturating_div(step).saturating_sub(1);
        let (from, to) = (last.after(step), last.after(ahead.saturating_sub(step)));
        let which = if missing == 1 {
            format!("the {} {from} is missing", self.step.name())
        } else {
            format!("{missing} {}s are missing, {from} to {to}", self.step.name())
        };
        let hint = if missing.saturating_mul(step) == 60 { self.clock_change(last) } else { "" };
        format!("{which}, after line {last_line}{hint}")
    }

    fn not_ahead(&self, time: &Moment, last: &Moment, last_line: usize) -> String {
        if let Some((_, line)) =
            self.times.iter().find(|(known, _)| known.minutes() == time.minutes())
        {
            let back =
                last.minutes().saturating_sub(time.minutes()).saturating_add(self.step.minutes());
            let hint = if back == 60 { self.clock_change(last) } else { "" };
            return format!("{time} comes twice: it stands in line {line} already{hint}");
        }
        if self.times.len() == 1 {
            return format!(
                "{time} lies before {last} in line {last_line}: the newest comes first. Sort by time, oldest first"
            );
        }
        format!("{time} lies before {last} in line {last_line}. Sort by time, oldest first")
    }

    /// What may be behind an hour too many or too few.
    fn clock_change(&self, of: &Moment) -> &'static str {
        if of.has_own_offset() {
            return "";
        }
        ". If clocks were changed there, write times in UTC or with their offset (2016-07-11T10:00+02:00)"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment::Zone;

    fn check(zone: &str, times: &[&str]) -> Result<usize, String> {
        let zone: Option<Zone> = (!zone.is_empty()).then(|| zone.parse().unwrap());
        let mut axis = TimeAxis::new(Step::QuarterHour);
        for (line, text) in (2..).zip(times) {
            axis.push(Moment::read(text, zone.as_ref())?, line)?;
        }
        Ok(axis.into_times().len())
    }

    #[test]
    fn each_quarter_hour_comes_once_in_order() {
        assert_eq!(check("", &["2016-07-11T23:45", "2016-07-12T00:00", "2016-07-12T00:15"]), Ok(3));
        assert_eq!(check("", &[]), Ok(0));
        for (times, expected) in [
            (&["2016-07-11T10:05"][..], "2016-07-11T10:05 is not the beginning of a quarter-hour"),
            (
                &["2016-07-11T10:15", "2016-07-11T11:15"],
                "3 quarter-hours are missing, 2016-07-11T10:30 to 2016-07-11T11:00, after line 2",
            ),
            (
                &["2016-07-11T10:15", "2016-07-11T10:45"],
                "the quarter-hour 2016-07-11T10:30 is missing, after line 2",
            ),
            (
                &["2016-07-11T10:15", "2016-07-11T10:15"],
                "2016-07-11T10:15 comes twice: it stands in line 2 already",
            ),
            (
                &["2016-07-11T11:45", "2016-07-11T11:30"],
                "2016-07-11T11:30 lies before 2016-07-11T11:45 in line 2: the newest comes first. Sort by time, \
                 oldest first",
            ),
            (
                &["2016-07-11T11:30", "2016-07-11T11:45", "2016-07-11T11:15"],
                "2016-07-11T11:15 lies before 2016-07-11T11:45 in line 3. Sort by time, oldest first",
            ),
            (
                &["2016-07-11T11:30", "2016-07-11T11:45Z"],
                "2016-07-11T11:45Z has its offset from UTC, and 2016-07-11T11:30 in line 2 has not; write all times \
                 alike",
            ),
        ] {
            assert_eq!(check("", times), Err(expected.to_owned()));
        }
    }

    #[test]
    fn an_hour_that_clocks_skip_or_repeat_is_told_apart_by_offset_or_zone() {
        let spring = ["2016-03-27T01:45", "2016-03-27T03:00"];
        let error = check("", &spring).unwrap_err();
        assert!(
            error.contains("4 quarter-hours are missing, 2016-03-27T02:00 to 2016-03-27T02:45"),
            "{error}"
        );
        assert!(error.contains("If clocks were changed there"), "{error}");
        assert_eq!(check("Europe/Berlin", &spring), Ok(2));
        assert_eq!(check("", &["2016-03-27T01:45+01:00", "2016-03-27T03:00+02:00"]), Ok(2));
        assert_eq!(check("", &["2016-10-30T02:45+02:00", "2016-10-30T02:00+01:00"]), Ok(2));

        let autumn = [
            "2016-10-30T02:00",
            "2016-10-30T02:15",
            "2016-10-30T02:30",
            "2016-10-30T02:45",
            "2016-10-30T02:00",
        ];
        let error = check("", &autumn).unwrap_err();
        assert!(
            error.starts_with(
                "2016-10-30T02:00 comes twice: it stands in line 2 already. If clocks"
            ),
            "{error}"
        );
        let error = check("Europe/Berlin", &autumn).unwrap_err();
        assert!(error.contains("occurs twice in Europe/Berlin"), "{error}");
    }

    #[test]
    fn an_axis_may_go_by_hours() {
        let mut axis = TimeAxis::new(Step::Hour);
        let moment = |text: &str| Moment::read(text, None).unwrap();
        axis.push(moment("2016-07-11T10:00"), 2).unwrap();
        axis.push(moment("2016-07-11T11:00"), 3).unwrap();
        let error = axis.push(moment("2016-07-11T11:15"), 4).unwrap_err();
        assert_eq!(error, "2016-07-11T11:15 is not the beginning of an hour");
    }

    proptest::proptest! {
        /// Rows of an axis with one left out, doubled or swapped with its neighbour are refused at the row behind it.
        #[test]
        fn any_disorder_is_refused_where_it_is(length in 3_usize..60, place in 1_usize..58, what in 0_usize..3) {
            proptest::prop_assume!(place < length - 1);
            let first = Moment::read("2016-10-29T22:00", None).unwrap();
            let mut rows: Vec<Moment> = (0..).map(|n| first.after(n * 15)).take(length).collect();
            let bad = match what {
                0 => {
                    rows.remove(place);
                    place
                }
                1 => {
                    rows.insert(place, rows[place]);
                    place + 1
                }
                _ => {
                    rows.swap(place, place + 1);
                    place
                }
            };
            let mut axis = TimeAxis::new(Step::QuarterHour);
            let taken = rows.iter().zip(1..).take_while(|(time, line)| axis.push(**time, *line).is_ok()).count();
            proptest::prop_assert_eq!(taken, bad);
            // In order they are all taken, and printed as they were.
            rows.sort_by_key(Moment::minutes);
            rows.dedup();
            for time in &rows {
                proptest::prop_assert_eq!(Moment::read(&time.to_string(), None), Ok(*time));
            }
        }
    }
}
