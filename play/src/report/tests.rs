use super::*;
use crate::books::tests::{BUYER, CHEAT, SELLER, books};
use qedex_client::amounts::{kwh, qed};
use qedex_math::Wh;

fn run() -> Run {
    Run {
        seed: 1,
        from: "2016-07-11T11:00".to_owned(),
        slots: 1,
        names: BTreeMap::from([
            (BUYER, "p000".to_owned()),
            (SELLER, "p001".to_owned()),
            (CHEAT, "p002".to_owned()),
        ]),
        floor: PricePerKwh(80_000),
        grid_fee: PricePerKwh(20_000),
        issuance: (1_000_000, 1_000_000),
        play_transactions: 4,
        setup_transactions: 3,
        ..Run::default()
    }
}

#[test]
fn figures_add_up() {
    let figures = Figures::of(&run(), &[books()]);
    assert!(figures.ok, "{:?}", figures.broken());
    assert_eq!(figures.slots_cleared, 1);
    assert_eq!(figures.orders.placed, 3);
    assert_eq!(figures.energy.cleared, 1_500);
    assert_eq!(figures.energy.cleared_share_ppm, 937_500);
    assert_eq!(figures.money.paid, 250_000);
    assert_eq!(figures.money.to_sellers + figures.money.to_grid, 250_000);
    assert_eq!(figures.deposits.held, 315_000);
    assert_eq!(figures.deposits.returned, 282_500);
    assert_eq!((figures.deposits.compensation, figures.deposits.shortfall_fees), (25_000, 7_500));
    assert_eq!(figures.transactions.signed, 7);
    assert_eq!((figures.trades.delivered, figures.trades.short), (1, 1));
}

#[test]
fn each_outcome_is_counted_and_bonds_add_up() {
    let mut books = books();
    books.bonds = BTreeMap::from([(0, 20), (1, 30)]);
    let settled = |books: &mut SlotBooks, id, outcome, lost, bond_back| {
        let settled = books.trades.get_mut(&id).unwrap().1.as_mut().unwrap();
        (settled.outcome, settled.bond_to_community_fund, settled.bond_back) =
            (outcome, lost, bond_back);
    };
    settled(&mut books, 0, Outcome::Refuted, 20, 0);
    settled(&mut books, 1, Outcome::Unanswered, 0, 30);
    books.work = 9;
    let figures = Figures::of(&run(), &[books]);
    let bonds = &figures.bonds;
    assert_eq!((bonds.held, bonds.returned, bonds.forfeited), (50, 30, 20));
    assert_eq!(figures.transactions.work, 9);
    let table = figures.to_string();
    assert!(table.contains("0 delivered, 0 acknowledged, 0 trusted, 1 refuted"));
    assert!(table.contains("0 short, 0 concealed, 0 defaulted, 1 unanswered, 0 forfeited"));
}

#[test]
fn what_trading_costs_is_a_share_of_what_was_saved() {
    let costs = |run: Run, books: SlotBooks| {
        let figures = Figures::of(&run, &[books]);
        (figures.community_saving, figures.transactions.cost_share_ppm, figures.to_string())
    };
    // Of 1 250 Wh that came: buyers save 100 000 a kWh of them, sellers gain as much.
    let paid = Run { fees: 30_000, setup_fees: 10_000, ..run() };
    let worked = SlotBooks { work: 5_000, ..books() };
    let (saved, share, table) = costs(paid.clone(), worked);
    assert_eq!((saved, share), (250_000, Some(100_000)));
    assert!(table.contains("10.00 % of what was saved"), "{table}");
    // Where nothing was saved it is no share of it.
    let (saved, share, _) = costs(paid, SlotBooks { trades: BTreeMap::new(), ..books() });
    assert_eq!((saved, share), (0, None));
}

#[test]
fn a_cheat_s_line_says_what_it_cost() {
    let figures = Figures::of(&run(), &[books()]);
    let [line] = figures.cheats.list.as_slice() else { panic!("one cheat") };
    assert_eq!(line.participant, "p002");
    assert_eq!((line.sold, line.metered), (500, 250));
    assert_eq!((line.lost, line.unpaid), (32_500, 45_000));
    assert_eq!(figures.cheats.lost, 32_500);
}

