//! How people read and write accounts, owners, energy and money.

use crate::{
    api::runtime_types::qedex_primitives::membership::OwnerId,
    market::{Account, Plancks},
};
use qedex_math::Wh;
use subxt::utils::AccountId32;

/// An account as people read and write it.
pub fn account_text(account: Account) -> String {
    AccountId32(account).to_string()
}

/// An owner as `credential issue --owner` takes it.
pub(crate) fn owner_text(owner: &OwnerId) -> String {
    format!("0x{}", hex::encode(owner.0))
}

/// Wh as kWh with three decimals.
pub fn kwh(energy: Wh) -> String {
    format!("{}.{:03}", energy.0 / 1_000, energy.0 % 1_000)
}

/// Plancks as QED, with as many decimals as are told, rounded down.
pub fn qed(amount: Plancks, decimals: u32) -> String {
    const ONE: Plancks = 1_000_000_000_000;
    let shown = amount % ONE / 10_u128.pow(12_u32.saturating_sub(decimals.min(12)));
    format!("{}.{shown:0width$}", amount / ONE, width = decimals.min(12) as usize)
}
