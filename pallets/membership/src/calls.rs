//! What can be called.

use frame_support::pallet_macros::pallet_section;

/// Declares the calls.
#[pallet_section]
mod calls {
    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Registers an attribute, to be issued by `issuer`. It gets the next free number.
        ///
        /// `name` and `description` are UTF-8 text for people, `term` is for how long credentials
        /// are issued at most, in milliseconds. Refused outside one day to 36,500 days. Origin: the
        /// admin origin.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register_attribute())]
        pub fn register_attribute(
            origin: OriginFor<T>,
            name: ShortText,
            description: LongText,
            issuer: T::AccountId,
            term: Millis,
        ) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_register_attribute(name, description, issuer, term)
        }

        /// Creates a policy from its nodes in postfix order. It gets the next free number.
        ///
        /// Refused unless the nodes form exactly one formula, over registered attributes, of at
        /// most the permitted size and depth. Origin: the admin origin, or anyone, who pays a bond
        /// while the policy exists.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::create_policy(nodes.len() as u32))]
        pub fn create_policy(origin: OriginFor<T>, nodes: PolicyOf<T>) -> DispatchResult {
            let payer = Self::ensure_admin_or_signed(origin)?;
            Self::do_create_policy(nodes, payer)
        }

        /// Makes `role` require `policy` from now on.
        ///
        /// Refused if an attribute that the policy names is not registered any more. Origin: the
        /// admin origin.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::set_role())]
        pub fn set_role(origin: OriginFor<T>, role: Role, policy: PolicyId) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_set_role(role, policy)
        }

        /// Excludes the owner of `who` from everything that a policy guards for `duration`
        /// milliseconds from now on, in place of what was decided before.
        ///
        /// Refused outside one hour to 31 days. Origin: the admin origin.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::blacklist())]
        pub fn blacklist(
            origin: OriginFor<T>,
            who: T::AccountId,
            reason: ReasonText,
            duration: Millis,
        ) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_blacklist(&who, reason, duration)
        }

        /// Issues a credential of `attribute` to `who`, which has an owner, or renews it, until
        /// `expires`, in milliseconds since the Unix epoch: at most the attribute's term from now.
        ///
        /// For an expiry earlier than the one that it has, it counts as an ending before its time.
        /// Origin: the attribute's issuer, who pays a bond while it is on record, or the admin
        /// origin.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::issue())]
        pub fn issue(
            origin: OriginFor<T>,
            who: T::AccountId,
            attribute: AttributeId,
            expires: Moment,
        ) -> DispatchResult {
            let (issuer, info) = Self::ensure_issuer_or_admin(origin, attribute)?;
            Self::ensure_within_term(&info, expires)?;
            Self::do_issue(attribute, &info, issuer.as_ref(), who, expires)
        }

        /// Issues or renews many credentials of one attribute: all of them or, if one is
        /// refused, none.
        ///
        /// Origin: the attribute's issuer, who pays a bond for each while it is on record, or the
        /// admin origin.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::issue_batch(credentials.len() as u32))]
        pub fn issue_batch(
            origin: OriginFor<T>,
            attribute: AttributeId,
            credentials: CredentialBatch<T>,
        ) -> DispatchResult {
            let (issuer, info) = Self::ensure_issuer_or_admin(origin, attribute)?;
            for (who, expires) in credentials {
                Self::ensure_within_term(&info, expires)?;
                Self::do_issue(attribute, &info, issuer.as_ref(), who, expires)?;
            }
            Ok(())
        }

        /// Removes the credential of `attribute` from `who`, whether it still holds or not.
        ///
        /// Before its expiry it counts as an ending before its time: refused beyond the day's
        /// allowance, unless the admin origin has allowed the issuer more. Origin: the attribute's issuer, or the admin origin.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::revoke())]
        pub fn revoke(
            origin: OriginFor<T>,
            who: T::AccountId,
            attribute: AttributeId,
        ) -> DispatchResult {
            let (issuer, _) = Self::ensure_issuer_or_admin(origin, attribute)?;
            Self::do_revoke(who, attribute, issuer.is_some())
        }

        /// Raises the version of `attribute`: every credential of it is void at once.
        ///
        /// Where a role needs the attribute that takes both: the first call puts on record who asks,
        /// and the other's within a week does it. Origin: the attribute's issuer, or the admin origin.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::bump_version())]
        pub fn bump_version(origin: OriginFor<T>, attribute: AttributeId) -> DispatchResult {
            let (issuer, _) = Self::ensure_issuer_or_admin(origin, attribute)?;
            Self::do_bump_version(attribute, issuer)
        }

        /// Lets `issuer` issue the credentials of `attribute` from now on, and nobody else.
        /// Credentials on record stay as they are. Origin: the admin origin.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::set_issuer())]
        pub fn set_issuer(
            origin: OriginFor<T>,
            attribute: AttributeId,
            issuer: T::AccountId,
        ) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_set_issuer(attribute, issuer)
        }

        /// Removes `attribute`. Its number is never used again.
        ///
        /// Refused while a credential of it is on record or a role's policy names it. Origin: the
        /// admin origin.
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::remove_attribute())]
        pub fn remove_attribute(origin: OriginFor<T>, attribute: AttributeId) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_remove_attribute(attribute)
        }

        /// Removes `policy` and returns its bond. Its number is never used again.
        ///
        /// Refused while a role requires it. Origin: whoever paid for it, or the admin origin.
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::remove_policy())]
        pub fn remove_policy(origin: OriginFor<T>, policy: PolicyId) -> DispatchResult {
            let caller = Self::ensure_admin_or_signed(origin)?;
            Self::do_remove_policy(policy, caller.as_ref())
        }

        /// Lifts the credentials of `attribute` of these accounts to its present version, with the
        /// expiry that they have.
        ///
        /// Each is judged alone: one that was revoked, has expired or is up to date is refused,
        /// as an event says, and the others count. Origin: the attribute's issuer, to whom the
        /// bonds pass that another account paid, or the admin origin.
        #[pallet::call_index(11)]
        #[pallet::weight(T::WeightInfo::reissue(accounts.len() as u32))]
        pub fn reissue(
            origin: OriginFor<T>,
            attribute: AttributeId,
            accounts: AccountBatch<T>,
        ) -> DispatchResult {
            let (issuer, info) = Self::ensure_issuer_or_admin(origin, attribute)?;
            Self::do_reissue(attribute, info.version, issuer.as_ref(), accounts);
            Ok(())
        }

        /// Removes the credential of `attribute` from `who` when it has expired, and returns its
        /// bond. Origin: anyone.
        #[pallet::call_index(12)]
        #[pallet::weight(T::WeightInfo::remove_lapsed())]
        pub fn remove_lapsed(
            origin: OriginFor<T>,
            who: T::AccountId,
            attribute: AttributeId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_remove_lapsed(who, attribute)
        }

        /// Takes the owner of `who` off the blacklist.
        ///
        /// Origin: the admin origin at any time; anyone when all of the exclusion has ended.
        #[pallet::call_index(13)]
        #[pallet::weight(T::WeightInfo::lift_exclusion())]
        pub fn lift_exclusion(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
            let early = Self::ensure_admin_or_signed(origin)?.is_none();
            Self::do_lift_exclusion(&who, early)
        }

        /// Lets `registrar` name owners from now on, and nobody else. What another has filed or
        /// proposed is void. Origin: the admin origin.
        #[pallet::call_index(14)]
        #[pallet::weight(T::WeightInfo::set_registrar())]
        pub fn set_registrar(origin: OriginFor<T>, registrar: T::AccountId) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_set_registrar(registrar);
            Ok(())
        }

        /// Files that `account` is an account of `owner`. It waits a week for the consent of the
        /// account and, if the owner has accounts already, for the approval of one of them.
        ///
        /// Origin: the registrar, of whom a bond is held while it is pending and, once it has taken
        /// effect, for good.
        #[pallet::call_index(15)]
        #[pallet::weight(T::WeightInfo::name_owner())]
        pub fn name_owner(
            origin: OriginFor<T>,
            account: T::AccountId,
            owner: OwnerId,
        ) -> DispatchResult {
            let registrar = Self::ensure_registrar(origin)?;
            Self::do_name_owner(registrar, account, owner)
        }

        /// Consents to be an account of `owner`, for good, as the registrar has filed it.
        ///
        /// `joins`: whether the owner has other accounts. Refused if that is not so: look who they
        /// are before you join them. Origin: the account itself.
        #[pallet::call_index(16)]
        #[pallet::weight(T::WeightInfo::consent_owner())]
        pub fn consent_owner(origin: OriginFor<T>, owner: OwnerId, joins: bool) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_consent_owner(account, owner, joins)
        }

        /// Approves that `account` joins the accounts of one's owner, for good, as the registrar has
        /// filed it.
        ///
        /// Origin: an account of the owner that is not shut, or, where all of them are, the admin
        /// origin.
        #[pallet::call_index(17)]
        #[pallet::weight(T::WeightInfo::approve_account())]
        pub fn approve_account(origin: OriginFor<T>, account: T::AccountId) -> DispatchResult {
            let approver = Self::ensure_admin_or_signed(origin)?;
            Self::do_approve_account(approver.as_ref(), account)
        }

        /// Ends the pending naming of the owner of `account`.
        ///
        /// Origin: the registrar who filed it, the account itself, any account of the owner, or,
        /// when it is void, anyone.
        #[pallet::call_index(18)]
        #[pallet::weight(T::WeightInfo::end_naming())]
        pub fn end_naming(origin: OriginFor<T>, account: T::AccountId) -> DispatchResult {
            let caller = ensure_signed(origin)?;
            Self::do_end_naming(&caller, account)
        }

        /// Proposes to shut `account` for good. Origin: the registrar.
        #[pallet::call_index(19)]
        #[pallet::weight(T::WeightInfo::propose_shutting())]
        pub fn propose_shutting(origin: OriginFor<T>, account: T::AccountId) -> DispatchResult {
            let registrar = Self::ensure_registrar(origin)?;
            Self::do_propose_shutting(registrar, account)
        }

        /// Takes back the proposal to shut `account`. Origin: the registrar.
        #[pallet::call_index(20)]
        #[pallet::weight(T::WeightInfo::withdraw_shutting())]
        pub fn withdraw_shutting(origin: OriginFor<T>, account: T::AccountId) -> DispatchResult {
            Self::ensure_registrar(origin)?;
            Self::do_withdraw_shutting(account)
        }

        /// Shuts `account` for good, as the registrar proposes: it has no role any more, and may finish
        /// its open trades. Origin: the admin origin.
        #[pallet::call_index(21)]
        #[pallet::weight(T::WeightInfo::shut_account())]
        pub fn shut_account(origin: OriginFor<T>, account: T::AccountId) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_shut_account(account)
        }

        /// Lets credentials of `attribute` be issued for `term` milliseconds at most from now on.
        /// Credentials on record stay as they are.
        ///
        /// Refused outside one day to 36,500 days. Origin: the admin origin.
        #[pallet::call_index(22)]
        #[pallet::weight(T::WeightInfo::set_term())]
        pub fn set_term(
            origin: OriginFor<T>,
            attribute: AttributeId,
            term: Millis,
        ) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_set_term(attribute, term)
        }

        /// Lets the issuer of `attribute` end the credentials of so many owners before their time,
        /// within a week, beyond the allowances of the days. Takes the place of what was allowed
        /// before. Origin: the admin origin.
        #[pallet::call_index(23)]
        #[pallet::weight(T::WeightInfo::allow_endings())]
        pub fn allow_endings(
            origin: OriginFor<T>,
            attribute: AttributeId,
            owners: u32,
        ) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_allow_endings(attribute, owners)
        }

        /// Takes back one's request to void `attribute`. Origin: whoever asked, the issuer or the
        /// admin origin.
        #[pallet::call_index(24)]
        #[pallet::weight(T::WeightInfo::withdraw_voiding())]
        pub fn withdraw_voiding(origin: OriginFor<T>, attribute: AttributeId) -> DispatchResult {
            let caller = Self::ensure_admin_or_signed(origin)?;
            Self::do_withdraw_voiding(attribute, caller)
        }
    }
}
