//! A day of one link under one controller.

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use serde::Serialize;

use super::{
    day::Day,
    photons::{Photons, poisson},
    pools::{KEY, Pools},
    rivals::{Always, Controller, OnOff},
    scenario::{DAY, Scenario},
};
use crate::{
    control::{
        Decision, Setting, Settings, View,
        settings::{Controlled, SettingsError},
    },
    distil,
    link::{Epsilons, LinkParameters, Preset},
};

/// Seconds between two samples of a run.
pub const SAMPLE: u32 = 300;
/// Seconds of the most that a link can make which its pools hold.
const POOL: f64 = 7200.0;

/// A link, and what is asked of it.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The devices.
    pub preset: Preset,
    /// The length of the fibre in km.
    pub km: f64,
    /// What the busiest quarter-hour asks of the most that the link can make: above 0.
    pub peak: f64,
    /// How the link is controlled.
    pub settings: Settings,
    /// What is random comes from it.
    pub seed: u64,
}

/// What a day came to under one controller.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The controller.
    pub controller: &'static str,
    /// Keys that were asked for.
    pub asked: u64,
    /// Keys that were asked for in vain.
    pub unserved: u64,
    /// Pulses that were sent.
    pub pulses: f64,
    /// Pulses over the bits of keys that were drawn.
    pub pulses_per_bit: f64,
    /// Bits that were made and for which there was no room.
    pub wasted: u64,
    /// The mean age of a key when it was drawn, in seconds.
    pub mean_age: f64,
    /// The largest age, in seconds.
    pub oldest: f64,
    /// The least fill over what the pools hold, and that at the end.
    pub least_fill: f64,
    /// The fill at the end over what the pools hold.
    pub last_fill: f64,
    /// Blocks that were made.
    pub blocks: u64,
    /// Blocks that gave no key.
    pub discarded: u64,
    /// The fill every [`SAMPLE`] seconds, over what the pools hold.
    #[serde(skip)]
    pub fills: Vec<f64>,
    /// The pulse rate likewise; 0 where no block was under way.
    #[serde(skip)]
    pub rates: Vec<f64>,
}

/// All controllers on one day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What happened.
    pub scenario: &'static str,
    /// Communities whose keys the link makes.
    pub communities: f64,
    /// The most bits a second that the link can make.
    pub most: f64,
    /// Each controller's day.
    pub reports: Vec<Report>,
    /// Bits a second that were asked for, every [`SAMPLE`] seconds.
    #[serde(skip)]
    pub demand: Vec<f64>,
}

