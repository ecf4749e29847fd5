//! The tables that plans read.

use qedex_client::amounts::{self, parse_energy};
use qedex_ems::response::MilliWh;
use qedex_tables::Quantity;

pub use qedex_client::columns::{ENERGY, PRICE, Units};
pub use qedex_console::read_table as read;

/// An energy of the column [`ENERGY`], as fine as a sum of many loads is.
pub fn fine_energy(units: Units, text: &str) -> Result<MilliWh, String> {
    units.fine_energy(text).map(MilliWh)
}

/// A whole number of watt-hours, for options that have the unit in their name or their help. An energy with its unit
/// is refused, and told what it is in watt-hours.
pub fn whole_wh(text: &str) -> Result<u64, String> {
    Quantity::WATT_HOURS.read_u64("energy", text).map_err(|refused| match parse_energy(text) {
        Ok(energy) => format!(
            "{text:?} is {}, and this option is in watt-hours and has no unit: write {}",
            amounts::energy(energy),
            energy.0
        ),
        Err(_) => refused,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_energy_with_a_unit_is_told_what_it_is_in_watt_hours() {
        assert_eq!(whole_wh("5000"), Ok(5_000));
        let told = whole_wh("5kWh").unwrap_err();
        assert_eq!(
            told,
            "\"5kWh\" is 5 kWh, and this option is in watt-hours and has no unit: write 5000"
        );
        assert!(whole_wh("1500 Wh").unwrap_err().ends_with("write 1500"));
        assert_eq!(whole_wh("-1").unwrap_err(), "energy -1 is below 0 Wh");
        assert_eq!(whole_wh("1.5").unwrap_err(), "energy 1.5 is no whole number of Wh");
        assert!(whole_wh("5MWh").unwrap_err().contains("5MWh"));
    }
}
