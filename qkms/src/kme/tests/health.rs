//! Links whose noise sources are sick.

use super::{
    closure::Backoff,
    maker::{BlockMaker, Closing, Found, Made, MakeError, Report},
    service::LinkState,
    *,
};
use crate::{
    distil::{self, InProcess, TagKeys, Transport, TransportError},
    health::{Claims, Failure, Source, Test},
    kme::{
        channels::{Channels, Here, Meeting, Opened, There},
        photonic::{Alice, Bob},
    },
    link::{Basis, BobBlock, Detection, Epsilons, Link, LinkParameters, Preset},
    records::Ending,
};

/// Whether the sources are sick, block by block: both ends have to be told the same.
#[derive(Default)]
struct Ward {
    well: bool,
    sick: std::collections::BTreeMap<u64, bool>,
}

/// The first block in which they are.
const SICK_FROM: u64 = 8;

/// Whose sources are sick in some blocks, and what fails at this end then.
struct Sick(testing::SharedGenerator, Arc<Mutex<Ward>>, Option<Failure>);

impl BlockMaker for Sick {
    fn make(&mut self, block: u64, keys: &mut dyn TagKeys) -> Result<Made, MakeError> {
        let made = self.0.make(block, keys)?;
        let mut ward = self.1.lock().unwrap();
        let before = ward.sick.values().filter(|sick| **sick).count();
        let sick = block >= SICK_FROM && (!ward.well || before < 3);
        if !*ward.sick.entry(block).or_insert(sick) {
            return Ok(made);
        }
        let closing = Closing::UntilHealthy;
        let mut report = Report::default();
        report.evidence.own.health.failure = self.2;
        Ok(Made::Discarded { reason: "health", closing, report })
    }
}

#[tokio::test]
async fn a_sick_link_is_closed_visibly_and_opens_by_itself_after_pauses() {
    let folder = tempfile::tempdir().unwrap();
    let backoff = Backoff { first: Duration::from_millis(100), most: Duration::from_millis(400) };
    let options = Options { backoff, ..Options::default() };
    let ward = Arc::new(Mutex::new(Ward::default()));
    let sick = |failure| -> Box<dyn BlockMaker> {
        Box::new(Sick(testing::SharedGenerator::new(1, 100_000), Arc::clone(&ward), failure))
    };
    let failure = Failure { source: Source::Bit, test: Test::Repetition, samples: 61 };
    let began = std::time::Instant::now();
    let pair =
        Pair::start_with(folder.path(), &options, [sick(Some(failure)), sick(None)]).await.unwrap();
    let mut made = Vec::new();
    // Each end names what failed, wherever it was.
    let reasons = [
        "health: bit, repetition count after 61 samples",
        "health: at the other end: bit, repetition count after 61 samples",
    ];
    for (kme, reason) in pair.kmes.iter().zip(reasons) {
        let link = &kme.links()[0];
        let named = |closed: &Option<closure::Closed>| {
            closed.as_ref().is_some_and(|closed| closed.reason == reason && !closed.is_for_good())
        };
        link.closed().wait_for(named).await.unwrap();
        assert_eq!(link.state(), LinkState::Closed);
        made.push(audit(kme).await.made);
    }
    ward.lock().unwrap().well = true;
    for (kme, before) in pair.kmes.iter().zip(made) {
        let link = &kme.links()[0];
        link.closed().wait_for(Option::is_none).await.unwrap();
        assert_eq!(link.state(), LinkState::Open);
        let more = |summary: &crate::pool::making::Summary| summary.ledger.made > before;
        link.changes().wait_for(more).await.unwrap();
    }
    // Three pauses at least, each twice as long as the one before.
    assert!(began.elapsed() >= Duration::from_millis(100 + 200 + 400));
    pair.kmes[0].wind_down().await;
    let ward = ward.lock().unwrap().sick.clone();
    for kme in &pair.kmes {
        let records = kme.links()[0].store.run(|books| books.records(0, 1000)).await.unwrap();
        for record in records.iter().map(|signed| &signed.record) {
            let sick = Ending::Discarded("health".into());
            let expected = if ward[&record.block] { sick } else { Ending::Key };
            assert_eq!(record.ending, expected, "block {}", record.block);
        }
        let discarded = records.iter().filter(|signed| signed.record.ending != Ending::Key);
        assert!(discarded.count() >= 3);
        audit(kme).await;
    }
    pair.stop().await;
}

