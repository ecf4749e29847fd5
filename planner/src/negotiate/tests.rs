use super::*;
use clap::Parser;

const OFFERS: &str = include_str!("../../../data/setm/offers.csv");

#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    negotiate: Negotiate,
}

fn solved(table: &str, options: &[&str]) -> Result<Vec<Deal>, String> {
    let args = Alone::try_parse_from([&["negotiate", "--table", "t.csv"], options].concat());
    let args = args.map_err(|error| error.to_string())?.negotiate;
    solve(&args, &Table::parse("t.csv", table).unwrap()).map_err(|error| error.to_string())
}

fn prices(options: &[&str]) -> String {
    let deals = solved(OFFERS, options).unwrap();
    deals.iter().map(|deal| deal.price_told.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn setm_s_table_comes_to_these_prices() {
    let deals = solved(OFFERS, &[]).unwrap();
    assert_eq!(prices(&[]), "43.00 43.00 43.80 43.80 44.50 44.80");
    let messages: Vec<_> = deals.iter().map(|deal| deal.messages.unwrap()).collect();
    assert_eq!(messages, [16, 16, 14, 14, 14, 13]);
    assert_eq!(prices(&["--buyers", "boulware"]), "42.40 42.40 42.75 42.75 43.60 43.60");
    assert_eq!(prices(&["--buyers", "0.5"]), prices(&["--buyers", "boulware"]));
    assert_eq!(prices(&["--buyers", "2"]), "43.67 43.67 44.89 44.89 45.41 46.00");
    let split: Vec<_> = deals.iter().map(|deal| deal.split_told.as_str()).collect();
    assert_eq!(split, ["43.00", "43.00", "44.00", "44.00", "44.00", "45.00"]);
    assert_eq!((deals[0].price, deals[0].accepted_by), (Some(43.0), Some("seller")));
}

#[test]
fn two_who_wait_for_each_other_have_no_deal() {
    let both = ["--buyers", "tit-for-tat", "--sellers", "tit-for-tat"];
    let deals = solved(OFFERS, &both).unwrap();
    assert!(deals.iter().all(|deal| deal.price.is_none() && deal.price_told == "no deal"));
}

#[test]
fn bad_input_is_told_by_its_name() {
    let header = "party,side,best,worst\n";
    let of =
        |rows: &str, options: &[&str]| solved(&format!("{header}{rows}"), options).unwrap_err();
    let seller = "s,seller,52,40\n";
    let meets = format!("b,buyer,34,39\n{seller}");
    assert_eq!(
        of(&meets, &[]),
        "bad input: t.csv: no deal: the ranges do not overlap: b pays 39.00 at most, and s takes 40.00 at least"
    );
    let worse = of("b,buyer,46,34\n", &[]);
    let why = "t.csv, line 2: the best price is worse than the worst one: 46 and 34, for a buyer";
    assert_eq!(worse, format!("bad input: {why}"));
    assert!(of("s,seller,40,52\n", &[]).contains("the best price is worse than the worst one"));
    assert!(of(seller, &[]).contains("it takes a buyer and a seller"));
    assert!(of("b,bid,1,2\n", &[]).contains("neither buyer nor seller"));
    assert!(of("b,buyer,-1,2\n", &[]).contains("best -1 is below 0"));
    assert!(of("b,buyer,nan,2\n", &[]).contains("best \"nan\" is not finite"));
    assert!(of("b,buyer,1,2\nb,buyer,1,2\n", &[]).contains("line 3: b comes twice"));
    assert!(of(",buyer,1,2\n", &[]).contains("party is missing"));
    let fine = format!("b,buyer,34,46\n{seller}");
    assert!(of(&fine, &["--steps", "0"]).contains("the number of steps is not from 1 to"));
    assert!(of(&fine, &["--tick", "0"]).contains("the tick is zero"));
    assert!(of(&fine, &["--tick", "47"]).contains("the tick is above the buyer's worst price"));
    for beta in ["0", "-1", "0.001", "soft"] {
        let buyers = format!("--buyers={beta}");
        assert!(of(&fine, &[&buyers]).contains("beta is not from 0.01 to 100"), "{beta}");
    }
}

#[test]
fn prices_have_the_places_of_their_tick_at_least() {
    for (digits, places, expected) in
        [("43", 2, "43.00"), ("43.8", 2, "43.80"), ("43.125", 2, "43.125"), ("43", 0, "43")]
    {
        assert_eq!(padded(digits, places), expected);
    }
}
