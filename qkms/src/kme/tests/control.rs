//! Links whose blocks control chooses.

use super::*;
use crate::{
    control::{Choices, Gains, Law, Marks, Pilot, Point, pilot::Pace},
    distil,
    health::Claims,
    kme::{
        channels::{Here, Meeting, There},
        line::NoAnswer,
        photonic::{Alice, Bob},
        testing::SharedGenerator,
        wire::{Start, Why},
    },
    link::{Epsilons, Link, LinkParameters, OperatingPoint, Preset},
    pool::record::Lease,
};

fn parameters() -> LinkParameters {
    let (_, point) = Preset::Snspd.operating_points()[0];
    LinkParameters { device: Preset::Snspd.device(), point, km: 10.0, eve: None, drift: None }
}

/// Two points for blocks of nearly one size.
pub(super) fn choices() -> Choices {
    let LinkParameters { device, point, km, .. } = parameters();
    let other = OperatingPoint { q_x: 0.73, ..point };
    let of = |size, point| Point::new(&device, km, Epsilons::default(), size, point).unwrap();
    Choices::new(vec![of(100_000, point), of(120_000, other)], 1e6, 1e9)
}

/// Control of pools that hold `capacity` bits in both directions.
pub(super) fn pilot(choices: Choices, capacity: f64) -> Pilot {
    let gains = Gains { proportional: 0.12, integral: 0.003 };
    gains.prove(choices.spread()).unwrap();
    let [low, target, high] = [0.5, 0.8, 1.0].map(|share| share * capacity);
    let law = Law::new(gains, target, 1e5);
    let pace = Pace { step: 8.0, longest: 60.0, surge: 4.0 };
    Pilot::new(choices, Marks { low, target, high, capacity }, pace, law)
}

fn makers() -> [Box<dyn BlockMaker>; 2] {
    let meeting = Meeting::default();
    let parameters = parameters();
    let params = distil::Params {
        point: parameters.point,
        epsilons: Epsilons::default(),
        limits: distil::Limits::default(),
    };
    let link = Link::new(parameters, None).unwrap();
    // The pulses are those of no point: what is made with them would give no key.
    let alice = Alice::new(link, 1000, params, None, Here(meeting.clone()));
    let bob = Bob::new(params, &Claims::new(&parameters), There(meeting)).controlled(parameters);
    [Box::new(alice), Box::new(bob)]
}

#[tokio::test]
async fn blocks_of_a_controlled_link_are_made_with_what_control_chose() {
    let folder = tempfile::tempdir().unwrap();
    let capacity = Options::default().capacity;
    let pilot = pilot(choices(), 16.0 * capacity.keys as f64);
    let options = Options { pilot: Some(pilot), choices: Some(choices()), ..Options::default() };
    let pair = Pair::start_with(folder.path(), &options, makers()).await.unwrap();
    let more = |summary: &crate::pool::making::Summary| summary.ledger.made > 600_000;
    pair.kmes[0].links()[0].changes().wait_for(more).await.unwrap();
    pair.kmes[0].wind_down().await;
    for kme in &pair.kmes {
        let records = kme.links()[0].store.run(|books| books.records(0, 100)).await.unwrap();
        assert!(!records.is_empty());
        for record in records.iter().map(|signed| &signed.record.account) {
            let chosen = choices();
            let of = |point: &&Point| point.point.q_x.to_bits() == record.q_x;
            let point = chosen.points().iter().find(of).expect("a point that may be chosen");
            assert_eq!(record.intensities, point.point.intensities.map(f64::to_bits));
            let most = 2.0 * point.pulses(1e9);
            assert!((point.ready..most).contains(&(record.pulses as f64)), "{record:?}");
            // What it is judged by is what was configured.
            let epsilons = Epsilons::default();
            assert_eq!(record.secrecy, epsilons.secrecy.to_bits());
            assert_eq!(record.correctness, epsilons.correctness.to_bits());
        }
        audit(kme).await;
    }
    pair.stop().await;
}

#[tokio::test]
async fn what_is_not_configured_at_bobs_end_is_not_begun_there() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { choices: Some(choices()), ..Options::default() };
    let generator = || -> Box<dyn BlockMaker> { Box::new(SharedGenerator::new(1, 1_000_003)) };
    let pair = Pair::start_with(folder.path(), &options, [generator(), generator()]).await.unwrap();
    pair.kmes[0].wind_down().await;
    let LinkParameters { device, point, km, .. } = parameters();
    let start = |point: OperatingPoint, rate: f64| {
        let point = Point::new(&device, km, Epsilons::default(), 100_000, point).unwrap();
        let setting = Choices::new(vec![point], 1.0, 1e12).setting(&point, rate);
        let lease = Lease { block: 90_000, ..Lease::default() };
        pair.kmes[0].links()[0].line.done(Ask::Start(Start { lease, setting: Some(setting) }))
    };
    let brighter = OperatingPoint { intensities: [0.9, 0.239, 0.0], ..point };
    let refused = Err(NoAnswer::Refused(Why::Setting));
    assert_eq!(start(brighter, 1e8).await, refused);
    assert_eq!(start(point, 2e9).await, refused);
    assert_eq!(start(point, 1e5).await, refused);
    let before = audit(&pair.kmes[1]).await;
    pair.stop().await;
    assert!(before.balances());
}

#[tokio::test]
async fn a_controlled_pool_is_filled_to_its_marks_and_no_further() {
    let folder = tempfile::tempdir().unwrap();
    // The generator's blocks are taken for those of a point that gives as much.
    let point = choices().points()[0];
    let choices = Choices::new(vec![point], 1e6, 1e9);
    let bits = point.bits as u64;
    let capacity = 40 * bits / 8;
    let mut own = pilot(choices.clone(), 16.0 * capacity as f64);
    let high = own.marks().high;
    let options = Options {
        pilot: Some(own.clone()),
        choices: Some(choices),
        capacity: link::Capacity { keys: capacity, ..Options::default().capacity },
        ..Options::default()
    };
    let generator = || -> Box<dyn BlockMaker> { Box::new(SharedGenerator::new(1, bits)) };
    let pair = Pair::start_with(folder.path(), &options, [generator(), generator()]).await.unwrap();
    let link = &pair.kmes[0].links()[0];
    let fill = |summary: &crate::pool::making::Summary| {
        8.0 * [link.outgoing(), link.incoming()]
            .map(|pool| summary.fill(pool).bytes as f64)
            .iter()
            .sum::<f64>()
    };
    // Blocks are begun until there is no room for another.
    link.changes().wait_for(|summary| fill(summary) + point.bits > high).await.unwrap();
    assert!(fill(&link.summary()) <= high);
    // And then none is, by whoever looks at these pools,
    pair.kmes[0].wind_down().await;
    pair.kmes[1].answerers[0].runs.idle().await;
    let ledger = audit(&pair.kmes[0]).await;
    assert!(ledger.wasted < 8 * 100, "{ledger:?}");
    assert!(fill(&link.summary()) <= high);
    let (mut changes, began) = (link.changes(), std::time::Instant::now());
    let mut called = std::pin::pin!(engine::call(link, Some(&mut own), &mut changes, began));
    assert!(waits(called.as_mut()).await);
    // until there is room again.
    while fill(&link.summary()) + 2.0 * point.bits > high {
        let [alice, bob] = &pair.kmes;
        enc(alice, "sae-a1", "sae-b1", number(100)).await.unwrap();
        enc(bob, "sae-b1", "sae-a1", number(100)).await.unwrap();
    }
    assert!(called.await.is_some());
    pair.stop().await;
}
