use super::*;
use std::time::Duration;

const LIMITS: Limits = Limits { time: Duration::from_secs(60), gap: 0.0 };

/// Two products of one machine, one of which is made in lots of at least 2 or not at all.
fn lots(demand: f64) -> (Program, [Var; 3]) {
    let mut program = Program::default();
    let made = program.real("made", 0.0, f64::INFINITY);
    let bought = program.real("bought", 0.0, f64::INFINITY);
    let runs = program.switch("runs");
    program.cost(made, 1.0);
    program.cost(bought, 3.0);
    program.cost(runs, 1.5);
    program.row("demand", [(made, 1.0), (bought, 1.0)], Relation::AtLeast, demand);
    program.row("least", [(made, 1.0), (runs, -2.0)], Relation::AtLeast, 0.0);
    program.row("most", [(made, 1.0), (runs, -10.0)], Relation::AtMost, 0.0);
    (program, [made, bought, runs])
}

#[test]
fn a_switch_is_on_where_that_costs_less() {
    let (program, [made, bought, runs]) = lots(1.0);
    let solved = solve(&program, &LIMITS).unwrap();
    assert!((solved.cost - 3.0).abs() < 1e-9, "{solved:?}");
    assert_eq!((solved.value(made), solved.value(bought), solved.value(runs)), (0.0, 1.0, 0.0));
    let (program, [made, bought, runs]) = lots(12.0);
    let solved = solve(&program, &LIMITS).unwrap();
    assert!((solved.cost - 17.5).abs() < 1e-9, "{solved:?}");
    assert!(solved.gap() < 1e-6);
    assert_eq!((solved.value(made), solved.value(bought), solved.value(runs)), (10.0, 2.0, 1.0));
}

#[test]
fn what_cannot_be_is_told_by_its_cause() {
    let (mut program, [made, bought, _]) = lots(1.0);
    program.row("little", [(made, 1.0), (bought, 1.0)], Relation::AtMost, 0.5);
    assert_eq!(solve(&program, &LIMITS).unwrap_err(), Unsolved::Infeasible);
    let mut program = Program::default();
    let earns = program.real("earns", 0.0, f64::INFINITY);
    program.cost(earns, -1.0);
    assert_eq!(solve(&program, &LIMITS).unwrap_err(), Unsolved::Unbounded);
    let (program, _) = lots(12.0);
    let none = Limits { time: Duration::ZERO, gap: 0.0 };
    assert_eq!(solve(&program, &none).unwrap_err(), Unsolved::Time);
}

#[test]
fn a_programme_is_written_as_other_solvers_read_it() {
    let (program, _) = lots(0.1);
    let text = "NAME lots\nROWS\n N cost\n G demand\n G least\n L most\nCOLUMNS\n made cost 1\n made demand 1\n \
        made least 1\n made most 1\n bought cost 3\n bought demand 1\n marker 'MARKER' 'INTORG'\n runs cost 1.5\n \
        runs least -2\n runs most -10\n marker 'MARKER' 'INTEND'\nRHS\n rhs demand 0.1\nBOUNDS\n LO bound made \
        0\n LO bound bought 0\n BV bound runs\nENDATA\n";
    assert_eq!(mps(&program, "lots"), text);
}
