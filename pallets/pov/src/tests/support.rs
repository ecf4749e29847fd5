//! What the tests of the set have in common.

use crate::{mock::*, *};
use sp_runtime::Perbill;
use sp_staking::{
    SessionIndex,
    offence::{Kind, Offence, OffenceError, ReportOffence},
};

/// Two votes of one voter in a round of `session`.
pub struct DoubleVote {
    who: AccountId,
    session: SessionIndex,
}

impl Offence<(AccountId, SessionIndex)> for DoubleVote {
    const ID: Kind = *b"test:double-vote";
    type Slot = u64;

    fn offenders(&self) -> Vec<(AccountId, SessionIndex)> {
        vec![(self.who, self.session)]
    }

    fn session_index(&self) -> SessionIndex {
        self.session
    }

    fn validator_set_count(&self) -> u32 {
        4
    }

    fn slot(&self) -> u64 {
        0
    }

    fn slash_fraction(&self, _: u32) -> Perbill {
        Perbill::zero()
    }
}

/// Reports that `who` voted twice in `session`.
pub fn report(who: AccountId, session: SessionIndex) -> Result<(), OffenceError> {
    <Pov as ReportOffence<AccountId, _, _>>::report_offence(vec![], DoubleVote { who, session })
}

/// Who is in the present schedule.
pub fn authors() -> Vec<AccountId> {
    let authors = CurrentSchedule::<Test>::get().unwrap().authors;
    authors.iter().map(|author| author.who).collect()
}

/// Who was to go in the present block and stays.
pub fn held() -> Vec<AccountId> {
    System::events()
        .into_iter()
        .find_map(|record| match record.event {
            RuntimeEvent::Pov(Event::Held { who }) => Some(who),
            _ => None,
        })
        .unwrap_or_default()
}

/// The next block, in which a schedule without those who were removed governs.
pub fn after_the_repair() {
    end_block();
    next_block(CurrentSchedule::<Test>::get().unwrap().since.unwrap());
}

/// Who is in the present set of validators, voters or not.
pub fn validators() -> Vec<AccountId> {
    Session::validators()
}
