use super::choices::points;
use crate::{
    control::{
        Choices, Decision, Gains, Law, Marks, Outcome, Pilot, Point, Setting, View, law::Limit,
        pilot::Pace,
    },
    link::Preset,
};

const CAPACITY: f64 = 2e7;

fn pilot(preset: Preset) -> Pilot {
    pilot_of(preset, 1800.0)
}

/// Control whose blocks take `longest` seconds at most.
fn pilot_of(preset: Preset, longest: f64) -> Pilot {
    let device = preset.device();
    let choices = Choices::new(points(preset, 10.0), device.pulse_rate / 1e4, device.pulse_rate);
    let share = |share: f64| share * CAPACITY;
    let marks =
        Marks { low: share(0.6), target: share(0.85), high: share(0.95), capacity: CAPACITY };
    let gains = Gains { proportional: 0.12, integral: 0.003 };
    let law = Law::new(gains, marks.target, 2e6);
    Pilot::new(choices, marks, Pace { step: 8.0, longest, surge: 2.0 }, law)
}

/// A loop without chance: the pool, the time, what was drawn.
struct Loop {
    pilot: Pilot,
    now: f64,
    fill: f64,
    gone: f64,
    /// Secret bits of a block over those by formula.
    yielded: f64,
}

impl Loop {
    fn new(preset: Preset, share: f64) -> Self {
        let fill = share * CAPACITY;
        Self { pilot: pilot(preset), now: 0.0, fill, gone: 0.0, yielded: 1.0 }
    }

    fn view(&self) -> View {
        let Self { now, fill, gone, .. } = *self;
        View { now, fill, emptier: fill / 2.0, gone, tags_short: false }
    }

    fn draw(&mut self, seconds: f64, demand: f64) {
        let bits = (seconds * demand).min(self.fill);
        (self.now, self.fill, self.gone) = (self.now + seconds, self.fill - bits, self.gone + bits);
    }

    /// One block, or one pause, under a demand.
    fn step(&mut self, demand: f64) -> Option<Setting> {
        match self.pilot.decide(&self.view()) {
            Decision::Wait(seconds) => {
                self.draw(seconds, demand);
                None
            }
            Decision::Begin(setting) => {
                let point = points(Preset::Gys, 10.0)
                    .into_iter()
                    .chain(points(Preset::Snspd, 10.0))
                    .find(|point| point.point == setting.point())
                    .unwrap();
                self.draw(setting.seconds(), demand);
                let bits = point.bits * self.yielded;
                self.fill = (self.fill + bits).min(CAPACITY);
                let detections = (point.ready * point.clicks) as u64;
                let outcome = Outcome { pulses: setting.pulses, detections, bits: bits as u64 };
                self.pilot.learn(&setting, &outcome);
                Some(setting)
            }
        }
    }
}

#[test]
fn the_fill_stays_between_the_marks_under_a_steady_demand_on_every_link() {
    for (preset, demand) in
        [(Preset::Gys, 300.0), (Preset::Gys, 1000.0), (Preset::Snspd, 2e4), (Preset::Snspd, 4e5)]
    {
        for yielded in [1.0, 0.7] {
            let mut run = Loop::new(preset, 0.5);
            run.yielded = yielded;
            let hours = if preset == Preset::Gys { 200.0 } else { 10.0 };
            while run.now < hours * 3600.0 {
                run.step(demand);
                if run.now > hours * 1800.0 {
                    let share = run.fill / CAPACITY;
                    assert!((0.6..=0.96).contains(&share), "{preset} {demand} {yielded}: {share}");
                }
            }
        }
    }
}

#[test]
fn below_the_low_mark_the_rate_is_the_largest_at_once() {
    let mut run = Loop::new(Preset::Snspd, 0.84);
    let slow = loop {
        if let Some(setting) = run.step(1000.0) {
            break setting;
        }
    };
    assert!(slow.pulse_rate < 500_000_000, "{slow:?}");
    run.fill = 0.59 * CAPACITY;
    assert_eq!(run.step(1000.0).unwrap().pulse_rate, 1_000_000_000);
    run.fill = 0.0;
    assert_eq!(run.step(0.0).unwrap().pulse_rate, 1_000_000_000);
}

#[test]
fn an_empty_pool_gets_the_block_that_comes_soonest_or_gives_most() {
    // With something left that lasts for a large block, the one that gives most a second.
    let mut run = Loop::new(Preset::Gys, 0.55);
    assert_eq!(run.step(100.0).unwrap().sifted_bits, 10_000_000);
    // With nothing left under a demand, the one that comes first.
    let mut run = Loop::new(Preset::Gys, 0.55);
    run.pilot.decide(&run.view());
    run.draw(60.0, 5000.0);
    run.pilot.decide(&run.view());
    run.fill = 0.0;
    run.now += 1.0;
    let Decision::Begin(setting) = run.pilot.decide(&run.view()) else { panic!() };
    assert_eq!(setting.sifted_bits, 100_000);
}

