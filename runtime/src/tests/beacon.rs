//! The entropy beacon in the composition: epochs of a chain with and without workers, and what orders the
//! schedules.

use super::games::world::{Offer, SLOT, World};
use crate::{
    configs::beacon::{Beacon, BlockAuthors, EpochLength},
    *,
};
use codec::Encode;
use frame_support::{assert_ok, traits::Get};
use qedex_primitives::{
    BeaconSource, BlockAuthors as _, EntropyBeacon, EpochIndex, Moment,
    beacon::{Epoch, EpochPart, EpochValue, EpochWork, Revealed, fallback, value},
    qkd::WorkerSignature,
};
use sp_consensus_aura::{AURA_ENGINE_ID, Slot};
use sp_core::{Pair, sr25519};
use sp_io::hashing::{blake2_256, sha2_256};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::{Digest, DigestItem};
use std::collections::{BTreeMap, BTreeSet};

/// Those who draw keys in the presets.
const DRAWERS: [Key; 2] = [Key::Dave, Key::Eve];

/// What the agent of `who` draws for an epoch.
pub fn secret(who: Key, epoch: EpochIndex) -> Revealed {
    Revealed(blake2_256(&(who.to_raw_public(), epoch, "secret").encode()))
}

/// What the worker of `who` brings for an epoch.
pub fn bring(world: &mut World, who: Key, epoch: EpochIndex, work: EpochWork) -> Offer {
    let genesis = world.look(|| System::block_hash(0));
    let worker = sr25519::Pair::from_string(&format!("{}//worker", who.to_seed()), None).unwrap();
    let signed = work.signing_bytes(genesis, &who.to_raw_public(), epoch);
    let signature = WorkerSignature(worker.sign(&signed));
    let who = who.to_account_id();
    Offer::General(pallet_qkd::Call::bring_epoch { who, epoch, work, signature }.into())
}

/// The commitment of `who`.
pub fn commitment(world: &mut World, who: Key, epoch: EpochIndex) -> Offer {
    let account = who.to_account_id();
    let commitment = world.look(|| Qkd::commitment_of(&account, epoch, &secret(who, epoch)));
    bring(world, who, epoch, EpochWork::commit(commitment))
}

/// What `who` reveals.
pub fn reveal(world: &mut World, who: Key, epoch: EpochIndex) -> Offer {
    let work = EpochWork::Reveal { secret: secret(who, epoch) };
    bring(world, who, epoch, work)
}

/// The epoch that is under way.
pub fn current(world: &mut World) -> Epoch {
    world.look(|| Beacon::epoch().expect("an epoch is under way").0)
}

/// Writes blocks until the half of the epoch that is under way is over, the first one with these transactions,
/// which all have to be taken.
pub fn finish_half(world: &mut World, offers: &[Offer]) {
    let before = current(world);
    let taken = world.offer(offers);
    assert!(taken.iter().all(|result| *result == Ok(Ok(()))), "{taken:?}");
    // The block behind the one that has come to the end of a half ends it.
    while current(world).part == before.part {
        let until = before.until.max(world.now + MILLISECONDS_PER_BLOCK);
        world.run_to(until);
    }
}

/// Plays an epoch from its beginning to its end: these commit, and these reveal.
pub fn play(world: &mut World, committing: &[Key], revealing: &[Key]) -> EpochValue {
    let epoch = current(world).index;
    let offers: Vec<_> = committing.iter().map(|who| commitment(world, *who, epoch)).collect();
    finish_half(world, &offers);
    let offers: Vec<_> = revealing.iter().map(|who| reveal(world, *who, epoch)).collect();
    finish_half(world, &offers);
    world.look(|| Beacon::epoch_value(epoch)).expect("it is known")
}

#[test]
fn a_chain_on_which_nobody_draws_keys_has_a_beacon_of_block_hashes() {
    let mut world = World::new();
    world.offer(&[]);
    let genesis = world.look(|| System::block_hash(0));
    let mut before = Hash::zero();
    for epoch in 0..4 {
        assert_eq!(current(&mut world).index, epoch);
        while current(&mut world).part == EpochPart::Commit {
            world.offer(&[]);
        }
        // With this block reveals opened.
        let opening = world.look(System::block_number);
        while current(&mut world).index == epoch {
            world.offer(&[]);
        }
        let found = world.look(|| Beacon::epoch_value(epoch)).unwrap();
        let block = world.look(|| System::block_hash(opening));
        assert_eq!(found.value, Hash::from(sha2_256(&fallback(genesis, before, epoch, block))));
        assert_eq!(found.source, BeaconSource::BlockHash);
        before = found.value;
    }
}

