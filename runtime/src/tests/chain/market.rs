//! What participants do on a chain, whatever its code.

use super::{Call, Chain, Event};
use crate::tests::games::world::SLOT;
use crate::*;
use qedex_primitives::{
    Bill, Change, ConnectionNumber, MeterId, MeterKind, MeterRatings, MeterSignature,
    Nonce as BillNonce, OwnerId, PricePerKwh, ReadingPayload, Side, SignedReading, SlotIndex,
    TradeId, Wh, bill,
};
use sp_core::{Pair, sr25519};
use sp_keyring::Sr25519Keyring as Key;

/// The pair of keys of a meter of this name.
pub fn meter_key(name: &str) -> sr25519::Pair {
    sr25519::Pair::from_string(name, None).expect("a valid path")
}

/// The name of the key of the meter that an account has at genesis.
pub fn own_meter(who: Key) -> String {
    format!("{}//meter", who.to_seed())
}

/// A trade that clearing made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub slot: SlotIndex,
    pub id: TradeId,
    pub buyer: AccountId,
    pub seller: AccountId,
    pub energy: Wh,
}

impl Opened {
    /// What this event reports, if it reports a trade.
    pub fn reported(event: &Event) -> Option<Self> {
        event.is("Settlement", "TradeOpened").then(|| Self {
            slot: SlotIndex(event.number("slot").try_into().expect("a slot")),
            id: event.number("id").try_into().expect("a trade's number"),
            buyer: event.account("buyer"),
            seller: event.account("seller"),
            energy: Wh(event.number("energy").try_into().expect("an energy")),
        })
    }
}

impl Chain {
    /// An order for one slot.
    pub fn order(&self, slot: SlotIndex, side: Side, limit: PricePerKwh, energy: Wh) -> Call {
        self.call("Auction", "place_order", (slot, side, limit, energy))
    }

    /// What a meter says, signed with the key of this name.
    pub fn reading(
        &mut self,
        meter: MeterId,
        key: &str,
        slot: SlotIndex,
        [generated, consumed]: [Wh; 2],
    ) -> SignedReading {
        let payload = ReadingPayload { meter, slot, generated, consumed };
        let message = self.look(|| payload.signing_bytes(System::block_hash(0)));
        let signature = meter_key(key).sign(&message);
        SignedReading { payload, signature: MeterSignature::Sr25519(signature) }
    }

    /// The commitment of a seller to its bill.
    pub fn commitment(
        &mut self,
        seller: Key,
        slot: SlotIndex,
        bill: &Bill,
        nonce: &BillNonce,
    ) -> Hash {
        // What bound an account binds the owner who has its bytes for an id.
        let seller = OwnerId::of_account(&seller.to_account_id());
        self.look(|| bill::commitment(System::block_hash(0), seller, slot, bill, nonce))
    }

    /// Whether the code names owners where it issues credentials, as the first release does.
    fn names_owners_by_credentials(&self) -> bool {
        self.try_call("Membership", "name_owner", ([0_u8; 32], [0_u8; 32])).is_err()
    }

    /// Lets accounts be prosumers with a plant, each a person of its own.
    pub fn admit(&mut self, who: &[Key], owner: impl Fn(Key) -> [u8; 32]) {
        if !self.names_owners_by_credentials() {
            return self.found_and_admit(who, owner);
        }
        for attribute in [0_u32, 1] {
            let credentials: Vec<_> = who
                .iter()
                .map(|key| (key.to_account_id(), 4_000_000_000_000_u64, owner(*key)))
                .collect();
            let call = self.call("Membership", "issue_batch", (attribute, credentials));
            self.act(Key::Alice, call);
        }
    }

    /// The same where a registrar names owners, and accounts consent.
    fn found_and_admit(&mut self, who: &[Key], owner: impl Fn(Key) -> [u8; 32]) {
        for key in who {
            let (account, owner) = (key.to_account_id(), owner(*key));
            let name = self.call("Membership", "name_owner", (account, owner));
            self.act(Key::Alice, name);
            let consent = self.call("Membership", "consent_owner", (owner, false));
            self.act(*key, consent);
        }
        let expires = self.now + 300 * 96 * SLOT;
        for attribute in [0_u32, 1] {
            let credentials: Vec<_> =
                who.iter().map(|key| (key.to_account_id(), expires)).collect();
            let call = self.call("Membership", "issue_batch", (attribute, credentials));
            self.act(Key::Alice, call);
        }
    }

    /// Lets an account have a meter of this rating, at a connection of its own, and says its number.
    pub fn install(&mut self, owner: Key, key: &str, capacity: Wh) -> MeterId {
        let public = qedex_primitives::MeterKey::Sr25519(meter_key(key).public());
        let account = owner.to_account_id();
        match self.try_call("Metering", "register_meter", (account.clone(), public, capacity)) {
            Ok(call) => self.act(Key::Bob, call),
            Err(_) => {
                let kind = MeterKind::Connection(connection(key));
                let ratings = MeterRatings { out: capacity, into: capacity };
                let change = Change::Register { account, key: public, kind, ratings };
                let call = self.call("Metering", "propose_change", change);
                self.act(Key::Bob, call);
                let filed = self.latest("Metering", "ChangeProposed");
                let id = u32::try_from(filed.number("change")).expect("a change's number");
                let hash = filed.bytes("hash");
                for agrees in [owner, Key::Alice] {
                    let call = self.call("Metering", "confirm_change", (id, hash));
                    self.act(agrees, call);
                }
            }
        }
        let number = self.latest("Metering", "MeterRegistered").number("meter");
        MeterId(number.try_into().expect("a meter's number"))
    }

    /// The latest event of this name since the last look.
    pub fn latest(&self, pallet: &str, name: &str) -> &Event {
        let event = self.log.iter().rev().find(|event| event.is(pallet, name));
        event.unwrap_or_else(|| panic!("no {name}"))
    }

    /// The trades that were opened since the last look.
    pub fn opened(&mut self) -> Vec<Opened> {
        self.reported().iter().filter_map(Opened::reported).collect()
    }
}

/// The number of a connection that is called like a key.
pub fn connection(key: &str) -> ConnectionNumber {
    let number = key.to_uppercase().replace('/', "");
    number.as_str().try_into().expect("capitals and digits")
}

/// An owner's id as the presets make it.
pub fn own(who: Key) -> [u8; 32] {
    who.to_raw_public()
}
