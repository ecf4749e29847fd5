//! Trades, what decides them, and the rules by which they are settled.

#[cfg(test)]
mod tests;

use crate::{
    Balance, Millis, Moment, OwnerId, PricePerKwh, SlotIndex, SlotTerms, TradeId, Wh,
    membership::{MAX_EXCLUSION, MIN_EXCLUSION},
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use qedex_math::tariff::SLOTS_PER_DAY;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_arithmetic::Permill;
use sp_core::H256;

// The host hashes for the runtime.
#[cfg(not(feature = "frame"))]
use sp_crypto_hashing::blake2_256;
#[cfg(feature = "frame")]
use sp_io::hashing::blake2_256;

/// The least and the largest share of honest sellers that may be assumed off-line.
pub const OFFLINE_SHARES: (Permill, Permill) =
    (Permill::from_percent(1), Permill::from_percent(50));

/// The least and the largest part of the grid price that missing energy may cost beyond the harm.
pub const SHORTFALL_FEES: (Permill, Permill) = (Permill::zero(), Permill::from_percent(50));

/// The most slots that a seller may default in before it is excluded.
pub const MAX_DEFAULTS: u32 = 100;

/// The longest pause of settlement: a day.
pub const MAX_PAUSE: Millis = 24 * MIN_EXCLUSION;

/// A time in which settlement rests: from `since` to before `until`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Pause {
    /// When it began.
    pub since: Moment,
    /// When it ends, or ended.
    pub until: Moment,
}

impl Pause {
    /// Whether settlement rests at `now`.
    pub const fn is_on(&self, now: Moment) -> bool {
        now < self.until
    }

    /// From when on there may be another one: after as long a time as this one lasted, and after
    /// `least` at least.
    pub fn next(&self, least: Millis) -> Moment {
        self.until.saturating_add(self.until.saturating_sub(self.since).max(least))
    }
}

/// The rules of settlement. A slot keeps those under which its gate opened.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct Rules {
    /// The share of honest sellers that are assumed off-line when a complaint calls on them: sets
    /// the bond of a complaint. From 1 % to 50 %.
    pub offline_share: Permill,
    /// In how many slots of seven days a seller has to default to be excluded, from 1 to 100,
    pub defaults_to_exclusion: u32,
    /// How long it is excluded, in milliseconds, from an hour to 31 days.
    pub exclusion: Millis,
    /// What a seller pays the community fund for each kWh that is missing, beyond the harm, as a part of
    /// the grid price of the slot: up to a half.
    pub shortfall_fee: Permill,
    /// The chance with which each seller that committed is drawn: its bill is asked for though nobody
    /// has complained.
    pub draw_chance: Permill,
    /// and in more than this share of those in which it sold.
    pub default_share: Permill,
}

impl Default for Rules {
    /// One seller in twenty off-line, excluded for a day at the second default, if it defaulted in more
    /// than one slot of ten; missing energy costs a tenth of the grid price; one seller in ten is drawn.
    fn default() -> Self {
        Self {
            offline_share: Permill::from_percent(5),
            defaults_to_exclusion: 2,
            exclusion: 24 * MIN_EXCLUSION,
            shortfall_fee: Permill::from_percent(10),
            draw_chance: Permill::from_percent(10),
            default_share: Permill::from_percent(10),
        }
    }
}

impl Rules {
    /// Whether each of them is in its range.
    pub fn is_valid(&self) -> bool {
        let (least, largest) = OFFLINE_SHARES;
        (least..=largest).contains(&self.offline_share)
            && (1..=MAX_DEFAULTS).contains(&self.defaults_to_exclusion)
            && (MIN_EXCLUSION..=MAX_EXCLUSION).contains(&self.exclusion)
            && (SHORTFALL_FEES.0..=SHORTFALL_FEES.1).contains(&self.shortfall_fee)
    }
}

/// An open trade.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Trade<AccountId> {
    /// Who buys.
    pub buyer: AccountId,
    /// Who sells.
    pub seller: AccountId,
    /// The energy.
    pub energy: Wh,
    /// What the buyer pays per kWh, grid fee included.
    pub buyer_price: PricePerKwh,
    /// What the seller gets per kWh.
    pub seller_price: PricePerKwh,
    /// What is held of the buyer, in plancks.
    pub payment: Balance,
    /// What is held of the seller, in plancks.
    pub deposit: Balance,
    /// What is held of the buyer besides, in plancks, for the bond of a complaint that it has not made. Goes
    /// back with the trade.
    pub reserve: Balance,
    /// The energy that the seller's owner sold before, by whichever account, in trades of this slot
    /// with lower numbers: what it delivers serves them first.
    pub before: Wh,
    /// The buyer's complaint.
    pub complaint: Option<Complaint>,
}

