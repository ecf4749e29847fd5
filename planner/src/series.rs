//! Energies slot by slot, as people have them.

use crate::{
    error::Error,
    rows,
    tables::{ENERGY, Units},
};
use qedex_console::note;
use qedex_math::tariff::SLOTS_PER_DAY;
use qedex_tables::{Moment, SLOTS, Step, Table, TimeAxis, Zone};
use std::{ops::RangeInclusive, path::Path};

/// What stands in a table, in the order of its slots.
#[derive(Debug)]
pub struct Series<E> {
    /// Which slots.
    pub axis: Axis,
    /// The energy of each.
    pub energies: Vec<E>,
}

/// Slots that follow each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Axis {
    /// By their numbers.
    Slots(RangeInclusive<u64>),
    /// By the times at which they begin.
    Times(Vec<Moment>, Step),
}

/// Reads a table with a column of slots, in any order, or one of times, oldest first, and the energy of each, which
/// `energy` reads.
pub fn read<E: Clone>(
    table: &Table,
    energy: impl Fn(Units, &str) -> Result<E, String>,
) -> Result<Series<E>, Error> {
    let time = table.names().iter().find_map(|name| Some((name.as_str(), Zone::of_column(name)?)));
    match time {
        None => by_slot(table, energy),
        Some((column, zone)) => {
            let zone = zone.map_err(|what| table.header_error(what))?;
            by_time(table, column, zone.as_ref(), energy)
        }
    }
}

fn by_slot<E: Clone>(
    table: &Table,
    energy: impl Fn(Units, &str) -> Result<E, String>,
) -> Result<Series<E>, Error> {
    let left_out = SLOTS.left_out;
    let wanted = [&["slot"][..], ENERGY];
    let (slots, energies) = rows::numbered(table, wanted, left_out, |columns, [_, text]| {
        energy(Units::of(columns, 1, 1), text)
    })?;
    Ok(Series { axis: Axis::Slots(slots), energies })
}

fn by_time<E>(
    table: &Table,
    column: &str,
    zone: Option<&Zone>,
    energy: impl Fn(Units, &str) -> Result<E, String>,
) -> Result<Series<E>, Error> {
    let columns = table.columns([&[column], ENERGY])?;
    let units = Units::of(&columns, 1, 1);
    let (mut times, mut energies) = (Vec::new(), Vec::new());
    table.each(|row| {
        let [time, text] = row.cells(&columns);
        times.push((Moment::read(time, zone)?, row.line()));
        energies.push(energy(units, text)?);
        Ok(())
    })?;
    let by_hours = match times.as_slice() {
        [(one, _), (next, _), ..] => next.minutes().saturating_sub(one.minutes()) == 60,
        _ => false,
    };
    let step = if by_hours { Step::Hour } else { Step::QuarterHour };
    let mut axis = TimeAxis::new(step);
    for (time, line) in times {
        axis.push(time, line).map_err(|what| table.line_error(line, what))?;
    }
    let times = axis.into_times();
    if times.is_empty() {
        return Err(table.error("there is no time".to_owned()).into());
    }
    Ok(Series { axis: Axis::Times(times, step), energies })
}

const LEFT_OUT: &str = "If some were left out because nothing flowed, write them with 0";

/// Says of a load that is no whole number of days what may be wrong with it, or refuses it where `whole_days` are
/// asked for.
pub fn check_days(axis: &Axis, file: &Path, whole_days: bool) -> Result<(), Error> {
    let Some(part) = axis.part() else {
        return Ok(());
    };
    let part = format!("{}: {part}", file.display());
    if whole_days {
        return Err(Error::BadInput(part));
    }
    note!("note: {part}");
    Ok(())
}

impl Axis {
    /// What is to be said where these are no whole days.
    pub fn part(&self) -> Option<String> {
        match self {
            Self::Slots(slots) => {
                let (first, last) = (*slots.start(), *slots.end());
                let is_whole = first.is_multiple_of(SLOTS_PER_DAY)
                    && last % SLOTS_PER_DAY == SLOTS_PER_DAY - 1;
                let count = (last - first).saturating_add(1);
                let which = format!(
                    "slots {first} to {last} ({count}) are not whole days of {SLOTS_PER_DAY} slots"
                );
                (!is_whole).then(|| format!("{which}. {LEFT_OUT}"))
            }
            Self::Times(times, step) => {
                let (first, last) = (times.first()?, times.last()?);
                let end = last.after(step.minutes());
                let is_whole = first.time_of_day().is_midnight() && end.time_of_day().is_midnight();
                let which = || format!("{first} to {last} are not whole days. {LEFT_OUT}");
                (!is_whole).then(which)
            }
        }
    }

    /// How many slots each day has: of slots by their numbers, days are counted from slot 0 on.
    pub fn days(&self) -> Vec<usize> {
        match self {
            Self::Slots(slots) => {
                let mut days = Vec::new();
                let mut day = None;
                for slot in slots.clone() {
                    if day.replace(slot / SLOTS_PER_DAY) == Some(slot / SLOTS_PER_DAY) {
                        days.last_mut().into_iter().for_each(|count| *count += 1);
                    } else {
                        days.push(1);
                    }
                }
                days
            }
            Self::Times(times, _) => {
                times.chunk_by(|one, next| one.is_on_day_of(next)).map(<[Moment]>::len).collect()
            }
        }
    }

    /// What the slots are called.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Slots(slots) => slots.clone().map(|slot| slot.to_string()).collect(),
            Self::Times(times, _) => times.iter().map(Moment::to_string).collect(),
        }
    }

    /// What a slot is.
    pub const fn step(&self) -> &'static str {
        match self {
            Self::Slots(_) => "slot",
            Self::Times(_, Step::QuarterHour) => "quarter-hour",
            Self::Times(_, Step::Hour) => "hour",
        }
    }

    /// From where to where, for messages.
    pub fn extent(&self) -> String {
        match self {
            Self::Slots(slots) => format!("slots {} to {}", slots.start(), slots.end()),
            Self::Times(times, _) => {
                let end = |time: Option<&Moment>| time.map(Moment::to_string).unwrap_or_default();
                format!("{}s {} to {}", self.step(), end(times.first()), end(times.last()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Series<qedex_ems::response::MilliWh> {
        read(&Table::parse("x.csv", text).unwrap(), crate::tables::fine_energy).unwrap()
    }

    #[test]
    fn slots_come_in_the_order_of_their_numbers_and_days_are_counted_from_the_first() {
        let series = of("slot,kwh\n97,3\n95,0.000001\n96,2\n");
        let energies: Vec<u64> = series.energies.iter().map(|energy| energy.0).collect();
        assert_eq!(energies, [1, 2_000_000, 3_000_000]);
        assert_eq!(
            (series.axis.days(), series.axis.names().join(" ")),
            (vec![1, 2], "95 96 97".to_owned())
        );
        assert_eq!(series.axis.extent(), "slots 95 to 97");
    }

    #[test]
    fn times_make_days_as_a_calendar_shows_them() {
        let series =
            of("time,wh\n2016-07-11T23:00,0.001\n2016-07-12T00:00,2\n2016-07-12T01:00,3\n");
        assert_eq!(series.axis.days(), [1, 2]);
        assert_eq!(series.axis.extent(), "hours 2016-07-11T23:00 to 2016-07-12T01:00");
        assert_eq!(series.energies[0].0, 1);
    }
}
