//! Formulas against a recursive twin that reads them from the end.

use super::{PolicyNode::*, *};
use alloc::{boxed::Box, vec, vec::Vec};

mod explanation;
mod oracle;

type Node = PolicyNode<u8>;

/// Whether `nodes` is a formula at most `depth` deep, of any size.
fn nested<A: Copy>(nodes: &[PolicyNode<A>], depth: u8) -> Result<(), PolicyError> {
    let limits = Limits { nodes: u32::MAX, depth };
    validate(nodes, limits)
}

const fn at_least(k: u8, of: u8) -> Node {
    AtLeast { k, of }
}

/// A formula as a tree.
enum Tree {
    Leaf(u8),
    Threshold(u8, Vec<Tree>),
}

impl Tree {
    /// Reads the formula that ends with the last of `nodes`, and what stands before it.
    fn read(nodes: &[Node]) -> Option<(Self, &[Node])> {
        let (last, mut before) = nodes.split_last()?;
        match *last {
            Attribute(attribute) => Some((Self::Leaf(attribute), before)),
            AtLeast { k, of } if (1..=of).contains(&k) => {
                let mut parts = vec![];
                for _ in 0..of {
                    let (part, rest) = Self::read(before)?;
                    parts.push(part);
                    before = rest;
                }
                Some((Self::Threshold(k, parts), before))
            }
            AtLeast { .. } => None,
        }
    }

    fn read_all(nodes: &[Node]) -> Option<Self> {
        Self::read(nodes).and_then(|(tree, rest)| rest.is_empty().then_some(tree))
    }

    fn depth(&self) -> u8 {
        match self {
            Self::Leaf(_) => 1,
            Self::Threshold(_, parts) => 1 + parts.iter().map(Self::depth).max().unwrap(),
        }
    }

    fn holds(&self, held: u8) -> bool {
        match self {
            Self::Leaf(attribute) => held & (1 << attribute) != 0,
            Self::Threshold(k, parts) => {
                parts.iter().map(|part| u8::from(part.holds(held))).sum::<u8>() >= *k
            }
        }
    }
}

/// Calls `check` with every list of 1 to `longest` nodes of `alphabet`.
fn every_list(alphabet: &[Node], longest: usize, check: &mut dyn FnMut(&[Node])) {
    fn extend(
        list: &mut Vec<Node>,
        alphabet: &[Node],
        longest: usize,
        check: &mut dyn FnMut(&[Node]),
    ) {
        if list.len() == longest {
            return;
        }
        for node in alphabet {
            list.push(*node);
            check(list);
            extend(list, alphabet, longest, check);
            list.pop();
        }
    }
    extend(&mut vec![], alphabet, longest, check);
}

/// Checks a list of nodes over `attributes` attributes in every respect, and returns whether
/// it is a formula.
fn agrees_with_its_twin(nodes: &[Node], attributes: u8) -> bool {
    let tree = Tree::read_all(nodes).map(Box::new);
    assert_eq!(nested(nodes, u8::MAX).is_ok(), tree.is_some(), "{nodes:?}");
    let sets = 1_u8 << attributes;
    let truth: Vec<bool> =
        (0..sets).map(|held| evaluate(nodes, |attribute| held & (1 << attribute) != 0)).collect();
    let Some(tree) = tree else {
        assert!(truth.iter().all(|holds| !holds), "no formula, but holds: {nodes:?}");
        return false;
    };
    assert_eq!(nested(nodes, tree.depth()), Ok(()), "{nodes:?}");
    assert_eq!(nested(nodes, tree.depth() - 1), Err(PolicyError::TooDeep), "{nodes:?}");
    for held in 0..sets {
        assert_eq!(truth[usize::from(held)], tree.holds(held), "{nodes:?} with {held:b}");
        for attribute in 0..attributes {
            let more = held | (1 << attribute);
            assert!(
                truth[usize::from(held)] <= truth[usize::from(more)],
                "{nodes:?} is not monotone between {held:b} and {more:b}"
            );
        }
    }
    true
}

#[test]
fn every_list_of_up_to_five_nodes_agrees_with_the_recursive_twin() {
    let mut alphabet: Vec<Node> = (0..3).map(Attribute).collect();
    for k in 0..4 {
        alphabet.extend((0..4).map(|of| at_least(k, of)));
    }
    let mut formulas = 0_u32;
    every_list(&alphabet, 5, &mut |nodes| {
        formulas += u32::from(agrees_with_its_twin(nodes, 3));
    });
    // By size 3, 3, 21, 138 and 651: with T(n) formulas of n nodes, one threshold over one
    // part, two over two and three over three, T(5) = T(4) + 2 (2 T(1) T(3) + T(2)^2)
    // + 3 (3 T(1)^2 T(2)), and so on.
    assert_eq!(formulas, 816);
}

#[test]
fn every_list_of_up_to_six_nodes_of_a_smaller_alphabet_agrees_too() {
    let alphabet = [
        Attribute(0),
        Attribute(1),
        at_least(1, 1),
        at_least(1, 2),
        at_least(2, 2),
        at_least(1, 3),
        at_least(2, 3),
        at_least(3, 3),
        at_least(3, 2),
    ];
    every_list(&alphabet, 6, &mut |nodes| {
        agrees_with_its_twin(nodes, 2);
    });
}

#[test]
fn each_fault_is_named() {
    use PolicyError::*;
    let deepest = u8::MAX;
    assert_eq!(nested::<u8>(&[], deepest), Err(Empty));
    assert_eq!(nested(&[Attribute(0), at_least(0, 1)], deepest), Err(BadThreshold));
    assert_eq!(nested(&[Attribute(0), at_least(2, 1)], deepest), Err(BadThreshold));
    assert_eq!(nested(&[Attribute(0), at_least(0, 0)], deepest), Err(BadThreshold));
    assert_eq!(nested(&[Attribute(0), at_least(1, 0)], deepest), Err(BadThreshold));
    assert_eq!(nested(&[Attribute(0), at_least(1, 2)], deepest), Err(Underflow));
    assert_eq!(nested::<u8>(&[at_least(1, 1)], deepest), Err(Underflow));
    assert_eq!(nested(&[Attribute(0), Attribute(1)], deepest), Err(Leftover));
    assert_eq!(nested(&[Attribute(0)], 0), Err(TooDeep));
    assert_eq!(nested(&[Attribute(0)], 1), Ok(()));
}

#[test]
fn a_formula_has_no_more_nodes_than_permitted() {
    let formula = [Attribute(0), Attribute(1), at_least(1, 2)];
    let limits = |nodes| Limits { nodes, depth: 2 };
    assert_eq!(validate(&formula, limits(3)), Ok(()));
    assert_eq!(validate(&formula, limits(2)), Err(PolicyError::TooLarge));
    assert_eq!(validate::<u8>(&[], limits(0)), Err(PolicyError::Empty));
}

#[test]
fn a_malformed_formula_holds_for_nobody() {
    for nodes in [
        &[][..],
        &[Attribute(0), Attribute(0)],
        &[Attribute(0), at_least(0, 1)],
        &[at_least(1, 1), Attribute(0)],
    ] {
        assert!(!evaluate(nodes, |_: u8| true), "{nodes:?}");
    }
}

#[test]
fn a_very_long_formula_needs_no_recursion() {
    let mut nodes = vec![Attribute(0_u8)];
    nodes.extend(core::iter::repeat_n(at_least(1, 1), 1_000_000));
    assert!(evaluate(&nodes, |_| true));
    assert_eq!(nested(&nodes, u8::MAX), Err(PolicyError::TooDeep));
}
