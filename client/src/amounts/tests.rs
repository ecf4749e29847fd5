use super::*;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

fn refused<T: std::fmt::Debug>(read: Result<T, BadAmount>) -> String {
    read.unwrap_err().to_string()
}

#[test]
fn a_column_has_the_same_digits_as_a_sentence() {
    for plancks in [0, 1, 300_000_000_000, 1_500_000_000_000, u128::MAX] {
        assert_eq!(format!("{} QED", in_qed(plancks)), money(plancks));
    }
    assert_eq!(in_qed(300_000_000_000), "0.3");
    assert_eq!((in_kwh(Wh(1_500)), energy(Wh(1_500))), ("1.5".to_owned(), "1.5 kWh".to_owned()));
}

#[test]
fn money_is_qed_unless_it_says_otherwise() {
    for (text, plancks) in [
        ("0.21", 210_000_000_000),
        (".21", 210_000_000_000),
        ("0.21QED", 210_000_000_000),
        (" 0.21 QED ", 210_000_000_000),
        ("0.21qed", 210_000_000_000),
        ("2.1e-1", 210_000_000_000),
        ("210000000000plancks", 210_000_000_000),
        ("210000000000 plancks", 210_000_000_000),
        ("1planck", 1),
        ("0", 0),
        ("1000", 1_000_000_000_000_000),
        ("2000QED", 2_000_000_000_000_000),
        ("2000.0", 2_000_000_000_000_000),
        ("2000plancks", 2_000),
        ("0.000000000001", 1),
        ("0.0000000000010", 1),
        ("340282366920938463463374607.431768211455", u128::MAX),
    ] {
        assert_eq!(parse_money(text), Ok(plancks), "{text}");
    }
}

#[test]
fn a_price_is_per_kwh_whether_that_is_written_or_not() {
    for text in [
        "0.21",
        "0.21QED",
        "0.21QED/kWh",
        "0.21 qed/kwh",
        "210000000000plancks",
        "210000000000plancks/kWh",
    ] {
        assert_eq!(parse_price(text), Ok(PricePerKwh(210_000_000_000)), "{text}");
    }
    assert!(parse_money("0.21QED/kWh").is_err());
}

#[test]
fn energy_has_a_unit() {
    for text in ["1.5kWh", "1.5 kWh", "1500Wh", "1500 wh", "1.5e3Wh", "1500.0Wh"] {
        assert_eq!(parse_energy(text), Ok(Wh(1_500)), "{text}");
    }
    for text in ["1500", "0", "1.5"] {
        let said = format!("{text} may mean {text}kWh or {text}Wh: write the unit behind it");
        assert_eq!(refused(parse_energy(text)), said);
    }
    assert_eq!(parse_energy("18446744073709551.615kWh"), Ok(Wh(u64::MAX)));
}

#[test]
fn a_bare_whole_number_above_a_thousand_is_told_its_two_readings() {
    for text in ["1001", "2000", "200000000000", "2e3"] {
        let said = format!("{text} may mean {text}QED or {text}plancks: write the unit behind it");
        assert_eq!(refused(parse_money(text)), said);
        assert_eq!(refused(parse_price(text)), said);
    }
}

#[test]
fn what_is_no_amount_is_told_why() {
    for (text, said) in [
        ("", "\"\" is no number"),
        ("-0.21", "-0.21 is below 0"),
        ("-2000plancks", "-2000plancks is below 0"),
        ("+0.21", "\"+0.21\" has a plus sign; leave it out"),
        ("NaN", "\"NaN\" is not finite"),
        (
            "0,21",
            "\"0,21\" has a comma; decimals stand after a point, and thousands are not separated",
        ),
        (
            "1'000",
            "\"1'000\" has separators between its digits; write it without, and decimals after one point",
        ),
        ("0x10", "\"0x10\" is hexadecimal; write it in decimal digits"),
        ("0.21EUR", "\"0.21EUR\" has the unit \"EUR\"; known here are QED and plancks"),
        ("0.21 Wh", "\"0.21 Wh\" has the unit \"Wh\"; known here are QED and plancks"),
        ("QED", "\"QED\" is no number"),
        ("cheap", "\"cheap\" is no number"),
        ("0.5plancks", "0.5plancks is finer than 0.000000000001 QED, a planck, the smallest step"),
        ("1e-13", "1e-13 is finer than 0.000000000001 QED, a planck, the smallest step"),
        ("1e40plancks", "1e40plancks is more than the chain can count"),
        ("1e999999999QED", "1e999999999QED is more than the chain can count"),
    ] {
        assert_eq!(refused(parse_money(text)), said, "{text}");
    }
    assert_eq!(
        refused(parse_energy("0.5Wh")),
        "0.5Wh is finer than 0.001 kWh, a Wh, the smallest step"
    );
    assert_eq!(refused(parse_energy("1e17kWh")), "1e17kWh is more than the chain can count");
    let unit = refused(parse_energy("1MWh"));
    assert_eq!(unit, "\"1MWh\" has the unit \"MWh\"; known here are kWh and Wh");
}

