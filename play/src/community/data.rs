//! The community's data files: who takes part, and a week's profiles.

use super::{DataError, decimal::parse_scaled};
use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::Path,
};

/// A participant of the community.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Its name in the data, such as `p042`.
    pub name: String,
    /// Household, business or charging point.
    pub kind: String,
    /// The column of its load.
    pub load_profile: String,
    /// The largest power of its load, in watts.
    pub load_peak_w: u64,
    /// The column of its photovoltaic plant, if it has one.
    pub pv_profile: Option<String>,
    /// The plant's peak power in watts; nothing without a plant.
    pub pv_peak_w: u64,
    /// The capacity of its battery in watt-hours; nothing without one.
    pub battery_wh: u64,
}

/// Quarter-hours of a week, Monday 00:00 first.
#[derive(Clone, Debug)]
pub struct Week {
    /// The local time at which each quarter-hour begins, as `2016-07-11T11:00`.
    pub times: Vec<String>,
    /// Per column that a participant follows, the power of each quarter-hour in millionths of the profile's peak.
    pub profiles: HashMap<String, Vec<u64>>,
}

const COMMUNITY_FILE: &str = "community_100.csv";
const WEEK_FILES: [&str; 2] = ["2016-07-11_week_15min.csv", "2016-01-18_week_15min.csv"];

/// The files as they were when this program was built, for use from any directory.
const EMBEDDED: [(&str, &str); 3] = [
    (COMMUNITY_FILE, include_str!("../../../data/simbench/community_100.csv")),
    (WEEK_FILES[0], include_str!("../../../data/simbench/2016-07-11_week_15min.csv")),
    (WEEK_FILES[1], include_str!("../../../data/simbench/2016-01-18_week_15min.csv")),
];

/// The text of `file`: from the directory if one is named, else as built in.
fn text_of(directory: Option<&Path>, file: &str) -> Result<String, DataError> {
    match directory {
        Some(directory) => {
            let path = directory.join(file);
            fs::read_to_string(&path).map_err(|reason| DataError::Unreadable {
                path: path.display().to_string(),
                reason,
            })
        }
        None => EMBEDDED
            .iter()
            .find(|(name, _)| *name == file)
            .map(|(_, text)| (*text).to_owned())
            .ok_or_else(|| DataError::malformed(file, 0, "is not built in")),
    }
}

/// The participants, in the order of the file.
pub fn participants(directory: Option<&Path>) -> Result<Vec<Participant>, DataError> {
    let text = text_of(directory, COMMUNITY_FILE)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = Columns::of(COMMUNITY_FILE, &mut reader)?;
    let mut all = Vec::new();
    for (row, record) in reader.records().enumerate() {
        let line = row.saturating_add(2);
        let record = record.map_err(|e| DataError::malformed(COMMUNITY_FILE, line, e))?;
        let cell = |name: &str| columns.cell(&record, name, line);
        let thousandths = |name: &str| -> Result<u64, DataError> {
            let text = cell(name)?;
            parse_scaled(&text, 3).ok_or_else(|| {
                DataError::malformed(COMMUNITY_FILE, line, format!("{name}: {text:?} is no number"))
            })
        };
        let pv_profile = cell("pv_profile")?;
        all.push(Participant {
            name: cell("participant")?,
            kind: cell("kind")?,
            load_profile: cell("load_profile")?,
            load_peak_w: thousandths("load_peak_kw")?,
            pv_peak_w: thousandths("pv_kwp")?,
            battery_wh: thousandths("battery_kwh")?,
            pv_profile: (!pv_profile.is_empty()).then_some(pv_profile),
        });
    }
    Ok(all)
}

/// The weeks that the data holds, with the columns that `participants` follow. Others are
/// not read: wind power, for one, is negative at times.
pub fn weeks(
    directory: Option<&Path>,
    participants: &[Participant],
) -> Result<Vec<Week>, DataError> {
    let followed: BTreeSet<&str> = participants
        .iter()
        .flat_map(|p| [Some(p.load_profile.as_str()), p.pv_profile.as_deref()])
        .flatten()
        .collect();
    WEEK_FILES.iter().map(|file| week(directory, file, &followed)).collect()
}

fn week(
    directory: Option<&Path>,
    file: &str,
    followed: &BTreeSet<&str>,
) -> Result<Week, DataError> {
    let text = text_of(directory, file)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = Columns::of(file, &mut reader)?;
    let mut times = Vec::new();
    let mut series = vec![Vec::new(); columns.names.len()];
    for (row, record) in reader.records().enumerate() {
        let line = row.saturating_add(2);
        let record = record.map_err(|e| DataError::malformed(file, line, e))?;
        times.push(columns.cell(&record, "time", line)?);
        for (name, (values, text)) in columns.names.iter().zip(series.iter_mut().zip(record.iter()))
        {
            if followed.contains(name.as_str()) {
                values.push(parse_scaled(text, 6).ok_or_else(|| {
                    DataError::malformed(file, line, format!("{name}: {text:?} is no number"))
                })?);
            }
        }
    }
    let profiles =
        columns.names.into_iter().zip(series).filter(|(name, _)| followed.contains(name.as_str()));
    Ok(Week { times, profiles: profiles.collect() })
}

/// A file's header line.
struct Columns {
    file: String,
    names: Vec<String>,
}

impl Columns {
    fn of(file: &str, reader: &mut csv::Reader<&[u8]>) -> Result<Self, DataError> {
        let header = reader.headers().map_err(|e| DataError::malformed(file, 1, e))?;
        Ok(Self { file: file.to_owned(), names: header.iter().map(str::to_owned).collect() })
    }

    fn cell(
        &self,
        record: &csv::StringRecord,
        name: &str,
        line: usize,
    ) -> Result<String, DataError> {
        self.names
            .iter()
            .position(|n| n == name)
            .and_then(|column| record.get(column))
            .map(str::to_owned)
            .ok_or_else(|| DataError::malformed(&self.file, line, format!("has no {name}")))
    }
}
