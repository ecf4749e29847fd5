//! The whole way, from simulated photons to a slave.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use super::*;
use crate::{
    distil,
    health::Claims,
    kme::{
        channels::{Channels, Dial, Here, Listen, Meeting, There},
        maker::Made,
        photonic::{Alice, Bob},
        purse::Purse,
    },
    link::{Eavesdropper, Epsilons, Link, LinkParameters, Preset},
    pool::Direction,
};

/// Pulses of a block of some 10^5 sifted bits at 10 km and 10 MHz, where dead time matters little.
const PULSES: u64 = 3_400_000;

fn parameters(eve: Option<Eavesdropper>) -> LinkParameters {
    let (_, point) = Preset::Snspd.operating_points()[0];
    let mut device = Preset::Snspd.device();
    device.pulse_rate = 1e7;
    LinkParameters { device, point, km: 10.0, eve, drift: None }
}

fn link(eve: Option<Eavesdropper>, seed: Option<u64>) -> Link {
    let seed = seed.map(|seed| Seed::new(seed, "photons").derive("link"));
    Link::new(parameters(eve), seed).unwrap()
}

fn makers(
    eve: Option<Eavesdropper>,
    seed: Option<u64>,
    alice: impl Channels,
    bob: impl Channels,
) -> [Box<dyn BlockMaker>; 2] {
    let point = parameters(eve).point;
    let params =
        distil::Params { point, epsilons: Epsilons::default(), limits: distil::Limits::default() };
    let choices = seed.map(|seed| Seed::new(seed, "choices"));
    let alice = Alice::new(link(eve, seed), PULSES, params, choices, alice);
    let claims = Claims::new(&parameters(eve));
    [Box::new(alice), Box::new(Bob::new(params, &claims, bob))]
}

async fn deliver_one(pair: &Pair) {
    let [alice, bob] = &pair.kmes;
    let keys = enc(alice, "sae-a1", "sae-b1", number(2)).await.unwrap();
    assert!(dec(bob, "sae-b1", "sae-a1", ids(&keys)).await.unwrap() == keys);
    for kme in &pair.kmes {
        let ledger = audit(kme).await;
        assert!(ledger.made > 524_288 && ledger.tags > 0, "{ledger:?}");
    }
}

#[tokio::test]
async fn keys_of_the_simulated_link_are_delivered_within_a_process() {
    let folder = tempfile::tempdir().unwrap();
    let meeting = Meeting::default();
    let makers = makers(None, None, Here(meeting.clone()), There(meeting));
    let pair = Pair::start_with(folder.path(), &Options::default(), makers).await.unwrap();
    deliver_one(&pair).await;
    pair.stop().await;
}

#[tokio::test]
async fn keys_of_the_simulated_link_are_delivered_over_tcp() {
    let folder = tempfile::tempdir().unwrap();
    let free = || -> SocketAddr {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
    };
    let (quantum, classical) = (free(), free());
    let listen = Listen::bind(quantum, classical).unwrap();
    let makers = makers(None, None, Dial { quantum, classical }, listen);
    let pair = Pair::start_with(folder.path(), &Options::default(), makers).await.unwrap();
    deliver_one(&pair).await;
    pair.stop().await;
}

/// Tag keys that both ends of a replayed block have.
struct Zeros;

