//! What can be called.

use frame_support::pallet_macros::pallet_section;

/// Declares the calls.
#[pallet_section]
mod calls {
    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Registers a site of a key service under the next free number. `name` is UTF-8 text for people.
        ///
        /// Origin: an account that may run key services, which pays a bond while the site is there.
        #[pallet::call_index(0)]
        #[pallet::weight(Pallet::<T>::counting_sites(T::WeightInfo::register_site()))]
        pub fn register_site(origin: OriginFor<T>, name: SiteName) -> DispatchResult {
            let operator = Self::ensure_operator(origin)?;
            Self::do_register_site(operator, name)
        }

        /// Removes a site at which no link ends and no SAE is enrolled.
        ///
        /// Origin: its operator, or the admin origin.
        #[pallet::call_index(1)]
        #[pallet::weight(Pallet::<T>::counting_sites(T::WeightInfo::remove_site()))]
        pub fn remove_site(origin: OriginFor<T>, site: SiteId) -> DispatchResult {
            let who = Self::ensure_admin_or_signed(origin)?;
            Self::do_remove_site(who, site)
        }

        /// Registers a link from a site of the caller's to another one, under the next free number, with
        /// the rate of keys that it makes. If the caller does not run both, it waits for the other
        /// operator's word.
        ///
        /// Origin: an account that may run key services and runs the first site, which pays a bond while the
        /// link is there.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::register_link())]
        pub fn register_link(
            origin: OriginFor<T>,
            own: SiteId,
            other: SiteId,
            rate: BitsPerSecond,
        ) -> DispatchResult {
            let operator = Self::ensure_operator(origin)?;
            Self::do_register_link(operator, own, other, rate)
        }

        /// Stands for a link that another operator has registered.
        ///
        /// Origin: an account that may run key services and runs the link's other site.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::agree_link())]
        pub fn agree_link(origin: OriginFor<T>, link: LinkId) -> DispatchResult {
            let operator = Self::ensure_operator(origin)?;
            Self::do_agree_link(operator, link)
        }

        /// Removes a link, agreed or not.
        ///
        /// Origin: the operator of either end, or the admin origin.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::remove_link())]
        pub fn remove_link(origin: OriginFor<T>, link: LinkId) -> DispatchResult {
            let who = Self::ensure_admin_or_signed(origin)?;
            Self::do_remove_link(who, link)
        }

        /// Enrols the SAE of this identity at a site for `account`, until `expires`, in milliseconds since
        /// the Unix epoch. It waits for the account's consent.
        ///
        /// Origin: an account that may run key services and runs the site, which pays a bond while the
        /// enrolment is there.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::enrol())]
        pub fn enrol(
            origin: OriginFor<T>,
            site: SiteId,
            sae: SaeId,
            account: T::AccountId,
            expires: Moment,
        ) -> DispatchResult {
            let operator = Self::ensure_operator(origin)?;
            Self::do_enrol(operator, site, sae, account, expires)
        }

        /// Draws keys by this enrolment from now on.
        ///
        /// Origin: the account that it is for, which has accepted no other one.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::accept_sae())]
        pub fn accept_sae(origin: OriginFor<T>, enrolment: EnrolmentId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_accept_sae(who, enrolment)
        }

        /// Puts the expiry of an enrolment off. Sessions that are there end as they would have.
        ///
        /// Origin: an account that may run key services and runs the enrolment's site.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::renew_sae())]
        pub fn renew_sae(
            origin: OriginFor<T>,
            enrolment: EnrolmentId,
            expires: Moment,
        ) -> DispatchResult {
            let operator = Self::ensure_operator(origin)?;
            Self::do_renew_sae(operator, enrolment, expires)
        }

        /// Removes an enrolment, accepted or not. Its sessions end at once.
        ///
        /// Origin: the operator of its site, its account or the admin origin; once it has expired, anyone.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::remove_sae())]
        pub fn remove_sae(origin: OriginFor<T>, enrolment: EnrolmentId) -> DispatchResult {
            let who = Self::ensure_admin_or_signed(origin)?;
            Self::do_remove_sae(who, enrolment)
        }

