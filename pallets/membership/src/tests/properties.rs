//! No sequence of acts lets a voided credential pass.

use super::*;
use crate::{LAPSE_GRACE, MAX_EXCLUSION, MIN_EXCLUSION};
use proptest::prelude::*;
use qedex_primitives::Sanctions;
use std::collections::{BTreeMap, BTreeSet};

const ACCOUNTS: [AccountId; 3] = [ANNA, BEN, CLARA];
const ATTRIBUTES: [AttributeId; 3] = [PROSUMER, SOLAR, BATTERY];
const ISSUERS: [AccountId; 2] = [REGISTRAR, INSPECTOR];

/// One thing that somebody tries.
#[derive(Clone, Debug)]
enum Act {
    Issue(AccountId, AccountId, AttributeId, u64),
    Reissue(AccountId, AttributeId, Vec<AccountId>),
    Revoke(AccountId, AccountId, AttributeId),
    RevokeSelling(AccountId),
    Bump(AccountId, AttributeId),
    Wait(u64),
    Exclude(AccountId, u64),
    Lift(Option<AccountId>, AccountId),
    RemoveLapsed(AccountId, AttributeId),
    SetIssuer(AttributeId, AccountId),
}

fn act() -> impl Strategy<Value = Act> {
    use prop::sample::select;
    let account = || select(&ACCOUNTS[..]);
    let attribute = || select(&ATTRIBUTES[..]);
    let issuer = || select(&ISSUERS[..]);
    // Expiries and waits are of the size of exclusions, so that they meet.
    let time = || 0..2 * MIN_EXCLUSION;
    prop_oneof![
        8 => (issuer(), account(), attribute(), time())
            .prop_map(|(by, who, attribute, life)| Act::Issue(by, who, attribute, life)),
        4 => (issuer(), attribute(), prop::collection::vec(account(), 0..4))
            .prop_map(|(by, attribute, all)| Act::Reissue(by, attribute, all)),
        2 => (issuer(), account(), attribute())
            .prop_map(|(by, who, attribute)| Act::Revoke(by, who, attribute)),
        1 => account().prop_map(Act::RevokeSelling),
        2 => (issuer(), attribute()).prop_map(|(by, attribute)| Act::Bump(by, attribute)),
        3 => time().prop_map(Act::Wait),
        1 => Just(Act::Wait(LAPSE_GRACE)),
        2 => (account(), MIN_EXCLUSION..2 * MIN_EXCLUSION)
            .prop_map(|(who, length)| Act::Exclude(who, length)),
        1 => (prop::option::of(account()), account()).prop_map(|(by, who)| Act::Lift(by, who)),
        1 => (account(), attribute()).prop_map(|(who, attribute)| Act::RemoveLapsed(who, attribute)),
        1 => (attribute(), issuer()).prop_map(|(attribute, by)| Act::SetIssuer(attribute, by)),
    ]
}

/// A credential as the community remembers it: good until revoked, with no versions.
#[derive(Clone, Copy)]
struct Memory {
    expires: u64,
    /// Whether its attribute was revoked since it was last given.
    void: bool,
}

/// What the community remembers.
struct Model {
    now: u64,
    issuers: BTreeMap<AttributeId, AccountId>,
    credentials: BTreeMap<(AccountId, AttributeId), Memory>,
    excluded_until: BTreeMap<AccountId, u64>,
}

impl Model {
    fn at_genesis() -> Self {
        let good = Memory { expires: EXPIRY, void: false };
        Self {
            now: START,
            issuers: [(PROSUMER, REGISTRAR), (SOLAR, INSPECTOR), (BATTERY, INSPECTOR)].into(),
            credentials: [((ANNA, PROSUMER), good)].into(),
            excluded_until: BTreeMap::new(),
        }
    }

    fn has(&self, who: AccountId, attribute: AttributeId) -> bool {
        let credential = self.credentials.get(&(who, attribute));
        credential.is_some_and(|credential| !credential.void && self.now < credential.expires)
    }

    fn excluded(&self, who: AccountId) -> bool {
        let until = self.excluded_until.get(&who);
        until.is_some_and(|until| self.now < *until)
    }

    fn may(&self, who: AccountId, role: Role) -> bool {
        let trades = self.has(who, PROSUMER) && !self.excluded(who);
        match role {
            Role::Trade => trades,
            Role::Sell => trades && (self.has(who, SOLAR) || self.has(who, BATTERY)),
            _ => false,
        }
    }

