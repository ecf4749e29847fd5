//! What audits keep.

use frame_support::pallet_macros::pallet_section;

/// Declares the storage item.
#[pallet_section]
mod audit_storage {
    /// Of each link that is audited what is posted and found, and whether it is closed.
    #[pallet::storage]
    pub type AuditBooks<T: Config> = CountedStorageMap<_, Twox64Concat, LinkId, LinkBook>;
}
