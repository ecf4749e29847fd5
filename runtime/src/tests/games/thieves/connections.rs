//! Owners with two connections: evidence of one of them, and the silence of one.

use super::{Theft, scene::*};
use crate::*;
use qedex_primitives::{Bill, MeterId, SignedReading, SlotIndex, Wh};
use sp_keyring::Sr25519Keyring as Key;

/// The key of an owner's second connection, which bears this number.
const SECOND: &str = "//second";

/// Nothing flows.
const STILL: [Wh; 2] = [Wh::ZERO, Wh::ZERO];

/// The seller delivers ten kilowatt-hours through its first connection, and sells them to Eve. What
/// flows through the second one.
struct Sale {
    slot: SlotIndex,
    readings: [SignedReading; 2],
    /// What both own.
    before: [i128; 2],
}

impl Sale {
    fn of(scene: &mut Scene, second: [Wh; 2]) -> Self {
        let meter = scene.chain.install(SELLER, SECOND, TEN);
        let slot = scene.gate_after(6);
        let before = [SELLER, EVE].map(|who| scene.money(&[who]));
        scene.agree(slot, SELLER, EVE, TEN);
        scene.deliver(slot);
        let first = [TEN, Wh::ZERO];
        let readings = [
            scene.chain.reading(SELLERS_METER, &own_meter(SELLER), slot, first),
            scene.chain.reading(meter, SECOND, slot, second),
        ];
        Self { slot, readings, before }
    }

    /// The seller commits to both readings.
    fn commit(&self, scene: &mut Scene) -> Bill {
        let bill = Bill::truncate_from(self.readings.to_vec());
        scene.commits_to(SELLER, self.slot, bill)
    }

    /// Somebody carries one of the readings to the chain.
    fn publish(&self, scene: &mut Scene, by: Key, which: usize) {
        scene.chain.run_to(times(self.slot).commitments_until);
        scene.tries(by, "Metering", "submit_reading", self.readings[which].clone());
    }

    /// Eve complains, and the seller answers.
    fn dispute(&self, scene: &mut Scene, bill: &Bill) {
        scene.chain.run_to(times(self.slot).readings_until);
        assert!(scene.honestly(EVE, "Settlement", "complain", (self.slot, 0_u32)));
        scene.answers(SELLER, self.slot, bill);
    }

    /// What the seller or Eve has in the end beyond what honest trade would have left it.
    fn gained(&self, scene: &mut Scene, who: Key) -> String {
        scene.end(self.slot);
        let honest = if who == SELLER { middle() } else { middle_bid() };
        let honest = honest.cost_floor(TEN).expect("a sum of money") as i128;
        let (before, honest) = match who {
            SELLER => (self.before[0], honest),
            _ => (self.before[1], -honest),
        };
        let gained = scene.money(&[who]) - before - honest;
        scene.loot(gained)
    }
}

/// A stranger publishes the reading that delivers nothing, of a seller that committed to both.
fn publish_one_of_a_private_seller(scene: &mut Scene) -> String {
    let sale = Sale::of(scene, STILL);
    sale.commit(scene);
    sale.publish(scene, FERDIE, 1);
    sale.gained(scene, SELLER)
}

/// The same of a seller that is off-line. Its other reading came to the chain in time.
fn publish_one_beside_a_silent_one(scene: &mut Scene) -> String {
    let sale = Sale::of(scene, STILL);
    sale.publish(scene, FERDIE, 0);
    sale.gained(scene, SELLER)
}

/// Eve was shown both readings. She publishes the one that delivers nothing, and complains.
fn publish_one_and_complain(scene: &mut Scene) -> String {
    let sale = Sale::of(scene, STILL);
    let bill = sale.commit(scene);
    sale.publish(scene, EVE, 1);
    sale.dispute(scene, &bill);
    sale.gained(scene, EVE)
}

/// A seller uses at its second connection what it exports at its first, and nobody is to know. It spoils
/// the signature of that meter.
fn garble_the_importing_meter(scene: &mut Scene) -> String {
    let mut sale = Sale::of(scene, [Wh::ZERO, TEN]);
    let meter = sale.readings[1].payload.meter;
    let garbled = scene.chain.reading(meter, "//nobody", sale.slot, [Wh::ZERO, TEN]);
    sale.readings[1] = garbled;
    let bill = sale.commit(scene);
    sale.dispute(scene, &bill);
    sale.gained(scene, SELLER)
}

/// The validator's first connection.
const VALIDATORS_METER: MeterId = MeterId(3);

/// The validator gets a connection at which so much can enter or leave, with the word of everybody whom it
/// takes. Whether it has it.
fn connect(scene: &mut Scene, key: &str, rating: Wh) -> bool {
    if scene.is_first_release() {
        let arguments = (ISSUER.to_account_id(), public(key), rating);
        return scene.tries(INSTALLER, "Metering", "register_meter", arguments);
    }
    let before = scene.chain.look(pallet_metering::NextMeter::<Runtime>::get);
    scene.files(INSTALLER, registration(ISSUER, key, key, rating), &[ISSUER, FERDIE]);
    scene.chain.look(pallet_metering::NextMeter::<Runtime>::get) > before
}

