//! What a side offers at a step.

use super::{Price, Range, Side, Terms, Unfit};
use num_bigint::BigUint;
use std::{cmp::Ordering, fmt, str::FromStr};

/// How soon a side gives way: larger is sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beta {
    /// In hundredths, from 1 to [`MOST_BETA`] hundreds of them.
    hundredths: u32,
}

/// The largest beta.
pub const MOST_BETA: u32 = 100;

/// A beta that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("beta is not from 0.01 to {MOST_BETA} in hundredths")]
pub struct BadBeta;

impl Beta {
    /// Even steps.
    pub const LINEAR: Self = Self { hundredths: 100 };
    /// Late: a quarter of the way at half time.
    pub const BOULWARE: Self = Self { hundredths: 50 };
    /// Early: seven tenths of the way at half time.
    pub const CONCEDER: Self = Self { hundredths: 200 };

    /// From hundredths.
    ///
    /// # Errors
    /// If it is zero or above [`MOST_BETA`].
    pub const fn from_hundredths(hundredths: u32) -> Result<Self, BadBeta> {
        if hundredths == 0 || hundredths > MOST_BETA.saturating_mul(100) {
            return Err(BadBeta);
        }
        Ok(Self { hundredths })
    }

    fn as_float(self) -> f64 {
        f64::from(self.hundredths) / 100.0
    }

    /// As a fraction in lowest terms.
    const fn fraction(self) -> (u32, u32) {
        let divisor = greatest_common_divisor(self.hundredths as u64, 100) as u32;
        match (self.hundredths.checked_div(divisor), 100_u32.checked_div(divisor)) {
            (Some(top), Some(bottom)) => (top, bottom),
            _ => (self.hundredths, 100),
        }
    }
}

const fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    while let Some(rest) = one.checked_rem(other) {
        (one, other) = (other, rest);
    }
    one
}

impl fmt::Display for Beta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_float())
    }
}

/// By what a side moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// By time.
    ByTime(Beta),
    /// By what the other did last.
    TitForTat,
}

impl FromStr for Policy {
    type Err = BadBeta;

    /// Reads `linear`, `boulware` (beta 0.5), `conceder` (beta 2), `tit-for-tat`, or beta in at most two decimal places.
    fn from_str(text: &str) -> Result<Self, BadBeta> {
        Ok(match text {
            "linear" => Self::ByTime(Beta::LINEAR),
            "boulware" => Self::ByTime(Beta::BOULWARE),
            "conceder" => Self::ByTime(Beta::CONCEDER),
            "tit-for-tat" => Self::TitForTat,
            beta => {
                let beta: qedex_tables::Decimal = beta.parse().map_err(|_| BadBeta)?;
                let hundredths = beta.exactly(2).map_err(|_| BadBeta)?;
                Self::ByTime(Beta::from_hundredths(hundredths.try_into().map_err(|_| BadBeta)?)?)
            }
        })
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByTime(Beta::LINEAR) => f.write_str("linear"),
            Self::ByTime(Beta::BOULWARE) => f.write_str("boulware"),
            Self::ByTime(Beta::CONCEDER) => f.write_str("conceder"),
            Self::ByTime(beta) => write!(f, "beta {beta}"),
            Self::TitForTat => f.write_str("tit for tat"),
        }
    }
}

/// An offer, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticks(u64);

/// The last two offers of a side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offers {
    last: Option<Ticks>,
    before: Option<Ticks>,
}

impl Offers {
    /// One more.
    pub const fn push(&mut self, offer: Ticks) {
        self.before = self.last;
        self.last = Some(offer);
    }
}

/// A side that moves. Its numbers are reduced: whole multiples of `unit`.
#[derive(Clone, Copy, Debug)]
pub struct Mover {
    side: Side,
    policy: Policy,
    steps: u32,
    best: u64,
    worst: u64,
    tick: u64,
    unit: u64,
}