/// What a buyer's complaint about a seller that has committed says of one of its trades.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Complaint {
    /// This trade's part of what is held of the buyer for the complaint, in plancks.
    pub bond: Balance,
    /// What the seller has to have delivered in the slot for all trades of the complaint to be covered. If
    /// the bill says so, the complaint is refuted.
    pub needs: Wh,
    /// Until when the seller's bill may be revealed, by the slot's clock ([`Book::clock`]). Of a complaint
    /// that is older than the windows that do not overlap it is what was said then.
    pub due: Moment,
}

/// How far the settlement of a slot has come.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Stage {
    /// Waiting for the freeze, then going through the trades.
    Freezing {
        /// The next trade to look at.
        next: TradeId,
    },
    /// Waiting for the end of reveals, then going through the trades that are still open.
    Ending {
        /// The next trade to look at.
        next: TradeId,
    },
}

/// What sets draws apart from everything else that is hashed.
const DRAW_CONTEXT: [u8; 13] = *b"qedex/draw/v1";

/// Whether `owner` is drawn in `slot` by this value of the beacon, with this chance: independent of all
/// others, if the first four bytes of `blake2_256` of the SCALE encoding of (`b"qedex/draw/v1"`, value,
/// slot, owner), little-endian, are less than 2^32 times the chance.
pub fn is_drawn(value: H256, slot: SlotIndex, owner: OwnerId, chance: Permill) -> bool {
    let hash = blake2_256(&(DRAW_CONTEXT, value, slot, owner).encode());
    let [a, b, c, d, ..] = hash;
    let drawn = u64::from(u32::from_le_bytes([a, b, c, d]));
    let bound = u64::from(chance.deconstruct()).saturating_mul(1 << 32);
    drawn.saturating_mul(1_000_000) < bound
}

/// A slot with open trades.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Book {
    /// The slot's frozen terms.
    pub terms: SlotTerms,
    /// The rules of settlement that held when the slot's gate opened.
    pub rules: Rules,
    /// The number after that of the latest trade.
    pub trades: u32,
    /// How many of them are open.
    pub open: u32,
    /// How far settlement has come.
    pub stage: Stage,
    /// For how long its clock stood still: because the chain did after the end of delivery, or because
    /// settlement was paused while complaints and reveals were due.
    pub lost: Millis,
    /// What draws sellers: the beacon's value of the first epoch whose reveals opened after the freeze and
    /// that keys gave; of the first one that a block's hash gave, as long as keys have given none. As far as
    /// it was known before the end of complaints.
    pub draw: Option<H256>,
    /// Whether keys gave it: then it stays.
    pub drawn_by_keys: bool,
}

impl Book {
    /// Whether the bill of `seller`, who has these records in this book of `slot`, is asked for: because
    /// somebody has complained about it, or because it was drawn.
    pub fn asks(&self, slot: SlotIndex, owner: OwnerId, seller: &Seller) -> bool {
        seller.complained || self.draws(slot, owner, seller)
    }

    /// Whether `owner` is drawn: it has committed, and the draw falls on it.
    pub fn draws(&self, slot: SlotIndex, owner: OwnerId, seller: &Seller) -> bool {
        let falls = |value| is_drawn(value, slot, owner, self.rules.draw_chance);
        seller.commitment.is_some() && self.draw.is_some_and(falls)
    }

    /// The time by which evidence is due: the chain's, less what was lost while it stood still or
    /// settlement was paused. There is no other in a slot.
    pub const fn clock(&self, now: Moment) -> Moment {
        now.saturating_sub(self.lost)
    }

    /// How much of the time from `from` to `until`, between two blocks, is lost: of all that passed
    /// after the end of delivery if that is longer than a slot, and of a pause what passed after the
    /// freeze, however short it is.
    pub fn missed(&self, from: Moment, until: Moment, slot_length: Millis, paused: bool) -> Millis {
        let stood_still = until.saturating_sub(from) > slot_length;
        let schedule = &self.terms.schedule;
        let since = |moment: Moment| self.clock(until).saturating_sub(self.clock(from).max(moment));
        match (stood_still, paused) {
            (false, false) => 0,
            (false, true) => since(schedule.readings_until),
            (true, paused) => {
                let lost = since(schedule.delivery_ends);
                if paused || lost > slot_length { lost } else { 0 }
            }
        }
    }
}

/// An account that sells in a slot.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct SellingAccount {
    /// Whose account it is: the seller. The account itself in trades that are older than owners.
    pub owner: OwnerId,
    /// How many of the owner's open trades are the account's.
    pub open: u32,
}

