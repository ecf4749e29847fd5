//! # QKD: who draws keys where, sessions under their keys, and how many keys bound the market
//!
//! Two accounts open a session with three messages of [Q-SAH](q_sah) under keys that a service for quantum
//! key distribution has delivered to both. This pallet keeps who is enrolled at which key service, carries
//! the three messages, and calls a session *open* when both ends have computed the same.
//!
//! **Nothing on chain ever counts because of a MAC.** An open session is the right of nobody to anything:
//! no trade, reading, vote or payment looks at it. **Who has a session with whom is public**, and so are
//! when, in which suite, and as which SAEs; keys and what is said are not on the chain. Accounts, workers'
//! keys, blocks and finality rest on curves, not on QKD.
//!
//! A is who opens a session, B is who answers.
//!
//! ## Rules
//!
//! **Key services**
//! 1. An *operator* (the role [`ServeKeys`](qedex_primitives::Role::ServeKeys)) registers *sites*, and
//!    *links* with a declared rate between a site of its own and another one. A link is *agreed* when the
//!    operators of both ends stand for it. The operator of either end removes it; a site is removed by its
//!    own when nothing ends or is enrolled there.
//! 2. An operator *enrols* an SAE at a site of its own: for an account, until an expiry of at most
//!    [`Config::MaxSaeTerm`] ahead, which it may put off. The account *accepts*. One SAE is one account's,
//!    and an account has one SAE at a time. No certificate is parsed here: whoever issues them could make
//!    one for anybody, and a finished handshake shows B that A holds its SAE.
//! 3. The operator or the account removes an enrolment, at any time, and that ends its sessions at once; when
//!    it has expired, anyone does. An expiry bars new sessions; no session lasts longer than it (rule 10).
//!    Another enrolment of the same SAE brings nothing back.
//! 4. The admin origin may do in place of an operator what removes: an operator that is lost blocks nothing.
//!
//! **Accounts**
//! 5. An account registers the key of its *worker* (sr25519, of the type [`WORKER_KEYS`]), replaces it or
//!    removes it. It names the *node that keeps its mail*, to which agents send frames and letters. It says
//!    from whom it takes requests: from anyone (so unless it says something else), from those that it lists,
//!    or from nobody.
//!
//! **Sessions**
//! 6. *A asks*, by a signed call with message 1. It is refused unless A may trade, both have an owner, an
//!    accepted and unexpired SAE and a worker's key, B takes requests from A, the message is one of Q-SAH
//!    from A to B, and its *number is higher than every one that A used before*, whomever it was with. (The
//!    last number of an account is kept for good, in eight bytes and its key, whatever becomes of its SAE.)
//!    The genesis hash stands in no message: it is in the keys' salt, where B finds out.
//! 7. A's *owner* has at most [`Config::MaxRequests`] requests that are not open yet, and at most
//!    [`Config::MaxRequestsPerPeer`] of them with one B. A pays for all three steps with the fee of the first,
//!    and [`Config::Deposit`] is held of A until the session is cleared.
//! 8. *B's worker answers* with message 2, *A's worker confirms* with message 3, by general transactions that
//!    are signed by the worker's key over purpose, chain, session, the message that is answered, and the
//!    message. They cost nothing: each session admits one of each, and A has paid for them. They are refused,
//!    before they enter a pool or a block, for every reason of [`WorkerRefusal`], and only then for the
//!    signature. What a second one would provide the first one does, so that it replaces nothing.
//! 9. *The chain checks message 3*: its SHA-256 is the c of message 2. B promised it before A said it. What
//!    does not match is never included, and the session is open only then. In the one-time suite this check
//!    is computational.
//! 10. *It ends* when it was not answered within [`Config::AcceptWithin`] blocks or not confirmed within
//!     [`Config::ConfirmWithin`] blocks from then; [`Config::MaxSessionAge`] after it was asked for, or when
//!     the first of both enrolments would have expired as they stood then; when one of both is removed; or when
//!     either end *closes* it, in whatever stage it is.
//! 11. A session that has ended counts no more. *Anyone clears it*, and spare block space does, at most
//!     [`Config::MaxSweptPerBlock`] sessions looked at in a block, round and round. With it the deposit goes
//!     back to A, whatever else has become of A, of B, or of their SAEs.
//!
//! **The entropy beacon** has [rules of its own](beacon), and so have [audits of links](audits).
//!
//! **The ledger of keys** (figures and reasons: `docs/keys.md`)
//! 12. The council *admits* links, for which both operators stand, to the market, with the most keys that
//!     each makes in an epoch, at most what its operators declare, and a health floor. It *dismisses* them.
//! 13. Whoever draws keys at an end of a link *reports* once an epoch what is there: keys stored, keys made
//!     in all, bit errors, health. An owner has one voice at an end, with whatever account. What is against
//!     reason has [a name](Pallet::take_reports), and changes nothing.
//! 14. *An end counts* what the lower median of all owners says whose latest report is at most
//!     [`stale_after`](qedex_primitives::keys::KeyRules::stale_after) epochs old, if they are a quorum and
//!     more than half say that it is healthy; otherwise none. It fills no faster than its link makes keys,
//!     from when it was admitted on. What was made and drawn in all never shrinks.
//! 15. *A link counts* the lesser of its ends, and none once it is off the record, or closed by its [audits]. *The market* has its share
//!     of each link, and of the least of them, so that any m trades can have a key on every link of their
//!     route. Sessions draw on the rest.
//! 16. *A slot's keys go one way*: [promised](qedex_primitives::KeyBudget::reserve) when its gate opens, out
//!     of what is not promised; settled when it is cleared, annulled, or cut off, when those that it does
//!     not use can be promised again; released when it is final. Of what both ends say was drawn since, the
//!     market's share leaves the promises for what trades use, with the report that says so.
//! 17. Stale, unhealthy or missing reports mean fewer keys, down to none: slots go their way without trades.
//!     What a slot was promised it keeps.
//! 18. *Where the council's rules say that the market is not bound*, each slot has
//!     [`Config::Allotment`] with no key behind it, and reservations, events and answers say so.
//! 19. *The entropy fund* is paid out by the admin origin alone, and to no account of an owner that has ever
//!     reported keys, runs a key service, or has ever led the market.
//!
//! **Storage is paid for**: [`Config::Bond`] is held of the operator for sites, links and enrolments, and of
//! the account for its worker's key, its mail's address and its list, until they are removed.
//!
//! ## Burning keys
//!
//! A key of B is drawn when B's agent answers, and only then: B may say whom it answers. A request that B
//! answers costs each end the same keys (one, or four of the one-time suite), and A the fee besides; one
//! that B does not answer costs A the fee and the use of its deposit for [`Config::AcceptWithin`] blocks, and
//! B nothing. A message 1 with names of keys that do not exist draws nothing at B's service. Who draws keys
//! without asking for a session burns them without this chain: that is the key service's to limit.
//!
//! ## What stays open
//!
//! - *Operators are trusted to know who holds an SAE.* One that enrols an SAE for the wrong account gains
//!   a session that the true holder's agent cannot take part in, and nothing that it could not have by the
//!   keys that it knows anyway.
//! - *A worker's key that was stolen* answers and confirms with rubbish: B's sessions then stand as answered
//!   until they lapse, A's cannot open without the true message 3. The account replaces the key.
//! - *More than half of the owners at both ends* of each link, in league, invent keys as fast as it makes some;
//!   more than half at one end of one link withhold all. No chain sees into a key service.
//! - *f validators who censor* delay a step; a request lapses if all its blocks are theirs.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

