//! What blocks tell of keys: values of the beacon, schedules ordered by them, sessions, audits.

use codec::Encode;
use qedex_primitives::BeaconSource;
use qedex_runtime::{Hash, Runtime, RuntimeEvent};
use qedex_testnode::chain::{hash_at, state_of};
use serde_json::{Value, json};
use sp_crypto_hashing::blake2_256;
use std::ops::RangeInclusive;
use subxt::rpcs::RpcClient;

/// For what a schedule's seed is derived, as `pallet_pov` says.
const SEED_CONTEXT: [u8; 16] = *b"qedex/schedule/1";

/// How many epochs before the latest one whose value may have ordered a schedule.
const EPOCHS_BACK: usize = 4;

type Qkd = pallet_qkd::Event<Runtime>;

/// Something that a block tells.
#[derive(Debug)]
enum Fact {
    /// An epoch of the beacon has ended.
    Valued(Hash, BeaconSource),
    /// A schedule governs from a slot on, and what ordered it: none if it was no value of the beacon.
    Ordered(Option<BeaconSource>),
    Asked,
    Opened,
    Picked(BeaconSource),
    /// An audit is decided: whether it has passed.
    Audited(bool),
    /// A slot of the market is promised keys that exist.
    Promised,
}

/// What all blocks up to one have told.
#[derive(Debug, Default)]
pub struct Told {
    read: u64,
    facts: Vec<(u64, Fact)>,
}

impl Told {
    /// Reads the blocks up to this one.
    pub async fn read_up_to(&mut self, rpc: &RpcClient, last: u64) {
        while self.read < last {
            let number = self.read + 1;
            let hash = hash_at(rpc, number).await.expect("it is final");
            let events: Option<Vec<frame_system::EventRecord<RuntimeEvent, Hash>>> =
                state_of(rpc, "System", "Events", &hash).await;
            for record in events.unwrap_or_default() {
                if let Some(fact) = self.fact(record.event) {
                    self.facts.push((number, fact));
                }
            }
            self.read = number;
        }
    }

    fn fact(&self, event: RuntimeEvent) -> Option<Fact> {
        match event {
            RuntimeEvent::Pov(pallet_pov::Event::Scheduled { session, since, seed, .. }) => {
                Some(Fact::Ordered(self.behind(session, since, seed)))
            }
            RuntimeEvent::Qkd(event) => match event {
                Qkd::EpochEnded { value, source, .. } => Some(Fact::Valued(value, source)),
                Qkd::SessionRequested { .. } => Some(Fact::Asked),
                Qkd::SessionOpened { .. } => Some(Fact::Opened),
                Qkd::BlockPicked { pick, .. } => Some(Fact::Picked(pick.source)),
                Qkd::LinkAudited { failure, .. } => Some(Fact::Audited(failure.is_none())),
                Qkd::KeysReserved { keys, backed: true, .. } if keys > 0 => Some(Fact::Promised),
                _ => None,
            },
            _ => None,
        }
    }

    /// Where the value comes from by which a schedule was ordered: whose seed is what the seed of this session and
    /// slot would be.
    fn behind(&self, session: u32, since: u64, seed: Hash) -> Option<BeaconSource> {
        let values = self.facts.iter().rev().filter_map(|(_, fact)| match fact {
            Fact::Valued(value, source) => Some((value, *source)),
            _ => None,
        });
        let gives = |(value, source): (&Hash, BeaconSource)| {
            let of_value = (SEED_CONTEXT, session, since, value.encode());
            (of_value.using_encoded(blake2_256) == seed.0).then_some(source)
        };
        values.take(EPOCHS_BACK).find_map(gives)
    }

    /// How often there was such a thing in these blocks.
    fn count(&self, blocks: &RangeInclusive<u64>, such: impl Fn(&Fact) -> bool) -> usize {
        let here = self.facts.iter().filter(|(block, _)| blocks.contains(block));
        here.filter(|(_, fact)| such(fact)).count()
    }

    /// Whether everything runs: the latest value and the latest schedule come from keys, an audit has passed and a
    /// session has opened.
    pub fn everything_runs(&self) -> bool {
        let newest = |such: fn(&Fact) -> Option<bool>| {
            self.facts.iter().rev().find_map(|(_, fact)| such(fact)) == Some(true)
        };
        newest(|fact| match fact {
            Fact::Valued(_, source) => Some(*source == BeaconSource::Keys),
            _ => None,
        }) && newest(|fact| match fact {
            Fact::Ordered(source) => Some(*source == Some(BeaconSource::Keys)),
            _ => None,
        }) && newest(|fact| match fact {
            Fact::Audited(passed) => Some(*passed),
            _ => None,
        }) && newest(|fact| matches!(fact, Fact::Opened).then_some(true))
    }

    /// What happened in these blocks.
    ///
    /// # Panics
    /// If something of what is claimed to have run did not.
    pub fn figures(&self, blocks: &RangeInclusive<u64>) -> Value {
        use BeaconSource::{BlockHash, Keys};
        let count = |such: fn(&Fact) -> bool| self.count(blocks, such);
        let values = count(|fact| matches!(fact, Fact::Valued(_, Keys)));
        let ordered = count(|fact| matches!(fact, Fact::Ordered(Some(Keys))));
        let opened = count(|fact| matches!(fact, Fact::Opened));
        let passed = count(|fact| matches!(fact, Fact::Audited(true)));
        for (what, happened) in [
            ("no value of the beacon was made of keys", values),
            ("no schedule was ordered by a value of keys", ordered),
            ("no session opened", opened),
            ("no audit passed", passed),
        ] {
            assert!(happened > 0, "{what}");
        }
        json!({
            "beacon_values": {
                "keys": values,
                "block_hash": count(|fact| matches!(fact, Fact::Valued(_, BlockHash))),
            },
            "schedules_ordered_by": {
                "keys": ordered,
                "block_hash": count(|fact| matches!(fact, Fact::Ordered(Some(BlockHash)))),
                "neither": count(|fact| matches!(fact, Fact::Ordered(None))),
            },
            "sessions": {
                "asked": count(|fact| matches!(fact, Fact::Asked)),
                "opened": opened,
            },
            "audits": {
                "picked_by_keys": count(|fact| matches!(fact, Fact::Picked(Keys))),
                "picked_by_block_hash": count(|fact| matches!(fact, Fact::Picked(BlockHash))),
                "passed": passed,
                "failed": count(|fact| matches!(fact, Fact::Audited(false))),
            },
            "slots_promised_keys": count(|fact| matches!(fact, Fact::Promised)),
        })
    }
}
