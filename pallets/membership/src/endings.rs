//! No issuer empties a role alone: what it takes to void an attribute, and how many owners'
//! credentials may be ended before their time in a day.

use crate::{
    Asker, AttributeInfo, Attributes, Config, Credential, Endings, Error, Event, HolderCount,
    HolderCounts, LEAVE_LIFE, Leave, Owned, Owners, Pallet, Tenure, Tenures, VOIDING_LIFE, Voiding,
    Voidings,
};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use qedex_math::tenure::{Day, allowance};
use qedex_primitives::{AttributeId, Calendar, Millis, OwnerId, Role};

/// The length of a day in milliseconds.
const DAY: Millis = 24 * 3_600_000;

impl<T: Config> Pallet<T> {
    /// The present day.
    pub(crate) fn today() -> Day {
        let day = T::Calendar::now().checked_div(DAY).unwrap_or_default();
        Day::try_from(day).unwrap_or(Day::MAX)
    }

    /// Whether the policy of any role names `attribute`.
    pub(crate) fn is_needed(attribute: AttributeId) -> bool {
        Role::ALL.into_iter().any(|role| Self::attributes_of_role(role).contains(&attribute))
    }

    /// Counts that `owner` has one more credential of `attribute` of its present `version`.
    pub(crate) fn gain(attribute: AttributeId, owner: OwnerId, version: u32) {
        let today = Self::today();
        let tenure = match Tenures::<T>::get(attribute, owner) {
            Some(tenure) if tenure.version == version => {
                Tenure { accounts: tenure.accounts.saturating_add(1), ..tenure }
            }
            before => {
                let established_on = HolderCounts::<T>::mutate(attribute, |count| match &before {
                    Some(tenure) => {
                        count.tally.resume(tenure.established_on, today);
                        tenure.established_on
                    }
                    None => count.tally.begin(today),
                });
                let ended_on = before.and_then(|tenure| tenure.ended_on);
                Tenure { version, accounts: 1, established_on, ended_on }
            }
        };
        Tenures::<T>::insert(attribute, owner, tenure);
    }

    /// Takes the owner of `who` for established, which holds `attribute` in its present version.
    pub(crate) fn establish(attribute: AttributeId, who: &T::AccountId) {
        let Some(Owned { owner, .. }) = Owners::<T>::get(who) else {
            return;
        };
        let today = Self::today();
        if let Some(tenure) = Tenures::<T>::get(attribute, owner) {
            HolderCounts::<T>::mutate(attribute, |count| {
                count.tally.end(tenure.established_on, today);
                count.tally.resume(0, today);
            });
            Tenures::<T>::insert(attribute, owner, Tenure { established_on: 0, ..tenure });
        }
    }

    /// Counts that `owner` has one credential less of `attribute`, one of the version `held`.
    pub(crate) fn lose(attribute: AttributeId, owner: OwnerId, held: u32) {
        let Some(tenure) = Tenures::<T>::get(attribute, owner).filter(|one| one.version == held)
        else {
            return;
        };
        let accounts = tenure.accounts.saturating_sub(1);
        if accounts > 0 {
            Tenures::<T>::insert(attribute, owner, Tenure { accounts, ..tenure });
            return;
        }
        Tenures::<T>::remove(attribute, owner);
        if Attributes::<T>::get(attribute).is_some_and(|info| info.version == held) {
            let today = Self::today();
            HolderCounts::<T>::mutate(attribute, |count| {
                count.tally.end(tenure.established_on, today);
            });
        }
    }

    /// Counts that a credential of `attribute` of an account of `owner` ends before its time, or
    /// refuses it: by the day's allowance of whoever ends it, and for an issuer by what the admin
    /// origin lets it do beyond. An owner counts once a day. No limit binds where no role needs the
    /// attribute.
    pub(crate) fn count_ending(
        attribute: AttributeId,
        owner: OwnerId,
        credential: &Credential<T::AccountId>,
        by_issuer: bool,
    ) -> DispatchResult {
        let version = Attributes::<T>::get(attribute).map(|info| info.version);
        // Who has nothing that holds loses nothing.
        if T::Calendar::now() >= credential.expires || version != Some(credential.version) {
            return Ok(());
        }
        let today = Self::today();
        let tenure = Tenures::<T>::get(attribute, owner);
        if tenure.is_some_and(|tenure| tenure.ended_on == Some(today)) {
            return Ok(());
        }
        let mut count = HolderCounts::<T>::get(attribute);
        if !count.take(today, by_issuer) {
            let leave = count.leave.filter(|leave| {
                by_issuer && leave.owners > 0 && T::Calendar::now() < leave.expires
            });
            match leave {
                Some(leave) => {
                    let owners = leave.owners.saturating_sub(1);
                    count.leave = Some(Leave { owners, ..leave });
                }
                None => ensure!(!Self::is_needed(attribute), Error::<T>::BeyondAllowance),
            }
        }
        HolderCounts::<T>::insert(attribute, count);
        if let Some(tenure) = tenure {
            let ended_on = Some(today);
            Tenures::<T>::insert(attribute, owner, Tenure { ended_on, ..tenure });
        }
        Ok(())
    }

