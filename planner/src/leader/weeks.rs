//! `qedex plan leader --weeks`: what holding back brings where keys are scarce, on the weeks in the data.
//!
//! ### What is assumed
//! - Books are those of `plan::books`: the orders that `qedex play` places on the development chain. A key
//!   covers the council's least energy, and no slot gets less than the council's least share and one key.
//! - *Keys, %* are of what the week's trades would use if there were enough. They come in evenly, before
//!   the gate of each slot, at first into an empty pool. It holds what comes in during a day; what comes in
//!   beyond that is lost.
//! - When a gate opens, as many slots before it hold what they were promised as are open at once: the
//!   oldest of them closes at that moment, and is cleared after. What it does not use is back when the
//!   next gate opens.
//! - A leader that holds back plans each day when the gate of its first slot opens (`math::admission`), and
//!   says at the gate of each slot how many keys to admit, by what is there and what it thinks will come
//!   back. One that knows yesterday takes all books of the day before for those of the day; for the
//!   first day those of the last day of the data stand in. Neither keeps anything for the next day.
//! - *Worth* is by how much bids exceed asks and the grid fee over the energy traded. *Saved* is what
//!   buyers pay less than the grid's price and sellers get more than the feed-in price. *To the fund* goes the
//!   keys' shadow price: what buyers pay more than sellers get and the grid takes. Nobody cheats. *Evening*
//!   is from five to nine, in the data's time.

use super::scarce::{Leader, Rules, Score, Week};
use crate::{books, error::Error, terms};
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use qedex_client::{
    amounts,
    terms::{LeaderLimits, Permill},
};
use qedex_math::Wh;
use qedex_play::community::Community;
use serde::Serialize;

/// How many keys come in, in percent of what would be used.
const PERCENT: [u64; 5] = [10, 25, 50, 75, 100];

/// With so many the rules are varied.
const VARIED: u64 = 25;

/// A leader on a week.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The day on which the week begins.
    week: String,
    /// Nothing where there are enough.
    keys_percent: Option<u64>,
    leader: Leader,
    #[serde(flatten)]
    score: Score,
}

/// All leaders on a week by rules of which one is changed.
#[derive(Debug, Serialize)]
struct Varied {
    rules: &'static str,
    week: String,
    /// In the order of [`Leader::ALL`].
    leaders: Vec<Score>,
}

/// What the command prints.
#[derive(Debug, Serialize)]
pub struct Figures {
    leaders: Vec<Row>,
    varied: Vec<Varied>,
}

/// What `rules` become for a week of so many slots.
type Change = fn(&mut Rules, slots: u64);

/// Rules of which one is changed.
const CHANGES: [(&str, Change); 5] = [
    ("as above", |_, _| {}),
    ("no least share", |rules, _| rules.limits.least_share = Permill::zero()),
    ("the pool holds a quarter of a day", |rules, slots| {
        rules.capacity = of_slots(rules, 24, slots)
    }),
    ("the pool holds a week", |rules, slots| rules.capacity = of_slots(rules, 672, slots)),
    ("each slot is cleared before the next gate", |rules, _| rules.holding = 0),
];

/// How many keys come in during `some` of `all` slots, rounded up.
fn of_slots(rules: &Rules, some: u64, all: u64) -> u64 {
    let keys = u128::from(rules.income).saturating_mul(some.into());
    u64::try_from(keys.div_ceil(u128::from(all.max(1)))).unwrap_or(u64::MAX)
}

/// The rules of the development chain, with so many percent of the week's keys.
fn rules(week: &Week, percent: u64, limits: LeaderLimits) -> Rules {
    let at_once = terms::open_at_once();
    let mut rules = Rules {
        income: week.keys().saturating_mul(percent) / 100,
        capacity: 0,
        limits,
        at_once,
        holding: usize::try_from(at_once).unwrap_or(usize::MAX),
    };
    rules.capacity = of_slots(&rules, 96, week.slots());
    rules
}

/// The same with as many keys in each slot as all of them use together.
fn enough(week: &Week, limits: LeaderLimits) -> Rules {
    let income = week.keys().saturating_mul(week.slots());
    Rules { income, capacity: u64::MAX, ..rules(week, 0, limits) }
}

/// All leaders on all weeks of the data.
pub fn figures(
    community: &Community,
    seed: u64,
    per_key: Wh,
    limits: LeaderLimits,
) -> Result<Figures, Error> {
    let mut figures = Figures { leaders: Vec::new(), varied: Vec::new() };
    for quarters in community.whole_weeks() {
        let books = books::of(&quarters, seed, per_key)?;
        let Some(first) = quarters.first() else { continue };
        let begins: String = first.time.chars().take_while(|c| *c != 'T').collect();
        let week = Week::new(books::days(&books));
        for keys_percent in PERCENT {
            let rules = rules(&week, keys_percent, limits);
            for leader in Leader::ALL {
                let score = week.play(leader, &rules)?;
                let keys_percent = Some(keys_percent);
                figures.leaders.push(Row { week: begins.clone(), keys_percent, leader, score });
            }
        }
        let leader = Leader::AdmitsAll;
        let score = week.play(leader, &enough(&week, limits))?;
        figures.leaders.push(Row { week: begins.clone(), keys_percent: None, leader, score });
        for (name, change) in CHANGES {
            let mut rules = rules(&week, VARIED, limits);
            change(&mut rules, week.slots());
            let scores = Leader::ALL.map(|leader| week.play(leader, &rules));
            figures.varied.push(Varied {
                rules: name,
                week: begins.clone(),
                leaders: scores.into_iter().collect::<Result<_, _>>()?,
            });
        }
    }
    Ok(figures)
}

