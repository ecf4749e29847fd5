//! The community's data files: who takes part, and weeks of profiles.
//!
//! Which is which is told by the columns: a community has `participant`, a week has `time`. A week may
//! have any name and length; its quarter-hours come each once, in order.

use super::DataError;
use qedex_tables::{Column, Moment, Quantity, Step, Table, TimeAxis, Zone};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
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

/// Quarter-hours in a row.
#[derive(Clone, Debug)]
pub struct Week {
    /// The file.
    pub file: String,
    /// When each quarter-hour begins.
    pub times: Vec<Moment>,
    /// Per column that a participant follows, the power of each quarter-hour in parts of 10^-12 of the peak.
    pub profiles: HashMap<String, Vec<u64>>,
}

impl Week {
    /// The values of a profile that a participant follows: the week has it, with one for each time.
    pub fn profile(&self, name: &str) -> &[u64] {
        self.profiles.get(name).map_or(&[], Vec::as_slice)
    }
}

/// A profile's peak in the parts that its values are counted in. Finer ones are rounded.
pub const PEAK: u64 = 1_000_000_000_000;

const SHARE: Quantity =
    Quantity { unit: "of the profile's peak", places: PEAK.ilog10(), most: PEAK as u128 };

const POWER: Quantity = Quantity { unit: "kW", places: 3, most: u64::MAX as u128 };

/// The files as they were when this program was built, for use from any directory.
const EMBEDDED: [(&str, &str); 3] = [
    ("community_100.csv", include_str!("../../../data/simbench/community_100.csv")),
    ("2016-07-11_week_15min.csv", include_str!("../../../data/simbench/2016-07-11_week_15min.csv")),
    ("2016-01-18_week_15min.csv", include_str!("../../../data/simbench/2016-01-18_week_15min.csv")),
];

/// The participants in the order of their file, and the weeks, the latest first, with the columns that
/// participants follow. Others are not read: wind power, for one, is negative at times.
///
/// Times without an offset are local ones of `zone`, or of the zone that their column declares.
pub fn read(
    directory: Option<&Path>,
    zone: Option<&Zone>,
) -> Result<(Vec<Participant>, Vec<Week>), DataError> {
    let place =
        || directory.map_or("the built-in data".to_owned(), |dir| dir.display().to_string());
    let unfit = |what: String| DataError::Files { place: place(), what };
    let mut communities = Vec::new();
    let mut weeks = Vec::new();
    for table in tables(directory)? {
        let has_participants =
            table.names().iter().any(|name| name.eq_ignore_ascii_case("participant"));
        let time = table
            .names()
            .iter()
            .enumerate()
            .find_map(|(place, name)| Zone::of_column(name).map(|declared| (place, declared)));
        match time {
            _ if has_participants => communities.push(table),
            Some((place, declared)) => weeks.push((table, place, declared)),
            None => {
                let what = "neither participants (a column participant) nor a week (a column time)";
                return Err(table.header_error(format!("these are {what}")).into());
            }
        }
    }
    let participants = match communities.as_slice() {
        [community] => participants(community)?,
        [] => return Err(unfit("no file has participants (a column participant)".to_owned())),
        [one, other, ..] => {
            let (one, other) = (one.file(), other.file());
            return Err(unfit(format!("both {one} and {other} have participants")));
        }
    };
    if weeks.is_empty() {
        return Err(unfit("no file has a week (a column time)".to_owned()));
    }
    let followed: BTreeMap<&str, &str> = participants
        .iter()
        .flat_map(|p| [Some((&p.load_profile, p)), p.pv_profile.as_ref().map(|pv| (pv, p))])
        .flatten()
        .map(|(profile, participant)| (profile.as_str(), participant.name.as_str()))
        .collect();
    let mut weeks = weeks
        .iter()
        .map(|(table, place, declared)| {
            let declared = declared.clone().map_err(|what| table.header_error(what))?;
            week(table, *place, zone.or(declared.as_ref()), &followed)
        })
        .collect::<Result<Vec<_>, _>>()?;
    weeks.sort_by_key(|week| Reverse(week.times.first().map(Moment::minutes)));
    for pair in weeks.windows(2) {
        if let [later, earlier] = pair
            && let (Some(begin), Some(end)) = (later.times.first(), earlier.times.last())
            && begin.minutes() <= end.minutes()
        {
            let (one, other) = (&later.file, &earlier.file);
            return Err(unfit(format!("both {one} and {other} have {begin}")));
        }
    }
    Ok((participants, weeks))
}

