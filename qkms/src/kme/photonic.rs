//! Blocks of a simulated quantum link, distilled by the real post-processing.
//!
//! Photons, fibre and detectors are simulated at Alice's end. What Bob's detectors saw goes to
//! Bob's end over a channel that stands for the fibre; the two ends then exchange classical
//! messages over another one. Each block has channels of its own.
//!
//! Before an end tells anything of a block it [tests](crate::health) its noise sources, and refuses the
//! block if one is sick or has not been tested for long enough.
//!
//! Where the link is [controlled](crate::control), each operating point has a monitor of its own: what its
//! sources claim depends on the point, and samples of different points are not one series. Everything
//! else that a block is judged by stays as it was configured.
//!
//! A block takes the time that its pulses take at the device's pulse rate: the next is not begun
//! before.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use super::{
    channels::{Channels, Opened},
    maker::{BlockMaker, Closing, Found, Made, MakeError, Report},
    seed::Seed,
    tap::Tap,
};
use crate::{
    audit::Opening,
    control::Setting,
    distil::{self, Accounts, Entropy, EntropyError, OsEntropy, Outcome, Params, Reason, TagKeys},
    health::{Claims, Health, Monitor},
    link::{BobBlock, Link, LinkParameters},
    records::{Account, Evidence, Testimony},
};

/// Alice's end: the source, and the simulation of everything up to Bob's detectors.
pub struct Alice<C> {
    link: Link,
    tap: Option<Tap>,
    pulses: u64,
    params: Params,
    monitors: Monitors,
    entropy: Randomness,
    channels: C,
    /// When the pulses of the last block have all been sent.
    due: Option<Instant>,
}

impl<C: Channels> Alice<C> {
    /// An end that sends `pulses` pulses for each block. With a seed its random choices are
    /// repeatable.
    pub fn new(link: Link, pulses: u64, params: Params, seed: Option<Seed>, channels: C) -> Self {
        let entropy =
            seed.map_or(Randomness::System(OsEntropy), |seed| Randomness::Seeded(seed, 0));
        let monitors = Monitors::new(Monitor::alice(&Claims::new(link.parameters())));
        Self { link, tap: None, pulses, params, monitors, entropy, channels, due: None }
    }

    /// The same end, with a tap on its fibre.
    #[must_use]
    pub fn tapped(self, tap: Tap) -> Self {
        Self { tap: Some(tap), ..self }
    }

    /// Whoever has come to listen, or has gone, does or does not from now on.
    fn look_for_eve(&mut self) -> Result<(), MakeError> {
        let mut parameters = *self.link.parameters();
        let Some(eve) = self.tap.as_ref().map(Tap::eve) else { return Ok(()) };
        if parameters.eve == eve {
            return Ok(());
        }
        parameters.eve = eve;
        self.link.configure(parameters, self.link.excess_loss()).map_err(MakeError::new)
    }
}

impl<C: Channels> BlockMaker for Alice<C> {
    fn make(&mut self, block: u64, keys: &mut dyn TagKeys) -> Result<Made, MakeError> {
        let Opened { mut quantum, mut classical } =
            self.channels.open(block).map_err(MakeError::new)?;
        self.look_for_eve()?;
        let seconds = self.pulses as f64 / self.link.parameters().device.pulse_rate;
        let duration = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        self.due = Instant::now().checked_add(duration);
        let (own, bobs) = self.link.block(self.pulses);
        quantum.send(&bobs.encode()).map_err(MakeError::new)?;
        drop(bobs);
        let health = self.monitors.current.check_alice(&own);
        let raw = own.encode();
        let testimony = Testimony::new(health, &raw);
        let (params, channel) = (&self.params, &mut *classical);
        let outcome = match refusal(&health) {
            None => distil::alice(block, own, params, channel, keys, &mut self.entropy),
            Some(reason) => {
                distil::refuse_as_alice(block, own.pulses, reason, params, channel, keys)
            }
        };
        self.monitors.restart(&health, &outcome);
        outcome
            .map(|outcome| made(outcome, params, testimony, raw))
            .map_err(|error| unfinished(&error, &health))
    }

    fn set(&mut self, setting: &Setting) -> Result<(), MakeError> {
        let mut parameters = *self.link.parameters();
        parameters.point = setting.point();
        parameters.device.pulse_rate = setting.pulse_rate as f64;
        self.link.configure(parameters, self.link.excess_loss()).map_err(MakeError::new)?;
        self.params.point = parameters.point;
        self.pulses = setting.pulses;
        self.monitors.choose(setting.point, || Monitor::alice(&Claims::new(&parameters)));
        Ok(())
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }
}

/// Bob's end: what its detectors saw.
pub struct Bob<C> {
    params: Params,
    /// What the link is made of, where it is controlled: what its sources claim follows from it.
    controlled: Option<LinkParameters>,
    monitors: Monitors,
    channels: C,
}