impl distil::TagKeys for Zeros {
    fn take(
        &mut self,
        _: distil::Direction,
        bytes: usize,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, distil::TagKeysSpent> {
        Ok(zeroize::Zeroizing::new(vec![0; bytes]))
    }
}

/// Makes the first `blocks` blocks of a seeded link once more: of each the detections and the
/// secret bits that they give.
fn replay(seed: u64, blocks: u64) -> Vec<(u64, Vec<u8>)> {
    let meeting = Meeting::default();
    let [mut alice, mut bob] = makers(None, Some(seed), Here(meeting.clone()), There(meeting));
    let mut light = link(None, Some(seed));
    std::thread::scope(|scope| {
        scope.spawn(move || (1..=blocks).for_each(|number| drop(bob.make(number, &mut Zeros))));
        (1..=blocks)
            .map(|number| {
                let (_, detected) = light.block(PULSES);
                let Ok(Made::Key { bytes, report, .. }) = alice.make(number, &mut Zeros) else {
                    panic!("block {number} gave a key before")
                };
                assert_eq!(report.detections, detected.detections.len() as u64);
                (report.detections, bytes.to_vec())
            })
            .collect()
    })
}

#[tokio::test]
async fn a_delivered_key_leads_back_to_the_detections_of_its_block() {
    const SEED: u64 = 11;
    let folder = tempfile::tempdir().unwrap();
    let meeting = Meeting::default();
    let makers = makers(None, Some(SEED), Here(meeting.clone()), There(meeting));
    let pair = Pair::start_with(folder.path(), &Options::default(), makers).await.unwrap();
    let mut told = Vec::new();
    for step in 0..12 {
        let (from, to, master, slave) = match step % 2 {
            0 => (0, 1, "sae-a1", "sae-b1"),
            _ => (1, 0, "sae-b1", "sae-a1"),
        };
        // Until the third block has come to an end, and some steps more.
        let keys = enc(&pair.kmes[from], master, slave, number(3)).await.unwrap();
        audit(&pair.kmes[from]).await;
        if step % 3 > 0 {
            assert!(dec(&pair.kmes[to], slave, master, ids(&keys)).await.unwrap() == keys);
        }
        for kme in &pair.kmes {
            audit(kme).await;
            let made = kme.links()[0].summary().ledger.made;
            if step < 3 {
                let mut changes = kme.links()[0].changes();
                changes.wait_for(|summary| summary.ledger.made > made).await.unwrap();
            }
        }
        told.extend(keys.into_iter().map(|key| (from, to, key)));
    }
    let mut places = Vec::new();
    for (from, to, key) in &told {
        let id = key.id;
        let mut found = Vec::new();
        for end in [from, to] {
            let look = move |books: &mut Books<'_>| {
                let range = books.key(id)?.unwrap().range;
                Ok((range, books.block(range.block)?.unwrap().bits))
            };
            found.push(pair.kmes[*end].links()[0].store.run(look).await.unwrap());
        }
        assert_eq!(found[0], found[1], "both ends name the same bits of the same block");
        places.push(found[0]);
    }
    pair.stop().await;
    let blocks = places.iter().map(|(range, _)| range.block).max().unwrap();
    let replayed = replay(SEED, blocks);
    for ((range, bits), (_, _, key)) in places.into_iter().zip(&told) {
        let (detections, bytes) = &replayed[range.block as usize - 1];
        assert_eq!(bits.div_ceil(8), bytes.len() as u64);
        assert!(*detections > bits, "a block has more detections than secret bits");
        assert_eq!(*key.key, bytes[range.offset as usize..range.end() as usize]);
    }
}

#[tokio::test]
async fn an_eavesdropper_closes_the_link_before_any_key_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let meeting = Meeting::default();
    let eve = Some(Eavesdropper::InterceptResend { share: 1.0 });
    let makers = makers(eve, None, Here(meeting.clone()), There(meeting));
    let options = Options::default();
    let start = Pair::start_with(folder.path(), &options, makers);
    let pair = timeout(Duration::from_secs(60), start).await;
    let Ok(Err(error)) = pair else { panic!("the pools hold keys, or nothing closed the link") };
    assert_eq!(error.to_string(), "the quantum link is closed: qber");
}

#[test]
fn a_tag_key_is_durably_marked_before_it_is_used() {
    use crate::distil::auth::{Direction as Way, TagKeys};
    let folder = tempfile::tempdir().unwrap();
    let options = Options::default();
    let dialer = Arc::new(door::Wire::new(testing::kme_id(End::Alice), Arc::default()));
    let maker = Box::new(testing::SharedGenerator::new(1, 8));
    let setup = testing::setup(End::Alice, folder.path(), &options, dialer, maker).unwrap();
    let link = &setup.links[0];
    let key = link.first_key.clone().unwrap();
    let lease = link
        .store
        .run_blocking(move |books| {
            books.import_tag_key(&key)?;
            books.lease_tags(7, 2000)
        })
        .unwrap();
    let marked = || {
        let look =
            |books: &mut Books<'_>| Ok(books.lease()?.map(|lease| lease.alice_to_bob.marked));
        link.store.run_blocking(look).unwrap()
    };
    let mut purse = Purse::open(&link.store, lease).unwrap();
    assert_eq!(marked(), Some(0));
    let first = purse.take(Way::AliceToBob, 16).unwrap();
    assert_eq!(marked(), Some(1024));
    let second = purse.take(Way::AliceToBob, 16).unwrap();
    assert!(first != second);
    purse.take(Way::AliceToBob, 1900).unwrap();
    assert_eq!(marked(), Some(2000));
    assert!(purse.take(Way::AliceToBob, 69).is_err(), "more than the lease");
    purse.take(Way::AliceToBob, 68).unwrap();
    purse.settle().unwrap();
    let left =
        link.store.run_blocking(|books| books.free_ranges(Pool::Tags(Direction::AliceToBob)));
    assert_eq!(left.unwrap().iter().map(|range| range.len).sum::<u64>(), (1 << 15) - 2000);
}