/// Who finds something in each block from [`SICK_FROM`] on, and cannot tell the other end.
struct Untold(testing::SharedGenerator, Option<Closing>);

impl BlockMaker for Untold {
    fn make(&mut self, block: u64, keys: &mut dyn TagKeys) -> Result<Made, MakeError> {
        let made = self.0.make(block, keys)?;
        let Some(closing) = self.1.filter(|_| block >= SICK_FROM) else { return Ok(made) };
        let health = Report::default().evidence.own.health;
        let found = Found { reason: "found", closing, health };
        Err(MakeError::new("the channel broke").after(Some(found)))
    }
}

#[tokio::test]
async fn a_block_that_could_not_be_discarded_at_both_ends_closes_the_link_at_the_one_that_saw_why()
{
    for end in [End::Alice, End::Bob] {
        for closing in [Closing::ForGood, Closing::UntilHealthy] {
            let folder = tempfile::tempdir().unwrap();
            let maker = |of: End| -> Box<dyn BlockMaker> {
                let generator = testing::SharedGenerator::new(1, 100_000);
                Box::new(Untold(generator, (of == end).then_some(closing)))
            };
            let makers = [maker(End::Alice), maker(End::Bob)];
            let hour = Duration::from_secs(3600);
            let backoff = Backoff { first: hour, most: hour };
            let options = Options { backoff, ..Options::default() };
            let pair = Pair::start_with(folder.path(), &options, makers).await.unwrap();
            let [seeing, other] = if end == End::Alice { [0, 1] } else { [1, 0] };
            let link = &pair.kmes[seeing].links()[0];
            let closed = link.closed().wait_for(Option::is_some).await.unwrap().clone().unwrap();
            assert_eq!(closed.is_for_good(), closing == Closing::ForGood);
            assert!(closed.reason.starts_with("found"), "{}", closed.reason);
            assert!(!link.may_begin());
            assert_eq!(pair.kmes[other].links()[0].closed().borrow().clone(), None);
            pair.stop().await;
        }
    }
}

/// Bob's channels: his clicks come, and nobody hears him.
struct Alone(BobBlock);

impl Channels for Alone {
    fn open(&mut self, _: u64) -> io::Result<Opened> {
        let ((mut fibre, quantum), (_, classical)) = (InProcess::pair(), InProcess::pair());
        fibre.send(&self.0.encode()).map_err(io::Error::other)?;
        Ok(Opened { quantum: Box::new(quantum), classical: Box::new(classical) })
    }
}

#[test]
fn a_sick_source_is_named_in_the_error_of_a_block_that_was_not_finished() {
    let (_, point) = Preset::Snspd.operating_points()[0];
    let device = Preset::Snspd.device();
    let parameters = LinkParameters { device, point, km: 10.0, eve: None, drift: None };
    let params =
        distil::Params { point, epsilons: Epsilons::default(), limits: distil::Limits::default() };
    for stuck in [true, false] {
        let click = |pulse: u64| {
            let basis = if pulse.is_multiple_of(3) { Basis::X } else { Basis::Z };
            Detection { pulse, basis, bit: stuck || pulse % 5 < 2, double: false }
        };
        let block = BobBlock::new(1000, (0..100).map(click).collect()).unwrap();
        let mut bob = Bob::new(params, &Claims::new(&parameters), Alone(block));
        let Err(error) = bob.make(1, &mut Zeros) else { panic!("nobody heard him") };
        let found = error.found();
        assert_eq!(found.is_some(), stuck, "{error}");
        if let Some(found) = found {
            assert_eq!((found.reason, found.closing), ("health", Closing::UntilHealthy));
            assert!(found.health.failure.unwrap().samples <= 41);
        }
    }
}

/// Bob's channels, on which his detectors are stuck for some blocks.
struct Stuck(There, std::ops::RangeInclusive<u64>);

