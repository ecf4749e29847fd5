//! One trade between a seller and a buyer, each with a strategy of its own.

use super::world::{SLOT, World};
use crate::*;
use pallet_settlement::{Amounts, Outcome};
use qedex_primitives::{
    Band, Bill, BillAudit, MeterId, MeterSignature, Nonce as BillNonce, PricePerKwh,
    ReadingPayload, Side, SignedReading, SlotIndex, SlotTimes, Wh, Windows, bill,
};
use sp_core::{Pair, sr25519};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::Permill;

/// Sells; has the first meter of the preset.
pub const SELLER: Key = Key::Dave;
pub const SELLERS_METER: MeterId = MeterId(0);
/// Buys.
pub const BUYER: Key = Key::Eve;
/// Has the development chain's key.
const SUDO: Key = Key::Alice;

/// What is traded in each game.
pub const ENERGY: Wh = Wh(10_000);

/// What a seller shows for its delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Nothing.
    Silence,
    /// The meter's reading, in public.
    Reading,
    /// A commitment to the meter's reading, which it opens to the buyer.
    Opened,
    /// A commitment to the meter's reading, which it opens to nobody.
    Hidden,
    /// A commitment to nothing that a meter signed.
    Forged,
}

/// What a seller does.
#[derive(Clone, Copy, Debug)]
pub struct Seller {
    /// What flows.
    pub delivers: Wh,
    pub evidence: Evidence,
    /// Whether it answers complaints.
    pub answers: bool,
}

/// What a buyer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buyer {
    /// Complains if it was shown nothing that proves the delivery.
    Careful,
    /// Never looks.
    Careless,
    /// Complains whatever it was shown.
    Complains,
    /// Acknowledges whatever was delivered.
    Acknowledges,
}

/// The parameters of a market in which a trade is made.
#[derive(Clone, Copy, Debug)]
pub struct Market {
    /// What the seller gets; the buyer pays the grid fee besides.
    pub price: PricePerKwh,
    pub deposit_rate: Permill,
    pub offline_share: Permill,
    pub draw_chance: Permill,
}

impl Default for Market {
    /// The presets' parameters, but that nobody is drawn, and the price in the middle of the corridor.
    fn default() -> Self {
        let terms = presets::leader_terms();
        Self {
            price: PricePerKwh((terms.floor.0 + terms.cap.0 - terms.grid_fee.0) / 2),
            deposit_rate: terms.deposit_rate,
            offline_share: pallet_settlement::Rules::default().offline_share,
            draw_chance: Permill::zero(),
        }
    }
}

/// How a party fared.
#[derive(Clone, Copy, Debug)]
pub struct Fared {
    /// Money and energy at the end, beyond what not trading would have left, in plancks. Without
    /// fees.
    pub gain: i128,
    /// What its transactions cost, in plancks.
    pub fees: Balance,
    /// Its standing in the end, in millionths.
    pub standing: u32,
}

/// How a trade went.
#[derive(Clone, Debug)]
pub struct Played {
    pub seller: Fared,
    pub buyer: Fared,
    pub outcome: Outcome,
    pub amounts: Amounts,
    pub payment: Balance,
    pub deposit: Balance,
    pub keys_used: u64,
}

impl Played {
    /// What two gain who are in league.
    pub fn together(&self) -> i128 {
        self.seller.gain + self.buyer.gain
    }
}

/// Plays one trade of [`ENERGY`] on a chain of its own.
pub fn play(market: Market, seller: Seller, buyer: Buyer) -> Played {
    let mut world = World::new();
    world.set_up(market);
    world.trade(market.price, seller, buyer)
}

impl World {
    /// Sets what differs from the presets.
    pub fn set_up(&mut self, market: Market) {
        let band = Band::Off;
        let mut list = presets::price_list(band);
        if market.deposit_rate != list.deposit_rate {
            list.deposit_rate = market.deposit_rate;
            self.decree(pallet_auction::Call::set_terms { band, list }.into());
        }
        let Market { offline_share, draw_chance, .. } = market;
        let rules = pallet_settlement::Rules { offline_share, draw_chance, ..Default::default() };
        self.decree(pallet_settlement::Call::set_rules { rules }.into());
    }