impl<C: Channels> Bob<C> {
    /// Bob's end, whose noise sources claim what `claims` says.
    pub fn new(params: Params, claims: &Claims, channels: C) -> Self {
        let monitors = Monitors::new(Monitor::bob(claims));
        Self { params, controlled: None, monitors, channels }
    }

    /// The same end of a link that is made of this and controlled.
    #[must_use]
    pub fn controlled(self, parameters: LinkParameters) -> Self {
        Self { controlled: Some(parameters), ..self }
    }
}

impl<C: Channels> BlockMaker for Bob<C> {
    fn make(&mut self, block: u64, keys: &mut dyn TagKeys) -> Result<Made, MakeError> {
        let Opened { mut quantum, mut classical } =
            self.channels.open(block).map_err(MakeError::new)?;
        let detections = quantum.receive().map_err(MakeError::new)?;
        let own = BobBlock::decode(&detections).map_err(MakeError::new)?;
        let health = self.monitors.current.check_bob(&own);
        // The encoding that arrived is the only one there is of this block.
        let testimony = Testimony::new(health, &detections);
        let (params, channel) = (&self.params, &mut *classical);
        let outcome = match refusal(&health) {
            None => distil::bob(block, own, params, channel, keys),
            Some(reason) => distil::refuse_as_bob(block, own.pulses, reason, params, channel, keys),
        };
        self.monitors.restart(&health, &outcome);
        outcome
            .map(|outcome| made(outcome, params, testimony, detections))
            .map_err(|error| unfinished(&error, &health))
    }

    fn set(&mut self, setting: &Setting) -> Result<(), MakeError> {
        let parameters = self.controlled.as_mut();
        let parameters = parameters.ok_or_else(|| MakeError::new("this end is not controlled"))?;
        parameters.point = setting.point();
        self.params.point = parameters.point;
        self.monitors.choose(setting.point, || Monitor::bob(&Claims::new(parameters)));
        Ok(())
    }
}

/// The monitors of one end: one for each operating point that was used.
struct Monitors {
    current: Monitor,
    point: Option<[u64; 7]>,
    others: BTreeMap<[u64; 7], Monitor>,
}

impl Monitors {
    /// Of an end whose point is not said.
    fn new(current: Monitor) -> Self {
        Self { current, point: None, others: BTreeMap::new() }
    }

    /// Goes on with the monitor of a point, a new one if the point was never used.
    fn choose(&mut self, point: [u64; 7], new: impl FnOnce() -> Monitor) {
        if self.point == Some(point) {
            return;
        }
        let next = self.others.remove(&point).unwrap_or_else(new);
        let last = std::mem::replace(&mut self.current, next);
        if let Some(before) = self.point.replace(point) {
            self.others.insert(before, last);
        }
    }

    /// A link that was closed because of either end's sources starts up anew at both, at each point. So does
    /// an end whose own were sick in a block that was not finished.
    fn restart(&mut self, own: &Health, outcome: &Result<Outcome, distil::Error>) {
        let sick = match outcome {
            Ok(Outcome::Discarded(discarded)) => discarded.reason == Reason::Health,
            Ok(Outcome::Key(_)) => false,
            Err(_) => own.failure.is_some(),
        };
        if sick {
            self.current.restart();
            self.others.values_mut().for_each(Monitor::restart);
        }
    }
}

/// Why a block is refused before anything of it is told.
fn refusal(health: &Health) -> Option<Reason> {
    match health.failure {
        Some(_) => Some(Reason::Health),
        None if !health.started => Some(Reason::TooFewDetections),
        None => None,
    }
}

fn made(outcome: Outcome, params: &Params, own: Testimony, mut raw: Zeroizing<Vec<u8>>) -> Made {
    match outcome {
        Outcome::Key(key) => Made::Key {
            bytes: key.bits.to_bytes(),
            bits: key.bits.len() as u64,
            report: report(&key.accounts, params, own),
            opening: Opening {
                raw: std::mem::take(&mut *raw),
                messages: key.messages,
                key: Vec::new(),
            },
        },
        Outcome::Discarded(discarded) => Made::Discarded {
            reason: word(discarded.reason),
            closing: closing(discarded.reason),
            report: report(&discarded.accounts, params, own),
        },
    }
}

/// The error of a block that was not finished, with what this end found in it that closes the link.
fn unfinished(error: &distil::Error, health: &Health) -> MakeError {
    let reason = match error {
        _ if health.failure.is_some() => Some(Reason::Health),
        distil::Error::Untold { reason, .. } => Some(*reason),
        _ => None,
    };
    let found = |reason| Found { reason: word(reason), closing: closing(reason), health: *health };
    MakeError::new(error).after(reason.map(found).filter(|found| found.closing != Closing::No))
}

fn closing(reason: Reason) -> Closing {
    match reason {
        Reason::Health => Closing::UntilHealthy,
        reason if reason.closes_link() => Closing::ForGood,
        _ => Closing::No,
    }
}