impl Mover {
    /// One that goes through `range`; the tick is not zero.
    pub fn new(range: &Range, policy: Policy, terms: &Terms) -> Result<Self, Unfit> {
        let unit = greatest_common_divisor(range.best.0, range.worst.0);
        let unit = greatest_common_divisor(unit, terms.tick.0).max(1);
        let reduced = |price: Price| price.0.div_euclid(unit);
        let mover = Self {
            side: range.side,
            policy,
            steps: terms.steps,
            best: reduced(range.best),
            worst: reduced(range.worst),
            tick: reduced(terms.tick),
            unit,
        };
        let last = mover.on_tick(range.side, mover.worst);
        if last.0 == 0 && range.side == Side::Buyer {
            return Err(Unfit::OffTick);
        }
        Ok(mover)
    }

    /// Whose.
    pub const fn side(&self) -> Side {
        self.side
    }

    /// A price on the tick, rounded to where `side` stands.
    fn on_tick(&self, side: Side, price: u64) -> Ticks {
        match side {
            Side::Buyer => Ticks(price.div_euclid(self.tick)),
            Side::Seller => Ticks(price.div_ceil(self.tick)),
        }
    }

    /// What an offer means.
    pub const fn price(&self, offer: Ticks) -> Price {
        Price(offer.0.saturating_mul(self.tick).saturating_mul(self.unit))
    }

    /// Whether `offer` is as good for this side as `own`.
    pub fn is_no_worse(&self, offer: Ticks, own: Ticks) -> bool {
        match self.side {
            Side::Buyer => offer <= own,
            Side::Seller => offer >= own,
        }
    }

    /// What it offers at `step`, after its `own` offers and the `others`.
    pub fn offer(&self, step: u32, own: &Offers, others: &Offers) -> Ticks {
        match self.policy {
            Policy::ByTime(beta) => self.conceded(step, beta),
            Policy::TitForTat => self.answer(own, others),
        }
    }

    fn answer(&self, own: &Offers, others: &Offers) -> Ticks {
        let Some(last) = own.last else { return self.on_tick(self.side, self.best) };
        let given = match (others.before, others.last) {
            (Some(before), Some(last)) => before.0.abs_diff(last.0),
            _ => 0,
        };
        let worst = self.on_tick(self.side, self.worst);
        match self.side {
            Side::Buyer => Ticks(last.0.saturating_add(given)).min(worst),
            Side::Seller => Ticks(last.0.saturating_sub(given)).max(worst),
        }
    }

    /// The best price conceded by `(step/T)^(1/beta)` of the way to the worst, on the tick.
    fn conceded(&self, step: u32, beta: Beta) -> Ticks {
        if step >= self.steps {
            return self.on_tick(self.side, self.worst);
        }
        let range = self.best.abs_diff(self.worst);
        let way = Way::new(range, step, self.steps, beta);
        // A floating-point number finds the neighbourhood; whole numbers decide.
        let part = (f64::from(step) / f64::from(self.steps)).powf(1.0 / beta.as_float());
        let mut gone = (part * range as f64) as u64;
        while !way.reaches(gone) {
            gone = gone.saturating_sub(1);
        }
        while gone < range && way.reaches(gone.saturating_add(1)) {
            gone = gone.saturating_add(1);
        }
        // The largest whole way. Between it and the next one lies no multiple of the tick.
        self.on_tick(
            self.side,
            match self.side {
                Side::Buyer => self.best.saturating_add(gone),
                Side::Seller => self.best.saturating_sub(gone),
            },
        )
    }
}

/// How far `(t/T)^(1/beta)` of a range r goes, where beta = p/q.
#[derive(Debug)]
struct Way {
    /// `t^q r^p`.
    most: BigUint,
    /// `T^q`.
    steps: BigUint,
    /// p.
    power: u32,
}

impl Way {
    fn new(range: u64, step: u32, steps: u32, beta: Beta) -> Self {
        let (power, root) = beta.fraction();
        let most = BigUint::from(step).pow(root) * BigUint::from(range).pow(power);
        Self { most, steps: BigUint::from(steps).pow(root), power }
    }

    fn reaches(&self, gone: u64) -> bool {
        (BigUint::from(gone).pow(self.power) * &self.steps).cmp(&self.most) != Ordering::Greater
    }
}
