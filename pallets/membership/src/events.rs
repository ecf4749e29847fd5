//! What the pallet says: its events and errors.

use frame_support::pallet_macros::pallet_section;

/// Declares events and errors.
#[pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An attribute was registered.
        AttributeRegistered {
            /// Its number.
            attribute: AttributeId,
            /// Who issues credentials of it.
            issuer: T::AccountId,
        },
        /// All credentials of an attribute became void.
        AttributeRevoked {
            /// Which.
            attribute: AttributeId,
            /// The version that credentials must carry from now on.
            version: u32,
        },
        /// A policy was created.
        PolicyCreated {
            /// Its number.
            policy: PolicyId,
            /// What is held for it; nothing if the admin origin created it.
            bond: Option<Bond<T::AccountId>>,
        },
        /// A role requires another policy from now on.
        RoleSet {
            /// Which role.
            role: Role,
            /// Which policy.
            policy: PolicyId,
        },
        /// A credential was issued, or renewed.
        CredentialIssued {
            /// To whom.
            who: T::AccountId,
            /// Of which attribute.
            attribute: AttributeId,
            /// From when on it does not hold any more, in milliseconds since the Unix epoch.
            expires: Moment,
        },
        /// A credential was revoked.
        CredentialRevoked {
            /// From whom.
            who: T::AccountId,
            /// Of which attribute.
            attribute: AttributeId,
        },
        /// An account was excluded.
        Blacklisted {
            /// Which.
            who: T::AccountId,
            /// Until when, in milliseconds since the Unix epoch.
            until: Moment,
            /// Why.
            reason: ExclusionReason,
        },
        /// Another account issues the credentials of an attribute from now on.
        IssuerReplaced {
            /// Of which attribute.
            attribute: AttributeId,
            /// Who.
            issuer: T::AccountId,
        },
        /// An attribute was removed.
        AttributeRemoved {
            /// Which.
            attribute: AttributeId,
        },
        /// A policy was removed.
        PolicyRemoved {
            /// Which.
            policy: PolicyId,
        },
        /// A credential was lifted to the present version of its attribute.
        CredentialReissued {
            /// Whose.
            who: T::AccountId,
            /// Of which attribute.
            attribute: AttributeId,
            /// The version that it carries from now on.
            version: u32,
            /// From when on it does not hold any more, as before.
            expires: Moment,
        },
        /// A credential of a batch was not re-issued.
        ReissueRefused {
            /// Its place in the batch, counted from 0.
            index: u32,
            /// Whose.
            who: T::AccountId,
            /// Of which attribute.
            attribute: AttributeId,
            /// Why.
            error: ReissueError,
        },
        /// A batch of re-issues was worked through.
        ReissueProcessed {
            /// Of which attribute.
            attribute: AttributeId,
            /// How many credentials were re-issued.
            reissued: u32,
            /// How many were not.
            refused: u32,
        },
        /// A credential that lapsed long ago was removed.
        LapsedCredentialRemoved {
            /// Whose.
            who: T::AccountId,
            /// Of which attribute.
            attribute: AttributeId,
        },
        /// An account is not on the blacklist any more.
        ExclusionLifted {
            /// Which.
            who: T::AccountId,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// There is no attribute of this number.
        UnknownAttribute,
        /// There is no policy of this number.
        UnknownPolicy,
        /// Only the attribute's issuer may do this.
        NotTheIssuer,
        /// The expiry does not lie in the future.
        ExpiryNotInFuture,
        /// The account has no credential of this attribute on record.
        NoSuchCredential,
        /// Another credential of the account names another owner.
        OwnerConflict,
        /// An exclusion lasts from one hour to 31 days.
        ExclusionOutOfRange,
        /// All numbers of this kind are used up.
        NumbersExhausted,
        /// The policy has no nodes.
        PolicyEmpty,
        /// The policy is nested too deeply.
        PolicyTooDeep,
        /// A threshold of the policy is zero, or larger than the number of its parts.
        PolicyBadThreshold,
        /// A threshold of the policy asks for more parts than stand before it.
        PolicyMissingParts,
        /// The policy leaves parts over that no threshold takes.
        PolicyLeavesParts,
        /// The policy has too many nodes.
        PolicyTooLarge,
        /// The account cannot pay the bond for what it would store.
        CannotPayBond,
        /// Only who paid for the policy may remove it, or the admin origin.
        NotTheCreator,
        /// A role requires the policy.
        PolicyInUse,
        /// Credentials of the attribute are on record, or a role's policy names it.
        AttributeInUse,
        /// The credential has not expired, or less than 31 days ago.
        NotLongLapsed,
        /// The account is not on the blacklist.
        NotBlacklisted,
        /// The exclusion has not ended, and only the admin origin may lift it early.
        ExclusionInForce,
    }
}