pub mod audits;
pub mod beacon;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bonds;
mod calls;
mod enrolment;
mod events;
mod genesis;
mod ledger;
#[cfg(test)]
mod mock;
mod profiles;
mod services;
mod sessions;
mod steps;
mod storage;
mod sweep;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;
pub mod worker;

pub use genesis::{GenesisLink, GenesisSae, GenesisSite};
pub use ledger::types as books;
pub use pallet::*;
pub use qedex_primitives::{
    beacon::{Attendance, Entry, Epoch, EpochRefusal, EpochValue, EpochWork},
    qkd::{WORKER_KEYS, WorkerRefusal},
};
pub use types::{EnrolmentOf, Item, Profile, SessionOf};
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;
use q_sah::{Message1, Message2, Suite};
use qedex_primitives::qkd::MAX_SAE_BYTES;

/// For how many blocks a worker's transaction waits in a pool at most.
pub const MAX_LONGEVITY: u64 = 64;

/// The most authors that are noted in the second half of an epoch of the beacon: where f + 1 are more, no
/// owner is blamed.
pub const MAX_AUTHORS: u32 = 128;

/// What a worker's transaction provides begins with this.
pub const TAG_PREFIX: &str = "qedex/qkd";

// What the types of the chain have room for is what the messages take.
const _: () =
    assert!(Message1::length(Suite::OneTime) == 186 && Message1::length(Suite::Hmac) < 186);