/// All tables of the directory, in the order of their names, or those that are built in.
fn tables(directory: Option<&Path>) -> Result<Vec<Table>, DataError> {
    let Some(directory) = directory else {
        let read = |(name, text): (&str, &str)| Table::parse(name, text);
        return Ok(EMBEDDED.into_iter().map(read).collect::<Result<_, _>>()?);
    };
    let entries = fs::read_dir(directory).and_then(|entries| {
        entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()
    });
    let mut paths = entries.map_err(|reason| DataError::Unreadable {
        path: directory.display().to_string(),
        reason,
    })?;
    paths.retain(|path| {
        let is_hidden =
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let is_table = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("csv") || end.eq_ignore_ascii_case("tsv"));
        is_table && !is_hidden
    });
    paths.sort();
    Ok(paths.iter().map(|path| Table::read(path)).collect::<Result<_, _>>()?)
}

fn participants(table: &Table) -> Result<Vec<Participant>, DataError> {
    const COLUMNS: [Column<'_>; 7] = [
        &["participant"],
        &["kind"],
        &["load_profile"],
        &["load_peak_kw"],
        &["pv_profile"],
        &["pv_kwp"],
        &["battery_kwh"],
    ];
    let columns = table.columns_among_others(COLUMNS)?;
    let mut all = Vec::new();
    let mut lines = HashMap::new();
    table.each(|row| {
        let [name, kind, load_profile, load_peak, pv_profile, pv_peak, battery] =
            row.cells(&columns);
        for (column, cell) in [("participant", name), ("load_profile", load_profile)] {
            if cell.is_empty() {
                return Err(format!("{column} is missing"));
            }
        }
        if let Some(line) = lines.insert(name.to_owned(), row.line()) {
            return Err(format!("{name} comes twice: it stands in line {line} already"));
        }
        all.push(Participant {
            name: name.to_owned(),
            kind: kind.to_owned(),
            load_profile: load_profile.to_owned(),
            load_peak_w: POWER.read_u64("load_peak_kw", load_peak)?,
            pv_profile: (!pv_profile.is_empty()).then(|| pv_profile.to_owned()),
            pv_peak_w: POWER.read_u64("pv_kwp", pv_peak)?,
            battery_wh: Quantity::KILOWATT_HOURS.read_u64("battery_kwh", battery)?,
        });
        Ok(())
    })?;
    if all.is_empty() {
        return Err(table.error("there is no participant".to_owned()).into());
    }
    Ok(all)
}

/// The week of `table`, whose times stand in the column at `time`, with the profiles that somebody follows.
fn week(
    table: &Table,
    time: usize,
    zone: Option<&Zone>,
    followed: &BTreeMap<&str, &str>,
) -> Result<Week, DataError> {
    let mut series: Vec<(usize, &str, Vec<u64>)> = Vec::new();
    for (profile, participant) in followed {
        let mut places =
            table.names().iter().enumerate().filter(|(_, name)| name == profile).map(|(at, _)| at);
        let Some(place) = places.next() else {
            let what = format!("there is no column {profile}, which {participant} follows");
            return Err(table.header_error(what).into());
        };
        if places.next().is_some() {
            return Err(table.header_error(format!("the column {profile} comes twice")).into());
        }
        series.push((place, profile, Vec::new()));
    }
    let mut axis = TimeAxis::new(Step::QuarterHour);
    table.each(|row| {
        axis.push(Moment::read(row.cell(time), zone)?, row.line())?;
        for (place, name, values) in &mut series {
            let value = SHARE.read_rounded(name, row.cell(*place))?;
            // At most the peak.
            values.push(u64::try_from(value).unwrap_or(PEAK));
        }
        Ok(())
    })?;
    let times = axis.into_times();
    if times.is_empty() {
        return Err(table.error("there is no quarter-hour".to_owned()).into());
    }
    let profiles = series.into_iter().map(|(_, name, values)| (name.to_owned(), values)).collect();
    Ok(Week { file: table.file().to_owned(), times, profiles })
}
