//! A chain with a thief on it.

use crate::{
    tests::{
        chain::{Call, Chain, Code, Refusal, market::Opened},
        games::document::gain,
    },
    *,
};
use codec::Encode;
use qedex_primitives::{
    AttributeId, MeterId, MeterKey, Moment, OwnerId, PricePerKwh, Side, SlotIndex, SlotTimes, Wh,
    Windows,
};
use sp_keyring::Sr25519Keyring as Key;

pub use crate::tests::{
    chain::market::{meter_key, own, own_meter},
    games::{
        document::{qed, standing},
        world::SLOT,
    },
};

/// Sells honestly; has the first meter of the preset.
pub const SELLER: Key = Key::Dave;
pub const SELLERS_METER: MeterId = MeterId(0);
/// Has the second.
pub const EVE: Key = Key::Eve;
pub const EVES_METER: MeterId = MeterId(1);
/// Has the third.
pub const FERDIE: Key = Key::Ferdie;
pub const FERDIES_METER: MeterId = MeterId(2);
/// Issues every attribute of the preset, and is the second installer.
pub const ISSUER: Key = Key::Alice;
/// Installs meters.
pub const INSTALLER: Key = Key::Bob;
/// Is a broker, and announces the leader's terms.
pub const CHARLIE: Key = Key::Charlie;

/// What is traded if nothing else is said.
pub const TEN: Wh = Wh(10_000);

/// What a buyer, or a seller, gains by honest trade of ten kilowatt-hours at the price in the middle.
pub const HONEST: i128 = QED as i128;

/// A credential that does not end while anybody plays.
pub const FAR: Moment = 4_000_000_000_000;

/// A chain, and what the thief met with on it.
pub struct Scene {
    pub chain: Chain,
    first_release: bool,
    refused: Option<Refusal>,
}

/// The price in the middle of the corridor, as a seller gets it.
pub fn middle() -> PricePerKwh {
    let terms = presets::leader_terms();
    PricePerKwh((terms.floor.0 + terms.cap.0 - terms.grid_fee.0) / 2)
}

/// The same as a buyer pays it.
pub fn middle_bid() -> PricePerKwh {
    middle().saturating_add(presets::leader_terms().grid_fee)
}

pub fn times(slot: SlotIndex) -> SlotTimes {
    Windows::default().schedule(slot, SLOT)
}

impl Scene {
    pub fn of(code: Code) -> Self {
        let first_release = code != Code::Native;
        Self { chain: Chain::begin(code, "development"), first_release, refused: None }
    }

    /// Begins anew with another preset.
    pub fn move_to(&mut self, preset: &str) {
        let code = if self.first_release { Code::of_release("v1") } else { Code::Native };
        self.chain = Chain::begin(code, preset);
    }

    /// The thief makes a call. Whether it was taken; the first refusal is part of what came of all.
    pub fn tries(&mut self, who: Key, pallet: &str, call: &str, arguments: impl Encode) -> bool {
        let done = match self.chain.try_call(pallet, call, arguments) {
            Ok(call) => self.chain.attempt(who, call),
            Err(refusal) => Err(refusal),
        };
        self.note(done)
    }

    /// The same by the power of the council.
    pub fn decides(&mut self, pallet: &str, call: &str, arguments: impl Encode) -> bool {
        let done = self.chain.try_call(pallet, call, arguments).and_then(|call| {
            let call = self.chain.call("Sudo", "sudo", call);
            self.chain.act(ISSUER, call);
            let sudid = self.chain.latest("Sudo", "Sudid");
            self.chain.inner(sudid, "sudo_result").map_or(Ok(()), Err)
        });
        self.note(done)
    }

    /// A deputy makes a call for its principal.
    pub fn acts_for(&mut self, deputy: Key, principal: Key, call: Call) -> bool {
        let real = MultiAddress::<AccountId, ()>::Id(principal.to_account_id());
        let call = self.chain.call("Proxy", "proxy", (real, None::<u8>, call));
        let done = self.chain.attempt(deputy, call).and_then(|()| {
            let executed = self.chain.latest("Proxy", "ProxyExecuted");
            self.chain.inner(executed, "result").map_or(Ok(()), Err)
        });
        self.note(done)
    }