#[test]
fn above_the_high_mark_no_block_is_begun_but_for_tags() {
    let mut run = Loop::new(Preset::Gys, 0.96);
    assert_eq!(run.step(0.0), None);
    let view = View { tags_short: true, ..run.view() };
    assert!(matches!(run.pilot.decide(&view), Decision::Begin(_)));
}

#[test]
fn who_draws_all_there_is_drives_the_link_to_its_rate_and_no_further() {
    for preset in [Preset::Gys, Preset::Snspd] {
        let most = preset.device().pulse_rate as u64;
        let mut run = Loop::new(preset, 0.85);
        let drawn: Vec<Setting> = (0..300).filter_map(|_| run.step(1e12)).collect();
        let fastest = drawn.iter().map(|setting| setting.pulse_rate).max();
        assert_eq!(fastest, Some(most), "{preset}");
        assert!(run.fill < 0.6 * CAPACITY, "{preset}: somebody takes all");
        // Nobody draws any more: the pools are filled once, and what was driven up goes on no further.
        for _ in 0..20_000 {
            run.step(0.0);
            assert!(run.fill < CAPACITY, "{preset}: it makes what it wastes");
        }
        assert!(run.fill > 0.6 * CAPACITY, "{preset}: {}", run.fill);
        let rests = (0..100).all(|_| run.step(0.0).is_none());
        assert!(rests, "{preset}: it does not rest at {}", run.fill);
    }
}

#[test]
fn between_the_marks_the_rate_changes_by_no_more_than_its_step() {
    let mut run = Loop::new(Preset::Snspd, 0.7);
    let mut last: Option<Setting> = None;
    let mut seen = 0;
    for step in 0..4000 {
        // Demand jumps between little and nearly all that the link makes.
        let demand = if step / 50 % 2 == 0 { 2e3 } else { 1.5e6 };
        let between = run.fill >= 0.6 * CAPACITY;
        if let Some(setting) = run.step(demand) {
            if let Some(last) = last.filter(|_| between) {
                let factor = setting.pulse_rate as f64 / last.pulse_rate as f64;
                assert!((0.124..=8.01).contains(&factor), "{factor}");
                seen += 1;
            }
            last = Some(setting);
        }
    }
    assert!(seen > 100);
}

#[test]
fn a_link_that_loses_half_its_light_gets_twice_the_pulses_if_there_is_time() {
    for (longest, expected) in [(86_400.0, 2.0), (1800.0, 1800.0 / 1274.25)] {
        half_the_light(pilot_of(Preset::Gys, longest), expected);
    }
}

fn half_the_light(mut pilot: Pilot, expected: f64) {
    let view = View { now: 0.0, fill: 0.0, emptier: 0.0, gone: 0.0, tags_short: false };
    let Decision::Begin(first) = pilot.decide(&view) else { panic!() };
    let point = |setting: &Setting| {
        let of = |point: &Point| point.sifted_bits == setting.sifted_bits;
        points(Preset::Gys, 10.0).into_iter().find(of).unwrap()
    };
    let mut setting = first;
    for block in 1..20 {
        let (pulses, bits) = (setting.pulses, point(&setting).bits as u64);
        let detections = (pulses as f64 * point(&setting).clicks / 2.0) as u64;
        pilot.learn(&setting, &Outcome { pulses, detections, bits });
        let view = View { now: 1e4 * f64::from(block), ..view };
        let Decision::Begin(next) = pilot.decide(&view) else { panic!() };
        setting = next;
    }
    let factor = setting.pulses as f64 / point(&setting).ready;
    assert!((factor - expected).abs() < 0.01, "{factor}");
    // However dark it gets, no block has more pulses than the other end admits.
    let dark = Outcome { pulses: setting.pulses, detections: 0, bits: 0 };
    for block in 20..60 {
        pilot.learn(&setting, &dark);
        let view = View { now: 1e4 * f64::from(block), ..view };
        let Decision::Begin(next) = pilot.decide(&view) else { panic!() };
        setting = next;
        let choices = Choices::new(points(Preset::Gys, 10.0), 200.0, 2e6);
        assert_eq!(choices.admit(&setting), Ok(()));
    }
}

#[test]
fn the_sum_stands_still_while_a_limit_refuses_more_of_it() {
    let gains = Gains { proportional: 0.1, integral: 0.01 };
    let mut law = Law::new(gains, 100.0, 5.0);
    for _ in 0..1000 {
        law.begun(0.0, Limit::Less);
        law.begun(200.0, Limit::More);
    }
    assert_eq!(law.integral(), 0.0);
    // Otherwise it grows, up to the most that it may ask for.
    law.begun(0.0, Limit::None);
    assert_eq!(law.integral(), 1.0);
    for _ in 0..1000 {
        law.begun(0.0, Limit::More);
    }
    assert_eq!(law.integral(), 5.0);
    // A limit that refuses less of it does not keep it from falling.
    law.begun(200.0, Limit::Less);
    assert_eq!(law.integral(), 4.0);
}