    /// Does `act` if the rules permit it, and says whether they did.
    fn does(&mut self, act: &Act) -> bool {
        match act {
            Act::Issue(by, who, attribute, life) => {
                let good = Memory { expires: self.now + life, void: false };
                let permitted = self.issuers[attribute] == *by && *life > 0;
                if permitted {
                    self.credentials.insert((*who, *attribute), good);
                }
                permitted
            }
            Act::Reissue(by, attribute, all) => {
                let permitted = self.issuers[attribute] == *by;
                for who in all {
                    if permitted
                        && let Some(credential) = self.credentials.get_mut(&(*who, *attribute))
                        && self.now < credential.expires
                    {
                        credential.void = false;
                    }
                }
                permitted
            }
            Act::Revoke(by, who, attribute) => {
                self.issuers[attribute] == *by
                    && self.credentials.remove(&(*who, *attribute)).is_some()
            }
            Act::RevokeSelling(who) => {
                let plants = [SOLAR, BATTERY]
                    .map(|attribute| self.credentials.remove(&(*who, attribute)).is_some());
                if plants == [false; 2] {
                    self.credentials.remove(&(*who, PROSUMER));
                }
                true
            }
            Act::Bump(by, attribute) => {
                let permitted = self.issuers[attribute] == *by;
                for ((_, of), credential) in &mut self.credentials {
                    credential.void |= permitted && of == attribute;
                }
                permitted
            }
            Act::Wait(time) => {
                self.now += time;
                true
            }
            Act::Exclude(who, length) => {
                self.excluded_until.insert(*who, self.now + length);
                true
            }
            Act::Lift(by, who) => {
                let permitted =
                    self.excluded_until.contains_key(who) && (by.is_none() || !self.excluded(*who));
                if permitted {
                    self.excluded_until.remove(who);
                }
                permitted
            }
            Act::RemoveLapsed(who, attribute) => {
                let key = (*who, *attribute);
                let lapsed = |credential: &Memory| self.now >= credential.expires + LAPSE_GRACE;
                let permitted = self.credentials.get(&key).is_some_and(lapsed);
                if permitted {
                    self.credentials.remove(&key);
                }
                permitted
            }
            Act::SetIssuer(attribute, issuer) => {
                self.issuers.insert(*attribute, *issuer);
                true
            }
        }
    }
}

/// Each account has an owner of its own.
fn owner(who: AccountId) -> OwnerId {
    OwnerId([who as u8; 32])
}

/// Does `act` on the chain, and says whether it was permitted.
fn chain_does(act: &Act) -> bool {
    let done = match act.clone() {
        Act::Issue(by, who, attribute, life) => {
            let expires = Now::get() + life;
            Membership::issue(signed(by), who, attribute, expires, owner(who))
        }
        Act::Reissue(by, attribute, all) => {
            Membership::reissue(signed(by), attribute, all.try_into().unwrap())
        }
        Act::Revoke(by, who, attribute) => Membership::revoke(signed(by), who, attribute),
        Act::RevokeSelling(who) => {
            Membership::revoke_selling(&who);
            Ok(())
        }
        Act::Bump(by, attribute) => Membership::bump_version(signed(by), attribute),
        Act::Wait(time) => {
            Now::mutate(|now| *now += time);
            Ok(())
        }
        Act::Exclude(who, length) => {
            assert!(length <= MAX_EXCLUSION);
            Membership::blacklist(root(), who, BoundedVec::default(), length)
        }
        Act::Lift(by, who) => Membership::lift_exclusion(by.map_or(root(), signed), who),
        Act::RemoveLapsed(who, attribute) => {
            Membership::remove_lapsed(signed(CLARA), who, attribute)
        }
        Act::SetIssuer(attribute, issuer) => Membership::set_issuer(root(), attribute, issuer),
    };
    done.is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_sequence_of_acts_lets_a_voided_credential_pass(
        acts in prop::collection::vec(act(), 1..60),
    ) {
        ExtBuilder::default().build().execute_with(|| {
            let mut model = Model::at_genesis();
            for act in &acts {
                prop_assert_eq!(chain_does(act), model.does(act), "{:?}", act);
                for who in ACCOUNTS {
                    for role in Role::ALL {
                        let expected = model.may(who, role);
                        prop_assert_eq!(may(who, role), expected, "{:?}: {}", act, who);
                        let explained = Membership::explain_role(&who, role);
                        prop_assert_eq!(explained.passes, expected);
                    }
                }
                Membership::do_try_state().unwrap();
            }
            // Whatever is held is held for the credentials that are left.
            let credential = Membership::credential_bond();
            let unpaid = BTreeSet::from([(ANNA, PROSUMER)]);
            let left: BTreeSet<_> = model.credentials.into_keys().collect();
            let held = held(REGISTRAR) + held(INSPECTOR);
            let most = left.len() as u128 * credential;
            let least = left.difference(&unpaid).count() as u128 * credential;
            prop_assert!((least..=most).contains(&held));
            Ok(())
        })?;
    }
}
