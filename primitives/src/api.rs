//! What clients ask the runtime.
//!
//! Runtime APIs are the one door for questions: the pallets have no view functions, and what stands
//! in a storage item by itself is read there. Every answer is bounded, in its length and in what is
//! read for it, and says its bound: a node answers whoever asks, for nothing. The constants that
//! bounds name are those of the pallets in the metadata.
//!
//! The number of an API is that of its latest change. Older versions are not declared: there is no
//! chain that answers them.

use crate::{
    Announcement, AttributeId, Balance, Band, BeaconValue, Bill, BillError, BookOrder, ChangeId,
    ClearingResult, DayPar, Depth, EpochIndex, Explanation, Flow, Grant, LeaderLimits, LeaderTerms,
    Meter, MeterId, MeterReading, Millis, Moment, OrderId, OwnedAccount, OwnerId, PendingChange,
    PendingNaming, PolicyId, PriceList, PricePerKwh, Role, Side, SlotIndex, SlotTimes, Totals,
    TradeId, Wh,
    audits::LinkAudits,
    beacon::{Attendance, EpochValue, EpochView},
    keys::{KeyLedger, Reservation, SlotReservation},
    pov::{AuraSlot, SessionIndex, ValidatorScore},
    qkd::{Enrolment, EnrolmentId, LinkId, SessionId, SessionView},
    reputation::{Counts, RememberedRater, Trust},
    settlement::{OpenSlot, Rules, Sale, TradePage},
};
use alloc::vec::Vec;
use codec::Codec;
use sp_arithmetic::Permill;