    /// How many more owners may lose a credential of `attribute` before its time today by its issuer,
    /// without what the admin origin lets it do beyond.
    pub fn endings_left(attribute: AttributeId) -> u32 {
        let mut count = HolderCounts::<T>::get(attribute);
        let endings = count.turn(Self::today(), true);
        endings.most.saturating_sub(endings.owners)
    }

    /// Lets the issuer of `attribute` end credentials of so many owners more.
    pub(crate) fn do_allow_endings(attribute: AttributeId, owners: u32) -> DispatchResult {
        ensure!(Attributes::<T>::contains_key(attribute), Error::<T>::UnknownAttribute);
        let expires = T::Calendar::now().saturating_add(LEAVE_LIFE);
        HolderCounts::<T>::mutate(attribute, |count| {
            count.leave = Some(Leave { owners, expires });
        });
        Self::deposit_event(Event::EndingsAllowed { attribute, owners, expires });
        Ok(())
    }

    /// Voids all credentials of `attribute` if no role needs it or the other half has asked for it,
    /// and else puts on record that this half asks: the issuer, or without it the admin origin.
    pub(crate) fn do_bump_version(
        attribute: AttributeId,
        issuer: Option<T::AccountId>,
    ) -> DispatchResult {
        let info = Attributes::<T>::get(attribute).ok_or(Error::<T>::UnknownAttribute)?;
        let by = issuer.map_or(Asker::Admin, Asker::Issuer);
        let now = T::Calendar::now();
        let pending = Voidings::<T>::get(attribute)
            .filter(|asked| asked.version == info.version && now < asked.expires);
        let agreed = match (&by, pending.as_ref().map(|asked| &asked.by)) {
            (Asker::Issuer(_), Some(Asker::Admin)) => true,
            (Asker::Admin, Some(Asker::Issuer(asked))) => *asked == info.issuer,
            (_, Some(asked)) => {
                ensure!(*asked != by, Error::<T>::VoidingPending);
                false
            }
            (_, None) => false,
        };
        if agreed || !Self::is_needed(attribute) {
            return Self::void(attribute, info);
        }
        let expires = now.saturating_add(VOIDING_LIFE);
        let asked = Voiding { by: by.clone(), version: info.version, expires };
        Voidings::<T>::insert(attribute, asked);
        Self::deposit_event(Event::VoidingAsked { attribute, by, expires });
        Ok(())
    }

    /// Makes all credentials of `attribute` void. Whoever is lifted to the new version counts from
    /// then on, with the tenure that it had.
    fn void(attribute: AttributeId, info: AttributeInfo<T::AccountId>) -> DispatchResult {
        let version = info.version.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
        Attributes::<T>::insert(attribute, AttributeInfo { version, ..info });
        HolderCounts::<T>::mutate(attribute, |count| {
            count.tally = Default::default();
            // What was permitted today was a share of those who held it until now.
            count.endings.most = count.endings.most.min(1);
        });
        Voidings::<T>::remove(attribute);
        Self::deposit_event(Event::AttributeRevoked { attribute, version });
        Ok(())
    }

    /// Takes back the request to void `attribute`, for the half that asked.
    pub(crate) fn do_withdraw_voiding(
        attribute: AttributeId,
        issuer: Option<T::AccountId>,
    ) -> DispatchResult {
        let by = issuer.map_or(Asker::Admin, Asker::Issuer);
        let asked = Voidings::<T>::get(attribute).filter(|asked| asked.by == by);
        ensure!(asked.is_some(), Error::<T>::NoSuchVoiding);
        Voidings::<T>::remove(attribute);
        Self::deposit_event(Event::VoidingWithdrawn { attribute });
        Ok(())
    }

    /// Whoever issues `attribute` from now on starts without what its predecessor was let.
    pub(crate) fn forget_leave(attribute: AttributeId) {
        HolderCounts::<T>::mutate_exists(attribute, |entry| {
            if let Some(count) = entry {
                count.leave = None;
            }
        });
    }
}

impl HolderCount {
    /// What is counted today of whoever ends credentials, from nothing if that is a new day.
    fn turn(&mut self, today: Day, by_issuer: bool) -> &mut Endings {
        let most = allowance(self.tally.established(today));
        let endings = if by_issuer { &mut self.endings } else { &mut self.admin_endings };
        if endings.day < today || endings.most == 0 {
            *endings = Endings { day: today, owners: 0, most };
        }
        endings
    }

    /// Takes one ending of the day's allowance, if there is one left.
    fn take(&mut self, today: Day, by_issuer: bool) -> bool {
        let endings = self.turn(today, by_issuer);
        let left = endings.owners < endings.most;
        if left {
            endings.owners = endings.owners.saturating_add(1);
        }
        left
    }
}
