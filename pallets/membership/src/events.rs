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
        /// An owner was excluded: for defaults from trading and selling, by a decision from
        /// everything that a policy guards.
        Blacklisted {
            /// Which.
            owner: OwnerId,
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
        /// A credential that had expired was removed.
        LapsedCredentialRemoved {
            /// Whose.
            who: T::AccountId,
            /// Of which attribute.
            attribute: AttributeId,
        },
        /// An owner is not on the blacklist any more.
        ExclusionLifted {
            /// Which.
            owner: OwnerId,
        },
        /// Another account names owners from now on.
        RegistrarSet {
            /// Which.
            registrar: T::AccountId,
        },
        /// The registrar has filed who owns an account. It waits for the account's consent.
        NamingFiled {
            /// Which account.
            account: T::AccountId,
            /// Which owner.
            owner: OwnerId,
            /// From when on it is void, in milliseconds since the Unix epoch.
            expires: Moment,
        },
        /// An account has agreed to join its owner's others. It waits for one of them.
        NamingConsented {
            /// Which account.
            account: T::AccountId,
            /// Which owner.
            owner: OwnerId,
        },
        /// That an account joins an owner was approved. It waits for the account's consent.
        NamingApproved {
            /// Which account.
            account: T::AccountId,
            /// Which owner.
            owner: OwnerId,
        },
        /// An account has an owner, for good.
        OwnerNamed {
            /// Which account.
            account: T::AccountId,
            /// Which owner.
            owner: OwnerId,
        },
        /// The naming of an account's owner was withdrawn, refused, or cleared away when it was
        /// void.
        NamingEnded {
            /// Which account.
            account: T::AccountId,
            /// Which owner.
            owner: OwnerId,
        },
        /// The registrar proposes to shut an account for good.
        ShuttingProposed {
            /// Which.
            account: T::AccountId,
        },
        /// The registrar does not propose to shut an account any more.
        ShuttingWithdrawn {
            /// Which.
            account: T::AccountId,
        },
        /// An account was shut for good. It counts among its owner's still.
        AccountShut {
            /// Which.
            account: T::AccountId,
            /// Whose.
            owner: OwnerId,
        },
        /// One half of those whom it takes asks to void all credentials of an attribute.
        VoidingAsked {
            /// Which attribute.
            attribute: AttributeId,
            /// Who asks.
            by: Asker<T::AccountId>,
            /// From when on it does not count any more, in milliseconds since the Unix epoch.
            expires: Moment,
        },
        /// Who asked to void an attribute's credentials does not any more.
        VoidingWithdrawn {
            /// Which attribute.
            attribute: AttributeId,
        },
        /// Credentials of an attribute are issued for at most another time from now on.
        TermSet {
            /// Which attribute.
            attribute: AttributeId,
            /// How long, in milliseconds.
            term: Millis,
        },
        /// The issuer of an attribute may end credentials of more owners than a day's allowance.
        EndingsAllowed {
            /// Of which attribute.
            attribute: AttributeId,
            /// Of how many owners more.
            owners: u32,
            /// From when on it may not, in milliseconds since the Unix epoch.
            expires: Moment,
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
        /// The credential has not expired.
        NotLapsed,
        /// The account's owner is not on the blacklist.
        NotBlacklisted,
        /// The exclusion has not ended, and only the admin origin may lift it early.
        ExclusionInForce,
        /// Only the registrar may do this.
        NotTheRegistrar,
        /// No owner of the account is named.
        NoOwner,
        /// The account has an owner, and that never changes.
        OwnerNamedAlready,
        /// A naming of the account's owner is pending: withdraw it first.
        NamingPending,
        /// As many namings are pending as can be.
        TooManyNamings,
        /// The owner has as many accounts as it can have.
        TooManyAccounts,
        /// No naming of the account's owner is pending.
        NoSuchNaming,
        /// The naming has expired, or who filed it is not the registrar any more.
        NamingVoid,
        /// The registrar has filed another owner for the account.
        OtherOwnerFiled,
        /// The owner has accounts already: to join them, say so.
        OwnerHasAccounts,
        /// The owner has no account that one could join.
        OwnerHasNoAccounts,
        /// The account has agreed already.
        ConsentedAlready,
        /// An account of the owner has agreed already.
        ApprovedAlready,
        /// Only an account of the very owner may do this.
        NotOfTheOwner,
        /// The owner has an account that is not shut, which alone may approve.
        OwnerCanApprove,
        /// Only the registrar who filed it, the account itself or an account of the owner may end
        /// a naming that is not void.
        NotYourNaming,
        /// The account was shut for good.
        AccountIsShut,
        /// The registrar has proposed that already.
        ShuttingPending,
        /// The registrar does not propose to shut the account.
        ShuttingNotProposed,
        /// The credential would last longer than the attribute's term.
        BeyondTerm,
        /// A term lasts from one day to 36,500 days.
        TermOutOfRange,
        /// So many owners' credentials of the attribute were ended before their time today, or
        /// so short, that a role might be emptied: more takes the issuer and the admin origin.
        BeyondAllowance,
        /// A role needs the attribute, and one half alone has asked to void it: that takes the
        /// issuer and the admin origin.
        VoidingPending,
        /// Who calls has not asked to void the attribute.
        NoSuchVoiding,
    }
}
