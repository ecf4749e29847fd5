//! A Toeplitz matrix of words times a vector of words: squares in a row, each by Karatsuba's
//! identity down to a leaf that is multiplied out.

use super::word::{self, Wide};
use zeroize::Zeroize;

/// Words at which a square is multiplied out: a power of two, found by measuring.
pub(super) const LEAF: usize = 16;

/// out_r += XOR over c of t_(columns - 1 + r - c) x_c, with `x` of `columns` words and `t` of
/// columns + rows - 1.
pub(super) fn toeplitz(t: &[u64], x: &[u64], out: &mut [Wide]) {
    let rows = out.len();
    let side = side_for(rows, x.len());
    let mut scratch = Scratch::new(side);
    let mut padded_x = vec![0; side];
    let mut padded_t = vec![0; 2 * side - 1];
    let mut sums = vec![Wide::default(); side];
    for row_start in (0..rows).step_by(side) {
        sums.fill(Wide::default());
        for (band, columns) in x.chunks(side).enumerate() {
            // Column c of the square is column band * side + c of the matrix; its entry in row r
            // is t at (x.len() - 1 + r - column). Column side - 1 and row 0 stand first.
            let first = (x.len() + row_start) as isize - ((band + 1) * side) as isize;
            for (at, entry) in padded_t.iter_mut().enumerate() {
                let index = usize::try_from(first + at as isize).ok();
                *entry = index.and_then(|index| t.get(index)).copied().unwrap_or(0);
            }
            let (used, rest) = padded_x.split_at_mut(columns.len());
            used.copy_from_slice(columns);
            rest.fill(0);
            square(&padded_t, &padded_x, &mut sums, &mut scratch.words, &mut scratch.wide);
        }
        for (value, sum) in out.iter_mut().skip(row_start).zip(&sums) {
            value.add(*sum);
        }
    }
    padded_x.zeroize();
    sums.iter_mut().for_each(|sum| (sum.low, sum.high).zeroize());
}

/// The side of the squares: LEAF 2^k words. The one that costs the least among those that do not
/// exceed the smaller dimension by a factor of two; three sides of half the size cost as much as
/// one square, so a matrix that just exceeds a square is cut finer.
fn side_for(rows: usize, columns: usize) -> usize {
    let mut best = (f64::INFINITY, LEAF);
    let mut side = LEAF;
    let mut cost = 1.0;
    while side < 2 * rows.min(columns).max(LEAF) {
        let squares = rows.div_ceil(side) * columns.div_ceil(side);
        let total = squares as f64 * cost;
        if total < best.0 {
            best = (total, side);
        }
        side *= 2;
        cost *= 3.0;
    }
    best.1
}

/// Room for the sums of one descent: at each level 3 half sides of words and one of products.
struct Scratch {
    words: Vec<u64>,
    wide: Vec<Wide>,
}

impl Scratch {
    fn new(side: usize) -> Self {
        Self { words: vec![0; 4 * side], wide: vec![Wide::default(); side] }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.words.zeroize();
        self.wide.iter_mut().for_each(|value| (value.low, value.high).zeroize());
    }
}

/// out += T x for a square of x.len() words, a power of two times [`LEAF`].
fn square(t: &[u64], x: &[u64], out: &mut [Wide], words: &mut [u64], wide: &mut [Wide]) {
    let side = x.len();
    if side <= LEAF {
        return word::add_product(t, x, out);
    }
    let half = side / 2;
    let (x0, x1) = x.split_at(half);
    let (out0, out1) = out.split_at_mut(half);
    // T1 is the middle of t, T0 (upper right) its first part, T2 (lower left) its last.
    let parts = (t.get(..side - 1), t.get(half..half + side - 1), t.get(side..));
    let (Some(t0), Some(t1), Some(t2)) = parts else { return };
    let (sum, words) = words.split_at_mut(side - 1);
    let (p, wide) = wide.split_at_mut(half);

    let (x_sum, rest) = words.split_at_mut(half);
    xor_into(x_sum, x0, x1);
    p.fill(Wide::default());
    square(t1, x_sum, p, rest, wide);
    for ((a, b), p) in out0.iter_mut().zip(out1.iter_mut()).zip(p.iter()) {
        a.add(*p);
        b.add(*p);
    }
    xor_into(sum, t0, t1);
    square(sum, x1, out0, words, wide);
    xor_into(sum, t1, t2);
    square(sum, x0, out1, words, wide);
}

fn xor_into(out: &mut [u64], a: &[u64], b: &[u64]) {
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = a ^ b;
    }
}
