//! Who votes on finality, and how many of them may be gone.

use crate::{
    Authored, Config, KeptSets, Leaving, NextVoters, Outgoing, Pallet, SetAfter, Silence, Stalled,
    VoterKey, VoterSets, Voters,
    pallet::{AccountOf, AccountsOf},
};
use alloc::{collections::BTreeSet, vec::Vec};
use core::marker::PhantomData;
use frame_support::{
    BoundedVec,
    traits::{Get, OneSessionHandler},
};
use frame_system::pallet_prelude::BlockNumberFor;
use qedex_math::finality;
use sp_runtime::{BoundToRuntimeAppPublic, traits::OpaqueKeys};
use sp_staking::SessionIndex;

/// A set's length as the arithmetic takes it.
pub(crate) fn count<T>(of: &[T]) -> u32 {
    u32::try_from(of.len()).unwrap_or(u32::MAX)
}

impl<T: Config> Pallet<T> {
    /// Whether `who` is taken to vote no more: it is removed in effect, leaving, or has written nothing for
    /// a whole session and nothing since.
    pub(crate) fn is_gone(who: &AccountOf<T>) -> bool {
        Self::is_out(who)
            || Leaving::<T>::contains_key(who)
            || (Silence::<T>::contains_key(who) && !Authored::<T>::contains_key(who))
    }

    /// Whether `who` has a vote, had one until a change that is not final yet, or gets one.
    pub(crate) fn is_voter(who: &AccountOf<T>) -> bool {
        Voters::<T>::get().contains(who)
            || NextVoters::<T>::get().contains(who)
            || Self::outgoing().contains(who)
    }

    /// Who voted before the last change, if that is not final yet.
    fn outgoing() -> AccountsOf<T> {
        Outgoing::<T>::get()
            .filter(|(block, _)| !Self::is_final(*block))
            .map(|(_, voters)| voters)
            .unwrap_or_default()
    }

    /// **The bound.** Whether every set of voters that counts still bears it if those of `going` are gone as
    /// well: the set before the last change as long as that is not final, the present one, and the planned
    /// one. Who of one of them is not in the planned one is gone, too. What makes no difference to a set, it
    /// bears whatever its state.
    pub(crate) fn bears(going: &[AccountOf<T>]) -> bool {
        let next = NextVoters::<T>::get();
        let planned: BTreeSet<_> = next.iter().collect();
        let gone = |who: &&AccountOf<T>| !planned.contains(*who) || Self::is_gone(who);
        [&Self::outgoing(), &Voters::<T>::get(), &next].into_iter().all(|set| {
            let (before, left): (Vec<_>, Vec<_>) = set.iter().partition(gone);
            let more: Vec<_> = left.into_iter().filter(|who| going.contains(*who)).collect();
            let after = count(&before).saturating_add(count(&more));
            more.is_empty() || finality::bears(count(set), after)
        })
    }

    /// Begins to count votes: everybody of genesis has one.
    fn begin_votes(voters: &[(AccountOf<T>, VoterKey)]) {
        let names: Vec<_> = voters.iter().map(|(who, _)| who.clone()).collect();
        for who in &names {
            crate::Admitted::<T>::insert(who, ());
        }
        let names = AccountsOf::<T>::truncate_from(names);
        Voters::<T>::put(&names);
        NextVoters::<T>::put(names);
        VoterSets::<T>::insert(SessionIndex::default(), BoundedVec::truncate_from(voters.to_vec()));
    }

    /// Keeps on record that these vote from `session` on, and who voted before until block `until` is
    /// final. Forgets the sets whose offences cannot be proven any more.
    pub(crate) fn note_voters(
        session: SessionIndex,
        voters: Vec<(AccountOf<T>, VoterKey)>,
        until: BlockNumberFor<T>,
        before: AccountsOf<T>,
    ) {
        let (mut oldest, latest) = KeptSets::<T>::get();
        if session > latest {
            SetAfter::<T>::insert(latest, session);
        }
        VoterSets::<T>::insert(session, BoundedVec::truncate_from(voters));
        Outgoing::<T>::put((until, before));
        let horizon = session.saturating_sub(T::ReportableSessions::get());
        // No more than one set is added in a session, so that two keep up.
        for _ in 0..2 {
            let Some(next) = SetAfter::<T>::get(oldest).filter(|next| *next <= horizon) else {
                break;
            };
            SetAfter::<T>::remove(oldest);
            VoterSets::<T>::remove(oldest);
            oldest = next;
        }
        KeptSets::<T>::put((oldest, session));
    }

    /// Gives the planned voters their votes, with the keys that the session begins with, unless votes stand
    /// still.
    pub(crate) fn switch_votes(session: SessionIndex) {
        if Stalled::<T>::get() {
            return;
        }
        let next = NextVoters::<T>::get();
        let voters: Vec<_> = pallet_session::QueuedKeys::<T>::get()
            .into_iter()
            .filter(|(who, _)| next.contains(who))
            .filter_map(|(who, keys)| {
                keys.get::<VoterKey>(sp_consensus_grandpa::KEY_TYPE).map(|key| (who, key))
            })
            .collect();
        let (_, latest) = KeptSets::<T>::get();
        if voters.is_empty() || VoterSets::<T>::get(latest).into_inner() == voters {
            return;
        }
        let names =
            AccountsOf::<T>::truncate_from(voters.iter().map(|(who, _)| who.clone()).collect());
        let now = frame_system::Pallet::<T>::block_number();
        Self::note_voters(session, voters, now, Voters::<T>::get());
        Voters::<T>::put(&names);
        NextVoters::<T>::put(names);
    }
}

/// Tells GRANDPA who votes, in its place among the session pallet's handlers. A validator on probation does
/// not, and while votes stand still nobody new does.
pub struct Voting<T>(PhantomData<T>);

impl<T: Config> BoundToRuntimeAppPublic for Voting<T> {
    type Public = VoterKey;
}

impl<T: Config> OneSessionHandler<AccountOf<T>> for Voting<T> {
    type Key = VoterKey;

    fn on_genesis_session<'a, I>(validators: I)
    where
        I: 'a + Iterator<Item = (&'a AccountOf<T>, Self::Key)>,
        AccountOf<T>: 'a,
    {
        let voters: Vec<_> = validators.map(|(who, key)| (who.clone(), key)).collect();
        Pallet::<T>::begin_votes(&voters);
        let told = voters.iter().map(|(who, key)| (who, key.clone()));
        <pallet_grandpa::Pallet<T> as OneSessionHandler<_>>::on_genesis_session(told);
    }

    /// What the session pallet says of the set is about those who write blocks. Who votes was decided when
    /// the session began.
    fn on_new_session<'a, I>(_changed: bool, _validators: I, _queued: I)
    where
        I: 'a + Iterator<Item = (&'a AccountOf<T>, Self::Key)>,
        AccountOf<T>: 'a,
    {
        let (_, latest) = KeptSets::<T>::get();
        let voters = VoterSets::<T>::get(latest);
        let changed = latest == pallet_session::CurrentIndex::<T>::get();
        let told = || voters.iter().map(|(who, key)| (who, key.clone()));
        <pallet_grandpa::Pallet<T> as OneSessionHandler<_>>::on_new_session(
            changed,
            told(),
            told(),
        );
    }

    fn on_before_session_ending() {
        <pallet_grandpa::Pallet<T> as OneSessionHandler<AccountOf<T>>>::on_before_session_ending();
    }

    /// An index of the session pallet's is not one of GRANDPA's, whose clients do not listen to it anyway.
    fn on_disabled(_index: u32) {}
}