    /// Somebody honest does what honest people do, which may fail.
    pub fn honestly(&mut self, who: Key, pallet: &str, call: &str, arguments: impl Encode) -> bool {
        let call = self.chain.call(pallet, call, arguments);
        self.chain.attempt(who, call).is_ok()
    }

    fn note(&mut self, done: Result<(), Refusal>) -> bool {
        let taken = done.is_ok();
        self.refused = self.refused.take().or(done.err());
        taken
    }

    /// What came of it, with the first thing that was refused.
    pub fn told(&self, figure: impl Into<String>) -> String {
        let figure = figure.into();
        match &self.refused {
            Some(refusal) => format!("{figure} (`{refusal}`)"),
            None => figure,
        }
    }

    /// The same for an amount.
    pub fn loot(&self, plancks: i128) -> String {
        self.told(gain(plancks))
    }

    /// What these own together, fees apart.
    pub fn money(&mut self, who: &[Key]) -> i128 {
        who.iter().map(|key| self.chain.wealth_of(*key) as i128).sum()
    }

    /// A seller's ask and a buyer's bid that meet in the middle. Whether both were taken.
    pub fn agree(&mut self, slot: SlotIndex, seller: Key, buyer: Key, energy: Wh) -> bool {
        self.agree_at(slot, (seller, middle()), (buyer, middle_bid()), energy)
    }

    pub fn agree_at(
        &mut self,
        slot: SlotIndex,
        (seller, ask): (Key, PricePerKwh),
        (buyer, bid): (Key, PricePerKwh),
        energy: Wh,
    ) -> bool {
        let bought = self.tries(buyer, "Auction", "place_order", (slot, Side::Bid, bid, energy));
        let sold = self.tries(seller, "Auction", "place_order", (slot, Side::Ask, ask, energy));
        bought && sold
    }

    /// Goes on until delivery begins, and tells the trades of this slot.
    pub fn deliver(&mut self, slot: SlotIndex) -> Vec<Opened> {
        self.chain.run_to(times(slot).delivery_starts);
        let mut trades = self.chain.opened();
        trades.retain(|trade| trade.slot == slot);
        trades
    }

    /// Goes on until everything of a slot is over.
    pub fn end(&mut self, slot: SlotIndex) {
        self.chain.run_to(times(slot).final_at + SLOT);
    }

    /// Whoever carries it brings what a meter signed with the key of this name. Whether it counts.
    pub fn publishes(
        &mut self,
        who: Key,
        meter: MeterId,
        key: &str,
        slot: SlotIndex,
        flow: [Wh; 2],
    ) -> bool {
        self.chain.run_to(times(slot).commitments_until);
        let reading = self.chain.reading(meter, key, slot, flow);
        self.honestly(who, "Metering", "submit_reading", reading)
    }

    /// The honest seller publishes that it delivered.
    pub fn seller_delivers(&mut self, slot: SlotIndex, energy: Wh) -> bool {
        self.publishes(SELLER, SELLERS_METER, &own_meter(SELLER), slot, [energy, Wh::ZERO])
    }

    /// An installer has somebody own a meter with a key of this name.
    pub fn registers(&mut self, owner: Key, key: &str, capacity: Wh) -> Option<MeterId> {
        let key = MeterKey::Sr25519(sp_core::Pair::public(&meter_key(key)));
        let arguments = (owner.to_account_id(), key, capacity);
        let taken = self.tries(INSTALLER, "Metering", "register_meter", arguments);
        taken.then(|| {
            let number = self.chain.latest("Metering", "MeterRegistered").number("meter");
            MeterId(number.try_into().expect("a meter's number"))
        })
    }

    /// An issuer gives somebody a credential and says who is behind it.
    pub fn issues(&mut self, by: Key, who: Key, attribute: u32, owner: [u8; 32]) -> bool {
        let arguments = (who.to_account_id(), AttributeId(attribute), FAR, OwnerId(owner));
        self.tries(by, "Membership", "issue", arguments)
    }

    /// Goes on until the gate of a slot opens that no gate's opening has passed, so many slots ahead.
    pub fn gate_after(&mut self, slots: u64) -> SlotIndex {
        self.chain.run_to(self.chain.now + slots * SLOT);
        self.chain.next_gate()
    }
}
