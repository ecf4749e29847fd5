//! Who plays: the community's participants with their keys and meters.

use crate::{community::Community, keys::ParticipantKeys};
use qedex_client::{Error, keys::account_of, market::Account};
use qedex_math::Wh;
use std::collections::BTreeMap;

/// A participant on the chain.
#[derive(Clone)]
pub struct Member {
    /// Its name in the data.
    pub name: String,
    /// Its account.
    pub account: Account,
    /// Its keys.
    pub keys: ParticipantKeys,
    /// The most its meter can read in a slot.
    pub capacity: Wh,
    /// The attributes that it has: prosumer, solar, battery.
    pub attributes: Vec<u32>,
    /// Its meter's number, once it is registered.
    pub meter: u32,
}

/// All participants, in the order of the data.
#[derive(Clone)]
pub struct Cast {
    /// They.
    pub members: Vec<Member>,
}

/// The attribute of whoever may trade.
pub const PROSUMER: u32 = 0;
/// The attribute of whoever has a photovoltaic plant.
pub const SOLAR: u32 = 1;
/// The attribute of whoever has a battery.
pub const BATTERY: u32 = 2;

impl Cast {
    /// Everybody in the community, with derived keys.
    pub fn assemble(community: &Community) -> Result<Self, Error> {
        let names = community.participants.iter().map(|participant| participant.name.as_str());
        let keys = ParticipantKeys::derive(names)?;
        let members = community
            .participants
            .iter()
            .zip(keys)
            .map(|(participant, keys)| {
                let mut attributes = vec![PROSUMER];
                attributes.extend(participant.pv_profile.is_some().then_some(SOLAR));
                attributes.extend((participant.battery_wh > 0).then_some(BATTERY));
                Member {
                    name: participant.name.clone(),
                    account: account_of(&keys.account),
                    keys,
                    capacity: participant.meter_capacity(),
                    attributes,
                    meter: 0,
                }
            })
            .collect();
        Ok(Self { members })
    }

    /// The names by account.
    pub fn names(&self) -> BTreeMap<Account, String> {
        self.members.iter().map(|member| (member.account, member.name.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_a_prosumer_and_has_what_the_data_says() {
        let community = Community::load(None, None).unwrap();
        let cast = Cast::assemble(&community).unwrap();
        let having = |attribute| {
            cast.members.iter().filter(|member| member.attributes.contains(&attribute)).count()
        };
        assert_eq!((having(PROSUMER), having(SOLAR), having(BATTERY)), (100, 55, 31));
        assert_eq!(cast.names().len(), 100, "no two share an account");
    }
}