sp_api::decl_runtime_apis! {
    /// The energy market's calendar and resources. Each answer reads a few items.
    #[api_version(3)]
    pub trait EnergyMarketApi {
        /// The length of a delivery slot in milliseconds, fixed at genesis.
        fn slot_length() -> Millis;

        /// The chain's time in milliseconds since the Unix epoch.
        fn now() -> Moment;

        /// The slot whose delivery is under way.
        fn current_slot() -> SlotIndex;

        /// The moments of `slot`, in milliseconds since the Unix epoch: as frozen when it opened,
        /// or as they would be now. Of a slot that is over for good none lies ahead.
        fn slot_times(slot: SlotIndex) -> SlotTimes;

        /// How many keys the market would get if `slot` opened now, which is the same for each. What a slot
        /// in flight is promised, and whether keys that exist stand behind it, [`KeyLedgerApi`] says.
        fn key_budget(slot: SlotIndex) -> u64;
    }

    /// The entropy beacon. Each answer says whether a value comes from keys or from the hash of a block.
    pub trait BeaconApi<AccountId> where AccountId: Codec {
        /// The epoch that is under way, and who has committed in it, each with whether it has revealed: at
        /// most `Qkd.max_revealers`. None before the first epoch has begun.
        fn epoch() -> Option<EpochView<AccountId>>;

        /// The value of `epoch`; none while it is under way, or when it is not kept any more: the last
        /// `Qkd.KeptEpochs` are. Reads one item.
        fn value(epoch: EpochIndex) -> Option<EpochValue>;

        /// Who took part in `epoch`, as long as its value is kept. Reads one item.
        fn attendance(epoch: EpochIndex) -> Option<Attendance<AccountId>>;

        /// The value of the first epoch whose reveals opened after `moment`, in milliseconds since the Unix
        /// epoch; none while it has not ended, or if it may not be kept any more. Reads nine items at most.
        fn first_after(moment: Moment) -> Option<BeaconValue>;
    }

    /// Audits of links: which root is fixed, which block was picked, what was found in it.
    pub trait AuditApi {
        /// Where the audits of `link` stand, and why none of its keys counts if it is closed; none if nothing
        /// was ever posted of it. Reads two items.
        fn link_audits(link: LinkId) -> Option<LinkAudits>;
    }

    /// What stands in the market's books, and what came of it; by what terms, and who may act for whom.
    #[api_version(3)]
    pub trait MarketBookApi<AccountId> where AccountId: Codec {
        /// The frozen terms of `slot` while it is in flight, or those that it would get if its gate
        /// opened now; none where there are none. Reads at most a dozen items.
        fn terms(slot: SlotIndex) -> Option<LeaderTerms>;

        /// The price list of a band, for slots that open from now on; none where the council has set
        /// none.
        fn price_list(band: Band) -> Option<PriceList>;

        /// Within what leaders choose; none where the council has set nothing, so that no slot opens.
        fn leader_limits() -> Option<LeaderLimits>;

        /// What was announced for `slot`, which has not opened, whether or not it will hold then.
        fn announcement(slot: SlotIndex) -> Option<Announcement<AccountId>>;

        /// The owner that leads `slot`, which is in flight; none where nothing was announced.
        fn leader(slot: SlotIndex) -> Option<OwnerId>;

        /// The brokers of `principal` and what each may do: at most `Auction.MaxGrants`.
        fn grants_of(principal: AccountId) -> Vec<(AccountId, Grant)>;

        /// For whom `broker` may act, and how far: at most `count`, and at most a thousand; the first
        /// ones or, with `after`, those that come after this principal in the chain's own order.
        fn grants_to(
            broker: AccountId,
            after: Option<AccountId>,
            count: u32,
        ) -> Vec<(AccountId, Grant)>;

        /// What the orders of a grant may still hold in `slot`, in plancks; none without a grant.
        fn budget_left(
            principal: AccountId,
            broker: AccountId,
            slot: SlotIndex,
        ) -> Option<Balance>;

        /// The first slot whose gate has not been opened or passed over.
        fn next_slot() -> SlotIndex;

        /// The energy at each price, best first, while the book is open; empty afterwards. At most
        /// `Auction.MaxTicks` levels a side.
        fn depth(slot: SlotIndex) -> Depth;

        /// The orders of one side, best price and earliest arrival first: at most `count`, and at
        /// most a thousand. The first ones or, with `after`, those that come after the order of this
        /// limit and number, which is the last one of the page before and need not be there any
        /// more. While the book is paired, those that are left.
        fn book(
            slot: SlotIndex,
            side: Side,
            after: Option<(PricePerKwh, OrderId)>,
            count: u32,
        ) -> Vec<BookOrder<AccountId>>;

        /// The result of clearing `slot`, while it is kept: for `Auction.ResultsKept` slots.
        fn clearing(slot: SlotIndex) -> Option<ClearingResult>;
    }

    /// What flowed.
    #[api_version(3)]
    pub trait MeteringApi<AccountId> where AccountId: Codec {
        /// The meters at the connections of the owner of `account` now or from a later slot on: at
        /// most `Metering.MaxConnectionsPerOwner`.
        fn connections_of(account: AccountId) -> Vec<MeterId>;

        /// A meter with the assignments that are kept: where it sits, whose it is, from when on, with
        /// which key it signs, and for how much it is rated; none if there is no such meter.
        fn meter(meter: MeterId) -> Option<Meter<AccountId>>;

        /// A change that waits for confirmations, and which; none if there is none of this number,
        /// or not any more.
        fn pending_change(change: ChangeId) -> Option<PendingChange<AccountId>>;

        /// From when on the council may stand for an owner that has not answered to a change filed
        /// at this moment, in milliseconds since the Unix epoch. Where a change lowers ratings or
        /// ends a service it need not wait.
        fn owner_answers_until(filed_at: Moment) -> Moment;

        /// The readings of `meter` from the slot `from` to before the slot `until`, with what
        /// installers say beside them, as far as they are kept; at most 1,024 slots are looked at,
        /// from the first kept one on.
        fn readings(
            meter: MeterId,
            from: SlotIndex,
            until: SlotIndex,
        ) -> Vec<MeterReading<AccountId>>;

        /// What flowed through the connections of the owner of `account` in `slot`, a missing reading
        /// counting as nothing generated and as much consumed as can enter, at least what a household
        /// can draw; none without an active connection, before the slot takes readings, and where it
        /// lies further back than slots are kept. Looks at `Metering.MaxConnectionsPerOwner` meters at most.
        fn flow(account: AccountId, slot: SlotIndex) -> Option<Flow>;

        /// What the connections of the owner of `account` that have a reading said of `slot`, and how
        /// many they are; none if none has one, or it is no longer kept.
        fn totals(account: AccountId, slot: SlotIndex) -> Option<Totals>;

        /// The same of all connections of the community.
        fn community_totals(slot: SlotIndex) -> Option<Totals>;

        /// What the connections of the owner of `account` are rated to let out in `slot`, in Wh; zero
        /// without any.
        fn rated_out(account: AccountId, slot: SlotIndex) -> Wh;

        /// The tariff band of `slot`: as fixed when its gate opened, or as it would be now.
        fn band(slot: SlotIndex) -> Band;

        /// The peak-to-average ratio of a day of 96 slots, counted since the Unix epoch, while it
        /// is kept.
        fn par(day: u64) -> Option<DayPar>;
    }

    /// Who owes whom.
    #[api_version(3)]
    pub trait SettlementApi<AccountId> where AccountId: Codec {
        /// The rules for a slot whose gate opens now.
        fn rules() -> Rules;

        /// The slots with open trades, in ascending order, and how many each has: at most
        /// `Settlement.MaxSlotsInFlight`.
        fn open_slots() -> Vec<OpenSlot>;

        /// The slots in which `account` sells in open trades, in ascending order, and what is known
        /// of its owner, with all its accounts, as the seller: at most `Settlement.MaxSlotsInFlight`.
        fn sales_of(account: AccountId) -> Vec<Sale>;

        /// Of the `count` trades of `slot` from number `from` on, of which at most a thousand are
        /// looked at: those that are open and in which `account` buys or sells, and with which
        /// number to go on.
        fn trades_of(
            account: AccountId,
            slot: SlotIndex,
            from: TradeId,
            count: u32,
        ) -> TradePage<AccountId>;

        /// What a complaint about the seller of an open trade would hold of the trade's buyer, for all that it
        /// has bought of that seller, in plancks; none where no such trade is open, or a complaint stands.
        fn bond(slot: SlotIndex, trade: TradeId) -> Option<Balance>;

        /// What `bill` proves that `seller` delivered in `slot`: generation less consumption of all
        /// its meters, never below zero. Checks a signature for each reading, of which a bill has at
        /// most `Metering.MaxMetersPerAccount`.
        fn audit(seller: AccountId, slot: SlotIndex, bill: Bill) -> Result<Wh, BillError>;
    }

    /// Who may do what. An answer reads two items for each of at most `Membership.MaxPolicyNodes`
    /// attributes, and a few others.
    #[api_version(3)]
    pub trait MembershipApi<AccountId> where AccountId: Codec {
        /// Whether `who` satisfies `policy` now and, if not, what stands in the way.
        fn explain_policy(who: AccountId, policy: PolicyId) -> Explanation;

        /// Whether `who` may act in `role` now and, if not, what stands in the way.
        fn explain_role(who: AccountId, role: Role) -> Explanation;

        /// The owner behind `who`, which never changes; none if none is named.
        fn owner_of(who: AccountId) -> Option<OwnerId>;

        /// The accounts of `owner`, in the order in which they came, shut ones among them: at most
        /// `Membership.MaxAccountsPerOwner`.
        fn accounts_of(owner: OwnerId) -> Vec<OwnedAccount<AccountId>>;

        /// The naming of the owner of `who` that is pending, whether void or not; none if none is.
        fn pending_naming(who: AccountId) -> Option<PendingNaming<AccountId>>;

        /// All namings that are pending: at most `Membership.MaxNamings`.
        fn pending_namings() -> Vec<PendingNaming<AccountId>>;

        /// How many more owners may lose a credential of `attribute` before its time today, by the
        /// day's allowance.
        fn endings_left(attribute: AttributeId) -> u32;
    }

    /// Whom to trust. What is known of an account is what is known of its owner, but for the trust
    /// deposit.
    #[api_version(2)]
    pub trait ReputationApi<AccountId> where AccountId: Codec {
        /// The standing of `who`, in parts per million, over all counterparties.
        fn standing(who: AccountId) -> Permill;

        /// What its standing counts, in millionths of a full rating.
        fn counts(who: AccountId) -> Counts;

        /// How much `rater` trusts `ratee`, in parts per million, rounded down: by what it has seen
        /// itself, by what others have seen, and by what the ratee has at stake. Looks at
        /// `Reputation.MaxRaters` raters at most.
        fn trust(rater: AccountId, ratee: AccountId) -> Trust;

        /// The raters of `ratee` that are remembered one by one: at most `Reputation.MaxRaters`.
        fn raters(ratee: AccountId) -> Vec<RememberedRater>;

        /// The trust deposit of the account `who` itself over the reference deposit, in parts per
        /// million, rounded down, at most 1,000,000.
        fn deposit_ppm(who: AccountId) -> u32;
    }

    /// Who writes blocks. `Schedule` and `PastSession` are those of
    /// [`pov`](crate::pov), with the bounds of the runtime.
    pub trait PovApi<AccountId, Schedule, PastSession>
    where
        AccountId: Codec,
        Schedule: Codec,
        PastSession: Codec,
    {
        /// The score that each present validator would have if the session ended now, and why it
        /// would be reduced, in the order of their ids. Downtime counts only when the session has
        /// ended. At most `Pov.MaxValidators`, over `Pov.MaxWindow` delivery slots each.
        fn scores() -> Vec<ValidatorScore<AccountId>>;

        /// Who writes which slot of the present session: a schedule of at most `Pov.MaxValidators`
        /// authors and a thousand slots.
        fn schedule() -> Option<Schedule>;

        /// The author of the Aura slot `slot` by the present schedule, which goes round and round;
        /// none for slots before it.
        fn author_of_slot(slot: AuraSlot) -> Option<AccountId>;

        /// Expected and actual shares in past sessions, in ascending order: those from `first` on
        /// that are kept, at most `count`, and at most 16.
        fn past_sessions(first: SessionIndex, count: u32) -> Vec<(SessionIndex, PastSession)>;

        /// Reports to the chain that both headers are of one slot and sealed by one author, if they are:
        /// by a transaction of the node that asks. Looks at two sessions' authors at most.
        fn submit_double_block(first: Block::Header, second: Block::Header) -> Option<()>;
    }

    /// Who draws keys where, and the sessions under these keys. Who has a session with whom is public;
    /// what is said in it is not on the chain.
    pub trait QkdApi<AccountId, BlockNumber> where AccountId: Codec, BlockNumber: Codec {
        /// A session, whether it has ended or not, until it is cleared. Reads three items.
        fn session(session: SessionId) -> Option<SessionView<AccountId, BlockNumber>>;

        /// The sessions of `account`, as A or as B: at most `count`, and at most a hundred; the first
        /// ones or, with `after`, those that come after this one in the chain's own order, which is not
        /// that of the numbers.
        fn sessions_of(
            account: AccountId,
            after: Option<SessionId>,
            count: u32,
        ) -> Vec<SessionView<AccountId, BlockNumber>>;

        /// As which SAE `account` draws keys; none if it has accepted no enrolment.
        fn sae_of(account: AccountId) -> Option<(EnrolmentId, Enrolment<AccountId>)>;

        /// What the worker of `account` is to answer or to confirm, with the messages: at most `count`
        /// sessions, and at most a hundred, paged as above. Those that have ended say so.
        fn awaited_of(
            account: AccountId,
            after: Option<SessionId>,
            count: u32,
        ) -> Vec<SessionView<AccountId, BlockNumber>>;
    }

    /// How many keys there are, by what is reported of links, and what the market is promised of them.
    pub trait KeyLedgerApi {
        /// Links, their ends, and what the market may use of them. Reads all reports: at most
        /// `Qkd.max_reporters` for each end of `Qkd.max_market_links` links.
        fn key_ledger() -> KeyLedger;

        /// What `slot` is promised, while it is in flight.
        fn reservation(slot: SlotIndex) -> Option<Reservation>;

        /// All slots that are promised something, in ascending order: at most `Auction.MaxSlotsInFlight`.
        fn reservations() -> Vec<SlotReservation>;
    }
}
