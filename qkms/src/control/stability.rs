//! For which gains the loop is stable, and by which margin.
//!
//! With the fill's deviation e and u = K e + I S of d blocks before, S the sum of e,
//!
//! e' = e - g u, characteristic polynomial z^d (z - 1)^2 + g K (z - 1) + g I z.
//!
//! g is the loop's gain: 1 if demand and yield are what the controller holds them for. It is stable
//!
//! - for d = 0 if and only if 0 < I, 0 < g K < 2, g I < 4 - 2 g K;
//! - for d = 1 if and only if g K < 1 and 0 < g I < g K (1 - g K): the gain may grow up to
//!   (1 - I/K)/K.
//!
//! That is for a gain that stays. For one that changes from block to block a [`Proof`] has a matrix P such
//! that e, S lose in the norm of P at both ends of the range of gains; e' and S' are affine in g, and a norm
//! is convex, so they lose at every gain between, in whatever order gains come.

/// How many times the spread of gains between operating points the loop has to bear.
pub const MARGIN: f64 = 1.5;

/// K and I of the law, for each block.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Gains {
    /// K: the share of the fill's deviation that a block is asked to make up.
    pub proportional: f64,
    /// I: likewise of the sum of deviations.
    pub integral: f64,
}

/// Gains outside of the region.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
pub enum Unstable {
    /// Not positive numbers.
    #[error("the gains of control are positive numbers")]
    NotPositive,
    /// Outside of the region with a block of delay.
    #[error(
        "control would not be stable: with a block of delay its gain may grow {bears:.2} times, and its \
         operating points differ {spread:.2} times; {needed:.2} times has to be borne"
    )]
    Region {
        /// (1 - I/K)/K.
        bears: f64,
        /// The spread between operating points.
        spread: f64,
        /// The spread and the margin.
        needed: f64,
    },
    /// No proof for gains that change from block to block.
    #[error(
        "control is not proven stable for gains that change from {least:.3} to {most:.3} between blocks"
    )]
    Changing {
        /// The least gain.
        least: f64,
        /// The largest.
        most: f64,
    },
}

/// That the loop is stable over a range of gains.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Proof {
    /// The least and the largest gain for which a norm shrinks with each block, in whatever order.
    pub changing: (f64, f64),
    /// The largest gain that may stay where the loop is a block late.
    pub late: f64,
    /// The norm's matrix, symmetric: of e and e, e and S, S and S.
    pub norm: [f64; 3],
}

impl Gains {
    /// Whether the loop of gain `g` is stable with `delay` blocks of delay, 0 or 1.
    pub fn is_stable(&self, g: f64, delay: Delay) -> bool {
        let (k, i) = (g * self.proportional, g * self.integral);
        match delay {
            Delay::None => i > 0.0 && k > 0.0 && k < 2.0 && i < 4.0 - 2.0 * k,
            Delay::Block => k < 1.0 && i > 0.0 && i < k * (1.0 - k),
        }
    }

    /// (1 - I/K)/K: how far the gain may grow with a block of delay.
    pub fn bears(&self) -> f64 {
        (1.0 - self.integral / self.proportional) / self.proportional
    }

    /// Proves stability for operating points whose gains differ `spread` times: for gains that stay, with a
    /// block of delay, up to `spread` times [`MARGIN`]; for gains that change, from 1/`spread` to the
    /// same.
    ///
    /// # Errors
    ///
    /// [`Unstable`].
    pub fn prove(&self, spread: f64) -> Result<Proof, Unstable> {
        let positive = |gain: f64| gain > 0.0 && gain.is_finite();
        if !positive(self.proportional) || !positive(self.integral) {
            return Err(Unstable::NotPositive);
        }
        let (bears, needed) = (self.bears(), MARGIN * spread);
        // Written so that a NaN is refused.
        if !(bears > needed && self.is_stable(1.0, Delay::Block)) {
            return Err(Unstable::Region { bears, spread, needed });
        }
        let changing = (1.0 / spread, needed);
        let norm = self.norm(changing);
        let norm = norm.ok_or(Unstable::Changing { least: changing.0, most: changing.1 })?;
        Ok(Proof { changing, late: bears, norm })
    }

    /// A norm that shrinks at both ends of a range: that of Lyapunov's equation at some gain between.
    fn norm(&self, (least, most): (f64, f64)) -> Option<[f64; 3]> {
        const STEPS: i32 = 40;
        let middle = |step| least * (most / least).powf(f64::from(step) / f64::from(STEPS));
        let weights = (-20..=2).map(|halves| 10f64.powf(f64::from(halves) / 4.0));
        weights
            .flat_map(|weight| (0..=STEPS).map(move |step| (weight, middle(step))))
            .filter_map(|(weight, g)| lyapunov(self.step(g), [1.0, 0.0, weight]))
            .find(|norm| [least, most].into_iter().all(|g| self.shrinks(norm, g)))
    }

    /// The step of e and S at gain g without delay: e' = e - g (K e + I (S + e)), S' = S + e.
    fn step(&self, g: f64) -> [[f64; 2]; 2] {
        let (k, i) = (g * self.proportional, g * self.integral);
        [[1.0 - k - i, -i], [1.0, 1.0]]
    }

    /// Whether a step at gain g makes the norm smaller wherever it starts: P - A'PA is positive.
    pub fn shrinks(&self, norm: &[f64; 3], g: f64) -> bool {
        let after = conjugate(self.step(g), *norm);
        let [a, b, c] = [norm[0] - after[0], norm[1] - after[1], norm[2] - after[2]];
        a > 0.0 && a * c - b * b > 0.0
    }
}

/// Blocks between a decision and what it is made by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delay {
    /// The fill at the begin of the block, as this service has it.
    None,
    /// That at the begin of the block before.
    Block,
}

/// A'QA of a symmetric Q.
fn conjugate([[a, b], [c, d]]: [[f64; 2]; 2], [q, r, s]: [f64; 3]) -> [f64; 3] {
    [
        q * a * a + 2.0 * r * a * c + s * c * c,
        q * a * b + r * (a * d + b * c) + s * c * d,
        q * b * b + 2.0 * r * b * d + s * d * d,
    ]
}

fn product(x: [[f64; 2]; 2], y: [[f64; 2]; 2]) -> [[f64; 2]; 2] {
    x.map(|[a, b]| [a * y[0][0] + b * y[1][0], a * y[0][1] + b * y[1][1]])
}

/// P with A'PA - P = -Q, by doubling; none if A is not stable.
fn lyapunov(mut a: [[f64; 2]; 2], q: [f64; 3]) -> Option<[f64; 3]> {
    let mut p = q;
    for _ in 0..64 {
        let more = conjugate(a, p);
        p = [p[0] + more[0], p[1] + more[1], p[2] + more[2]];
        a = product(a, a);
        let size = a.iter().flatten().fold(0.0f64, |size, entry| size.max(entry.abs()));
        if size < 1e-30 {
            return Some(p);
        }
        if size.is_nan() || size >= 1e30 {
            return None;
        }
    }
    None
}
