//! Policies: monotone formulas over attributes (design, section 3).
//!
//! A formula is a list of nodes in postfix order: an attribute stands for itself, and a
//! threshold takes the results of the last `of` formulas before it and asks that at least `k`
//! of them hold. AND is `k == of`, OR is `k == 1`. There is no negation, so holding more
//! attributes never makes a formula fail.
//!
//! ```
//! use qedex_math::policy::{PolicyNode::*, evaluate, validate};
//!
//! // 0 and (1 or 2)
//! let sellers = [
//!     Attribute(0),
//!     Attribute(1),
//!     Attribute(2),
//!     AtLeast { k: 1, of: 2 },
//!     AtLeast { k: 2, of: 2 },
//! ];
//! assert_eq!(validate(&sellers, 3), Ok(()));
//! assert!(evaluate(&sellers, |attribute| attribute != 1));
//! assert!(!evaluate(&sellers, |attribute| attribute == 1));
//! ```

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// One node of a formula in postfix order.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum PolicyNode<A> {
    /// Holds if this attribute is held.
    Attribute(A),
    /// Holds if at least `k` of the last `of` formulas before it hold.
    AtLeast {
        /// How many must hold, from 1 to `of`.
        k: u8,
        /// Of how many, at least 1.
        of: u8,
    },
}

/// Why a list of nodes is not a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum PolicyError {
    /// There is no node.
    Empty,
    /// A threshold asks for none, for more than it takes, or takes none.
    BadThreshold,
    /// A threshold takes more formulas than stand before it.
    Underflow,
    /// More than one formula is left at the end.
    Leftover,
    /// The formula is nested more deeply than permitted.
    TooDeep,
}

/// Checks that `nodes` is one formula, nested at most `max_depth` deep.
///
/// An attribute is 1 deep, a threshold one more than the deepest formula that it takes.
/// The first fault in postfix order is reported; depth is looked at last.
pub fn validate<A: Copy>(nodes: &[PolicyNode<A>], max_depth: u8) -> Result<(), PolicyError> {
    let depth = fold(
        nodes,
        |_| 1_usize,
        |_, parts| {
            parts
                .iter()
                .max()
                .map_or(1, |deepest| deepest.saturating_add(1))
        },
    )?;
    if depth > usize::from(max_depth) {
        return Err(PolicyError::TooDeep);
    }
    Ok(())
}

/// Whether the formula holds, given which attributes are held.
///
/// False for a list of nodes that is not a formula. Asks for each attribute at most once per
/// node that names it; without recursion, and with memory for at most one result per node.
pub fn evaluate<A: Copy>(nodes: &[PolicyNode<A>], holds: impl FnMut(A) -> bool) -> bool {
    fold(nodes, holds, |k, parts| {
        parts.iter().filter(|holds| **holds).count() >= usize::from(k)
    })
    .unwrap_or(false)
}

/// Computes the value of a formula from its leaves up. `join` gets a threshold's `k` and the
/// values of the formulas that it takes.
fn fold<A: Copy, T>(
    nodes: &[PolicyNode<A>],
    mut leaf: impl FnMut(A) -> T,
    join: impl Fn(u8, &[T]) -> T,
) -> Result<T, PolicyError> {
    let mut values = Vec::new();
    for node in nodes {
        let value = match *node {
            PolicyNode::Attribute(attribute) => leaf(attribute),
            PolicyNode::AtLeast { k, of } => {
                if k == 0 || k > of {
                    return Err(PolicyError::BadThreshold);
                }
                let first = values.len().checked_sub(of.into());
                let first = first.ok_or(PolicyError::Underflow)?;
                let value = join(k, values.get(first..).unwrap_or_default());
                values.truncate(first);
                value
            }
        };
        values.push(value);
    }
    let result = values.pop().ok_or(PolicyError::Empty)?;
    if values.is_empty() {
        Ok(result)
    } else {
        Err(PolicyError::Leftover)
    }
}
