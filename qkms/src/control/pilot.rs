//! Control of one link: what it has measured, and what it chooses for the next block.

use super::{
    demand::Demand,
    law::{Law, Limit, Marks},
    points::{Choices, MOST_PULSES, Point},
    setting::Setting,
};

/// How much the latest block counts in what is learned of the link.
const FRESH: f64 = 0.4;
/// The least share of a block's bits by formula that is reckoned with.
const LEAST_YIELD: f64 = 0.1;
/// Seconds after which a decision not to begin a block is thought over.
const HOLD: f64 = 5.0;

/// What a decision is made by.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct View {
    /// Seconds since some beginning.
    pub now: f64,
    /// Bits of key that can be drawn, of both directions, and those that wait for a challenge alone.
    pub fill: f64,
    /// Those of the direction that has fewer.
    pub emptier: f64,
    /// Bits that have left the pools since some beginning.
    pub gone: f64,
    /// Tag keys run short: a block is to be made whatever the fill.
    pub tags_short: bool,
}

/// What a block came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// Pulses sent.
    pub pulses: u64,
    /// Clicks at the receiver.
    pub detections: u64,
    /// Secret bits; 0 if it was discarded.
    pub bits: u64,
}

/// What is to be done. It holds a [`Setting`] and nothing else that a block is made by.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Decision {
    /// Begin a block.
    Begin(Setting),
    /// Begin none, and think again when the fill changes or after so many seconds.
    Wait(f64),
}

/// What control holds for true; for whoever watches.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Measured {
    /// Bits a second that leave the pools.
    pub demand: f64,
    /// Clicks over those by formula.
    pub transmitted: f64,
    /// Secret bits a click over those by formula.
    pub yielded: f64,
}

/// How fast and how slow control may be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pace {
    /// The largest factor between the pulse rates of two blocks, except below the low mark.
    pub step: f64,
    /// The longest time of a block in seconds; only the smallest point may take longer.
    pub longest: f64,
    /// The pool down to the low mark shall last a block if demand becomes so many times what it is, and
    /// in any case if it becomes as much as the link can make.
    pub surge: f64,
}

/// Control of one link.
#[derive(Clone, PartialEq, Debug)]
pub struct Pilot {
    choices: Choices,
    marks: Marks,
    pace: Pace,
    law: Law,
    demand: Demand,
    last_rate: Option<f64>,
    /// The most bits a second that the link can make by formula.
    most: f64,
    /// Clicks of late over those by formula.
    transmitted: f64,
    /// Secret bits a click of late over those by formula.
    yielded: f64,
}

/// A block that could be begun.
#[derive(Clone, Copy)]
struct Candidate {
    point: Point,
    bits: f64,
    seconds: f64,
    rate: f64,
    limit: Limit,
    /// Whether the pools are not empty before it comes, even if demand rises.
    lasts: bool,
    /// Whether they have room for it.
    room: bool,
}

impl Candidate {
    fn pulses_per_bit(&self) -> f64 {
        self.point.pulses(self.rate) / self.bits
    }

    fn bits_per_second(&self) -> f64 {
        self.bits / self.seconds
    }
}

impl Pilot {
    /// Control by a law between marks.
    pub fn new(choices: Choices, marks: Marks, pace: Pace, law: Law) -> Self {
        let demand = Demand::default();
        let (_, fastest) = choices.rates();
        let per_second = |point: &Point| point.bits / point.seconds(fastest);
        let most = choices.points().iter().map(per_second).fold(0.0, f64::max);
        let (last_rate, transmitted, yielded) = (None, 1.0, 1.0);
        Self { choices, marks, pace, law, demand, last_rate, most, transmitted, yielded }
    }

    /// What it holds for true.
    pub fn measured(&self) -> Measured {
        let Self { transmitted, yielded, .. } = *self;
        Measured { demand: self.demand.rate(), transmitted, yielded }
    }

    /// The marks that it keeps between.
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Seconds of the longest block, by formula, that it may choose at the largest rate.
    pub fn longest_at_most_rate(&self) -> f64 {
        let (_, most) = self.choices.rates();
        let points = self.choices.points();
        let shortest = points.iter().map(|point| point.seconds(most)).fold(f64::INFINITY, f64::min);
        let within = points.iter().map(|point| point.seconds(most));
        within.filter(|seconds| *seconds <= self.pace.longest).fold(shortest, f64::max)
    }

    /// Takes a look, and says what is to be done. Whoever is told to begin a block begins it.
    pub fn decide(&mut self, view: &View) -> Decision {
        self.demand.observe(view.now, view.gone);
        if view.fill >= self.marks.high && !view.tags_short {
            return Decision::Wait(HOLD);
        }
        let points = self.choices.points();
        let smallest = points.iter().find(|point| point.bits > 0.0);
        let candidates: Vec<Candidate> = points
            .iter()
            .filter(|point| point.bits > 0.0)
            .filter_map(|point| self.candidate(point, Some(point) == smallest, view))
            .collect();
        let Some(chosen) = self.choose(&candidates, view) else { return Decision::Wait(HOLD) };
        self.law.begun(view.fill, chosen.limit);
        let setting = self.choices.setting(&chosen.point, chosen.rate);
        self.last_rate = Some(setting.pulse_rate as f64);
        Decision::Begin(setting)
    }

