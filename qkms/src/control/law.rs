//! The law: how much a block is to add to the pool beyond the demand.

use super::stability::Gains;

/// The fills in bits that control keeps between and aims at.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Marks {
    /// Below it the pulse rate is the largest.
    pub low: f64,
    /// What the fill is brought to.
    pub target: f64,
    /// Above it no block is begun.
    pub high: f64,
    /// What the pools hold at most.
    pub capacity: f64,
}

/// Proportional and integral part.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Law {
    gains: Gains,
    target: f64,
    /// S: the sum of what the fill lacked at each block.
    sum: f64,
    /// The sum stays within it, either way.
    most_sum: f64,
}

impl Law {
    /// A law whose integral part comes to at most `most` bits a block, either way.
    pub fn new(gains: Gains, target: f64, most: f64) -> Self {
        Self { gains, target, sum: 0.0, most_sum: most / gains.integral }
    }

    /// u: the bits that a block is to add to the pool beyond the demand.
    pub fn asked(&self, fill: f64) -> f64 {
        let error = self.target - fill;
        self.gains.proportional * error + self.gains.integral * (self.sum + error)
    }

    /// A block was begun that adds as much as was asked, or `more` or `less` because of a limit. The sum
    /// stands still if it would ask for more of what the limit refuses.
    pub fn begun(&mut self, fill: f64, limit: Limit) {
        let error = self.target - fill;
        let vain = match limit {
            Limit::None => false,
            Limit::Less => error > 0.0,
            Limit::More => error < 0.0,
        };
        if !vain {
            self.sum = (self.sum + error).clamp(-self.most_sum, self.most_sum);
        }
    }

    /// The integral part at present, in bits a block.
    pub fn integral(&self) -> f64 {
        self.gains.integral * self.sum
    }
}

/// What a limit made of what was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// Nothing.
    None,
    /// The block adds less.
    Less,
    /// The block adds more.
    More,
}