#[test]
fn two_workers_make_a_value_of_keys() {
    let mut world = World::new();
    world.offer(&[]);
    let first = play(&mut world, &[], &[]);
    let found = play(&mut world, &DRAWERS, &DRAWERS);
    assert_eq!(found.source, BeaconSource::Keys);
    let genesis = world.look(|| System::block_hash(0));
    let mut rows = DRAWERS.map(|who| (who.to_raw_public(), secret(who, 1)));
    rows.sort_by_key(|row| row.0);
    assert_eq!(found.value, Hash::from(sha2_256(&value(genesis, first.value, 1, &rows))));
    let one = play(&mut world, &DRAWERS, &DRAWERS[..1]);
    assert_eq!(one.source, BeaconSource::BlockHash);
}

/// Slots begin at multiples of their length, and so do halves of epochs.
#[test]
fn an_epoch_takes_two_slots_or_what_the_council_says_within_limits() {
    use crate::dynamic_params::beacon::{EpochTenths, Parameters};
    externalities_with_time(|| {
        assert_eq!(EpochLength::get(), 2 * SLOT);
        for (tenths, length) in
            [(0, SLOT * 4 / 10), (10, SLOT), (19, SLOT * 19 / 10), (999, 2 * SLOT)]
        {
            let parameter = Parameters::EpochTenths(EpochTenths, Some(tenths));
            let set = crate::configs::parameters::RuntimeParameters::Beacon(parameter);
            assert_ok!(crate::Parameters::set_parameter(RuntimeOrigin::root(), set));
            assert_eq!(EpochLength::get(), length);
            assert_eq!(Qkd::epoch_length(), length);
        }
    });
}

fn externalities_with_time(test: impl FnOnce()) {
    super::externalities("development").execute_with(|| {
        System::set_block_number(1);
        test();
    });
}

#[test]
fn a_withheld_reveal_costs_standing_and_bars() {
    let mut world = World::new();
    world.offer(&[]);
    play(&mut world, &[], &[]);
    assert_eq!(world.standing_of(Key::Dave), 500_000);
    let found = play(&mut world, &DRAWERS, &[Key::Eve]);
    assert_eq!(found.source, BeaconSource::BlockHash);
    assert_eq!(world.standing_of(Key::Dave), 333_333);
    assert_eq!(world.standing_of(Key::Eve), 500_000);
    let epoch = current(&mut world).index;
    let refused = commitment(&mut world, Key::Dave, epoch);
    let barred = sp_runtime::transaction_validity::InvalidTransaction::Custom(
        pallet_qkd::EpochRefusal::Barred.code(),
    );
    assert_eq!(world.offer(&[refused]), [Err(barred.into())]);
}

/// One that ends a session of authors takes no transactions of users: nobody leaves out a reveal there.
#[test]
fn an_author_counts_where_a_block_takes_transactions() {
    super::externalities("local_testnet").execute_with(|| {
        let slot = 1_000_u64;
        let digest = DigestItem::PreRuntime(AURA_ENGINE_ID, Slot::from(slot).encode());
        System::initialize(&1, &Hash::zero(), &Digest { logs: vec![digest] });
        pallet_aura::CurrentSlot::<Runtime>::put(Slot::from(slot));
        let author = |start: Option<u64>| {
            pallet_pov::CurrentSchedule::<Runtime>::mutate(|schedule| {
                let schedule = schedule.as_mut().expect("of genesis");
                schedule.start = start;
                schedule.since = start.map(|start| start.min(slot));
                schedule.aligned = slot;
            });
            BlockAuthors::author()
        };
        assert_eq!(author(None), None);
        assert_eq!(author(Some(slot + 1)), None, "the block has brought that schedule");
        assert!(author(Some(slot)).is_some());
        assert_eq!(BlockAuthors::bearable(), 1);
    });
    super::externalities("development").execute_with(|| assert_eq!(BlockAuthors::bearable(), 0));
}

/// What was seen of a session: its order, the slots of its authors, and how long before its first slot the value
/// that ordered it was known.
struct Seen {
    order: Vec<AccountId>,
    slots: BTreeMap<AccountId, u32>,
    /// Since reveals of its epoch opened, ...
    since_opened: Moment,
    /// ... and since that epoch ended.
    since_closed: Moment,
}

/// Goes on for so many sessions of the test network, whose drawers of keys all reveal, or where nobody draws.
fn sessions(count: usize, drawers: &[Key]) -> Vec<Seen> {
    let mut world = World::of("local_testnet");
    world.offer(&[]);
    let mut seen: Vec<Seen> = Vec::new();
    let mut session = world.look(Session::current_index);
    while seen.len() < count {
        let Epoch { index, part, .. } = current(&mut world);
        let entries = world.look(|| Beacon::epoch().expect("it is under way").1);
        let of = |who: &Key| entries.iter().find(|(account, _)| *account == who.to_account_id());
        let offers: Vec<_> = drawers
            .iter()
            .filter_map(|who| match (part, of(who)) {
                (EpochPart::Commit, None) => Some(commitment(&mut world, *who, index)),
                (EpochPart::Reveal, Some((_, false))) => Some(reveal(&mut world, *who, index)),
                _ => None,
            })
            .collect();
        world.offer(&offers);
        let now = world.look(Session::current_index);
        if now != session {
            session = now;
            seen.push(look_at_the_schedule(&mut world));
        }
    }
    seen
}

