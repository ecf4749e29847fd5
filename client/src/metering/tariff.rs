//! The rule by which slots get their tariff band.

use super::{
    super::{
        At,
        act::Act,
        api::{self, runtime_types as types},
        calls::Inner,
    },
    Band, band,
};
use crate::error::Error;
use qedex_math::{
    Wh,
    tariff::{DayRange, is_valid_schedule},
};
use subxt::tx::Payload;
use types::{
    bounded_collections::bounded_vec::BoundedVec, pallet_metering::types::TariffRule as ChainRule,
    qedex_math as chain_math, qedex_primitives::calendar::SlotIndex,
};

/// The most ranges of a day that are mid-peak.
const MOST_RANGES: usize = 4;

/// The most slots whose mean demand decides.
pub const MOST_LOOK_BACK: u8 = 8;

/// By what rule slots get their tariff band.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TariffRule {
    /// A slot is on-peak if the demand is at this or above, in Wh per slot.
    pub threshold: Wh,
    /// The demand is the mean of so many closed slots, from 1 to 8.
    pub look_back: u8,
    /// When the day is mid-peak, in order and without overlap.
    pub mid: Vec<DayRange>,
}

impl TariffRule {
    /// Whether the chain would take it, and why not.
    pub fn check(&self) -> Result<(), Error> {
        if !(1..=MOST_LOOK_BACK).contains(&self.look_back) {
            let what = format!("the demand of 1 to {MOST_LOOK_BACK} slots decides on a band");
            return Err(Error::BadInput(what));
        }
        if self.mid.len() > MOST_RANGES {
            let what = format!("a day has at most {MOST_RANGES} mid-peak ranges");
            return Err(Error::BadInput(what));
        }
        if !is_valid_schedule(&self.mid) {
            let what = "mid-peak ranges lie within slots 0 to 96 of the day, in order, none empty and \
                        without overlap";
            return Err(Error::BadInput(what.to_owned()));
        }
        Ok(())
    }

    fn of(rule: &ChainRule) -> Self {
        let range = |range: &chain_math::tariff::DayRange| DayRange {
            from: range.from,
            until: range.until,
        };
        Self {
            threshold: Wh(rule.threshold.0),
            look_back: rule.look_back,
            mid: rule.mid.0.iter().map(range).collect(),
        }
    }

    fn for_chain(&self) -> ChainRule {
        let range = |range: &DayRange| chain_math::tariff::DayRange {
            from: range.from,
            until: range.until,
        };
        ChainRule {
            threshold: chain_math::units::Wh(self.threshold.0),
            look_back: self.look_back,
            mid: BoundedVec(self.mid.iter().map(range).collect()),
        }
    }
}

/// The rule of slots whose gate opens from now on; without one they are off-peak.
pub async fn tariff(at: &At) -> Result<Option<TariffRule>, Error> {
    let rule = at.storage().try_fetch(api::storage().metering().standing_tariff(), ()).await?;
    let rule = rule.map(|rule| rule.decode()).transpose()?;
    Ok(rule.as_ref().map(TariffRule::of))
}

/// Sets the rule of slots whose gate opens from now on.
pub fn set_tariff(rule: &TariffRule) -> Act<impl Payload + use<>> {
    let direct = api::tx().metering().set_tariff(rule.for_chain());
    let rule = rule.for_chain();
    let inner = Inner::Metering(types::pallet_metering::pallet::Call::set_tariff { rule });
    Act::new(direct, inner)
}

/// The tariff band of a slot, and whether it is fixed. One that is not is what it would be by what
/// is known now.
pub async fn fixed_band(at: &At, slot: u64) -> Result<(Band, bool), Error> {
    let fixed =
        at.storage().try_fetch(api::storage().metering().bands(), (SlotIndex(slot),)).await?;
    match fixed {
        Some(fixed) => Ok((Band::of(&fixed.decode()?), true)),
        None => Ok((band(at, slot).await?, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::{Decode, Encode};
    use subxt::{Metadata, ext::scale_encode::EncodeAsType};

    type Ranges<'a> = &'a [(u8, u8)];

    fn rule(look_back: u8, mid: Ranges<'_>) -> TariffRule {
        let range = |(from, until): &(u8, u8)| DayRange { from: *from, until: *until };
        TariffRule { threshold: Wh(36_000), look_back, mid: mid.iter().map(range).collect() }
    }

    #[test]
    fn a_rule_is_checked_as_the_runtime_does_it() {
        let five = [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)];
        let cases: [(u8, Ranges<'_>, bool); 8] = [
            (4, &[(28, 36), (68, 84)], true),
            (8, &five[..4], true),
            (1, &[(0, 96)], true),
            (0, &[], false),
            (9, &[], false),
            (1, &[(5, 5)], false),
            (1, &[(90, 97)], false),
            (1, &[(10, 20), (19, 30)], false),
        ];
        for (look_back, mid, good) in cases {
            let ours = rule(look_back, mid);
            let mut theirs = qedex_runtime::presets::tariff_rule();
            theirs.look_back = look_back;
            theirs.mid = ours.mid.clone().try_into().unwrap();
            assert_eq!(theirs.is_valid(), good, "{ours:?}");
            assert_eq!(ours.check().is_ok(), good, "{ours:?}");
        }
        let many = rule(1, &five);
        let mut theirs = qedex_runtime::presets::tariff_rule();
        assert!(many.check().is_err());
        theirs.mid = Default::default();
        assert!((0..MOST_RANGES).all(|n| theirs.mid.try_push(many.mid[n]).is_ok()));
        assert!(theirs.mid.try_push(many.mid[4]).is_err());
    }

    /// Within a motion or a call of Sudo it is encoded by itself.
    #[test]
    fn the_runtime_reads_the_rule_that_is_set() {
        let Act { inner, .. } = set_tariff(&rule(4, &[(28, 36), (68, 84)]));
        let metadata = Metadata::decode(&mut &*crate::METADATA).unwrap();
        let call_type = metadata.outer_enums().call_enum_ty();
        let encoded = inner.encode_as_type(call_type, metadata.types()).unwrap();
        let call = qedex_runtime::RuntimeCall::decode(&mut &*encoded).unwrap();
        assert!(matches!(call, qedex_runtime::RuntimeCall::Metering(_)));
        assert_eq!(call.encode(), encoded);
        let standing = qedex_runtime::presets::tariff_rule().encode();
        assert_eq!(encoded[2..], standing);
    }
}
