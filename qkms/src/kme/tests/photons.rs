//! The whole way, from simulated photons to a slave.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use super::*;
use crate::{
    distil,
    kme::{
        channels::{Dial, Here, Listen, Meeting, There},
        photonic::{Alice, Bob, Channels},
        purse::Purse,
    },
    link::{Eavesdropper, Epsilons, Link, LinkParameters, Preset},
    pool::Direction,
};

/// Pulses of a block of some 10^5 sifted bits at 10 km and 10 MHz, where dead time matters little.
const PULSES: u64 = 3_400_000;

fn makers(
    eve: Option<Eavesdropper>,
    alice: impl Channels,
    bob: impl Channels,
) -> [Box<dyn BlockMaker>; 2] {
    let (_, point) = Preset::Snspd.operating_points()[0];
    let mut device = Preset::Snspd.device();
    device.pulse_rate = 1e7;
    let parameters = LinkParameters { device, point, km: 10.0, eve, drift: None };
    let params =
        distil::Params { point, epsilons: Epsilons::default(), limits: distil::Limits::default() };
    let link = Link::new(parameters, None).unwrap();
    [Box::new(Alice::new(link, PULSES, params, None, alice)), Box::new(Bob::new(params, bob))]
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
    let makers = makers(None, Here(meeting.clone()), There(meeting));
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
    let makers = makers(None, Dial { quantum, classical }, listen);
    let pair = Pair::start_with(folder.path(), &Options::default(), makers).await.unwrap();
    deliver_one(&pair).await;
    pair.stop().await;
}

#[tokio::test]
async fn an_eavesdropper_closes_the_link_before_any_key_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let meeting = Meeting::default();
    let eve = Some(Eavesdropper::InterceptResend { share: 1.0 });
    let makers = makers(eve, Here(meeting.clone()), There(meeting));
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