/// Runs a scenario under all four controllers.
///
/// # Errors
///
/// The link cannot be controlled so.
pub fn run(setup: &Setup, scenario: Scenario, day: &Day) -> Result<Comparison, SettingsError> {
    let device = setup.preset.device();
    let limits = distil::Limits::default();
    let epsilons = Epsilons::default();
    let points = setup.preset.operating_points();
    let point = setup.preset.operating_point(0);
    let parameters = LinkParameters { device, point, km: setup.km, eve: None, drift: None };
    let mut controlled = Controlled { parameters, points, epsilons, capacity: u64::MAX };
    let (choices, ..) = setup.settings.pilot(&controlled)?;
    let (_, fastest) = choices.rates();
    let of = |point: &crate::control::Point| point.bits / point.seconds(fastest);
    // The point that makes the most key at the full rate is what the three others get.
    let best = choices.points().iter().max_by(|one, other| of(one).total_cmp(&of(other)));
    let best = *best.ok_or(SettingsError::NoPoint)?;
    let most = of(&best);
    let capacity = (most * POOL / 2.0) as u64;
    controlled.capacity = 2 * capacity;
    let (choices, pilot, _) = setup.settings.pilot(&controlled)?;
    let communities = setup.peak * most * 900.0 / (KEY as f64 * day.busiest());
    let demand = |second| scenario.demand(day, communities, second);
    let mean = (0..DAY).map(demand).sum::<f64>() * KEY as f64 / f64::from(DAY);
    let marks = *pilot.marks();
    let params = distil::Params { point, epsilons, limits };
    let start = marks.target / marks.capacity;
    let mut controllers: [(&'static str, Box<dyn Controller>); 4] = [
        ("adaptive", Box::new(pilot)),
        ("full rate", Box::new(Always::full(&choices, &best))),
        ("mean", Box::new(Always::at(&choices, &best, mean))),
        ("on-off", Box::new(OnOff::new(&choices, &best, marks))),
    ];
    let reports = controllers.iter_mut().map(|(name, controller)| {
        let photons =
            Photons::new(device, setup.km, scenario, params, &mut generator(setup.seed, 0));
        let pools = Pools::new(capacity, start);
        Run { photons, pools, scenario, flight: None, closed: false, clock: 0.0, seed: setup.seed }
            .day(name, controller.as_mut(), &demand)
    });
    let reports = reports.collect();
    let demand = (0..DAY).step_by(SAMPLE as usize).map(|second| demand(second) * KEY as f64);
    let demand = demand.collect();
    Ok(Comparison { scenario: scenario.name(), communities, most, reports, demand })
}

fn generator(seed: u64, stream: u64) -> ChaCha20Rng {
    let mut key = [0; 32];
    for (bytes, number) in key.chunks_exact_mut(8).zip([seed, stream]) {
        bytes.copy_from_slice(&number.to_le_bytes());
    }
    ChaCha20Rng::from_seed(key)
}

struct Run {
    photons: Photons,
    pools: Pools,
    scenario: Scenario,
    /// The block that is under way, and when it was begun.
    flight: Option<(Setting, f64)>,
    closed: bool,
    /// Up to when blocks have been followed.
    clock: f64,
    seed: u64,
}

impl Run {
    fn day(
        mut self,
        name: &'static str,
        controller: &mut dyn Controller,
        demand: &dyn Fn(u32) -> f64,
    ) -> Report {
        let mut requests = generator(self.seed, 1);
        let mut light = generator(self.seed, 2);
        let capacity = self.pools.capacity() as f64;
        let (mut asked, mut pulses, mut blocks, mut discarded) = (0, 0.0, 0, 0);
        let (mut fills, mut rates) = (Vec::new(), Vec::new());
        let mut least_fill = 1.0f64;
        for second in 0..DAY {
            if self.scenario.eve(second).is_none() {
                self.closed = false;
            }
            self.clock = f64::from(second);
            while let Some((setting, begun)) = self.next(controller, f64::from(second + 1)) {
                let (outcome, reason) = self.photons.block(&setting, begun, &mut light);
                controller.learn(&setting, &outcome);
                pulses += outcome.pulses as f64;
                blocks += 1;
                if let Some(reason) = reason {
                    discarded += 1;
                    self.closed |= reason.closes_link();
                } else {
                    self.pools.put(self.clock, outcome.bits);
                }
            }
            for way in 0..2 {
                let keys = poisson(demand(second) / 2.0, &mut requests);
                asked += keys;
                self.pools.draw(f64::from(second), way, keys);
            }
            let fill = self.pools.fills().0 as f64 / capacity;
            least_fill = least_fill.min(fill);
            if second % SAMPLE == 0 {
                fills.push(fill);
                rates.push(self.flight.map_or(0.0, |(setting, _)| setting.pulse_rate as f64));
            }
        }
        // What a block under way has sent is spent, too.
        if let Some((setting, begun)) = self.flight {
            pulses += (f64::from(DAY) - begun) * setting.pulse_rate as f64;
        }
        let Pools { drawn, wasted, unserved, keys, ages, oldest, .. } = self.pools;
        Report {
            controller: name,
            asked,
            unserved,
            pulses,
            pulses_per_bit: pulses / drawn.max(1) as f64,
            wasted,
            mean_age: ages / keys.max(1) as f64,
            oldest,
            least_fill,
            last_fill: fills.last().copied().unwrap_or(0.0),
            blocks,
            discarded,
            fills,
            rates,
        }
    }

    /// The next block that comes to its end before `until`.
    fn next(&mut self, controller: &mut dyn Controller, until: f64) -> Option<(Setting, f64)> {
        if self.flight.is_none() && !self.closed {
            let (fill, emptier) = self.pools.fills();
            let view = View {
                now: self.clock,
                fill: fill as f64,
                emptier: emptier as f64,
                gone: self.pools.drawn as f64,
                tags_short: false,
            };
            if let Decision::Begin(setting) = controller.decide(&view) {
                self.flight = Some((setting, self.clock));
            }
        }
        let (setting, begun) = self.flight?;
        let ends = begun + setting.seconds();
        if ends > until {
            return None;
        }
        self.clock = ends.max(self.clock);
        self.flight = None;
        Some((setting, begun))
    }
}
