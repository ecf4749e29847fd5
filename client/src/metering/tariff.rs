//! The rule by which slots get their tariff band.

use super::{
    super::{At, api, reads::fetch},
    Band, TariffRule, band,
};
use crate::error::Error;
use qedex_math::tariff::is_valid_schedule;
use qedex_primitives::{
    DayRange, SlotIndex, Wh,
    tariff::{MAX_LOOK_BACK, MAX_MID_RANGES},
};
use subxt::{tx::Payload, utils::Static};

/// The rule with these parts, or why the chain would not take it.
pub fn tariff_rule(threshold: Wh, look_back: u8, mid: &[DayRange]) -> Result<TariffRule, Error> {
    if !(1..=MAX_LOOK_BACK).contains(&look_back) {
        let what = format!("the demand of 1 to {MAX_LOOK_BACK} slots decides on a band");
        return Err(Error::BadInput(what));
    }
    if !is_valid_schedule(mid) {
        let what = "mid-peak ranges lie within slots 0 to 96 of the day, in order, none empty and \
                    without overlap";
        return Err(Error::BadInput(what.to_owned()));
    }
    let many = |_| Error::BadInput(format!("a day has at most {MAX_MID_RANGES} mid-peak ranges"));
    Ok(TariffRule { threshold, look_back, mid: mid.to_vec().try_into().map_err(many)? })
}

/// The rule of slots whose gate opens from now on; without one they are off-peak.
pub async fn tariff(at: &At) -> Result<Option<TariffRule>, Error> {
    Ok(fetch(at, api::storage().metering().current_tariff(), ()).await?.map(|rule| rule.0))
}

/// Sets the rule of slots whose gate opens from now on.
pub fn set_tariff(rule: &TariffRule) -> impl Payload + use<> {
    api::tx().metering().set_tariff(Static(rule.clone()))
}

/// The tariff band of a slot, and whether it is fixed. One that is not is what it would be by what
/// is known now.
pub async fn fixed_band(at: &At, slot: u64) -> Result<(Band, bool), Error> {
    match fetch(at, api::storage().metering().bands(), (Static(SlotIndex(slot)),)).await? {
        Some(fixed) => Ok((fixed.0, true)),
        None => Ok((band(at, slot).await?, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_the_chain_would_not_take_is_refused_with_the_reason() {
        let range = |(from, until): (u8, u8)| DayRange { from, until };
        let five = [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)].map(range);
        let rule = |look_back, mid: &[DayRange]| tariff_rule(Wh(36_000), look_back, mid);
        for (look_back, mid) in
            [(4, &[(28, 36), (68, 84)].map(range)[..]), (8, &five[..4]), (1, &[])]
        {
            assert!(rule(look_back, mid).unwrap().is_valid());
        }
        for (look_back, mid, why) in [
            (0, &[][..], "1 to 8 slots"),
            (9, &[], "1 to 8 slots"),
            (1, &[range((5, 5))], "none empty"),
            (1, &[range((90, 97))], "slots 0 to 96"),
            (1, &[range((10, 20)), range((19, 30))], "without overlap"),
            (1, &five, "at most 4"),
        ] {
            let refused = rule(look_back, mid).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
