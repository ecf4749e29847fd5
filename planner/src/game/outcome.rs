//! What the game comes to, as it is told.

use super::{Number, bilateral, decimal};
use crate::as_number;
use serde::{Serialize, Serializer};

/// A number as it is told: to twelve places for programs, to six for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    fine: String,
    told: String,
    percent: String,
}

impl Figure {
    /// Of an exact one.
    pub fn of(number: &Number) -> Self {
        let hundred = super::from_units(100, 0);
        Self {
            fine: decimal(number, 12),
            told: decimal(number, 6),
            percent: format!("{:.2} %", as_number(&decimal(&(number * hundred), 2))),
        }
    }

    /// As people read it.
    pub fn told(&self) -> &str {
        &self.told
    }
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(as_number(&self.fine))
    }
}

/// How much trades, and at which prices.
#[derive(Debug, PartialEq, Serialize)]
pub struct Trade {
    /// In kWh.
    pub volume_kwh: Figure,
    /// Nothing where nothing trades.
    pub sellers_get: Option<Figure>,
    /// Nothing where nothing trades.
    pub buyers_pay: Option<Figure>,
}

impl Trade {
    pub fn new(volume: &Number, sellers_get: Option<&Number>, buyers_pay: Option<&Number>) -> Self {
        Self {
            volume_kwh: Figure::of(volume),
            sellers_get: sellers_get.map(Figure::of),
            buyers_pay: buyers_pay.map(Figure::of),
        }
    }

    fn told(&self) -> String {
        match (&self.sellers_get, &self.buyers_pay) {
            (Some(get), Some(pay)) => format!(
                "{} kWh, sellers get {}, buyers pay {}",
                self.volume_kwh.told, get.told, pay.told
            ),
            _ => "nothing trades".to_owned(),
        }
    }
}

/// An aggregator's part.
#[derive(Debug, PartialEq, Serialize)]
pub struct Middleman {
    pub kwh: Figure,
    pub gain: Figure,
}

/// An equilibrium.
#[derive(Debug, PartialEq, Serialize)]
pub struct Middlemen {
    #[serde(flatten)]
    pub trade: Trade,
    /// In the order of their file.
    pub aggregators: Vec<Middleman>,
    /// Of what the auction gives them, as a share of one; nothing where that is nothing.
    pub members_keep: Option<Figure>,
    /// By any other quantity on the grid.
    pub largest_gain: Option<Figure>,
}

/// With so many aggregators of the least cost.
#[derive(Debug, PartialEq, Serialize)]
pub struct ByNumber {
    pub aggregators: u16,
    pub members_keep: Option<Figure>,
}

/// The game beside the auction.
#[derive(Debug, PartialEq, Serialize)]
pub struct Played {
    /// By volume.
    pub equilibria: Vec<Middlemen>,
    pub auction: Trade,
    pub fee: Figure,
    pub by_number: Vec<ByNumber>,
    /// The least cost.
    pub of_cost: Figure,
    #[serde(skip)]
    pub grid: u16,
}

/// What somebody offers: `slope * own + start`.
#[derive(Debug, PartialEq, Serialize)]
pub struct Offer {
    pub slope: Figure,
    pub start: Figure,
}

/// Two priced offers.
#[derive(Debug, PartialEq, Serialize)]
pub struct Bilateral {
    pub seller: Offer,
    pub buyer: Offer,
    pub threshold: Figure,
    pub chance: Figure,
    pub gain: Figure,
    pub possible: Figure,
    /// Of the possible gain.
    pub realised: Figure,
}

impl From<&bilateral::Outcome> for Bilateral {
    fn from(outcome: &bilateral::Outcome) -> Self {
        let offer = |offer: &bilateral::Offer| Offer {
            slope: Figure::of(&offer.slope),
            start: Figure::of(&offer.start),
        };
        Self {
            seller: offer(&outcome.seller),
            buyer: offer(&outcome.buyer),
            threshold: Figure::of(&outcome.threshold),
            chance: Figure::of(&outcome.chance),
            gain: Figure::of(&outcome.gain),
            possible: Figure::of(&outcome.possible),
            realised: Figure::of(&(&outcome.gain / &outcome.possible)),
        }
    }
}

/// What was asked for.
#[derive(Debug, PartialEq, Serialize)]
pub struct Outcome {
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    pub played: Option<Played>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bilateral: Option<Bilateral>,
}

fn share(kept: Option<&Figure>) -> &str {
    kept.map_or("nothing to keep", |kept| &kept.percent)
}

impl Outcome {
    pub fn lines(&self) -> String {
        let played = self.played.iter().flat_map(Played::lines);
        played
            .chain(self.bilateral.iter().flat_map(Bilateral::lines))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Played {
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.equilibria.len() > 1 {
            lines.push(format!("there are {} equilibria", self.equilibria.len()));
        }
        for found in &self.equilibria {
            lines.push(format!("with aggregators  {}", found.trade.told()));
            for (number, one) in (1..).zip(&found.aggregators) {
                lines.push(format!(
                    "  aggregator {number}    {} kWh, gains {}",
                    one.kwh.told, one.gain.told
                ));
            }
            lines.push(format!("  members keep    {}", share(found.members_keep.as_ref())));
            let gain = found.largest_gain.as_ref().map_or("", Figure::told);
            let steps = self.grid;
            lines
                .push(format!("  largest gain by another quantity, of {steps} steps each: {gain}"));
        }
        lines.push(format!("in the auction    {}, fee {}", self.auction.told(), self.fee.told));
        lines
            .push(format!("members keep, with so many aggregators of cost {}:", self.of_cost.told));
        for line in &self.by_number {
            lines.push(format!("  {:>4}  {}", line.aggregators, share(line.members_keep.as_ref())));
        }
        lines
    }
}

impl Bilateral {
    fn lines(&self) -> Vec<String> {
        let line = |offer: &Offer| format!("{} own + {}", offer.slope.told, offer.start.told);
        vec![
            format!(
                "two offers        the seller's {}, the buyer's {}",
                line(&self.seller),
                line(&self.buyer)
            ),
            format!(
                "  trade where the value exceeds the cost by {}: {} of all pairs",
                self.threshold.told, self.chance.percent
            ),
            format!(
                "  gain {} of {} possible: {}",
                self.gain.told, self.possible.told, self.realised.percent
            ),
        ]
    }
}