    /// A block that was begun came to an end.
    pub fn learn(&mut self, setting: &Setting, outcome: &Outcome) {
        let of_size = |point: &&Point| point.sifted_bits == setting.sifted_bits;
        let Some(point) = self.choices.points().iter().find(of_size).copied() else { return };
        if outcome.pulses == 0 {
            return;
        }
        let clicks = outcome.detections as f64 / outcome.pulses as f64;
        let dead = setting.pulse_rate as f64 * point.dead_time;
        // Clicks a pulse where the detectors are ready: c = P/(1 + P f t) solved for P.
        let ready = clicks / (1.0 - clicks * dead).max(1e-3);
        let seen = (ready / point.clicks).clamp(1.0 / MOST_PULSES, 2.0);
        self.transmitted += FRESH * (seen - self.transmitted);
        // Secret bits a click, so that a block that got fewer clicks than it was to have is not taken for
        // a worse one.
        let due = point.bits * outcome.detections as f64 / (point.ready * point.clicks);
        let seen = (outcome.bits as f64 / due.max(1.0)).clamp(LEAST_YIELD, 2.0);
        self.yielded += FRESH * (seen - self.yielded);
    }

    /// The pulse rates that the next block may have.
    fn reach(&self, view: &View) -> (f64, f64) {
        let (least, most) = self.choices.rates();
        match self.last_rate {
            Some(last) if view.fill >= self.marks.low => {
                let step = self.pace.step;
                ((last / step).clamp(least, most), (last * step).clamp(least, most))
            }
            _ => (least, most),
        }
    }

    /// The block of a point as the law asks for it, unless it takes too long.
    fn candidate(&self, nominal: &Point, smallest: bool, view: &View) -> Option<Candidate> {
        let (_, most) = self.choices.rates();
        if nominal.seconds(most) > self.pace.longest && !smallest {
            return None;
        }
        // A block makes up for light that is lost as far as the longest time of a block allows.
        let seen = nominal.seen_through(self.transmitted);
        let share = (self.pace.longest / seen.seconds(most)).min(1.0);
        let share = share.max(nominal.ready / seen.ready).min(1.0);
        let point = Point { ready: seen.ready * share, ..seen };
        let bits = nominal.bits * self.yielded * share;
        let (slowest, fastest) = self.reach(view);
        let fastest = fastest.max(point.rate(self.pace.longest)).min(most);
        let shortest = point.seconds(fastest);
        let longest = point.seconds(slowest).min(self.pace.longest).max(shortest);
        let demand = self.demand.rate();
        let asked = self.law.asked(view.fill);
        let wanted = if bits <= asked {
            0.0
        } else if demand > 0.0 {
            (bits - asked) / demand
        } else {
            f64::INFINITY
        };
        let lasting = self.lasting(view, demand);
        let below = view.fill < self.marks.low;
        let seconds = if below { shortest } else { wanted.min(lasting).clamp(shortest, longest) };
        let limit = match wanted {
            wanted if wanted < seconds => Limit::Less,
            wanted if wanted > seconds => Limit::More,
            _ => Limit::None,
        };
        // Bits may come at any time of the block: what the pools have no room for is wasted.
        let room = view.fill + bits <= self.marks.capacity
            && view.fill + bits - demand * seconds <= self.marks.high;
        let lasts = seconds * self.risen(demand) <= 2.0 * view.emptier;
        let rate = point.rate(seconds).clamp(slowest.min(fastest), fastest);
        let room = room || view.tags_short;
        Some(Candidate { point, bits, seconds, rate, limit, lasts, room })
    }

    /// Seconds for which the pools stay above the low mark even if demand rises.
    fn lasting(&self, view: &View, demand: f64) -> f64 {
        let above = (2.0 * view.emptier).min(view.fill) - self.marks.low;
        above.max(0.0) / self.risen(demand)
    }

    /// The demand that may come within a block.
    fn risen(&self, demand: f64) -> f64 {
        (self.pace.surge * demand).max(self.most)
    }

    /// Of blocks for which the pool lasts the one of the fewest pulses a bit, and none while there is no
    /// room for that one: a smaller block would have room, and cost more. Else of those that come before
    /// it is empty the one of the most bits a second; else the one that comes first.
    fn choose(&self, candidates: &[Candidate], view: &View) -> Option<Candidate> {
        let all = || candidates.iter().copied().filter(|candidate| candidate.room);
        let cheapest = candidates
            .iter()
            .copied()
            .filter(|candidate| candidate.lasts)
            .min_by(|one, other| one.pulses_per_bit().total_cmp(&other.pulses_per_bit()));
        let demand = self.demand.rate();
        let in_time = |candidate: &Candidate| candidate.seconds * demand <= 2.0 * view.emptier;
        let most = || {
            all()
                .filter(in_time)
                .max_by(|one, other| one.bits_per_second().total_cmp(&other.bits_per_second()))
        };
        let first = || all().min_by(|one, other| one.seconds.total_cmp(&other.seconds));
        match cheapest {
            Some(candidate) => candidate.room.then_some(candidate),
            None => most().or_else(first),
        }
    }
}