const _: () = assert!(Message2::length(Suite::Hmac) == 96 && Message2::length(Suite::OneTime) < 96);
const _: () = assert!(Suite::Hmac.tag_bytes() == 32 && Suite::OneTime.tag_bytes() < 32);
const _: () = assert!(q_sah::MAX_SAE_BYTES == MAX_SAE_BYTES as usize);

// The pallet macro expands to code that calls `expect` where it cannot fail.
#[allow(clippy::expect_used)]
#[import_section(storage::storage)]
#[import_section(audits::storage::audit_storage)]
#[import_section(beacon::storage::beacon_storage)]
#[import_section(events::events)]
#[import_section(calls::calls)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use crate::audits::types::LinkBook;
    use crate::ledger::types::{EndBook, Market};
    use alloc::vec::Vec;
    use frame_support::{
        pallet_prelude::*,
        traits::{Consideration, Footprint, fungible::Mutate},
    };
    use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::*};
    use qedex_primitives::{
        Balance, BeaconSource, BlockAuthors, Calendar, EntropyFallback, EpochIndex, Leadership,
        Membership, Millis, Misses, Moment, OwnerId, SlotIndex, SlotsInFlight,
        audits::{AuditEpoch, AuditFailure, AuditOutcome, AuditWork, Pick, Statement},
        beacon::Revealed,
        keys::{KeyRules, LinkTerms, Reservation},
        qkd::{
            AcceptsFrom, BitsPerSecond, EnrolmentId, Link, LinkId, MailAddress, Message1Bytes,
            Message2Bytes, Message3Bytes, SaeId, SessionEnd, SessionId, Site, SiteId, SiteName,
            WorkerKey, WorkerSignature,
        },
    };
    use sp_core::H256;
    use sp_runtime::traits::{Convert, Zero};

    /// The version of the stored layout. It is written at genesis, and goes up by one with each
    /// migration.
    pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    // The hash is concrete because workers sign the one of the first block.
    #[pallet::config]
    pub trait Config:
        frame_system::Config<Hash = H256, RuntimeEvent: From<Event<Self>>>
        + CreateAuthorizedTransaction<Call<Self>>
    {
        /// Who may remove in place of an operator.
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Who runs key services, who trades, and which accounts are of one owner.
        type Membership: Membership<Self::AccountId>;

        /// The chain's time, against which expiries are held.
        type Calendar: Calendar;

        /// An account as the messages of a handshake name it. Two accounts have two names.
        type AccountBytes: Convert<Self::AccountId, [u8; 32]>;

        /// What is at stake for sites, links, enrolments and what accounts say of themselves.
        type Bond: Consideration<Self::AccountId, Footprint>;

        /// What A has at stake for a session.
        type Deposit: Consideration<Self::AccountId, Footprint>;

        /// In how many blocks after a request B's answer is taken. At least 1.
        #[pallet::constant]
        type AcceptWithin: Get<BlockNumberFor<Self>>;

        /// In how many blocks after an answer A's confirmation is taken. At least 1.
        #[pallet::constant]
        type ConfirmWithin: Get<BlockNumberFor<Self>>;

        /// How long after its request a session ends, in milliseconds. Not zero.
        #[pallet::constant]
        type MaxSessionAge: Get<Millis>;

        /// For how long an SAE is enrolled at most, in milliseconds. Not zero.
        #[pallet::constant]
        type MaxSaeTerm: Get<Millis>;

        /// The most requests of an owner that are not open yet. At least 1.
        #[pallet::constant]
        type MaxRequests: Get<u32>;

        /// The most of them with one account. At least 1, and at most [`Config::MaxRequests`].
        #[pallet::constant]
        type MaxRequestsPerPeer: Get<u32>;

        /// The most sessions that are looked at in a block, whether they have ended. At least 1.
        #[pallet::constant]
        type MaxSweptPerBlock: Get<u32>;

        /// How long an epoch of the beacon takes, in milliseconds. More than two delivery slots are two.
        type EpochLength: Get<Millis>;

        /// From how many of the next epochs an owner is barred that withheld a reveal. More than are kept
        /// are as many as are kept.
        type BarredEpochs: Get<u32>;

        /// For how many epochs their values, and who took part, are kept. At least 1.
        #[pallet::constant]
        type KeptEpochs: Get<u32>;

        /// Who writes blocks.
        type Authors: BlockAuthors<Self::AccountId>;

        /// Where it is noted that an owner withheld a reveal.
        type Misses: Misses;

        /// What takes the place of the beacon's value where keys give none.
        type Fallback: EntropyFallback;

        /// What a worker's transaction takes of a block besides its call and its authorization: who opens
        /// a session pays for it twice, with the fee of the first step.
        type StepOverhead: Get<Weight>;

        /// The priority of workers' transactions. All have the same one: what came first stays.
        #[pallet::constant]
        type WorkerPriority: Get<TransactionPriority>;

        /// Which slots may be promised keys.
        type Slots: SlotsInFlight;

        /// How many keys each slot could use while the market is not bound by keys that exist: the
        /// council's allotment, with no key behind it.
        type Allotment: Get<u64>;

        /// The chain's token.
        type Currency: Mutate<Self::AccountId, Balance = Balance>;

        /// The entropy fund: receives the keys' shadow price.
        type EntropyFund: Get<Self::AccountId>;

        /// Who leads the market.
        type Leadership: Leadership;

        /// The weights of the calls, of their authorization and of the hook's steps.
        type WeightInfo: WeightInfo;
    }

    /// Why this pallet holds money.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// For the storage of sites, links, enrolments, and of what accounts say of themselves.
        #[codec(index = 0)]
        Registry,
        /// For sessions, of who opens them.
        #[codec(index = 1)]
        Session,
    }

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// The sites of key services, numbered in this order from 0.
        pub sites: Vec<GenesisSite<T::AccountId>>,
        /// The links between them, numbered in this order from 0, each of which both operators stand for.
        pub links: Vec<GenesisLink>,
        /// The SAEs, whose enrolments are numbered in this order from 0, accepted by their accounts.
        pub saes: Vec<GenesisSae<T::AccountId>>,
        /// By what rules keys bound the market.
        pub keys: KeyRules,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            self.build_registry();
        }
    }

    #[pallet::extra_constants]
    impl<T: Config> Pallet<T> {
        /// The most accounts that an account lists as those from which it takes requests.
        fn max_listed() -> u32 {
            qedex_primitives::qkd::MAX_LISTED
        }

        /// The most owners that commit in an epoch of the beacon.
        fn max_revealers() -> u32 {
            beacon::MAX_REVEALERS
        }

        /// For how many blocks a worker's transaction waits in a pool at most.
        fn max_longevity() -> u64 {
            MAX_LONGEVITY
        }

        /// The most links of the market.
        fn max_market_links() -> u32 {
            qedex_primitives::keys::MAX_MARKET_LINKS
        }

        /// The most owners of which an end of a link keeps a report.
        fn max_reporters() -> u32 {
            qedex_primitives::keys::MAX_REPORTERS
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_n: BlockNumberFor<T>) -> Weight {
            Self::pass_epoch()
        }

        fn on_idle(_n: BlockNumberFor<T>, remaining: Weight) -> Weight {
            Self::sweep(remaining)
        }

        fn offchain_worker(_n: BlockNumberFor<T>) {
            Self::work();
        }

        fn integrity_test() {
            assert!(!T::AcceptWithin::get().is_zero(), "a request needs a block to be answered in");
            assert!(!T::ConfirmWithin::get().is_zero(), "an answer needs one to be confirmed in");
            assert!(T::MaxSessionAge::get() > 0, "a session lasts for some time");
            assert!(T::MaxSaeTerm::get() > 0, "an SAE is enrolled for some time");
            assert!(T::MaxRequestsPerPeer::get() >= 1, "there must be room for one request");
            assert!(
                T::MaxRequestsPerPeer::get() <= T::MaxRequests::get(),
                "requests with one peer are requests"
            );
            assert!(T::MaxSweptPerBlock::get() >= 1, "sessions that have ended must be found");
            assert!(T::KeptEpochs::get() >= 1, "the value of the last epoch is kept");
            let limits = <T as frame_system::Config>::BlockWeights::get();
            let closing = T::WeightInfo::close_epoch(beacon::MAX_REVEALERS);
            assert!(closing.all_lte(limits.max_block.div(2)), "an epoch ends within a block");
            let reports = T::WeightInfo::take_reports(qedex_primitives::keys::MAX_LINK_REPORTS);
            let class = limits.get(DispatchClass::Normal);
            let most = class.max_extrinsic.unwrap_or(limits.max_block);
            assert!(reports.saturating_mul(2).all_lte(most), "all reports of a worker fit in");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_n: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}