    /// A call by the power of the development chain's key, in the council's place.
    pub fn decree(&mut self, call: RuntimeCall) {
        let call = alloc::boxed::Box::new(call);
        self.act(SUDO, pallet_sudo::Call::sudo { call });
        let refused = self.look(|| {
            System::read_events_no_consensus().find_map(|record| match record.event {
                RuntimeEvent::Sudo(pallet_sudo::Event::Sudid { sudo_result }) => sudo_result.err(),
                _ => None,
            })
        });
        assert_eq!(refused, None);
    }

    /// One trade, from the opening of the gate until everything is final.
    fn trade(&mut self, price: PricePerKwh, seller: Seller, buyer: Buyer) -> Played {
        let before = [SELLER, BUYER].map(|who| (self.wealth_of(who), self.fees_of(who)));
        let slot = self.next_gate();
        let schedule = Windows::default().schedule(slot, SLOT);
        let fee = presets::leader_terms().grid_fee;
        self.reported();
        let placed = self.block(&[
            (BUYER, order(slot, Side::Bid, price.saturating_add(fee), ENERGY)),
            (SELLER, order(slot, Side::Ask, price, ENERGY)),
        ]);
        assert_eq!(placed, [Ok(()), Ok(())]);
        self.run_to(schedule.delivery_starts);
        let opened = self.trade_opened();
        self.run_to(schedule.delivery_ends);
        self.settle(slot, schedule, seller, buyer);
        self.run_to(schedule.final_at + SLOT);
        let settled = self.reported().into_iter().find_map(|event| match event {
            RuntimeEvent::Settlement(pallet_settlement::Event::TradeSettled {
                outcome,
                amounts,
                ..
            }) => Some((outcome, amounts)),
            _ => None,
        });
        let (outcome, amounts) = settled.expect("whatever happens, a trade is settled");
        let terms = presets::leader_terms();
        let value = |price: PricePerKwh, energy| price.cost_floor(energy).unwrap() as i128;
        let fed_in = value(terms.floor, seller.delivers);
        let saved = value(terms.cap, seller.delivers.min(ENERGY));
        let [sold, bought] = [(SELLER, -fed_in), (BUYER, saved)];
        let mut fared = [sold, bought].into_iter().zip(before).map(|((who, energy), before)| {
            assert_eq!(self.held_of(who), 0, "{who}");
            Fared {
                gain: self.wealth_of(who) as i128 - before.0 as i128 + energy,
                fees: self.fees_of(who) - before.1,
                standing: self.standing_of(who),
            }
        });
        Played {
            seller: fared.next().unwrap(),
            buyer: fared.next().unwrap(),
            outcome,
            amounts,
            payment: opened.0,
            deposit: opened.1,
            keys_used: opened.2,
        }
    }

    /// The money behind the one trade that clearing made, and the keys that it used.
    fn trade_opened(&mut self) -> (Balance, Balance, u64) {
        let (mut money, mut keys) = (None, None);
        for event in self.reported() {
            match event {
                RuntimeEvent::Settlement(pallet_settlement::Event::TradeOpened {
                    energy,
                    payment,
                    deposit,
                    ..
                }) => {
                    assert_eq!((money, energy), (None, ENERGY));
                    money = Some((payment, deposit));
                }
                RuntimeEvent::Auction(pallet_auction::Event::SlotCleared {
                    volume,
                    keys_used,
                    ..
                }) if volume == ENERGY => keys = Some(keys_used),
                _ => (),
            }
        }
        let (payment, deposit) = money.expect("the two orders meet");
        (payment, deposit, keys.expect("the slot is cleared"))
    }

