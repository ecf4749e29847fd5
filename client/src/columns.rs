//! Columns of prices and energies, each in either of two units, which the header tells.

use crate::amounts::parse_price;
use qedex_math::{PricePerKwh, Wh};
use qedex_tables::{Column, Columns, Quantity};

/// The limit of an order: QED per kWh, or plancks per kWh.
pub const PRICE: Column<'_> = &["price", "price_per_kwh"];

/// An energy: kWh, or Wh.
pub const ENERGY: Column<'_> = &["kwh", "wh"];

const PLANCKS: Quantity = Quantity { unit: "plancks", places: 0, most: u128::MAX };

/// In which units the columns [`PRICE`] and [`ENERGY`] of a table are.
#[derive(Clone, Copy, Debug)]
pub struct Units {
    in_qed: bool,
    in_kwh: bool,
}

impl Units {
    /// Of `columns`, among which the price stands at the place `price` and the energy at `energy`.
    pub fn of<const N: usize>(columns: &Columns<N>, price: usize, energy: usize) -> Self {
        Self { in_qed: columns.name(price) == 0, in_kwh: columns.name(energy) == 0 }
    }

    /// A cell of the column [`PRICE`].
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn price(self, text: &str) -> Result<PricePerKwh, String> {
        if self.in_qed {
            return parse_price(text).map_err(|reason| format!("price {reason}"));
        }
        PLANCKS.read("price_per_kwh", text).map(PricePerKwh).map_err(|reason| {
            let hint =
                if text.contains('.') { "; QED per kWh stand in a column price" } else { "" };
            format!("{reason}{hint}")
        })
    }

    /// A cell of the column [`ENERGY`].
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn energy(self, text: &str) -> Result<Wh, String> {
        if self.in_kwh {
            return Quantity::KILOWATT_HOURS.read_u64("kwh", text).map(Wh);
        }
        Quantity::WATT_HOURS.read_u64("wh", text).map(Wh).map_err(|reason| {
            let hint = if text.contains('.') { "; kWh stand in a column kwh" } else { "" };
            format!("{reason}{hint}")
        })
    }

    /// A cell of the column [`ENERGY`], in thousandths of a watt-hour: a sum of many loads is finer than one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn fine_energy(self, text: &str) -> Result<u64, String> {
        const KILOWATT_HOURS: Quantity = Quantity { places: 6, ..Quantity::KILOWATT_HOURS };
        const WATT_HOURS: Quantity = Quantity { places: 3, ..Quantity::WATT_HOURS };
        let (quantity, name) =
            if self.in_kwh { (KILOWATT_HOURS, "kwh") } else { (WATT_HOURS, "wh") };
        quantity.read_u64(name, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qedex_tables::Table;

    fn order(text: &str) -> Result<(PricePerKwh, Wh), String> {
        let table = Table::parse("orders.csv", text).unwrap();
        let columns = table.columns([&["side"], PRICE, ENERGY]).unwrap();
        let units = Units::of(&columns, 1, 2);
        let mut order = None;
        let done = table.each(|row| {
            let [_, price, energy] = row.cells(&columns);
            order = Some((units.price(price)?, units.energy(energy)?));
            Ok(())
        });
        done.map(|()| order.unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_header_says_in_which_units_orders_are() {
        let expected = Ok((PricePerKwh(200_000_000_000), Wh(1_500)));
        for text in [
            "side,price,kwh\nbid,0.20,1.5\n",
            "side,price_per_kwh,wh\nbid,200000000000,1500\n",
            "kwh,side,price\n1.5,bid,0.2QED/kWh\n",
            "side;price;wh\nbid;0,2;1500\n",
        ] {
            assert_eq!(order(text), expected, "{text}");
        }
    }

    /// The files are those of `tables/tests/cases/15-units`.
    #[test]
    fn a_number_in_the_unit_of_the_other_column_is_told_so() {
        for (text, said) in [
            (
                include_str!("../../tables/tests/cases/15-units/orders-kwh-instead-of-wh.csv"),
                "wh 1.5 is no whole number of Wh; kWh stand in a column kwh",
            ),
            (
                include_str!("../../tables/tests/cases/15-units/orders-qed-instead-of-plancks.csv"),
                "price_per_kwh 0.20 is no whole number of plancks; QED per kWh stand in a column price",
            ),
            (
                "side,price,wh\nbid,200000000000,1500\n",
                "price 200000000000 may mean 200000000000QED or 200000000000plancks: write the unit behind it",
            ),
        ] {
            assert_eq!(order(text), Err(format!("orders.csv, line 2: {said}")));
        }
        // Two watt-hours are as good as any: the market's lot decides.
        let whole = include_str!("../../tables/tests/cases/15-units/orders-whole-kwh.csv");
        assert_eq!(order(whole), Ok((PricePerKwh(200_000_000_000), Wh(2))));
    }
}
