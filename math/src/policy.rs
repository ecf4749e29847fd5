//! Policies: monotone formulas over attributes (docs/design.md, section 3).
//!
//! A formula is a list of nodes in postfix order: an attribute stands for itself, and a
//! threshold takes the results of the last `of` formulas before it and asks that at least `k`
//! of them hold. AND is `k == of`, OR is `k == 1`. There is no negation, so holding more
//! attributes never makes a formula fail.
//!
//! ```
//! use qedex_math::policy::{Limits, PolicyNode::*, evaluate, explain, validate};
//!
//! // 0 and (1 or 2)
//! let sellers = [
//!     Attribute(0),
//!     Attribute(1),
//!     Attribute(2),
//!     AtLeast { k: 1, of: 2 },
//!     AtLeast { k: 2, of: 2 },
//! ];
//! assert_eq!(validate(&sellers, Limits { nodes: 5, depth: 3 }), Ok(()));
//! assert!(evaluate(&sellers, |attribute| attribute != 1));
//! assert!(!evaluate(&sellers, |attribute| attribute == 1));
//!
//! // Who holds 1 alone lacks 0, and 0 alone: the other half holds.
//! let parts = explain(&sellers, |attribute| (attribute != 1).then_some("missing")).unwrap();
//! let blocking = parts.iter().filter(|part| part.blocks).map(|part| part.node);
//! assert!(blocking.eq([AtLeast { k: 2, of: 2 }, Attribute(0)]));
//! ```

#[cfg(test)]
mod tests;

use alloc::{
    vec,
    vec::{Drain, Vec},
};
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
    /// There are more nodes than permitted.
    TooLarge,
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

/// How large a formula may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most nodes.
    pub nodes: u32,
    /// How deeply it may be nested: an attribute is 1 deep, a threshold one more than the deepest
    /// formula that it takes.
    pub depth: u8,
}

/// One part of a formula, as it stands for somebody.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Part<A, W> {
    /// How many thresholds it lies within: 0 for the whole formula.
    pub depth: u32,
    /// What it asks for.
    pub node: PolicyNode<A>,
    /// Whether it holds.
    pub holds: bool,
    /// Whether it is among the parts that make the whole formula fail: it fails, and so does every
    /// threshold that it lies within. Were all attributes that block held, the formula would hold;
    /// while none of them is, it fails, whatever else is held.
    pub blocks: bool,
    /// How many of the formulas that a threshold takes hold. 0 for an attribute.
    pub met: u32,
    /// Why an attribute is not held.
    pub why: Option<W>,
}

/// Checks that `nodes` is one formula within the limits.
///
/// The number of nodes is looked at first, then the first fault in postfix order is reported;
/// depth is looked at last.
pub fn validate<A: Copy>(nodes: &[PolicyNode<A>], limits: Limits) -> Result<(), PolicyError> {
    if u32::try_from(nodes.len()).map_or(true, |nodes| nodes > limits.nodes) {
        return Err(PolicyError::TooLarge);
    }
    let depth = fold(
        nodes,
        |_| 1_usize,
        |_, parts| parts.max().map_or(1, |deepest| deepest.saturating_add(1)),
    )?;
    if depth > usize::from(limits.depth) {
        return Err(PolicyError::TooDeep);
    }
    Ok(())
}

/// Whether the formula holds, given which attributes are held.
///
/// False for a list of nodes that is not a formula. Asks for each attribute at most once per
/// node that names it; without recursion, and with memory for at most one result per node.
pub fn evaluate<A: Copy>(nodes: &[PolicyNode<A>], holds: impl FnMut(A) -> bool) -> bool {
    fold(nodes, holds, |threshold, parts| {
        parts.filter(|holds| *holds).count() >= usize::from(threshold.k)
    })
    .unwrap_or(false)
}

/// Says of each part of the formula whether it holds and whether it makes the whole fail, given
/// why an attribute is not held (nothing if it is).
///
/// The whole formula comes first, and after each threshold the formulas that it takes, in their
/// order. It takes time in proportion to nodes times depth.
///
/// # Errors
/// If the list of nodes is not a formula.
pub fn explain<A: Copy, W>(
    nodes: &[PolicyNode<A>],
    mut lacks: impl FnMut(A) -> Option<W>,
) -> Result<Vec<Part<A, W>>, PolicyError> {
    let leaf = |attribute| {
        let why = lacks(attribute);
        vec![Part {
            depth: 0,
            node: PolicyNode::Attribute(attribute),
            holds: why.is_none(),
            blocks: false,
            met: 0,
            why,
        }]
    };
    let join = |Threshold { k, of }, subtrees: Drain<'_, Vec<Part<A, W>>>| {
        let mut parts = vec![Part {
            depth: 0,
            node: PolicyNode::AtLeast { k, of },
            holds: false,
            blocks: false,
            met: 0,
            why: None,
        }];
        let mut met = 0_u32;
        for subtree in subtrees {
            let holds = subtree.first().is_some_and(|root| root.holds);
            met = met.saturating_add(holds.into());
            parts.extend(
                subtree
                    .into_iter()
                    .map(|part| Part { depth: part.depth.saturating_add(1), ..part }),
            );
        }
        if let Some(root) = parts.first_mut() {
            root.met = met;
            root.holds = met >= k.into();
        }
        parts
    };
    let mut parts = fold(nodes, leaf, join)?;
    // How many thresholds around the present part block, counted from the whole formula.
    let mut blocking = 0_u32;
    for part in &mut parts {
        blocking = blocking.min(part.depth);
        part.blocks = !part.holds && blocking == part.depth;
        if part.blocks {
            blocking = blocking.saturating_add(1);
        }
    }
    Ok(parts)
}

/// What a threshold asks for.
struct Threshold {
    k: u8,
    of: u8,
}

/// Computes the value of a formula from its leaves up. `join` gets a threshold and the values
/// of the formulas that it takes.
fn fold<A: Copy, T>(
    nodes: &[PolicyNode<A>],
    mut leaf: impl FnMut(A) -> T,
    join: impl Fn(Threshold, Drain<'_, T>) -> T,
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
                join(Threshold { k, of }, values.drain(first..))
            }
        };
        values.push(value);
    }
    let result = values.pop().ok_or(PolicyError::Empty)?;
    if values.is_empty() { Ok(result) } else { Err(PolicyError::Leftover) }
}