/// A seller of a slot: an owner, with all accounts by which it sells.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Seller {
    /// Its open trades.
    pub open: u32,
    /// The energy that it sold in all.
    pub sold: Wh,
    /// Its commitment.
    pub commitment: Option<H256>,
    /// Whether a buyer has complained about it.
    pub complained: bool,
    /// What it delivered by the bill that was revealed.
    pub revealed: Option<Wh>,
    /// Whether a default in this slot has been counted.
    pub defaulted: bool,
}

/// What decided a trade.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Outcome {
    /// The readings, or the bill that was revealed, cover the trade; its buyer did not complain.
    Delivered,
    /// The seller's commitment stood without complaint.
    Trusted,
    /// The buyer acknowledged the delivery.
    Acknowledged,
    /// The buyer complained, and the bill that was revealed covers the trade.
    Refuted,
    /// The readings fall short of the trade.
    Short,
    /// Neither reading nor commitment.
    Defaulted,
    /// The buyer complained, or the seller was drawn, and nobody revealed its bill.
    Unanswered,
    /// The payout failed: everything went back.
    Annulled,
    /// The bill that a complaint or the draw brought to light falls short of the trade; no reading told.
    Concealed,
    /// Somebody else complained, and nobody revealed the seller's bill: the buyer pays, and the seller
    /// gets nothing.
    Forfeited,
}

impl Outcome {
    /// Whether the seller has defaulted: it gave no evidence, or hid that it delivered less than it sold.
    pub const fn is_default(self) -> bool {
        matches!(self, Self::Defaulted | Self::Unanswered | Self::Forfeited | Self::Concealed)
    }
}

/// What moved at the end of a trade, in plancks.
///
/// `to_seller + to_grid + to_entropy_fund + to_community_fund + refund` is the payment that was held,
/// `compensation + shortfall_fee + forfeited + deposit_back` the deposit, and
/// `bond_to_community_fund + bond_back` the bond of a complaint.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Amounts {
    /// From the buyer to the seller.
    pub to_seller: Balance,
    /// From the buyer to the grid's account.
    pub to_grid: Balance,
    /// From the buyer to the entropy fund: the spread beyond the fee, and the rounding.
    pub to_entropy_fund: Balance,
    /// From the buyer to the community fund, in the place of a seller that did not answer.
    pub to_community_fund: Balance,
    /// Back to the buyer.
    pub refund: Balance,
    /// From the seller's deposit to the buyer.
    pub compensation: Balance,
    /// From the seller's deposit to the community fund, for what is missing.
    pub shortfall_fee: Balance,
    /// From the seller's deposit to the community fund, because it was lost.
    pub forfeited: Balance,
    /// From the seller's deposit to the community fund: as much as the bond of a complaint that was refuted.
    pub sellers_bond: Balance,
    /// Back to the seller.
    pub deposit_back: Balance,
    /// From the bond of a complaint to the community fund.
    pub bond_to_community_fund: Balance,
    /// From the bond of a complaint back to the buyer.
    pub bond_back: Balance,
    /// Back to the buyer: what was held for the bond of a complaint and not needed.
    pub reserve_back: Balance,
}

/// The day of a slot, by which defaults are counted.
pub fn day_of(slot: SlotIndex) -> u32 {
    let day = slot.0.checked_div(SLOTS_PER_DAY).unwrap_or_default();
    u32::try_from(day).unwrap_or(u32::MAX)
}

/// The most trades that one answer of `SettlementApi::trades_of` looks at.
pub const MAX_TRADES_OF_PAGE: u32 = 1_000;

/// What an owner sells in a slot, as clients see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Sale {
    /// The slot.
    pub slot: SlotIndex,
    /// Who sells: what a commitment binds.
    pub owner: OwnerId,
    /// What is known of it as a seller of the slot.
    pub seller: Seller,
    /// Whether its bill is asked for, by a complaint or the draw.
    pub asked: bool,
}

/// A slot with open trades, as clients see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct OpenSlot {
    /// The slot.
    pub slot: SlotIndex,
    /// How many trades it has in all: they are numbered from 0 on.
    pub trades: u32,
    /// How many of them are open.
    pub open: u32,
}

/// An open trade with its number, as clients see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct OpenTrade<AccountId> {
    /// Its number within the slot.
    pub id: TradeId,
    /// The trade.
    pub trade: Trade<AccountId>,
}

/// What an account has to do with some of a slot's trades.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct TradePage<AccountId> {
    /// Those in which it buys or sells, in the order of their numbers.
    pub trades: Vec<OpenTrade<AccountId>>,
    /// With which number to go on; none at the end of the slot.
    pub next: Option<TradeId>,
}