#[test]
fn each_broken_invariant_is_named() {
    let broken = |run: Run, books: SlotBooks| Figures::of(&run, &[books]).broken();
    let burnt = Run { issuance: (2, 1), ..run() };
    assert_eq!(broken(burnt, books()), ["total_issuance_constant"]);
    let held = Run { still_held: 1, ..run() };
    assert_eq!(broken(held, books()), ["no_escrow_left_behind"]);
    let fewer = Run { slots: 2, ..run() };
    assert_eq!(broken(fewer, books()), ["every_slot_cleared"]);
    let failed = Run { failed: vec!["p000's reading: BadSignature".to_owned()], ..run() };
    assert_eq!(broken(failed, books()), ["no_transaction_failed"]);
    let mut open = books();
    open.trades.get_mut(&0).unwrap().1 = None;
    assert_eq!(broken(run(), open), ["every_trade_settled"]);
    let mut unpunished = books();
    let (trade, settled) = unpunished.trades.get_mut(&1).unwrap();
    let settled = settled.as_mut().unwrap();
    (settled.compensation, settled.shortfall_fee, settled.deposit_back) = (0, 0, trade.deposit);
    (settled.to_seller, settled.refund) = (90_000, 0);
    (settled.to_grid, settled.metered) = (10_000, Wh(500));
    assert_eq!(broken(run(), unpunished), ["cheats_paid"]);
}

#[test]
fn nothing_played_is_not_fine() {
    let figures = Figures::of(&run(), &[]);
    assert_eq!(figures.broken(), ["every_slot_cleared", "some_trade_settled"]);
    assert_eq!(figures.energy.cleared_share_ppm, 0);
}

#[test]
fn json_keeps_every_digit() {
    let mut big = run();
    big.fees = u128::from(u64::MAX) + 1;
    let json = serde_json::to_string(&Figures::of(&big, &[books()])).unwrap();
    assert!(json.contains("\"fees\":\"18446744073709551616\""), "{json}");
    assert!(json.contains("\"buyers_pay\":\"200000\""));
    assert!(json.contains("\"kind\":\"under_delivers\""));
    assert!(json.contains("\"total_issuance_constant\":true"));
}

#[test]
fn the_table_shows_every_part() {
    let table = Figures::of(&run(), &[books()]).to_string();
    for part in ["2016-07-11 11:00", "1.500 kWh, 93.75 %", "p002", "delivered half", "ok"] {
        assert!(table.contains(part), "{part} in\n{table}");
    }
    assert!(!table.contains("BROKEN"));
}

#[test]
fn amounts_are_shown_rounded_down() {
    assert_eq!(qed(1_234_567_890_123, 4), "1.2345");
    assert_eq!(qed(99_999, 4), "0.0000");
    assert_eq!(qed(5, 12), "0.000000000005");
    assert_eq!(kwh(Wh(1_005)), "1.005");
}

#[test]
fn sessions_stand_beside_the_market_and_change_nothing_of_it() {
    let without = Figures::of(&run(), &[books()]);
    let sessions = SessionFigures::of(super::sessions::tests::run());
    let with = Figures::of(&Run { sessions: Some(sessions), ..run() }, &[books()]);
    assert!(with.ok, "{:?}", with.broken());
    let market = |figures: &Figures| {
        let mut json = serde_json::to_value(figures).unwrap();
        let all = json.as_object_mut().unwrap();
        let invariants = all["invariants"].as_object_mut().unwrap();
        invariants.retain(|name, _| !name.starts_with("sessions_"));
        all.remove("sessions");
        json
    };
    assert_eq!(market(&with), market(&without));
    assert!(!without.to_string().contains("quantum"), "nothing is said of what there was not");
    let table = with.to_string();
    for part in ["3 of 3 (2 HMAC, 1 one-time), 0 asked for again", "12 sent, 12 received, 0 lost"] {
        assert!(table.contains(part), "{part} in\n{table}");
    }
}
