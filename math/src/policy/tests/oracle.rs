//! Every formula of up to six nodes over six attributes, against its truth table.

use super::*;

/// For how many attributes the tables are.
const ATTRIBUTES: u8 = 6;

/// The largest formulas that are tried.
const LARGEST: usize = 6;

/// A truth table: bit `h` says whether the formula holds for the set of attributes `h`.
type Table = u64;

/// A formula with its table.
pub struct Formula {
    pub nodes: Vec<Node>,
    pub table: Table,
}

pub const fn holds(held: u64, attribute: u8) -> bool {
    held & (1 << attribute) != 0
}

/// The table of one attribute.
fn table_of(attribute: u8) -> Table {
    (0..64).filter(|held| holds(*held, attribute)).map(|held| 1 << held).sum()
}

/// The table of "at least `k` of these", by its definition: some `k` of them hold together.
fn some_k_together(k: u8, tables: &[Table]) -> Table {
    (0..1_u32 << tables.len())
        .filter(|chosen| chosen.count_ones() == u32::from(k))
        .map(|chosen| {
            let numbered = tables.iter().enumerate();
            let chosen = numbered.filter(|(number, _)| chosen & (1 << number) != 0);
            chosen.fold(Table::MAX, |all, (_, table)| all & table)
        })
        .fold(0, |any, table| any | table)
}

/// All ways to write `count` formulas one after the other in `size` nodes, given all formulas of
/// each smaller size.
fn sequences(count: u8, size: usize, smaller: &[Vec<Formula>]) -> Vec<(Vec<Node>, Vec<Table>)> {
    if count == 0 {
        return Vec::from_iter((size == 0).then(Default::default));
    }
    let mut all = vec![];
    for last in 1..=size {
        for (nodes, tables) in sequences(count - 1, size - last, smaller) {
            for formula in &smaller[last] {
                let nodes = [&nodes[..], &formula.nodes].concat();
                let tables = [&tables[..], &[formula.table]].concat();
                all.push((nodes, tables));
            }
        }
    }
    all
}

/// Every formula, by its number of nodes.
pub fn all_formulas() -> Vec<Vec<Formula>> {
    let attribute =
        |attribute| Formula { nodes: vec![Attribute(attribute)], table: table_of(attribute) };
    let mut by_size = vec![vec![], (0..ATTRIBUTES).map(attribute).collect()];
    for size in 2..=LARGEST {
        let mut formulas = vec![];
        for of in 1..size as u8 {
            for (nodes, tables) in sequences(of, size - 1, &by_size) {
                formulas.extend((1..=of).map(|k| Formula {
                    nodes: [&nodes[..], &[at_least(k, of)]].concat(),
                    table: some_k_together(k, &tables),
                }));
            }
        }
        by_size.push(formulas);
    }
    by_size
}

#[test]
fn every_formula_of_up_to_six_nodes_has_the_truth_table_of_its_definition() {
    let by_size = all_formulas();
    let numbers: Vec<usize> = by_size.iter().map(Vec::len).collect();
    assert_eq!(numbers, [0, 6, 6, 78, 870, 9_942, 119_526]);
    for Formula { nodes, table } in by_size.iter().flatten() {
        assert_eq!(nested(nodes, u8::MAX), Ok(()), "{nodes:?}");
        for held in 0..64 {
            assert_eq!(
                evaluate(nodes, |attribute| holds(held, attribute)),
                table & (1 << held) != 0,
                "{nodes:?} with {held:b}"
            );
        }
    }
}
