//! What follows from a proven offence.

use crate::{Config, Forgiven, Pallet, Removals, pallet::AccountOf};
use alloc::vec::Vec;
use sp_staking::offence::{Offence, OffenceError, ReportOffence};

/// A validator as offences name it: its account, and nothing beside.
type Offender<T> = (AccountOf<T>, ());

impl<T: Config, Reporter, O: Offence<Offender<T>>> ReportOffence<Reporter, Offender<T>, O>
    for Pallet<T>
{
    /// Removes whoever did it. Nobody is paid for the report. What was forgiven, or led to a removal
    /// already, is a duplicate.
    fn report_offence(_reporters: Vec<Reporter>, offence: O) -> Result<(), OffenceError> {
        let session = offence.session_index();
        let mut new = false;
        for (who, ()) in offence.offenders() {
            let forgiven = Forgiven::<T>::get(&who).is_some_and(|until| session <= until);
            if forgiven || Removals::<T>::contains_key(&who) {
                continue;
            }
            new = true;
            Self::remove_equivocator(&who, session);
        }
        if new { Ok(()) } else { Err(OffenceError::DuplicateReport) }
    }

    fn is_known_offence(offenders: &[Offender<T>], _time_slot: &O::Slot) -> bool {
        offenders.iter().all(|(who, ())| Removals::<T>::contains_key(who))
    }
}
