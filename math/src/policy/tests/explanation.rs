//! Which parts make a formula fail.

use super::{
    oracle::{Formula, all_formulas, holds},
    *,
};

fn parts_for(nodes: &[Node], held: u64) -> Vec<Part<u8, ()>> {
    explain(nodes, |attribute| (!holds(held, attribute)).then_some(())).unwrap()
}

/// The attributes that block, as a set.
fn blocking(parts: &[Part<u8, ()>]) -> u64 {
    parts
        .iter()
        .filter(|part| part.blocks)
        .map(|part| match part.node {
            Attribute(attribute) => 1 << attribute,
            AtLeast { .. } => 0,
        })
        .fold(0, |all, one| all | one)
}

#[test]
fn what_blocks_is_what_would_help_and_all_that_would() {
    for Formula { nodes, table } in all_formulas().iter().flatten() {
        let for_all = |held: u64| table & (1 << held) != 0;
        for held in 0..64 {
            let parts = parts_for(nodes, held);
            assert_eq!(parts.len(), nodes.len());
            assert_eq!(parts[0].holds, for_all(held), "{nodes:?} with {held:b}");
            if parts[0].holds {
                assert!(parts.iter().all(|part| !part.blocks));
                continue;
            }
            assert!(parts[0].blocks);
            let blocking = blocking(&parts);
            assert!(for_all(held | blocking), "{nodes:?}: with what blocks");
            assert!(!for_all(63 & !blocking), "{nodes:?}: with all the others");
        }
    }
}

/// Writes the parts back in postfix order, and checks each against its own formula.
fn check(parts: &mut dyn Iterator<Item = &Part<u8, ()>>, depth: u32, held: u64) -> Vec<Node> {
    let part = parts.next().unwrap();
    assert_eq!(part.depth, depth);
    let own = |nodes: &[Node]| evaluate(nodes, |attribute| holds(held, attribute));
    let mut nodes = vec![];
    match part.node {
        Attribute(attribute) => {
            assert_eq!(part.why.is_none(), holds(held, attribute));
            assert_eq!(part.met, 0);
        }
        AtLeast { of, .. } => {
            let mut met = 0;
            for _ in 0..of {
                let inner = check(parts, depth + 1, held);
                met += u32::from(own(&inner));
                nodes.extend(inner);
            }
            assert_eq!((part.met, part.why), (met, None));
        }
    }
    nodes.push(part.node);
    assert_eq!(part.holds, own(&nodes));
    nodes
}

#[test]
fn the_parts_stand_in_the_order_of_reading_and_each_says_what_it_is_worth() {
    for Formula { nodes, .. } in all_formulas().iter().flatten() {
        for held in [0, 0b01_0110, 0b10_1001, 63] {
            let parts = parts_for(nodes, held);
            let mut remaining = parts.iter();
            assert_eq!(check(&mut remaining, 0, held), *nodes);
            assert!(remaining.next().is_none());
        }
    }
}

#[test]
fn a_part_that_fails_within_one_that_holds_does_not_block() {
    // (0 or 1) and 2, for somebody who holds 0 alone.
    let nodes = [Attribute(0), Attribute(1), at_least(1, 2), Attribute(2), at_least(2, 2)];
    let parts = parts_for(&nodes, 0b001);
    let told: Vec<_> =
        parts.iter().map(|part| (part.depth, part.node, part.holds, part.blocks)).collect();
    assert_eq!(
        told,
        [
            (0, at_least(2, 2), false, true),
            (1, at_least(1, 2), true, false),
            (2, Attribute(0), true, false),
            (2, Attribute(1), false, false),
            (1, Attribute(2), false, true),
        ]
    );
}

#[test]
fn what_is_not_a_formula_cannot_be_explained() {
    let explained = |nodes: &[Node]| explain(nodes, |_| Some(())).unwrap_err();
    assert_eq!(explained(&[]), PolicyError::Empty);
    assert_eq!(explained(&[at_least(1, 1)]), PolicyError::Underflow);
    assert_eq!(explained(&[Attribute(0), Attribute(1)]), PolicyError::Leftover);
    assert_eq!(explained(&[Attribute(0), at_least(2, 1)]), PolicyError::BadThreshold);
}