/// A validator's second connection says nothing in the four slots of a mid band that are scored, then ends,
/// and others push it off the list of what the owner has: the score of who consumed nothing is 0.500.
fn forget_a_silent_connection(scene: &mut Scene) -> String {
    let midnight = scene.chain.now / SLOT;
    assert!(scene.issues(ISSUER, FERDIE, 3, own(FERDIE)));
    assert!(connect(scene, "//pump", Wh(100_000)));
    let pump = scene.latest_meter();
    // As many as an owner may have.
    for number in 0..6 {
        assert!(connect(scene, &format!("//full//{number}"), Wh(1)));
    }
    let scored = [32, 33, 34, 35].map(|slot| SlotIndex(midnight + slot));
    scene.chain.run_to(times(scored[3]).gate_opens + SLOT / 2);
    let change = qedex_primitives::Change::Decommission { meter: pump };
    if scene.is_first_release() {
        assert!(scene.tries(INSTALLER, "Metering", "decommission_meter", pump));
    } else {
        assert!(scene.files(INSTALLER, change, &[ISSUER, FERDIE]));
    }
    for slot in scored {
        assert!(scene.publishes(ISSUER, VALIDATORS_METER, &own_meter(ISSUER), slot, STILL));
        for number in 0..6_u32 {
            let (meter, key) = (MeterId(pump.0 + 1 + number), format!("//full//{number}"));
            assert!(scene.publishes(ISSUER, meter, &key, slot, STILL));
        }
    }
    scene.chain.run_to(times(scored[3]).final_at);
    connect(scene, "//new", Wh(1));
    let score = scene.score_of_the_validator();
    scene.told(standing(score))
}

/// A validator lets ten kilowatt-hours in at one of its connections and out at the other, in the slots of
/// an off-peak band that are scored. They cost it the grid price less the feed-in price.
fn circulate(scene: &mut Scene) -> String {
    let midnight = scene.chain.now / SLOT;
    assert!(scene.issues(ISSUER, FERDIE, 3, own(FERDIE)));
    assert!(connect(scene, "//second", TEN));
    let second = scene.latest_meter();
    let scored = [12, 13, 14, 15].map(|slot| SlotIndex(midnight + slot));
    for slot in scored {
        let out = [TEN, Wh::ZERO];
        assert!(scene.publishes(ISSUER, VALIDATORS_METER, &own_meter(ISSUER), slot, out));
        assert!(scene.publishes(ISSUER, second, SECOND, slot, [Wh::ZERO, TEN]));
    }
    scene.chain.run_to(times(scored[3]).final_at);
    let terms = presets::leader_terms();
    let [bought, sold] =
        [terms.cap, terms.floor].map(|price| price.cost_floor(TEN).expect("a sum of money"));
    let score = scene.score_of_the_validator();
    scene.told(format!("{} for {} a slot", standing(score), qed(bought - sold)))
}

#[test]
fn a_stranger_publishes_one_of_two_connections_of_a_private_seller() {
    Theft {
        finding: "fresh, connections",
        sequence: "a stranger publishes one of two connections of who committed: what it loses",
        play: publish_one_of_a_private_seller,
    }
    .earned("0.000", "0.000");
}

#[test]
fn a_silent_connection_voids_no_other() {
    Theft {
        finding: "fresh, connections",
        sequence: "one of two connections of who did not commit is silent: what it loses",
        play: publish_one_beside_a_silent_one,
    }
    .earned("-3.900", "0.000");
}

#[test]
fn a_buyer_that_was_shown_both_connections_publishes_one() {
    Theft {
        finding: "fresh, connections",
        sequence: "a buyer publishes the still one of two connections that it was shown, and complains",
        play: publish_one_and_complain,
    }
    .earned("-0.216", "-0.232");
}

#[test]
fn a_garbled_signature_of_the_importing_meter() {
    Theft {
        finding: "fresh, connections",
        sequence: "a seller garbles its importing meter's signature in the bill that is asked for",
        play: garble_the_importing_meter,
    }
    .earned("-3.900 (`BadSignature`)", "-0.232");
}

#[test]
fn a_validators_silent_connection_is_forgotten() {
    Theft {
        finding: "c, fresh",
        sequence: "a validator's silent heat pump is pushed off its list by new meters: its score",
        play: forget_a_silent_connection,
    }
    .earned("0.500", "0.043 (`TooManyConnections`)");
}

#[test]
fn a_validator_circulates_energy_between_two_connections() {
    Theft {
        finding: "fresh, PoV",
        sequence: "a validator exports at one connection what it imports at another: its score",
        play: circulate,
    }
    .earned("0.000 for 2.200 a slot", "0.250 for 2.200 a slot");
}