    /// What the parties do between the end of delivery and the end of the trade.
    fn settle(&mut self, slot: SlotIndex, schedule: SlotTimes, seller: Seller, buyer: Buyer) {
        use pallet_settlement::Call;
        let reading = self.reading(slot, seller.delivers);
        let nonce: BillNonce = [7; 32];
        let bill = Bill::truncate_from(vec![reading.clone()]);
        let commitment = self.commitment(slot, &bill, &nonce);
        match seller.evidence {
            Evidence::Silence | Evidence::Reading => (),
            Evidence::Opened | Evidence::Hidden => {
                self.act(SELLER, Call::commit { slot, commitment });
            }
            Evidence::Forged => {
                let commitment = Hash::repeat_byte(1);
                self.act(SELLER, Call::commit { slot, commitment });
            }
        }
        if buyer == Buyer::Acknowledges {
            return self.act(BUYER, Call::acknowledge { slot, id: 0 });
        }
        self.run_to(schedule.commitments_until);
        if seller.evidence == Evidence::Reading {
            self.act(SELLER, pallet_metering::Call::submit_reading { reading });
        }
        self.run_to(schedule.readings_until);
        let committed = self.look(|| {
            let mut sales = Settlement::sales_of(&SELLER.to_account_id()).into_iter();
            sales.find(|sale| sale.slot == slot).and_then(|sale| sale.seller.commitment)
        });
        let Some(committed) = committed else {
            return;
        };
        let shown = (seller.evidence == Evidence::Opened).then_some((&bill, &nonce));
        let complains = match buyer {
            Buyer::Complains => true,
            Buyer::Careful => !self.is_proven(slot, committed, shown),
            Buyer::Careless | Buyer::Acknowledges => false,
        };
        if complains {
            self.act(BUYER, Call::complain { slot, id: 0 });
        }
        self.run_to(schedule.complaints_until);
        let asked = self.look(|| {
            let mut sales = Settlement::sales_of(&SELLER.to_account_id()).into_iter();
            sales.find(|sale| sale.slot == slot).is_some_and(|sale| sale.asked)
        });
        if asked && seller.answers && commitment == committed {
            let account = SELLER.to_account_id();
            self.act(SELLER, Call::reveal { slot, seller: account, bill, nonce });
        }
    }

    /// The seller's meter signs what it delivered.
    pub fn reading(&mut self, slot: SlotIndex, generated: Wh) -> SignedReading {
        let payload = ReadingPayload { meter: SELLERS_METER, slot, generated, consumed: Wh::ZERO };
        let suri = format!("{}//meter", SELLER.to_seed());
        let meter = sr25519::Pair::from_string(&suri, None).expect("a valid path");
        let message = self.look(|| payload.signing_bytes(System::block_hash(0)));
        SignedReading { payload, signature: MeterSignature::Sr25519(meter.sign(&message)) }
    }

    pub fn commitment(&mut self, slot: SlotIndex, bill: &Bill, nonce: &BillNonce) -> Hash {
        use qedex_primitives::Membership as _;
        self.look(|| {
            let owner = Membership::owner_of(&SELLER.to_account_id()).expect("it has an owner");
            bill::commitment(System::block_hash(0), owner, slot, bill, nonce)
        })
    }

    /// Whether what a buyer was shown is what the seller committed to, and covers the trade.
    fn is_proven(
        &mut self,
        slot: SlotIndex,
        committed: Hash,
        shown: Option<(&Bill, &BillNonce)>,
    ) -> bool {
        let Some((bill, nonce)) = shown else {
            return false;
        };
        let seller = SELLER.to_account_id();
        self.commitment(slot, bill, nonce) == committed
            && self
                .look(|| <Metering as BillAudit<AccountId>>::audit(&seller, slot, bill))
                .is_ok_and(|delivered| delivered >= ENERGY)
    }
}

pub fn order(slot: SlotIndex, side: Side, limit: PricePerKwh, energy: Wh) -> RuntimeCall {
    let call = pallet_auction::Call::place_order { slot, side, limit, energy };
    call.into()
}
