//! What the pallet says: its events and errors.

use frame_support::pallet_macros::pallet_section;

/// Declares events and errors.
#[pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A site of a key service was registered.
        SiteRegistered {
            /// Its number.
            site: SiteId,
            /// Who runs it.
            operator: T::AccountId,
        },
        /// A site was removed.
        SiteRemoved {
            /// Which.
            site: SiteId,
        },
        /// A link was registered.
        LinkRegistered {
            /// Its number.
            link: LinkId,
            /// Where it ends: first the site of who registered it.
            sites: [SiteId; 2],
            /// The rate of keys that is declared.
            rate: BitsPerSecond,
        },
        /// The operators of both ends of a link stand for it.
        LinkAgreed {
            /// Which.
            link: LinkId,
        },
        /// A link was removed.
        LinkRemoved {
            /// Which.
            link: LinkId,
        },
        /// An SAE was enrolled. It waits for the account's consent.
        SaeEnrolled {
            /// The number of the enrolment.
            enrolment: EnrolmentId,
            /// Which SAE.
            sae: SaeId,
            /// For whom.
            account: T::AccountId,
            /// Where it draws keys.
            site: SiteId,
            /// From when on it opens no session, in milliseconds since the Unix epoch.
            expires: Moment,
        },
        /// An account draws keys as an SAE from now on.
        SaeAccepted {
            /// Which enrolment.
            enrolment: EnrolmentId,
            /// Who.
            account: T::AccountId,
        },
        /// The expiry of an enrolment was put off.
        SaeRenewed {
            /// Which enrolment.
            enrolment: EnrolmentId,
            /// Until when, in milliseconds since the Unix epoch.
            expires: Moment,
        },
        /// An enrolment was removed. Its sessions have ended.
        SaeRemoved {
            /// Which enrolment.
            enrolment: EnrolmentId,
            /// Of which SAE.
            sae: SaeId,
            /// For whom it was.
            account: T::AccountId,
        },
        /// The worker of an account signs with another key from now on.
        WorkerSet {
            /// Whose.
            who: T::AccountId,
            /// With which; with none if it was removed.
            key: Option<WorkerKey>,
        },
        /// Another node keeps the mail of an account from now on.
        MailSet {
            /// Whose.
            who: T::AccountId,
            /// Where; nowhere if the address was removed.
            mail: Option<MailAddress>,
        },
        /// An account has said from whom it takes requests.
        AcceptsFromSet {
            /// Who.
            who: T::AccountId,
        },
        /// A asks for a session. It waits for B's worker.
        SessionRequested {
            /// Its number.
            session: SessionId,
            /// A.
            from: T::AccountId,
            /// B.
            to: T::AccountId,
            /// The number that A gave it.
            number: u64,
        },
        /// B has answered. The session waits for A's worker.
        SessionAccepted {
            /// Which.
            session: SessionId,
        },
        /// Both ends have computed the same: the session is open.
        SessionOpened {
            /// Which.
            session: SessionId,
        },
        /// An end has closed a session. A has its deposit back.
        SessionClosed {
            /// Which.
            session: SessionId,
            /// Who.
            by: T::AccountId,
        },
        /// A session that had ended was cleared. A has its deposit back.
        SessionEnded {
            /// Which.
            session: SessionId,
            /// Why it had ended.
            why: SessionEnd,
        },
        /// An account has committed in an epoch of the beacon.
        Committed {
            /// In which.
            epoch: EpochIndex,
            /// Who.
            who: T::AccountId,
            /// The owner behind it.
            owner: OwnerId,
        },
        /// Commitments of an epoch of the beacon are closed, and reveals open.
        RevealsOpened {
            /// Of which.
            epoch: EpochIndex,
            /// How many there are.
            commitments: u32,
        },
        /// An account has revealed what it had committed to.
        Revealed {
            /// In which epoch.
            epoch: EpochIndex,
            /// Who.
            who: T::AccountId,
            /// What.
            secret: Revealed,
        },
        /// An epoch of the beacon has ended, and its value is known.
        EpochEnded {
            /// Which.
            epoch: EpochIndex,
            /// The value.
            value: H256,
            /// Where it comes from.
            source: BeaconSource,
            /// How many owners have revealed.
            revealed: u32,
            /// How many have committed and not revealed.
            withheld: u32,
        },
        /// An owner has committed in an epoch of the beacon and not revealed.
        RevealWithheld {
            /// In which.
            epoch: EpochIndex,
            /// By which account it had committed.
            who: T::AccountId,
            /// Which owner.
            owner: OwnerId,
            /// If f + 1 authors could have included its reveal, it has missed it, and may not commit before
            /// this epoch. If not, nobody is to blame.
            barred_until: Option<EpochIndex>,
        },
        /// Keys bound the market by other rules from now on.
        KeyRulesSet {
            /// Which.
            rules: KeyRules,
        },
        /// A link is one of the market's from now on, or counts as something else.
        LinkAdmitted {
            /// Which.
            link: LinkId,
            /// As what it counts.
            terms: LinkTerms,
        },
        /// A link is not the market's any more.
        LinkDismissed {
            /// Which.
            link: LinkId,
        },
        /// An account has said what there is at an end of a link.
        LinkReported {
            /// Of which link.
            link: LinkId,
            /// At which of its ends.
            site: SiteId,
            /// Who.
            by: T::AccountId,
            /// For which epoch.
            epoch: EpochIndex,
            /// Keys that are stored.
            stored: u64,
            /// Keys made in all.
            made: u64,
            /// Whether the link is sound.
            healthy: bool,
        },
        /// A slot whose gate opens is promised keys.
        KeysReserved {
            /// Which.
            slot: SlotIndex,
            /// How many.
            keys: u64,
            /// Whether they exist. If not, they are a part of the council's allotment.
            backed: bool,
        },
        /// It is known how many keys a slot uses.
        KeysSettled {
            /// Which.
            slot: SlotIndex,
            /// How many.
            used: u64,
            /// How many of those that it was promised can be promised again.
            returned: u64,
        },
        /// A slot is final, and promised nothing any more.
        KeysReleased {
            /// Which.
            slot: SlotIndex,
            /// How many it had used.
            keys: u64,
        },
        /// The council has paid out of the entropy fund.
        EntropyFundPaid {
            /// To whom.
            to: T::AccountId,
            /// How much, in plancks.
            amount: Balance,
        },
        /// An account stands for a root of a link's records.
        RootPosted {
            /// Of which link.
            link: LinkId,
            /// Who.
            who: T::AccountId,
            /// The owner behind it.
            owner: OwnerId,
            /// For which epoch and root, with the number of blocks that gave a key.
            says: Statement,
        },
        /// More than half of the owners at both ends of a link stand for a root: it is fixed.
        RootFixed {
            /// Of which link.
            link: LinkId,
            /// What is fixed.
            says: Statement,
            /// How many epochs of the link before it were never fixed, since the last one that was.
            skipped: u64,
            /// The epoch of the beacon whose value picks.
            beacon: EpochIndex,
        },
        /// Of a link's root nothing came: at one end too few stood for one.
        AuditLapsed {
            /// Of which link.
            link: LinkId,
        },
        /// A block is picked, which the key service has to open.
        BlockPicked {
            /// Of which link.
            link: LinkId,
            /// Of which epoch and root.
            says: Statement,
            /// Which, by which value of the beacon, and where that comes from.
            pick: Pick,
        },
        /// An account has said what it found in the opened block.
        VerdictGiven {
            /// Of which link.
            link: LinkId,
            /// Who.
            who: T::AccountId,
            /// The owner behind it.
            owner: OwnerId,
            /// Of which audit epoch.
            epoch: AuditEpoch,
            /// What.
            outcome: AuditOutcome,
        },
        /// The audit of an epoch of a link is decided.
        LinkAudited {
            /// Of which link.
            link: LinkId,
            /// Of which audit epoch.
            epoch: AuditEpoch,
            /// How many owners say that it passed.
            passed: u32,
            /// How many say that it failed, or was not opened.
            failed: u32,
            /// How many have said nothing.
            silent: u32,
            /// The failure; none if it has passed.
            failure: Option<AuditFailure>,
        },
        /// A link is closed by its audits: none of its keys counts.
        LinkClosed {
            /// Which.
            link: LinkId,
            /// Why.
            why: AuditFailure,
            /// In which audit epoch; none where the ends did not name the same one.
            epoch: Option<AuditEpoch>,
            /// How many audits in a row have to pass for it to open again.
            needed: u8,
        },
        /// A link that was closed is open again, since so many of its audits have passed.
        LinkReopened {
            /// Which.
            link: LinkId,
            /// The audit epoch that passed last.
            epoch: AuditEpoch,
        },
        /// The council has begun the audits of a link anew. It is open.
        AuditsBegunAnew {
            /// Which.
            link: LinkId,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The caller may not run key services.
        NotAnOperator,
        /// There is no site of this number, or not any more.
        UnknownSite,
        /// The caller does not run this site.
        NotYourSite,
        /// Links end at the site, or SAEs are enrolled there: they go first.
        SiteInUse,
        /// A link has two different ends.
        SameSite,
        /// A link has a rate of at least one bit a second.
        NoRate,
        /// There is no link of this number, or not any more.
        UnknownLink,
        /// The operators of both ends stand for the link already.
        AlreadyAgreed,
        /// All numbers of sites, links, enrolments or sessions are used up.
        NumbersExhausted,
        /// The identity of an SAE has 1 to 128 bytes of UTF-8.
        InvalidSaeId,
        /// The SAE is enrolled already, for this account or another one.
        SaeEnrolled,
        /// The expiry has passed.
        ExpiryPassed,
        /// The expiry lies further ahead than an SAE is enrolled for.
        ExpiryTooFar,
        /// An expiry is put off, and never brought forward: the enrolment can be removed.
        NotLater,
        /// There is no enrolment of this number, or not any more.
        UnknownEnrolment,
        /// The SAE was enrolled for another account.
        NotEnrolledForYou,
        /// The account has accepted the enrolment already.
        SaeAccepted,
        /// The account has accepted another SAE: it has one at a time.
        HasAnotherSae,
        /// The caller neither runs the site nor is the account of the enrolment, which has not expired.
        MayNotRemove,
        /// Everybody can sign with this key.
        WeakKey,
        /// An address has 1 to 256 printable characters of ASCII and no spaces.
        InvalidMailAddress,
        /// The account cannot pay the bond for what it stores.
        CannotPayBond,
        /// The caller may not trade, so it opens no sessions.
        NotPermitted,
        /// The message has not the length of a message 1 of its suite.
        WrongLength,
        /// The message is of a version that is not spoken here.
        WrongVersion,
        /// The message is of a suite that is not known.
        WrongSuite,
        /// The message opens a session of an account with itself.
        SameEnd,
        /// The message names one key twice.
        KeyNamedTwice,
        /// The message is from another account than the caller.
        WrongSender,
        /// The message is to another account than the one that is called.
        WrongPeer,
        /// The number of the session is zero, or does not exceed every one that the caller has used.
        NumberDoesNotRise,
        /// The caller has no owner that is known.
        UnknownOwner,
        /// The caller has accepted no SAE.
        NoSae,
        /// The caller's SAE has expired.
        SaeExpired,
        /// The caller has registered no key for its worker.
        NoWorker,
        /// The other account has no owner that is known.
        UnknownPeer,
        /// The other account has accepted no SAE.
        PeerHasNoSae,
        /// The other account's SAE has expired.
        PeerSaeExpired,
        /// The other account has registered no key for its worker.
        PeerHasNoWorker,
        /// The other account takes no requests from the caller.
        NotTaken,
        /// The caller's owner has as many requests that are not open yet as it can have.
        TooManyRequests,
        /// The caller's owner has as many of them with the other account as it can have.
        TooManyRequestsToPeer,
        /// The caller cannot pay the deposit.
        CannotPayDeposit,
        /// There is no session of this number, or not any more.
        UnknownSession,
        /// The caller is neither end of the session.
        NotYourSession,
        /// The session has not ended, so that it is closed by an end or not at all.
        NotEnded,
        /// The session, the epoch, or the audit does not wait for this.
        NotAwaited,
        /// The rules make no sense: a quorum of one reporter at least and 16 at most, and reports that grow
        /// old after 96 epochs at most.
        InvalidKeyRules,
        /// A link of the market makes at least one key in an epoch, and is unhealthy with some bit errors.
        InvalidLinkTerms,
        /// The link would make more keys in an epoch than its operators declare.
        AboveDeclared,
        /// The operators of both ends do not stand for the link.
        NotAgreed,
        /// The market has as many links as it can have.
        TooManyLinks,
        /// The link is not one of the market's.
        LinkNotCounted,
        /// The report is for another epoch than the one that is under way.
        WrongEpoch,
        /// The account draws no keys: it is shut, has no owner, or no SAE that was accepted and is enrolled
        /// still.
        NotAReporter,
        /// There is nothing in the report.
        NothingReported,
        /// The account draws its keys at neither end of the link.
        NotAtThisLink,
        /// An account of the same owner has reported for this end and epoch.
        ReportedAlready,
        /// Less was made in all than the same owner has said before.
        MadeShrinks,
        /// More is stored and was drawn than was ever made.
        MoreStoredThanMade,
        /// More keys than any link makes.
        TooManyKeys,
        /// A bit error rate has a million parts at most.
        InvalidQber,
        /// As many owners as there is room for report at this end already.
        TooManyReporters,
        /// The slot's gate does not open now, so it is promised nothing.
        SlotNotOpening,
        /// The slot is promised keys already.
        AlreadyReserved,
        /// The account has no owner that is known, so nobody knows whom a payment would reach.
        NobodysAccount,
        /// The entropy fund pays no owner who has reported keys.
        PaysNoReporter,
        /// The entropy fund pays no owner who runs a key service.
        PaysNoOperator,
        /// The entropy fund pays no owner who has led the market.
        PaysNoLeader,
        /// Nothing was ever posted of the link's records.
        NotAudited,
    }
}
