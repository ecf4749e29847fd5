use proptest::prelude::*;

use crate::control::{
    Gains, Unstable,
    stability::{Delay, MARGIN},
};

/// A complex number.
#[derive(Clone, Copy)]
struct Complex(f64, f64);

impl Complex {
    fn times(self, other: Self) -> Self {
        Self(self.0 * other.0 - self.1 * other.1, self.0 * other.1 + self.1 * other.0)
    }
    fn minus(self, other: Self) -> Self {
        Self(self.0 - other.0, self.1 - other.1)
    }
    fn over(self, other: Self) -> Self {
        let size = other.0 * other.0 + other.1 * other.1;
        let by = self.times(Self(other.0, -other.1));
        Self(by.0 / size, by.1 / size)
    }
    fn size(self) -> f64 {
        self.0.hypot(self.1)
    }
}

/// The largest root of z^d (z - 1)^2 + K (z - 1) + I z, by Durand and Kerner's iteration.
fn largest_root(k: f64, i: f64, d: usize) -> f64 {
    // Coefficients from the constant on; the leading one is 1.
    let mut coefficients = vec![0.0; d + 3];
    for (power, square) in [(0, 1.0), (1, -2.0), (2, 1.0)] {
        coefficients[d + power] += square;
    }
    coefficients[0] -= k;
    coefficients[1] += k + i;
    let value = |z: Complex| {
        let mut sum = Complex(0.0, 0.0);
        for coefficient in coefficients.iter().rev() {
            let next = sum.times(z);
            sum = Complex(next.0 + coefficient, next.1);
        }
        sum
    };
    let mut roots = vec![Complex(1.0, 0.0)];
    while roots.len() < d + 2 {
        roots.push(roots.last().unwrap().times(Complex(0.4, 0.9)));
    }
    for _ in 0..2000 {
        for at in 0..roots.len() {
            let mut below = Complex(1.0, 0.0);
            for (other, root) in roots.iter().enumerate() {
                if other != at {
                    below = below.times(roots[at].minus(*root));
                }
            }
            roots[at] = roots[at].minus(value(roots[at]).over(below));
        }
    }
    roots.into_iter().map(Complex::size).fold(0.0, f64::max)
}

/// The largest deviation among the last of `blocks` blocks of the loop itself, from a deviation of 1.
fn simulated(k: f64, i: f64, d: usize, blocks: usize) -> f64 {
    let (mut error, mut sum) = (1.0f64, 0.0);
    let mut asked = std::collections::VecDeque::from(vec![0.0; d]);
    let mut last = 0.0f64;
    for block in 0..blocks {
        sum += error;
        asked.push_back(k * error + i * sum);
        error -= asked.pop_front().unwrap();
        error = error.clamp(-1e200, 1e200);
        if block + 50 > blocks {
            last = last.max(error.abs());
        }
    }
    last
}

#[test]
fn the_largest_root_is_that_of_an_independent_script() {
    for (k, i, roots) in [
        (0.3, 0.03, [0.8367, 0.8538, 0.8707]),
        (0.5, 0.1, [std::f64::consts::FRAC_1_SQRT_2, 0.8107, 1.0449]),
        (0.9, 0.08, [0.9101, 0.9939, 1.1598]),
        (0.9, 0.1, [0.8873, 1.0061, 1.1713]),
    ] {
        for (d, root) in roots.into_iter().enumerate() {
            let found = largest_root(k, i, d);
            assert!((found - root).abs() < 6e-5, "K = {k}, I = {i}, d = {d}: {found}");
        }
    }
}

