//! Two pools of key, of either direction one, the oldest key first.

use std::collections::VecDeque;

/// Bits of a key.
pub const KEY: u64 = 256;

/// Key of one direction.
#[derive(Debug, Clone, Default)]
struct Pool {
    /// When bits were made, and how many are left of them.
    parts: VecDeque<(f64, u64)>,
    bits: u64,
}

/// Keys of both directions.
#[derive(Debug, Clone)]
pub struct Pools {
    ways: [Pool; 2],
    /// Bits that each direction holds at most.
    capacity: u64,
    /// Bits that have been drawn.
    pub drawn: u64,
    /// Bits for which there was no room.
    pub wasted: u64,
    /// Keys that were asked for in vain.
    pub unserved: u64,
    /// Keys that were drawn, and the sum of their ages in seconds, and the largest.
    pub keys: u64,
    /// The sum of the ages of the keys that were drawn, in seconds.
    pub ages: f64,
    /// The largest of them.
    pub oldest: f64,
}

impl Pools {
    /// Pools that hold `capacity` bits each, of which `share` are there at the start.
    pub fn new(capacity: u64, share: f64) -> Self {
        let bits = (capacity as f64 * share) as u64;
        let pool = Pool { parts: VecDeque::from([(0.0, bits)]), bits };
        let ways = [pool.clone(), pool];
        Self { ways, capacity, drawn: 0, wasted: 0, unserved: 0, keys: 0, ages: 0.0, oldest: 0.0 }
    }

    /// Bits of both directions, and of the one that has fewer.
    pub fn fills(&self) -> (u64, u64) {
        let [one, other] = [&self.ways[0], &self.ways[1]].map(|pool| pool.bits);
        (one + other, one.min(other))
    }

    /// What both hold at most.
    pub fn capacity(&self) -> u64 {
        2 * self.capacity
    }

    /// Puts in a block's bits so that both directions come to the same fill.
    pub fn put(&mut self, now: f64, bits: u64) {
        let [one, other] = &mut self.ways;
        let level = (bits + other.bits).saturating_sub(one.bits) / 2;
        let first = level.min(bits).min(self.capacity.saturating_sub(one.bits));
        let second = (bits - first).min(self.capacity.saturating_sub(other.bits));
        for (pool, bits) in [(one, first), (other, second)] {
            pool.bits += bits;
            pool.parts.push_back((now, bits));
        }
        self.wasted += bits - first - second;
    }

    /// Draws up to `keys` keys of one direction.
    pub fn draw(&mut self, now: f64, way: usize, keys: u64) {
        let Some(pool) = self.ways.get_mut(way) else { return };
        let served = keys.min(pool.bits / KEY);
        self.unserved += keys - served;
        self.keys += served;
        let mut left = served * KEY;
        self.drawn += left;
        pool.bits -= left;
        while left > 0
            && let Some((made, bits)) = pool.parts.front_mut()
        {
            let taken = left.min(*bits);
            let age = now - *made;
            self.ages += age * taken as f64 / KEY as f64;
            self.oldest = self.oldest.max(age);
            (*bits, left) = (*bits - taken, left - taken);
            if *bits == 0 {
                pool.parts.pop_front();
            }
        }
    }
}