/// A share of two numbers in percent, rounded down to one decimal.
fn percent(part: u64, whole: u64) -> String {
    let tenths = u128::from(part).saturating_mul(1_000).checked_div(whole.into()).unwrap_or(0);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// An energy in kWh, rounded down to one decimal.
fn kwh(wh: u64) -> String {
    format!("{}.{}", wh / 1_000, wh % 1_000 / 100)
}

impl Figures {
    /// As tables, with an empty line between.
    pub fn tables(&self) -> String {
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN);
        table.set_header(vec![
            "week of",
            "keys, %",
            "leader",
            "traded, kWh",
            "in the evening, %",
            "worth, QED",
            "saved, QED",
            "to the fund, QED",
            "keys lost",
        ]);
        for Row { week, keys_percent, leader, score } in &self.leaders {
            table.add_row(vec![
                week.clone(),
                keys_percent.map_or("enough".to_owned(), |percent| percent.to_string()),
                leader.name().to_owned(),
                kwh(score.volume_wh),
                percent(score.evening_wh, score.volume_wh),
                amounts::qed(score.worth, 2),
                amounts::qed(score.saved, 2),
                amounts::qed(score.to_fund, 2),
                score.keys_lost.to_string(),
            ]);
        }
        format!("{table}\n\n{}", self.varied_table())
    }

    fn varied_table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN);
        let mut header = vec!["worth in QED".to_owned(), "week of".to_owned()];
        header.extend(Leader::ALL.map(|leader| leader.name().to_owned()));
        table.set_header(header);
        for Varied { rules, week, leaders } in &self.varied {
            let mut row = vec![(*rules).to_owned(), week.clone()];
            row.extend(leaders.iter().map(|score| amounts::qed(score.worth, 2)));
            table.add_row(row);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_the_weeks() -> Figures {
        let community = Community::load(None, None).unwrap();
        let limits = terms::limits();
        figures(&community, 1, limits.least_wh_per_key, limits).unwrap()
    }

    /// Also keeps the document true: with `QEDEX_PRINT_TABLES=1` the test prints what belongs there.
    #[test]
    fn the_document_shows_what_holding_back_brings() {
        let figures = of_the_weeks();
        let tables = figures.tables();
        if std::env::var_os("QEDEX_PRINT_TABLES").is_some() {
            qedex_console::say!("{tables}").unwrap();
            return;
        }
        let document = include_str!("../../../docs/auction.md");
        for table in tables.split("\n\n") {
            assert!(
                document.contains(table),
                "docs/auction.md is not what qedex plan leader --weeks prints:\n{table}"
            );
        }
    }

    /// What the document says of the tables.
    #[test]
    fn holding_back_pays_the_fund_and_not_those_who_trade() {
        let figures = of_the_weeks();
        let score = |week: &str, percent, leader| {
            let of = |row: &&Row| {
                row.week == week && row.keys_percent == Some(percent) && row.leader == leader
            };
            figures.leaders.iter().find(of).unwrap().score
        };
        for percent in PERCENT {
            let july = |leader| score("2016-07-11", percent, leader);
            let (all, day) = (july(Leader::AdmitsAll), july(Leader::KnowsTheDay));
            let yesterday = july(Leader::KnowsYesterday);
            assert!(day.worth > all.worth && day.worth > yesterday.worth, "{percent} %");
            assert_eq!(yesterday.worth > all.worth, percent < 100, "{percent} %");
            for holding in [day, yesterday] {
                assert!(holding.saved < all.saved && holding.to_fund > all.to_fund, "{percent} %");
            }
            let january = Leader::ALL.map(|leader| score("2016-01-18", percent, leader));
            assert!(january.iter().all(|score| score.evening_wh == 0), "the sun is down");
        }
        for row in &figures.leaders {
            // A key covers a kWh.
            assert!(row.score.volume_wh <= row.score.keys_used * 1_000, "{row:?}");
        }
    }

    #[test]
    fn shares_and_energies_are_rounded_down() {
        assert_eq!((percent(1, 3), percent(1, 0)), ("33.3".to_owned(), "0.0".to_owned()));
        assert_eq!((kwh(1_999), kwh(50)), ("1.9".to_owned(), "0.0".to_owned()));
    }
}
