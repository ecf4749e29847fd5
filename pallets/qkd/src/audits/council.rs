//! What the council may do, and what goes with a link.

use crate::{AuditBooks, Config, Error, Event, Pallet};
use frame_support::ensure;
use qedex_primitives::qkd::LinkId;
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
    /// Begins the book of a link anew.
    pub(crate) fn do_reopen_link(link: LinkId) -> DispatchResult {
        ensure!(AuditBooks::<T>::contains_key(link), Error::<T>::NotAudited);
        Self::forget_audits(link);
        Self::deposit_event(Event::AuditsBegunAnew { link });
        Ok(())
    }

    /// Forgets the audits of a link that is removed.
    pub(crate) fn forget_audits(link: LinkId) {
        AuditBooks::<T>::remove(link);
    }
}
