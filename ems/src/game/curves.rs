//! What members do at a price, added up.

use super::{
    Unfit,
    exact::{Number, zero},
};

/// A member's marginal cost or value: `start + slope x` of a microgrid, `start - slope y` of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// At no energy, in money per kWh.
    pub start: Number,
    /// Per kWh, above zero.
    pub slope: Number,
}

/// Microgrids and users.
#[derive(Clone, Debug)]
pub struct Market {
    /// Microgrids.
    sellers: Vec<Line>,
    /// Users.
    buyers: Vec<Line>,
    segments: Vec<Segment>,
}

/// Volumes between which the same members trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The least volume.
    pub from: Number,
    /// The largest volume; none for the last segment.
    pub to: Option<Number>,
    /// What sellers get.
    sold: Straight,
    /// What buyers pay.
    bought: Straight,
}

/// `start + slope Q`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Straight {
    start: Number,
    slope: Number,
}

impl Straight {
    fn at(&self, volume: &Number) -> Number {
        &self.start + &self.slope * volume
    }
}

impl Segment {
    /// What sellers get at a volume.
    pub fn sellers_get(&self, volume: &Number) -> Number {
        self.sold.at(volume)
    }

    /// What buyers pay at a volume.
    pub fn buyers_pay(&self, volume: &Number) -> Number {
        self.bought.at(volume)
    }

    /// The margin that this segment's line has at no volume.
    pub fn margin_at_none(&self) -> Number {
        &self.bought.start - &self.sold.start
    }

    /// By how much the margin falls per kWh, above zero.
    pub fn fall(&self) -> Number {
        &self.sold.slope - &self.bought.slope
    }

    /// The volume at which the margin comes to `margin`, if that is on this segment.
    pub fn volume_at(&self, margin: &Number) -> Option<Number> {
        let volume = (self.margin_at_none() - margin) / self.fall();
        self.holds(&volume).then_some(volume)
    }

    /// Whether a volume is on this segment.
    pub fn holds(&self, volume: &Number) -> bool {
        &self.from <= volume && self.to.as_ref().is_none_or(|to| volume <= to)
    }
}

impl Market {
    /// Members who trade.
    ///
    /// # Errors
    /// If nobody sells or nobody buys, a slope is not above zero or a start is below it.
    pub fn new(sellers: Vec<Line>, buyers: Vec<Line>) -> Result<Self, Unfit> {
        if sellers.is_empty() {
            return Err(Unfit::NoSeller);
        }
        if buyers.is_empty() {
            return Err(Unfit::NoBuyer);
        }
        let nothing = zero();
        let members = || sellers.iter().chain(&buyers);
        if members().any(|line| line.slope <= nothing) {
            return Err(Unfit::FlatLine);
        }
        if members().any(|line| line.start < nothing) {
            return Err(Unfit::Negative);
        }
        let segments = segments(&pieces(&sellers, true), &pieces(&buyers, false));
        Ok(Self { sellers, buyers, segments })
    }

    /// Microgrids.
    pub fn sellers(&self) -> &[Line] {
        &self.sellers
    }

    /// Users.
    pub fn buyers(&self) -> &[Line] {
        &self.buyers
    }

    /// All segments, from no volume on.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The segment of a volume: of two that meet in it, the first.
    pub fn segment(&self, volume: &Number) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.holds(volume))
    }

    /// The margin at a volume.
    pub fn margin(&self, volume: &Number) -> Option<Number> {
        let segment = self.segment(volume)?;
        Some(segment.buyers_pay(volume) - segment.sellers_get(volume))
    }
}

/// The price of one side from a volume on.
#[derive(Clone, Debug)]
struct Piece {
    from: Number,
    price: Straight,
}

/// The price that makes members of one side trade a volume together: those come first whose lines start
/// best, and at the price at which the next one comes in it is flatter from there on.
fn pieces(lines: &[Line], are_sellers: bool) -> Vec<Piece> {
    let mut lines: Vec<&Line> = lines.iter().collect();
    lines.sort_by(|one, other| one.start.cmp(&other.start));
    if !are_sellers {
        lines.reverse();
    }
    let signed = |number: Number| if are_sellers { number } else { -number };
    let mut pieces: Vec<Piece> = Vec::new();
    // At a price p they trade p * weight - weighted, on the sellers' side.
    let (mut weight, mut weighted) = (zero(), zero());
    for line in lines {
        let from = signed(&line.start * &weight - &weighted);
        weight += line.slope.recip();
        weighted += &line.start / &line.slope;
        if pieces.last().is_some_and(|piece| piece.from == from) {
            pieces.pop();
        }
        let price = Straight { start: &weighted / &weight, slope: signed(weight.recip()) };
        pieces.push(Piece { from, price });
    }
    pieces
}

fn segments(sold: &[Piece], bought: &[Piece]) -> Vec<Segment> {
    let mut starts: Vec<&Number> = sold.iter().chain(bought).map(|piece| &piece.from).collect();
    starts.sort();
    starts.dedup();
    let at = |pieces: &[Piece], volume: &Number| {
        let piece = pieces.iter().rev().find(|piece| &piece.from <= volume);
        piece.map(|piece| piece.price.clone())
    };
    let ends = starts.iter().skip(1).map(|end| Some((*end).clone())).chain([None]);
    let segment = |(from, to): (&&Number, Option<Number>)| {
        Some(Segment {
            from: (*from).clone(),
            to,
            sold: at(sold, from)?,
            bought: at(bought, from)?,
        })
    };
    starts.iter().zip(ends).filter_map(segment).collect()
}
