//! `qedex plan`: what can be computed without a node: by the very functions that the runtime calls, or by those of
//! `ems` where the runtime has none.
//!
//! Each tool has a file of its own with its arguments, its result and `run`, which computes the one
//! from the other. A result is printed as JSON with `--json`, and as lines for people otherwise.

mod books;
mod clear;
mod curves;
mod double_spend;
mod efficiency;
mod error;
mod game;
mod leader;
mod negotiate;
mod par;
mod response;
mod rows;
mod schedule;
mod score;
mod series;
mod site;
mod stackelberg;
mod tables;
mod terms;
mod trust;

pub use error::Error;

use clap::Subcommand;
use qedex_console::say;

/// What to compute.
#[derive(Debug, Subcommand)]
pub enum Plan {
    /// Clears a book of orders: prices, fills and trades (the design, section 5).
    Clear(clear::Clear),
    /// What energy is worth in a community's quarter-hours, for plan leader --curves.
    Curves(curves::Curves),
    /// The chance that a payment which is not final yet is undone (BC-ET-MF, eq. 10, corrected).
    DoubleSpend(double_spend::DoubleSpend),
    /// What each rule makes of a real community's weeks, and what overstating a quantity earns.
    Efficiency(efficiency::Efficiency),
    /// What members lose to middlemen, beside the auction; and what two priced offers lose (thermal game, eqs 29 to 35).
    Game(game::Game),
    /// How many keys to admit in each of the coming slots, beside admitting all (the design, section 5).
    Leader(Box<leader::Leader>),
    /// The prices at which buyers and sellers meet who offer in turn (SETM).
    Negotiate(negotiate::Negotiate),
    /// The peak-to-average ratio of a load (BC-ET-MF, eq. 18).
    Par(par::Par),
    /// The least peak and the flattest load where a share of it may move (BC-ET-MF, 4.9, 6.7 and 6.8).
    Response(response::Response),
    /// Who writes which block of a session, from the validators' scores.
    Schedule(schedule::Schedule),
    /// What generating and saving in one slot is worth to a validator (BC-ET-MF, eqs 11 to 13).
    Score(score::Score),
    /// What a site's devices do over a day at the least cost (the thermal game, eqs 1 to 16, corrected).
    Site(Box<site::SiteArgs>),
    /// The leader's best price, given how followers answer (the design, section 5).
    Stackelberg(stackelberg::Stackelberg),
    /// How much one participant trusts another (BC-ET-MF, eqs 19-23).
    Trust(trust::Options),
}

impl Plan {
    /// Computes and prints.
    ///
    /// # Errors
    /// What is wrong with an argument, with a file or with what was to be computed.
    pub fn run(&self) -> Result<(), Error> {
        match self {
            Self::Clear(args) => clear::run(args),
            Self::Curves(args) => curves::run(args),
            Self::DoubleSpend(args) => double_spend::run(args),
            Self::Efficiency(args) => efficiency::run(args),
            Self::Game(args) => game::run(args),
            Self::Leader(args) => leader::run(args),
            Self::Negotiate(args) => negotiate::run(args),
            Self::Par(args) => par::run(args),
            Self::Response(args) => response::run(args),
            Self::Schedule(args) => schedule::run(args),
            Self::Score(args) => score::run(args),
            Self::Site(args) => site::run(args),
            Self::Stackelberg(args) => stackelberg::run(args),
            Self::Trust(args) => trust::run(args),
        }
    }
}

/// Digits of a decimal number as the nearest floating-point number, for JSON.
fn as_number(digits: &str) -> f64 {
    digits.parse().unwrap_or(f64::NAN)
}

/// Prints `result` as JSON, or as `lines`.
fn print(json: bool, result: &impl serde::Serialize, lines: &str) -> Result<(), Error> {
    if json {
        qedex_console::compact_json(result)?
    } else {
        say!("{lines}")?
    }
    Ok(())
}
