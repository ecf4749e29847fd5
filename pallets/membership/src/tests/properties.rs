//! No sequence of acts lets a voided credential pass.

use super::*;
use crate::{LEAVE_LIFE, MAX_EXCLUSION, MIN_EXCLUSION, VOIDING_LIFE};
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
    Allow(AttributeId, u32),
    Default(AccountId, u64),
    /// By an issuer, or the admin.
    Bump(Option<AccountId>, AttributeId),
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
        1 => (attribute(), 0..3_u32).prop_map(|(attribute, more)| Act::Allow(attribute, more)),
        1 => (account(), MIN_EXCLUSION..2 * MIN_EXCLUSION)
            .prop_map(|(who, length)| Act::Default(who, length)),
        4 => (prop::option::of(issuer()), attribute())
            .prop_map(|(by, attribute)| Act::Bump(by, attribute)),
        3 => time().prop_map(Act::Wait),
        1 => Just(Act::Wait(DAY)),
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

/// What the community remembers of an attribute, of which one owner a day may lose it.
#[derive(Clone, Default)]
struct Limits {
    /// Who asked to void it, an issuer or the admin, and until when that counts.
    asked: Option<(Option<AccountId>, u64)>,
    /// Whether somebody lost it before its time, on which day.
    ended: Option<u64>,
    /// Who lost some of its time, and has it still.
    shortened: BTreeMap<AccountId, u64>,
    /// How many more the issuer may end, until when.
    leave: (u32, u64),
}

impl Limits {
    /// Ends a credential of `who` that lasts beyond `now`, if that is permitted.
    fn end(&mut self, who: AccountId, now: u64) -> bool {
        let today = now / DAY;
        if self.shortened.get(&who) == Some(&today) {
            return true;
        }
        if self.ended != Some(today) {
            self.ended = Some(today);
        } else if self.leave.0 > 0 && now < self.leave.1 {
            self.leave.0 -= 1;
        } else {
            return false;
        }
        self.shortened.insert(who, today);
        true
    }
}

/// What the community remembers.
struct Model {
    now: u64,
    issuers: BTreeMap<AttributeId, AccountId>,
    credentials: BTreeMap<(AccountId, AttributeId), Memory>,
    limits: BTreeMap<AttributeId, Limits>,
    /// By a decision, and for defaults.
    excluded_until: BTreeMap<AccountId, [u64; 2]>,
}

impl Model {
    fn at_genesis() -> Self {
        let good = Memory { expires: EXPIRY, void: false };
        Self {
            now: START,
            issuers: [(PROSUMER, REGISTRAR), (SOLAR, INSPECTOR), (BATTERY, INSPECTOR)].into(),
            credentials: [((ANNA, PROSUMER), good)].into(),
            limits: ATTRIBUTES.map(|attribute| (attribute, Limits::default())).into(),
            excluded_until: BTreeMap::new(),
        }
    }

    fn has(&self, who: AccountId, attribute: AttributeId) -> bool {
        let credential = self.credentials.get(&(who, attribute));
        credential.is_some_and(|credential| !credential.void && self.now < credential.expires)
    }

    fn excluded(&self, who: AccountId) -> bool {
        let until = self.excluded_until.get(&who);
        until.is_some_and(|all| all.iter().any(|until| self.now < *until))
    }

    fn may(&self, who: AccountId, role: Role) -> bool {
        let trades = self.has(who, PROSUMER) && !self.excluded(who);
        match role {
            Role::Trade => trades,
            Role::Sell => trades && (self.has(who, SOLAR) || self.has(who, BATTERY)),
            _ => false,
        }
    }

    /// Ends what `who` has of `attribute`, if it lasts beyond now and `end`, and that is permitted.
    fn end(&mut self, who: AccountId, attribute: AttributeId, end: u64) -> bool {
        let before = self.credentials.get(&(who, attribute));
        let is_longer = |before: &Memory| !before.void && before.expires > self.now.max(end);
        let lasts = before.is_some_and(is_longer);
        !lasts || self.limits.get_mut(&attribute).unwrap().end(who, self.now)
    }

    fn remove(&mut self, who: AccountId, attribute: AttributeId) {
        self.credentials.remove(&(who, attribute));
        self.limits.get_mut(&attribute).unwrap().shortened.remove(&who);
    }

    fn bump(&mut self, by: Option<AccountId>, attribute: AttributeId) -> bool {
        let issuer = self.issuers[&attribute];
        if by.is_some_and(|by| by != issuer) {
            return false;
        }
        let limits = self.limits.get_mut(&attribute).unwrap();
        let asked = limits.asked.filter(|(_, until)| self.now < *until).map(|(who, _)| who);
        if asked == Some(by) {
            return false;
        }
        let agreed = match (by, asked) {
            (Some(_), Some(None)) => true,
            (None, Some(Some(who))) => who == issuer,
            _ => false,
        };
        limits.asked = (!agreed).then_some((by, self.now + VOIDING_LIFE));
        for ((_, of), credential) in &mut self.credentials {
            credential.void |= agreed && *of == attribute;
        }
        true
    }

    /// Does `act` if the rules permit it, and says whether they did.
    fn does(&mut self, act: &Act) -> bool {
        match act {
            Act::Issue(by, who, attribute, life) => {
                let expires = self.now + life;
                let permitted = self.issuers[attribute] == *by
                    && *life > 0
                    && self.end(*who, *attribute, expires);
                if permitted {
                    let good = Memory { expires, void: false };
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
                let permitted = self.issuers[attribute] == *by
                    && self.credentials.contains_key(&(*who, *attribute))
                    && self.end(*who, *attribute, 0);
                if permitted {
                    self.remove(*who, *attribute);
                }
                permitted
            }
            Act::Allow(attribute, more) => {
                let leave = (*more, self.now + LEAVE_LIFE);
                self.limits.get_mut(attribute).unwrap().leave = leave;
                true
            }
            Act::Bump(by, attribute) => self.bump(*by, *attribute),
            Act::Wait(time) => {
                self.now += time;
                true
            }
            Act::Exclude(who, length) => {
                self.excluded_until.entry(*who).or_default()[0] = self.now + length;
                true
            }
            Act::Default(who, length) => {
                let [_, until] = self.excluded_until.entry(*who).or_default();
                *until = (*until).max(self.now + length);
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
                let lapsed = |credential: &Memory| self.now >= credential.expires;
                let permitted = self.credentials.get(&(*who, *attribute)).is_some_and(lapsed);
                if permitted {
                    self.remove(*who, *attribute);
                }
                permitted
            }
            Act::SetIssuer(attribute, issuer) => {
                self.issuers.insert(*attribute, *issuer);
                self.limits.get_mut(attribute).unwrap().leave = (0, 0);
                true
            }
        }
    }
}

/// Does `act` on the chain, and says whether it was permitted.
fn chain_does(act: &Act) -> bool {
    let done = match act.clone() {
        Act::Issue(by, who, attribute, life) => {
            let expires = Now::get() + life;
            Membership::issue(signed(by), who, attribute, expires)
        }
        Act::Reissue(by, attribute, all) => {
            Membership::reissue(signed(by), attribute, all.try_into().unwrap())
        }
        Act::Revoke(by, who, attribute) => Membership::revoke(signed(by), who, attribute),
        Act::Allow(attribute, more) => Membership::allow_endings(root(), attribute, more),
        Act::Default(who, length) => Membership::blacklist_for_default(&who, length),
        Act::Bump(by, attribute) => Membership::bump_version(by.map_or(root(), signed), attribute),
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