        /// Says with which key the caller's worker signs from now on, in place of the one before; with none
        /// if there is no key.
        ///
        /// Origin: signed; a bond is held for what the caller says of itself.
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::set_worker())]
        pub fn set_worker(origin: OriginFor<T>, key: Option<WorkerKey>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_set_worker(who, key)
        }

        /// Says which node keeps the caller's mail from now on: where agents send frames and letters.
        ///
        /// Origin: signed; a bond is held for what the caller says of itself.
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::set_mail())]
        pub fn set_mail(origin: OriginFor<T>, mail: Option<MailAddress>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_set_mail(who, mail)
        }

        /// Says from whom the caller takes requests from now on. Those that are there stay.
        ///
        /// Origin: signed; a bond is held for what the caller says of itself.
        #[pallet::call_index(11)]
        #[pallet::weight(T::WeightInfo::set_accepts_from())]
        pub fn set_accepts_from(
            origin: OriginFor<T>,
            accepts: AcceptsFrom<T::AccountId>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_set_accepts(who, accepts)
        }

        /// Asks `peer` for a session, with message 1 of Q-SAH. The fee pays for both workers' steps too.
        ///
        /// Origin: an account that may trade, as whose SAE the message was made; it pays a deposit, which
        /// goes back when the session is closed or cleared.
        #[pallet::call_index(12)]
        #[pallet::weight(Pallet::<T>::open_weight())]
        pub fn open_session(
            origin: OriginFor<T>,
            peer: T::AccountId,
            message1: Message1Bytes,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_open(who, peer, message1)
        }

        /// Answers a request with message 2 of Q-SAH.
        ///
        /// Origin: authorized, by the signature of B's worker over its
        /// [payload](qedex_primitives::qkd::WorkerPayload). It costs nothing; to call it by a signed
        /// transaction is refused and costs its fee.
        #[pallet::call_index(13)]
        #[pallet::weight(T::WeightInfo::accept_session())]
        #[pallet::authorize(Self::authorize_accept)]
        #[pallet::weight_of_authorize(T::WeightInfo::authorize_accept_session())]
        pub fn accept_session(
            origin: OriginFor<T>,
            session: SessionId,
            message2: Message2Bytes,
            _signature: WorkerSignature,
        ) -> DispatchResult {
            ensure_authorized(origin)?;
            Self::do_accept(session, message2)
        }

        /// Confirms a session with message 3 of Q-SAH, which opens it.
        ///
        /// Origin: authorized, by the signature of A's worker over its
        /// [payload](qedex_primitives::qkd::WorkerPayload). It costs nothing; to call it by a signed
        /// transaction is refused and costs its fee.
        #[pallet::call_index(14)]
        #[pallet::weight(T::WeightInfo::confirm_session())]
        #[pallet::authorize(Self::authorize_confirm)]
        #[pallet::weight_of_authorize(T::WeightInfo::authorize_confirm_session())]
        pub fn confirm_session(
            origin: OriginFor<T>,
            session: SessionId,
            message3: Message3Bytes,
            _signature: WorkerSignature,
        ) -> DispatchResult {
            ensure_authorized(origin)?;
            Self::do_confirm(session, message3)
        }

        /// Closes a session in whatever stage it is. A's deposit goes back.
        ///
        /// Origin: either end.
        #[pallet::call_index(15)]
        #[pallet::weight(T::WeightInfo::close_session())]
        pub fn close_session(origin: OriginFor<T>, session: SessionId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_close(who, session)
        }

        /// Clears a session that has ended. A's deposit goes back.
        ///
        /// Origin: any signed account.
        #[pallet::call_index(16)]
        #[pallet::weight(T::WeightInfo::clear_session())]
        pub fn clear_session(origin: OriginFor<T>, session: SessionId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_clear(session)
        }

        /// Brings what an account has to say in this half of an epoch: first what it commits to and what it
        /// reports of links, or one of both, and then what it had committed to.
        ///
        /// Origin: authorized, by the signature of the account's worker over the
        /// [work](qedex_primitives::beacon::EpochWork::signing_bytes). It costs nothing. Each commitment, report
        /// and reveal is taken once; to call it by a signed transaction is refused and costs its fee.
        #[pallet::call_index(17)]
        #[pallet::weight(Pallet::<T>::epoch_weight(work))]
        #[pallet::authorize(Self::authorize_epoch)]
        #[pallet::weight_of_authorize(Pallet::<T>::authorize_epoch_weight(work))]
        pub fn bring_epoch(
            origin: OriginFor<T>,
            who: T::AccountId,
            epoch: EpochIndex,
            work: EpochWork,
            _signature: WorkerSignature,
        ) -> DispatchResult {
            ensure_authorized(origin)?;
            Self::do_epoch(who, epoch, work)
        }

        /// Sets by what rules keys bound the market, from the next gate that opens and the next report on.
        ///
        /// Origin: the admin origin.
        #[pallet::call_index(30)]
        #[pallet::weight(T::WeightInfo::set_key_rules())]
        pub fn set_key_rules(origin: OriginFor<T>, rules: KeyRules) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_set_key_rules(rules)
        }

        /// Makes a link, for which both operators stand, one of the market's, or changes as what it counts.
        /// Its ends count no keys yet and fill as fast as the link makes keys, so that the market has none
        /// before they have reported.
        ///
        /// Origin: the admin origin. Operators alone could end the market by a link that makes no keys.
        #[pallet::call_index(31)]
        #[pallet::weight(T::WeightInfo::admit_link())]
        pub fn admit_link(origin: OriginFor<T>, link: LinkId, terms: LinkTerms) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_admit_link(link, terms)
        }

        /// Takes a link out of the market, whether it is still there or not. What was said of it is
        /// forgotten.
        ///
        /// Origin: the admin origin.
        #[pallet::call_index(32)]
        #[pallet::weight(T::WeightInfo::dismiss_link())]
        pub fn dismiss_link(origin: OriginFor<T>, link: LinkId) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_dismiss_link(link)
        }

        /// Pays `amount` plancks out of the entropy fund, which stays alive. Never to an account without
        /// an owner, nor to one whose owner has ever reported keys, runs a key service, or has ever led the
        /// market: what buyers pay for scarce keys goes to nobody who could make them scarce.
        ///
        /// Origin: the admin origin.
        #[pallet::call_index(33)]
        #[pallet::weight(T::WeightInfo::pay_from_entropy_fund())]
        pub fn pay_from_entropy_fund(
            origin: OriginFor<T>,
            to: T::AccountId,
            amount: Balance,
        ) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_pay_from_entropy_fund(to, amount)
        }

        /// Brings what an account has to say of audits in an epoch of the beacon: roots of links' records, and
        /// verdicts on blocks that were picked. All of it is taken, or nothing.
        ///
        /// Origin: authorized, by the signature of the account's worker over the
        /// [work](qedex_primitives::audits::AuditWork::signing_bytes). It costs nothing, and there is no more
        /// than one root and one verdict of an owner and round; to call it by a signed transaction is refused
        /// and costs its fee.
        #[pallet::call_index(40)]
        #[pallet::weight(T::WeightInfo::bring_audits(work.count()))]
        #[pallet::authorize(Self::authorize_audits)]
        #[pallet::weight_of_authorize(T::WeightInfo::authorize_bring_audits(work.count()))]
        pub fn bring_audits(
            origin: OriginFor<T>,
            who: T::AccountId,
            epoch: EpochIndex,
            work: AuditWork,
            _signature: WorkerSignature,
        ) -> DispatchResult {
            ensure_authorized(origin)?;
            Self::do_audits(who, epoch, work)
        }

        /// Begins the audits of a link anew: it is open, and everything that was said of it is forgotten.
        ///
        /// Origin: the admin origin.
        #[pallet::call_index(41)]
        #[pallet::weight(T::WeightInfo::reopen_link())]
        pub fn reopen_link(origin: OriginFor<T>, link: LinkId) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_reopen_link(link)
        }
    }
}