#[test]
fn amounts_are_printed_exactly_with_their_units() {
    assert_eq!(money(210_000_000_000), "0.21 QED");
    assert_eq!(money(0), "0 QED");
    assert_eq!(price(PricePerKwh(1)), "0.000000000001 QED/kWh");
    assert_eq!(energy(Wh(1_500)), "1.5 kWh");
    assert_eq!(energy(Wh(2_000)), "2 kWh");
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct InJson {
    #[serde(with = "as_plancks_string")]
    held: Plancks,
    #[serde(with = "as_plancks_string")]
    limit: PricePerKwh,
    #[serde(with = "as_plancks_string::option")]
    paid: Option<PricePerKwh>,
}

#[test]
fn plancks_are_strings_in_json() {
    let amounts = InJson { held: u128::MAX, limit: PricePerKwh(5), paid: None };
    let text = serde_json::to_string(&amounts).unwrap();
    assert_eq!(
        text,
        r#"{"held":"340282366920938463463374607431768211455","limit":"5","paid":null}"#
    );
    assert_eq!(serde_json::from_str::<InJson>(&text).unwrap(), amounts);
    let paid = serde_json::from_str::<InJson>(r#"{"held":"1","limit":"5","paid":"7"}"#).unwrap();
    assert_eq!(paid.paid, Some(PricePerKwh(7)));
    for bad in ["1", "\"\"", "\"+1\"", "\"1.5\"", "\"340282366920938463463374607431768211456\""] {
        let text = format!(r#"{{"held":{bad},"limit":"5","paid":null}}"#);
        assert!(serde_json::from_str::<InJson>(&text).is_err(), "{bad}");
    }
    assert_eq!(json(7), serde_json::json!("7"));
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_it_was(plancks: u128, wh: u64) {
        prop_assert_eq!(parse_money(&money(plancks)), Ok(plancks));
        prop_assert_eq!(parse_money(&format!("{plancks}plancks")), Ok(plancks));
        prop_assert_eq!(parse_price(&price(PricePerKwh(plancks))), Ok(PricePerKwh(plancks)));
        prop_assert_eq!(parse_energy(&energy(Wh(wh))), Ok(Wh(wh)));
        prop_assert_eq!(parse_energy(&format!("{wh}Wh")), Ok(Wh(wh)));
    }

    /// Beside big integers: the digits, with as many zeros as places are missing, are the plancks.
    #[test]
    fn amounts_are_those_of_big_integers(whole in "[0-9]{1,30}", fraction in "[0-9]{0,20}") {
        use num_bigint::BigUint;
        let big = |places: usize| -> Option<BigUint> {
            let kept = fraction.trim_end_matches('0');
            (kept.len() <= places).then(|| format!("{whole}{kept:0<places$}").parse().unwrap())
        };
        let text = format!("{whole}.{fraction}");
        match (big(12), parse_money(&format!("{text}QED"))) {
            (None, read) => prop_assert!(read.is_err()),
            (Some(exact), read) => prop_assert_eq!(u128::try_from(exact).ok(), read.ok()),
        }
        match (big(3), parse_energy(&format!("{text}kWh"))) {
            (None, read) => prop_assert!(read.is_err()),
            (Some(exact), read) => prop_assert_eq!(u64::try_from(exact).ok(), read.ok().map(|wh| wh.0)),
        }
    }

    #[test]
    fn no_text_makes_the_readers_panic(text: String) {
        let _ = (parse_money(&text), parse_price(&text), parse_energy(&text));
    }
}
