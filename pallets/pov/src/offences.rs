//! What follows from a proven offence.

use crate::{Config, Forgiven, Pallet, RemovalReason, Removals, pallet::AccountOf};
use alloc::vec::Vec;
use sp_staking::{
    SessionIndex,
    offence::{Offence, OffenceError, ReportOffence},
};

/// A validator as offences name it: its account, and the session in which it did it.
type Offender<T> = (AccountOf<T>, SessionIndex);

impl<T: Config> Pallet<T> {
    /// Whether nothing follows any more from what `who` did in `session`: it led to a removal already, or
    /// was forgiven.
    pub(crate) fn is_settled(who: &AccountOf<T>, session: SessionIndex) -> bool {
        Removals::<T>::contains_key(who)
            || Forgiven::<T>::get(who).is_some_and(|until| session <= until)
    }
}

impl<T: Config, Reporter, O: Offence<Offender<T>>> ReportOffence<Reporter, Offender<T>, O>
    for Pallet<T>
{
    /// Removes whoever did it. Nobody is paid for the report. What was forgiven, or led to a removal
    /// already, is a duplicate.
    fn report_offence(_reporters: Vec<Reporter>, offence: O) -> Result<(), OffenceError> {
        let mut new = false;
        for (who, session) in offence.offenders() {
            if Self::is_settled(&who, session) {
                continue;
            }
            new = true;
            Self::punish(&who, RemovalReason::Equivocation, session);
        }
        if new { Ok(()) } else { Err(OffenceError::DuplicateReport) }
    }

    fn is_known_offence(offenders: &[Offender<T>], _time_slot: &O::Slot) -> bool {
        offenders.iter().all(|(who, session)| Self::is_settled(who, *session))
    }
}
