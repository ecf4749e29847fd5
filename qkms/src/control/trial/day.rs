//! The demand for keys of a trading day, from quarter-hours of load and generation.
//!
//! In each quarter-hour a participant has a surplus or a deficit, its generation less its load, in
//! watt-hours. Each whose surplus or deficit is [`LEAST`] or more takes part in the market and opens a
//! session: one key. The lesser of all surpluses and all deficits is traded, and each [`TRADE`] of it
//! takes a key for the letter that opens the trade to its buyer.

use std::collections::HashMap;

/// Watt-hours in a quarter-hour from which on a participant takes part.
pub const LEAST: f64 = 100.0;
/// Watt-hours of a trade.
pub const TRADE: f64 = 100.0;
/// Quarter-hours of a day.
pub const SLOTS: usize = 96;

/// Keys of each quarter-hour of a day that one community asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Day(pub Vec<f64>);

/// Why tables are no demand.
#[derive(Debug, thiserror::Error)]
pub enum DayError {
    /// Not a table of comma-separated values.
    #[error("not a table: {0}")]
    Table(#[from] csv::Error),
    /// A column that is not there, or a profile without one.
    #[error("there is no column {0}")]
    Column(String),
    /// A field that is no number.
    #[error("{0:?} is no number")]
    Number(String),
    /// A week without the day asked for.
    #[error("the table has no whole day number {0}")]
    Short(usize),
}

struct Table {
    columns: HashMap<String, usize>,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    fn read(text: &str) -> Result<Self, DayError> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers()?.clone();
        let columns = header.iter().enumerate().map(|(at, name)| (name.to_owned(), at)).collect();
        let rows = reader.records().collect::<Result<_, _>>()?;
        Ok(Self { columns, rows })
    }

    fn column(&self, name: &str) -> Result<usize, DayError> {
        self.columns.get(name).copied().ok_or_else(|| DayError::Column(name.to_owned()))
    }
}

fn number(text: &str) -> Result<f64, DayError> {
    text.parse().map_err(|_| DayError::Number(text.to_owned()))
}

impl Day {
    /// Day number `day` of a week, from 0, of a community: tables as `data/simbench` has them.
    ///
    /// # Errors
    ///
    /// [`DayError`].
    pub fn read(community: &str, week: &str, day: usize) -> Result<Self, DayError> {
        let (community, week) = (Table::read(community)?, Table::read(week)?);
        let rows = week.rows.chunks_exact(SLOTS).nth(day).ok_or(DayError::Short(day))?;
        // Surplus of each participant in each quarter-hour.
        let mut surplus: Vec<Vec<f64>> = Vec::new();
        let columns = ["load_profile", "load_peak_kw", "pv_profile", "pv_kwp"];
        let mut at = [0; 4];
        for (at, name) in at.iter_mut().zip(columns) {
            *at = community.column(name)?;
        }
        for participant in &community.rows {
            let [load, peak, pv, kwp] = at.map(|at| participant.get(at).unwrap_or_default());
            let (load, peak) = (week.column(load)?, number(peak)?);
            let pv = if pv.is_empty() { None } else { Some((week.column(pv)?, number(kwp)?)) };
            let of = |row: &csv::StringRecord| -> Result<f64, DayError> {
                let share = |at| number(row.get(at).unwrap_or_default());
                let made = pv.map_or(Ok(0.0), |(at, kwp)| share(at).map(|share| share * kwp))?;
                // kW for a quarter of an hour, in Wh.
                Ok((made - share(load)? * peak) * 250.0)
            };
            surplus.push(rows.iter().map(of).collect::<Result<_, _>>()?);
        }
        let slots = (0..SLOTS).map(|slot| {
            let each = || surplus.iter().filter_map(|each| each.get(slot));
            let sessions = each().filter(|surplus| surplus.abs() >= LEAST).count();
            let more: f64 = each().map(|surplus| surplus.max(0.0)).sum();
            let less: f64 = each().map(|surplus| (-surplus).max(0.0)).sum();
            sessions as f64 + more.min(less) / TRADE
        });
        Ok(Self(slots.collect()))
    }

    /// Day number `day`, from 0, of the week that this program was built with: that from Monday 11 July 2016
    /// of the SimBench extract.
    ///
    /// # Errors
    ///
    /// [`DayError::Short`] from day 7 on.
    pub fn read_built_in(day: usize) -> Result<Self, DayError> {
        Self::read(
            include_str!("../../../../data/simbench/community_100.csv"),
            include_str!("../../../../data/simbench/2016-07-11_week_15min.csv"),
            day,
        )
    }

    /// Keys of the whole day.
    pub fn keys(&self) -> f64 {
        self.0.iter().sum()
    }

    /// Keys of the busiest quarter-hour.
    pub fn busiest(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }

    /// Keys a second at `second` of the day.
    pub fn at(&self, second: u32) -> f64 {
        let slot = (second / 900) as usize % SLOTS;
        self.0.get(slot).copied().unwrap_or(0.0) / 900.0
    }
}
