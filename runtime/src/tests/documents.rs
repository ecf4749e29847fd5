//! What documents say of the code.

/// Each row of `docs/money.md` names a test that exists.
#[test]
fn what_happens_to_money_is_tested_row_by_row() {
    let document = include_str!("../../../docs/money.md");
    let tests = [
        include_str!("../../../pallets/auction/src/tests/money.rs"),
        include_str!("../../../pallets/settlement/src/tests/money.rs"),
    ]
    .concat();
    let mut rows = document
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| if ..."))
        .peekable();
    assert!(rows.peek().is_some());
    let mut named = 0;
    for row in rows {
        let name = row.split('`').nth(1);
        let name = name.unwrap_or_else(|| panic!("no test in the row {row}"));
        let test = format!("#[test]\nfn {name}() {{");
        assert!(tests.contains(&test), "no test {name} for the row {row}");
        named += 1;
    }
    assert_eq!(
        tests.matches("#[test]").count(),
        named,
        "a test without a row"
    );
}
