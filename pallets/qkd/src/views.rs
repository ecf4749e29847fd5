//! What clients ask.

use crate::{
    AcceptedBy, Awaited, Config, EnrolmentOf, Enrolments, Pallet, SessionOf, Sessions, SessionsOf,
};
use alloc::vec::Vec;
use frame_system::pallet_prelude::BlockNumberFor;
use qedex_primitives::qkd::{EnrolmentId, SessionId, SessionView};

/// The most sessions of one answer.
pub const MAX_PAGE: u32 = 100;

type View<T> = SessionView<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;

impl<T: Config> Pallet<T> {
    fn view(id: SessionId, session: SessionOf<T>) -> View<T> {
        let ended = Self::ended(&session);
        SessionView { id, session, ended }
    }

    /// A session, whether it has ended or not, until it is cleared.
    pub fn session(id: SessionId) -> Option<View<T>> {
        Sessions::<T>::get(id).map(|session| Self::view(id, session))
    }

    /// The sessions of `account`: at most `count`, and at most a hundred; the first ones, or those after
    /// `after` in the chain's own order.
    pub fn sessions_of(
        account: &T::AccountId,
        after: Option<SessionId>,
        count: u32,
    ) -> Vec<View<T>> {
        let ids = match after {
            None => SessionsOf::<T>::iter_key_prefix(account),
            Some(last) => {
                let from = SessionsOf::<T>::hashed_key_for(account, last);
                SessionsOf::<T>::iter_key_prefix_from(account, from)
            }
        };
        ids.take(count.min(MAX_PAGE) as usize).filter_map(Self::session).collect()
    }

    /// As which SAE `account` draws keys.
    pub fn sae_of(account: &T::AccountId) -> Option<(EnrolmentId, EnrolmentOf<T>)> {
        let id = AcceptedBy::<T>::get(account)?;
        Enrolments::<T>::get(id).map(|enrolment| (id, enrolment))
    }

    /// The sessions in which the worker of `account` is to answer or to confirm, paged as above. Among them
    /// are those that have ended and were not cleared yet, so that a page leads to the next one.
    pub fn awaited_of(
        account: &T::AccountId,
        after: Option<SessionId>,
        count: u32,
    ) -> Vec<View<T>> {
        Self::awaited_page(account, after, count.min(MAX_PAGE)).filter_map(Self::session).collect()
    }

    /// The numbers of at most `count` of them.
    pub(crate) fn awaited_page(
        account: &T::AccountId,
        after: Option<SessionId>,
        count: u32,
    ) -> impl Iterator<Item = SessionId> + use<T> {
        let ids = match after {
            None => Awaited::<T>::iter_key_prefix(account),
            Some(last) => {
                let from = Awaited::<T>::hashed_key_for(account, last);
                Awaited::<T>::iter_key_prefix_from(account, from)
            }
        };
        ids.take(count as usize)
    }
}
