//! A chain with a thief on it.

use crate::{
    tests::{
        chain::{
            Call, Chain, Code, Refusal,
            market::{self, Opened},
        },
        games::document::gain,
    },
    *,
};
use codec::Encode;
use qedex_primitives::{
    AttributeId, Change, ChangeId, Membership as _, MeterId, MeterKey, MeterKind, MeterRatings,
    Moment, OwnerId, PricePerKwh, Side, SlotIndex, SlotTimes, Wh, Windows, pov::ValidatorScore,
};
use sp_keyring::Sr25519Keyring as Key;

pub use crate::tests::{
    chain::market::{meter_key, own, own_meter},
    games::{
        document::{milli, qed, standing},
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

/// For how long credentials are issued, which is longer than anybody plays.
const LONG: Moment = 300 * 96 * SLOT;

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

/// The public key of this name.
pub fn public(key: &str) -> MeterKey {
    MeterKey::Sr25519(sp_core::Pair::public(&meter_key(key)))
}

/// The registration of a meter of this key at a connection of this name.
pub fn registration(owner: Key, key: &str, connection: &str, capacity: Wh) -> Change<AccountId> {
    Change::Register {
        account: owner.to_account_id(),
        key: public(key),
        kind: MeterKind::Connection(market::connection(connection)),
        ratings: MeterRatings { out: capacity, into: capacity },
    }
}

pub fn times(slot: SlotIndex) -> SlotTimes {
    Windows::default().schedule(slot, SLOT)
}

impl Scene {
    pub fn of(code: Code) -> Self {
        let first_release = code != Code::Native;
        let mut scene =
            Self { chain: Chain::begin(code, "development"), first_release, refused: None };
        if !first_release {
            scene.draws(sp_runtime::Permill::zero());
        }
        scene
    }

    /// From now on each who commits is drawn with this chance.
    pub fn draws(&mut self, draw_chance: sp_runtime::Permill) {
        let rules = pallet_settlement::Rules { draw_chance, ..Default::default() };
        assert!(self.decides("Settlement", "set_rules", rules));
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

    /// The council pauses settlement for as many slots as a day has, or ends the pause.
    pub fn pauses(&mut self, on: bool) -> bool {
        if self.first_release {
            return self.decides("Settlement", "set_paused", on);
        }
        let until = on.then(|| self.chain.now + 96 * SLOT);
        self.decides("Settlement", "set_paused", until)
    }

    /// The score of the only validator, in millionths of the largest.
    pub fn score_of_the_validator(&mut self) -> u32 {
        let scores: Vec<ValidatorScore<AccountId>> = self.chain.ask("PovApi_scores", ());
        let [only] = &scores[..] else { panic!("one validator, not {}", scores.len()) };
        let unit = qedex_math::score::LARGEST_SCORE / 1_000_000;
        u32::try_from(only.score / unit).expect("at most one")
    }

    /// An installer says what a meter should have read.
    pub fn corrects(&mut self, by: Key, meter: MeterId, slot: SlotIndex, flow: [Wh; 2]) -> bool {
        let call = if self.first_release { "correct_reading" } else { "record_correction" };
        self.tries(by, "Metering", call, (meter, slot, flow))
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

    /// Notes what these events since the last look say was refused.
    pub fn refused_in_a_batch(&mut self, pallet: &str, event: &str, field: &str) {
        let reported = self.chain.reported();
        for event in reported.iter().filter(|one| one.is(pallet, event)) {
            let why = self.chain.reported_error(event, field);
            self.note(Err(why));
        }
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

    /// The seller and Eve agree so many times in one block, as [`Self::agree`] has it.
    pub fn agree_often(&mut self, slot: SlotIndex, times: usize) {
        let order = |side, limit| self.chain.order(slot, side, limit, TEN);
        let pair = [(EVE, order(Side::Bid, middle_bid())), (SELLER, order(Side::Ask, middle()))];
        let orders: Vec<_> = pair.iter().cycle().take(2 * times).cloned().collect();
        for done in self.chain.block(&orders) {
            self.note(done);
        }
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

    /// Whether the first release's code runs.
    pub const fn is_first_release(&self) -> bool {
        self.first_release
    }

    /// An installer wants a change of a meter, and nobody is asked but who is in league. Whether it
    /// takes effect.
    ///
    /// On the first release a call of its own does it. Now it is filed, whoever is in league agrees to
    /// it, and the installer poses as the second one as well.
    pub fn changes(
        &mut self,
        installer: Key,
        before: (&str, impl Encode),
        change: Change<AccountId>,
        in_league: &[Key],
    ) -> bool {
        if self.first_release {
            return self.tries(installer, "Metering", before.0, before.1);
        }
        let confirming = [in_league, &[installer]].concat();
        self.files(installer, change, &confirming)
    }

    /// An installer files a change, and these confirm it. Whether it takes effect.
    pub fn files(&mut self, installer: Key, change: Change<AccountId>, confirming: &[Key]) -> bool {
        if !self.tries(installer, "Metering", "propose_change", change) {
            return false;
        }
        let change = self.latest_change();
        for who in confirming {
            self.tries(*who, "Metering", "confirm_change", change);
        }
        let pending: Option<qedex_primitives::PendingChange<AccountId>> =
            self.chain.look(|| pallet_metering::PendingChanges::<Runtime>::get(change.0));
        pending.is_none()
    }

    /// The change that was filed last, and its hash.
    pub fn latest_change(&self) -> (ChangeId, Hash) {
        let filed = self.chain.latest("Metering", "ChangeProposed");
        let id = ChangeId(filed.number("change").try_into().expect("a change's number"));
        (id, Hash::from(filed.bytes("hash")))
    }

    /// An installer wants a meter with a key of this name for somebody, at a connection of the same
    /// name; as [`Self::changes`] says.
    pub fn registers(
        &mut self,
        owner: Key,
        key: &str,
        capacity: Wh,
        in_league: &[Key],
    ) -> Option<MeterId> {
        let before = (owner.to_account_id(), public(key), capacity);
        let change = registration(owner, key, key, capacity);
        let taken = self.changes(INSTALLER, ("register_meter", before), change, in_league);
        taken.then(|| self.latest_meter())
    }

    /// Honest installers register a meter of an account with a key of its own, at a connection of its
    /// own.
    pub fn has_a_meter(&mut self, owner: Key, capacity: Wh) -> MeterId {
        self.chain.install(owner, &own_meter(owner), capacity)
    }

    /// The meter that was registered last.
    pub fn latest_meter(&self) -> MeterId {
        let number = self.chain.latest("Metering", "MeterRegistered").number("meter");
        MeterId(number.try_into().expect("a meter's number"))
    }

    /// Somebody gives somebody a credential and says who is behind it.
    ///
    /// On the first release that is one call of an issuer. Now whoever issues tries to name the owner
    /// before, and the account consents.
    pub fn issues(&mut self, by: Key, who: Key, attribute: u32, owner: [u8; 32]) -> bool {
        let (account, attribute) = (who.to_account_id(), AttributeId(attribute));
        let expires = self.chain.now + LONG;
        if self.first_release {
            let arguments = (account, attribute, expires, OwnerId(owner));
            return self.tries(by, "Membership", "issue", arguments);
        }
        self.names(by, who, owner)
            && self.tries(by, "Membership", "issue", (account, attribute, expires))
    }

    /// Somebody names the owner of an account that wants it so. Whether it has this owner in the end.
    pub fn names(&mut self, by: Key, who: Key, owner: [u8; 32]) -> bool {
        let (account, owner) = (who.to_account_id(), OwnerId(owner));
        let has_it = |scene: &mut Self| {
            scene.chain.look(|| Membership::owner_of(&who.to_account_id())) == Some(owner)
        };
        if !has_it(self) && self.tries(by, "Membership", "name_owner", (account, owner)) {
            let joins = self.chain.look(|| !Membership::accounts_of(owner).is_empty());
            self.tries(who, "Membership", "consent_owner", (owner, joins));
        }
        has_it(self)
    }

    /// A second account of an owner, with what it takes to sell; its first account agrees.
    pub fn has_a_second_account(&mut self, first: Key, second: Key) {
        if !self.first_release {
            self.names(ISSUER, second, own(first));
            self.tries(first, "Membership", "approve_account", second.to_account_id());
        }
        for attribute in [0, 1] {
            assert!(self.issues(ISSUER, second, attribute, own(first)));
        }
    }

    /// Goes on until the gate of a slot opens that no gate's opening has passed, so many slots ahead.
    pub fn gate_after(&mut self, slots: u64) -> SlotIndex {
        self.chain.run_to(self.chain.now + slots * SLOT);
        self.chain.next_gate()
    }
}