proptest! {
    #[test]
    fn the_region_is_that_of_the_roots_and_of_the_loop(k in 0.01..2.2f64, i in 0.001..1.2f64) {
        let gains = Gains { proportional: k, integral: i };
        for (delay, d) in [(Delay::None, 0), (Delay::Block, 1)] {
            let root = largest_root(k, i, d);
            // At the edge itself neither rounding nor a finite run can tell.
            prop_assume!((root - 1.0).abs() > 2e-3);
            let stable = gains.is_stable(1.0, delay);
            prop_assert_eq!(stable, root < 1.0, "d = {}, largest root {}", d, root);
            let last = simulated(k, i, d, 20_000);
            prop_assert_eq!(stable, last < 1e-3, "d = {}, it comes to {}", d, last);
        }
    }

    #[test]
    fn a_block_late_the_gain_may_grow_as_far_as_it_is_said_to_bear(
        k in 0.05..0.9f64,
        ratio in 0.005..0.9f64,
    ) {
        let gains = Gains { proportional: k, integral: k * ratio };
        let bears = gains.bears();
        for (g, stable) in [(bears * 0.99, true), (bears * 1.01, false)] {
            prop_assert_eq!(gains.is_stable(g, Delay::Block), stable);
            prop_assert_eq!(largest_root(g * k, g * k * ratio, 1) < 1.0, stable);
        }
    }
}

const DEFAULT: Gains = Gains { proportional: 0.12, integral: 0.003 };

#[test]
fn the_defaults_are_proven_over_the_spread_of_the_largest_table_with_its_margin() {
    // Golden: 8.755e-4 over 2.015e-4 bits a pulse, the spread of gys.
    let spread = 8.755 / 2.015;
    let proof = DEFAULT.prove(spread).unwrap();
    assert!(proof.late > 8.1 && proof.late > MARGIN * spread, "{proof:?}");
    assert_eq!(proof.changing, (1.0 / spread, MARGIN * spread));
    for step in 0..=1000 {
        let g =
            proof.changing.0 * (proof.changing.1 / proof.changing.0).powf(f64::from(step) / 1000.0);
        assert!(DEFAULT.shrinks(&proof.norm, g), "{g}");
        assert!(DEFAULT.is_stable(g, Delay::None) && DEFAULT.is_stable(g, Delay::Block));
    }
    // A test that breaks when a gain leaves the region: the norm and the loop say so.
    assert!(!DEFAULT.shrinks(&proof.norm, 20.0));
    assert!(!DEFAULT.is_stable(9.0, Delay::Block));
    assert!(simulated(9.0 * 0.12, 9.0 * 0.003, 1, 2000) > 1.0);
}

#[test]
fn gains_that_change_in_the_worst_order_still_shrink() {
    let proof = DEFAULT.prove(4.345).unwrap();
    let [a, b, c] = proof.norm;
    let norm = |e: f64, s: f64| a * e * e + 2.0 * b * e * s + c * s * s;
    let (mut e, mut s) = (1.0f64, 0.0f64);
    for _ in 0..3000 {
        let before = norm(e, s);
        // Of the two ends whichever leaves more.
        let step = |g: f64| {
            let sum = s + e;
            (e - g * (DEFAULT.proportional * e + DEFAULT.integral * sum), sum)
        };
        let worst = [proof.changing.0, proof.changing.1].map(step);
        (e, s) = if norm(worst[0].0, worst[0].1) > norm(worst[1].0, worst[1].1) {
            worst[0]
        } else {
            worst[1]
        };
        assert!(norm(e, s) < before);
    }
    assert!(e.abs() < 1e-2, "{e}");
}

#[test]
fn gains_outside_of_the_region_are_refused_by_name() {
    let prove = |proportional, integral, spread| Gains { proportional, integral }.prove(spread);
    assert_eq!(prove(0.0, 0.1, 1.0), Err(Unstable::NotPositive));
    assert_eq!(prove(0.1, -0.1, 1.0), Err(Unstable::NotPositive));
    assert_eq!(prove(f64::NAN, 0.1, 1.0), Err(Unstable::NotPositive));
    // K < 1, but not with the margin; and the spread of four points.
    assert!(prove(0.6, 0.01, 1.0).is_ok());
    assert!(matches!(prove(0.7, 0.01, 1.0), Err(Unstable::Region { .. })));
    assert!(matches!(prove(0.3, 0.01, 4.0), Err(Unstable::Region { .. })));
    assert!(matches!(prove(0.1, 0.1, 1.0), Err(Unstable::Region { .. })));
    let error = prove(0.3, 0.01, 4.0).unwrap_err().to_string();
    assert!(error.contains("differ 4.00 times; 6.00 times has to be borne"), "{error}");
}
