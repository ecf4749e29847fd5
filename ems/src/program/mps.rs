//! A programme as other solvers read it.

use super::{Program, Relation};
use std::fmt::Write;

/// `program` in free MPS format, under `name`; the least cost is asked for. Numbers are written so that they are
/// read back exactly.
pub fn mps(program: &Program, name: &str) -> String {
    let mut text = format!("NAME {name}\nROWS\n N cost\n");
    for row in &program.rows {
        let kind = match row.relation {
            Relation::AtMost => 'L',
            Relation::Equal => 'E',
            Relation::AtLeast => 'G',
        };
        line(&mut text, format_args!(" {kind} {}", row.name));
    }
    columns(&mut text, program);
    text.push_str("RHS\n");
    for row in program.rows.iter().filter(|row| row.right != 0.0) {
        line(&mut text, format_args!(" rhs {} {}", row.name, row.right));
    }
    text.push_str("BOUNDS\n");
    for column in &program.columns {
        let name = &column.name;
        if column.is_switch {
            line(&mut text, format_args!(" BV bound {name}"));
            continue;
        }
        if column.least == f64::NEG_INFINITY {
            line(&mut text, format_args!(" MI bound {name}"));
        } else {
            line(&mut text, format_args!(" LO bound {name} {}", column.least));
        }
        if column.most < f64::INFINITY {
            line(&mut text, format_args!(" UP bound {name} {}", column.most));
        }
    }
    text.push_str("ENDATA\n");
    text
}

fn columns(text: &mut String, program: &Program) {
    let mut terms: Vec<Vec<(&str, f64)>> = vec![Vec::new(); program.columns.len()];
    for row in &program.rows {
        for (var, factor) in &row.terms {
            if let Some(of) = terms.get_mut(var.0) {
                match of.last_mut() {
                    // A variable that a row names twice.
                    Some((last, sum)) if *last == row.name => *sum += factor,
                    _ => of.push((&row.name, *factor)),
                }
            }
        }
    }
    text.push_str("COLUMNS\n");
    let mut in_switches = false;
    for (column, terms) in program.columns.iter().zip(terms) {
        if column.is_switch != in_switches {
            in_switches = column.is_switch;
            let edge = if in_switches { "INTORG" } else { "INTEND" };
            line(text, format_args!(" marker 'MARKER' '{edge}'"));
        }
        line(text, format_args!(" {} cost {}", column.name, column.cost));
        for (row, factor) in terms {
            line(text, format_args!(" {} {row} {factor}", column.name));
        }
    }
    if in_switches {
        text.push_str(" marker 'MARKER' 'INTEND'\n");
    }
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{what}");
}