fn look_at_the_schedule(world: &mut World) -> Seen {
    world.look(|| {
        let schedule = pallet_pov::CurrentSchedule::<Runtime>::get().expect("there is one");
        let start = schedule.start.expect("it has begun");
        // That of the latest epoch, or of the one before if that has ended in this block only.
        let latest = <Beacon as EntropyBeacon>::latest();
        let found = (latest.saturating_sub(1)..=latest)
            .rev()
            .filter_map(Beacon::epoch_value)
            .find(|found| {
                let seed = (*b"qedex/schedule/1", schedule.session, start, found.value.encode());
                schedule.seed == Hash::from(seed.using_encoded(blake2_256))
            })
            .expect("a value of the beacon has ordered it");
        let first = start * MILLISECONDS_PER_BLOCK;
        let who = |place: &u16| schedule.authors[usize::from(*place)].who.clone();
        Seen {
            order: schedule.order.iter().map(who).collect(),
            slots: schedule.authors.iter().map(|one| (one.who.clone(), one.slots)).collect(),
            since_opened: first.saturating_sub(found.opened),
            since_closed: first.saturating_sub(found.closed),
        }
    })
}

/// The statistic of who stands at this place of the orders, against what shares let expect.
fn chi_squared(seen: &[Seen], place: usize) -> f64 {
    let mut counted = BTreeMap::<&AccountId, f64>::new();
    let mut expected = BTreeMap::<&AccountId, f64>::new();
    for session in seen {
        *counted.entry(&session.order[place]).or_default() += 1.0;
        for (who, slots) in &session.slots {
            *expected.entry(who).or_default() += f64::from(*slots) / session.order.len() as f64;
        }
    }
    let term = |(who, expected): (&&AccountId, &f64)| {
        let counted = counted.get(who).copied().unwrap_or_default();
        (counted - expected).powi(2) / expected
    };
    expected.iter().map(term).sum()
}

/// What three degrees of freedom exceed once in a thousand times.
const ONCE_IN_A_THOUSAND: f64 = 16.27;

/// How many sessions the schedules are looked at: 120, a day's of a hundredth of an hour, or what
/// `QEDEX_BEACON_SESSIONS` says. A session of the test network is forty seconds long.
fn many() -> usize {
    let said = std::env::var("QEDEX_BEACON_SESSIONS").ok();
    said.map_or(120, |text| text.parse().expect("a number of sessions"))
}

#[test]
fn values_of_keys_order_schedules_fairly_and_change_no_counts() {
    let seen = sessions(many(), &DRAWERS);
    let length = presets::TEST_SESSION_SLOTS as usize;
    for place in [0, length / 2, length - 1] {
        let statistic = chi_squared(&seen, place);
        println!("place {place}: chi-squared {statistic:.2} of {} sessions", seen.len());
        assert!(statistic < ONCE_IN_A_THOUSAND, "place {place}: {statistic}");
    }
    // A source that is not fair is noticed: the orders of every session alike.
    let one = seen.iter().map(|session| Seen {
        order: seen[0].order.clone(),
        slots: session.slots.clone(),
        ..*session
    });
    assert!(chi_squared(&one.collect::<Vec<_>>(), 0) > ONCE_IN_A_THOUSAND);
    for session in &seen {
        let mut counted = BTreeMap::<AccountId, u32>::new();
        session.order.iter().for_each(|who| *counted.entry(who.clone()).or_default() += 1);
        assert_eq!(counted, session.slots);
    }
    let orders: BTreeSet<_> = seen.iter().map(|session| &session.order).collect();
    assert_eq!(orders.len(), seen.len(), "each session has an order of its own");
    // Other values order otherwise, and give everybody what it had.
    let others = sessions(10, &[]);
    for (session, other) in seen.iter().zip(&others) {
        assert_eq!(session.slots, other.slots);
        assert_ne!(session.order, other.order);
    }
    // How long before its first use a value is known: to those who revealed last, since they could, ...
    let longest = |what: fn(&Seen) -> Moment| seen.iter().map(what).max().unwrap_or_default();
    let (opened, closed) = (longest(|one| one.since_opened), longest(|one| one.since_closed));
    println!("known {opened} ms before its first slot to the last revealer, {closed} to everybody");
    assert!(opened <= 3 * SLOT + 3 * MILLISECONDS_PER_BLOCK, "{opened}");
    // ... and to everybody, since the epoch ended.
    assert!(closed <= 2 * SLOT + 3 * MILLISECONDS_PER_BLOCK, "{closed}");
}
