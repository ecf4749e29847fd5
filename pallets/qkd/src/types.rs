//! What only this pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_system::pallet_prelude::BlockNumberFor;
use qedex_primitives::qkd::{
    AcceptsFrom, Enrolment, EnrolmentId, LinkId, MailAddress, Session, SiteId, WorkerKey,
};
use scale_info::TypeInfo;

/// An enrolment on the chain.
pub type EnrolmentOf<T> = Enrolment<<T as frame_system::Config>::AccountId>;

/// A session on the chain.
pub type SessionOf<T> = Session<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;

/// What an account says of itself.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Profile<AccountId> {
    /// With which key its worker signs.
    pub worker: Option<WorkerKey>,
    /// Which node keeps its mail.
    pub mail: Option<MailAddress>,
    /// From whom it takes requests.
    pub accepts: AcceptsFrom<AccountId>,
}

impl<AccountId> Default for Profile<AccountId> {
    fn default() -> Self {
        Self { worker: None, mail: None, accepts: AcceptsFrom::Anyone }
    }
}

impl<AccountId: PartialEq> Profile<AccountId> {
    /// Whether the account takes requests from `who`.
    pub fn takes(&self, who: &AccountId) -> bool {
        match &self.accepts {
            AcceptsFrom::Anyone => true,
            AcceptsFrom::Listed(accounts) => accounts.contains(who),
            AcceptsFrom::Nobody => false,
        }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a bond is held for.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Item<AccountId> {
    /// A site.
    Site(SiteId),
    /// A link.
    Link(LinkId),
    /// An enrolment.
    Enrolment(EnrolmentId),
    /// What this account says of itself.
    Profile(AccountId),
}