fn report(accounts: &Accounts, params: &Params, own: Testimony) -> Report {
    let sum = |counts: &[u64; 3]| counts.iter().sum::<u64>();
    let (errors, sifted) = match &accounts.counts.m_x {
        Some(m_x) => (sum(m_x), sum(&accounts.counts.n_x)),
        None => (sum(&accounts.counts.m_z), sum(&accounts.counts.n_z)),
    };
    Report {
        pulses: accounts.pulses,
        detections: accounts.detections,
        qber: (sifted > 0).then(|| errors as f64 / sifted as f64),
        phase_error: accounts.bound.map(|bound| bound.phi),
        disclosed: accounts.leak,
        evidence: Evidence {
            account: Account::new(accounts, params),
            transcript: accounts.transcript,
            own,
        },
    }
}

fn word(reason: distil::Reason) -> &'static str {
    match reason {
        distil::Reason::Qber => "qber",
        distil::Reason::PhaseError => "phase error",
        distil::Reason::DecoyCollapse => "decoy collapse",
        distil::Reason::TooFewDetections => "too few detections",
        distil::Reason::CostExceedsLength => "cost exceeds length",
        distil::Reason::Verification => "verification",
        distil::Reason::Health => "health",
    }
}

enum Randomness {
    System(OsEntropy),
    Seeded(Seed, u64),
}

impl Entropy for Randomness {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        match self {
            Self::System(system) => system.fill(bytes),
            Self::Seeded(seed, count) => {
                *count += 1;
                seed.fill("post-processing", *count, bytes);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        health::{Failure, Source, Test},
        link::Preset,
    };

    #[test]
    fn sources_that_were_sick_in_a_block_that_was_not_finished_start_up_anew_at_each_point() {
        let device = Preset::Snspd.device();
        let (_, point) = Preset::Snspd.operating_points()[0];
        let parameters = LinkParameters { device, point, km: 10.0, eve: None, drift: None };
        let started = || {
            let mut monitor = Monitor::bob(&Claims::new(&parameters));
            monitor.skip_start_up();
            monitor
        };
        let empty = BobBlock { pulses: 1, detections: Vec::new() };
        let mut monitors = Monitors::new(started());
        monitors.choose([1; 7], started);
        monitors.choose([2; 7], started);
        let sound = monitors.current.check_bob(&empty);
        let sick = Health {
            failure: Some(Failure { source: Source::Bit, test: Test::Repetition, samples: 61 }),
            ..sound
        };
        let mut at_another_point = |health: &Health| {
            let closed = distil::ChannelError::Transport(distil::TransportError::Closed);
            monitors.restart(health, &Err(closed.into()));
            monitors.others.get_mut(&[1; 7]).unwrap().check_bob(&empty).started
        };
        assert!(sound.started && at_another_point(&sound));
        assert!(!at_another_point(&sick));
    }

    /// Tag keys of no worth that both ends have.
    struct Zeros;

    impl TagKeys for Zeros {
        fn take(
            &mut self,
            _: distil::Direction,
            bytes: usize,
        ) -> Result<Zeroizing<Vec<u8>>, distil::TagKeysSpent> {
            Ok(Zeroizing::new(vec![0; bytes]))
        }
    }

    #[test]
    fn sick_sources_close_the_link_at_both_ends_although_the_other_has_seen_too_little() {
        use crate::kme::channels::{Here, Meeting, There};
        // Some hundred clicks: less than the start-up test takes.
        const PULSES: u64 = 3000;
        let mut device = Preset::Snspd.device();
        device.dead_time = 0.0;
        let (_, point) = Preset::Snspd.operating_points()[0];
        let parameters = LinkParameters { device, point, km: 10.0, eve: None, drift: None };
        let params =
            Params { point, epsilons: Default::default(), limits: distil::Limits::default() };
        let claims = Claims::new(&parameters);
        let meeting = Meeting::default();
        let photons = Link::new(parameters, Some([5; 32])).unwrap();
        let mut alice = Alice::new(photons, PULSES, params, None, Here(meeting.clone()));
        // As if what she sends were to have four bits to a bit: any generator is sick then.
        alice.monitors = Monitors::new(Monitor::alice(&Claims { sent_bit: 4.0, ..claims }));
        let mut bob = Bob::new(params, &claims, There(meeting));
        let ends = std::thread::scope(|scope| {
            let bob = scope.spawn(move || bob.make(1, &mut Zeros).unwrap());
            [alice.make(1, &mut Zeros).unwrap(), bob.join().unwrap()]
        });
        let [alice, bob] = ends.map(|made| match made {
            Made::Discarded { reason: "health", closing: Closing::UntilHealthy, report } => {
                report.evidence
            }
            Made::Discarded { reason, .. } => panic!("{reason}"),
            Made::Key { .. } => panic!("a key"),
        });
        assert_eq!((alice.account, alice.transcript), (bob.account, bob.transcript));
        assert_eq!(alice.own.health.failure.map(|failure| failure.source), Some(Source::Bit));
        let seen = bob.own.health;
        assert!(seen.failure.is_none() && !seen.started && seen.sources[0].samples > 0, "{seen:?}");
    }
}
