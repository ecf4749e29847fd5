//! The tables that plans read.

use qedex_ems::response::MilliWh;

pub use qedex_client::columns::{ENERGY, PRICE, Units};
pub use qedex_console::read_table as read;

/// An energy of the column [`ENERGY`], as fine as a sum of many loads is.
pub fn fine_energy(units: Units, text: &str) -> Result<MilliWh, String> {
    units.fine_energy(text).map(MilliWh)
}
