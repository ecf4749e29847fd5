//! Four controllers: that of the service, and three that others use.

use crate::control::{Choices, Decision, Outcome, Pilot, Point, Setting, View, law::Marks};

/// What chooses a block's setting.
pub trait Controller {
    /// Says what is to be done.
    fn decide(&mut self, view: &View) -> Decision;
    /// A block came to an end.
    fn learn(&mut self, _setting: &Setting, _outcome: &Outcome) {}
}

impl Controller for Pilot {
    fn decide(&mut self, view: &View) -> Decision {
        Pilot::decide(self, view)
    }

    fn learn(&mut self, setting: &Setting, outcome: &Outcome) {
        Pilot::learn(self, setting, outcome);
    }
}

/// One setting, always: at the full rate, or at the rate that gives a mean.
pub struct Always(Setting);

impl Always {
    /// Blocks of the largest point at the largest pulse rate, whether there is room or not.
    pub fn full(choices: &Choices, point: &Point) -> Self {
        Self(choices.setting(point, choices.rates().1))
    }

    /// Blocks of the largest point at the rate that gives `bits` a second.
    pub fn at(choices: &Choices, point: &Point, bits: f64) -> Self {
        Self(choices.setting(point, point.rate(point.bits / bits.max(f64::MIN_POSITIVE))))
    }
}

impl Controller for Always {
    fn decide(&mut self, _: &View) -> Decision {
        Decision::Begin(self.0)
    }
}

/// The full rate from the low mark on until the fill is at the high one.
pub struct OnOff {
    setting: Setting,
    marks: Marks,
    on: bool,
}

impl OnOff {
    /// Blocks of the largest point at the largest pulse rate between marks.
    pub fn new(choices: &Choices, point: &Point, marks: Marks) -> Self {
        Self { setting: choices.setting(point, choices.rates().1), marks, on: false }
    }
}

impl Controller for OnOff {
    fn decide(&mut self, view: &View) -> Decision {
        if view.fill < self.marks.low {
            self.on = true;
        } else if view.fill >= self.marks.high {
            self.on = false;
        }
        if self.on { Decision::Begin(self.setting) } else { Decision::Wait(1.0) }
    }
}