impl Channels for Stuck {
    fn open(&mut self, block: u64) -> io::Result<Opened> {
        let opened = self.0.open(block)?;
        let stuck = self.1.contains(&block);
        let quantum = Box::new(Detectors { fibre: opened.quantum, stuck });
        Ok(Opened { quantum, ..opened })
    }
}

struct Detectors {
    fibre: Box<dyn Transport + Send>,
    stuck: bool,
}

impl Transport for Detectors {
    fn send(&mut self, message: &[u8]) -> Result<(), TransportError> {
        self.fibre.send(message)
    }

    fn receive(&mut self) -> Result<zeroize::Zeroizing<Vec<u8>>, TransportError> {
        let message = self.fibre.receive()?;
        if !self.stuck {
            return Ok(message);
        }
        let mut block = BobBlock::decode(&message).unwrap();
        for click in &mut block.detections {
            (click.bit, click.double) = (true, false);
        }
        Ok(block.encode())
    }
}

/// Tag keys of no worth that both ends have.
struct Zeros;

impl TagKeys for Zeros {
    fn take(
        &mut self,
        _: distil::Direction,
        bytes: usize,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, distil::TagKeysSpent> {
        Ok(zeroize::Zeroizing::new(vec![0; bytes]))
    }
}

#[test]
fn stuck_detectors_discard_the_block_at_both_ends_and_are_named_where_they_are() {
    const PULSES: u64 = 3_400_000;
    let (_, point) = Preset::Snspd.operating_points()[0];
    let mut device = Preset::Snspd.device();
    device.pulse_rate = 1e7;
    let parameters = LinkParameters { device, point, km: 10.0, eve: None, drift: None };
    let params =
        distil::Params { point, epsilons: Epsilons::default(), limits: distil::Limits::default() };
    let meeting = Meeting::default();
    let photons = Link::new(parameters, Some([5; 32])).unwrap();
    let mut alice = Alice::new(photons, PULSES, params, None, Here(meeting.clone()));
    let claims = Claims::new(&parameters);
    let mut bob = Bob::new(params, &claims, Stuck(There(meeting), 2..=2));
    let both = std::thread::scope(|scope| {
        let bob = scope.spawn(move || [1, 2, 3].map(|block| bob.make(block, &mut Zeros).unwrap()));
        let alice = [1, 2, 3].map(|block| alice.make(block, &mut Zeros).unwrap());
        alice.into_iter().zip(bob.join().unwrap()).collect::<Vec<_>>()
    });
    let mut reports = Vec::new();
    for (block, (alice, bob)) in (1..).zip(both) {
        let report = |made| match made {
            Made::Key { report, .. } if block != 2 => report,
            Made::Discarded { reason: "health", closing: Closing::UntilHealthy, report }
                if block == 2 =>
            {
                report
            }
            _ => panic!("block {block}"),
        };
        reports.push([report(alice), report(bob)]);
    }
    for [alice, bob] in &reports {
        let (one, other) = (alice.evidence, bob.evidence);
        assert_eq!((one.account, one.transcript), (other.account, other.transcript));
        assert_ne!(one.own.raw, other.own.raw);
        assert!(one.own.health.is_sound(), "Alice's sources are well all the time");
    }
    let [_, sick] = reports[1];
    let failure = sick.evidence.own.health.failure.unwrap();
    assert!(matches!(failure.source, Source::Bit | Source::Detector), "{failure}");
    assert!(failure.samples <= 61 && sick.evidence.account.detections == 0, "{failure}");
    assert!(reports[2][1].evidence.own.health.is_sound(), "a start-up test later");
}

#[tokio::test]
async fn a_link_closed_for_good_is_not_opened_by_a_sound_block() {
    let ground = Ground::new(&Options::default()).await;
    let link = &ground.kme(End::Alice).links()[0];
    link.close("qber".into());
    link.judge(None, &Report::default());
    link.judge(Some(("health", Closing::UntilHealthy)), &Report::default());
    let closed = link.closed().borrow().clone().unwrap();
    assert!(closed.is_for_good() && closed.reason == "qber");
    assert!(!link.may_begin());
}
