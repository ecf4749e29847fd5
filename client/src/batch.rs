//! Tables of orders, as `qedex order batch` takes them.

use crate::{
    columns::{ENERGY, PRICE, Units},
    error::Error,
    market::{NewOrder, Side},
};
use qedex_tables::{Quantity, Table};

/// The orders of a table, each with the slot that it is for if the table tells.
///
/// # Errors
/// What is wrong with the table, and a table without an order.
pub fn read(table: &Table) -> Result<Vec<(Option<u64>, NewOrder)>, Error> {
    let mut orders = Vec::new();
    let mut take = |slot, [side, price, energy]: [&str; 3], units: Units| {
        let side = match side {
            "bid" => Side::Bid,
            "ask" => Side::Ask,
            other => return Err(format!("the side is {other:?}, neither bid nor ask")),
        };
        let order = NewOrder { side, limit: units.price(price)?, energy: units.energy(energy)? };
        orders.push((slot, order));
        Ok(())
    };
    if table.names().iter().any(|name| name == "slot") {
        let columns = table.columns([&["side"], PRICE, ENERGY, &["slot"]])?;
        let units = Units::of(&columns, 1, 2);
        table.each(|row| {
            let [side, price, energy, slot] = row.cells(&columns);
            let slot = Quantity::COUNT.read_u64("slot", slot)?;
            take(Some(slot), [side, price, energy], units)
        })?;
    } else {
        let columns = table.columns([&["side"], PRICE, ENERGY])?;
        let units = Units::of(&columns, 1, 2);
        table.each(|row| take(None, row.cells(&columns), units))?;
    }
    if orders.is_empty() {
        return Err(Error::BadInput("there is no order in the file".to_owned()));
    }
    Ok(orders)
}

/// Those that are for `slot`, or for any.
///
/// # Errors
/// If there are none.
pub fn of_slot(rows: Vec<(Option<u64>, NewOrder)>, slot: u64) -> Result<Vec<NewOrder>, Error> {
    let meant = rows.into_iter().filter(|(of, _)| of.is_none_or(|of| of == slot));
    let orders: Vec<_> = meant.map(|(_, order)| order).collect();
    if orders.is_empty() {
        return Err(Error::BadInput(format!("the file has no order of slot {slot}")));
    }
    Ok(orders)
}

#[cfg(test)]
mod tests {
    use super::*;
    use qedex_math::Wh;

    fn placed(text: &str, slot: u64) -> Result<Vec<u64>, String> {
        let table = Table::parse("orders.csv", text).unwrap();
        let orders = read(&table).and_then(|rows| of_slot(rows, slot));
        let energies = |orders: Vec<NewOrder>| orders.iter().map(|order| order.energy.0).collect();
        orders.map(energies).map_err(|error| error.to_string())
    }

    #[test]
    fn a_table_of_a_day_gives_the_orders_of_its_slot_alone() {
        let day = "slot,side,price,kwh\n40,bid,0.2,2.5\n41,bid,0.2,1\n41,ask,0.3,3\n";
        assert_eq!(placed(day, 41), Ok(vec![1_000, 3_000]));
        assert_eq!(placed(day, 42), Err("bad input: the file has no order of slot 42".to_owned()));
        assert_eq!(placed("side,price,kwh\nbid,0.2,2.5\n", 42), Ok(vec![2_500]));
        assert_eq!(
            placed("kwh,side,price\n", 1),
            Err("bad input: there is no order in the file".to_owned())
        );
        let error = placed("slot,side,price,wh\n1,buy,0.2,5\n", 1).unwrap_err();
        assert!(error.ends_with("line 2: the side is \"buy\", neither bid nor ask"), "{error}");
    }

    #[test]
    fn a_slot_is_a_number() {
        let error = placed("slot,side,price,wh\nx,bid,0.2,5\n", 1).unwrap_err();
        assert!(error.contains("line 2: slot"), "{error}");
        let table = Table::parse("orders.csv", "slot,side,price,wh\n7,bid,0.2,5\n").unwrap();
        assert_eq!(read(&table).unwrap()[0].0, Some(7));
        assert_eq!(read(&table).unwrap()[0].1.energy, Wh(5));
    }
}
