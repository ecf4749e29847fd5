//! A link as a value: seeds, blocks, changes while it runs, and what it refuses.

use super::{Tally, plain};
use crate::link::{Drift, Eavesdropper, Link, LinkError, LinkParameters, Preset};

fn link(seed: Option<[u8; 32]>) -> Link {
    Link::new(plain(Preset::Snspd, 10.0), seed).unwrap()
}

fn detections(link: &mut Link) -> Vec<(u64, bool)> {
    let (_, bob) = link.block(10_000);
    bob.detections.iter().map(|detection| (detection.pulse, detection.bit)).collect()
}

#[test]
fn a_seed_repeats_every_block_and_without_one_nothing_repeats() {
    let (mut one, mut same) = (link(Some([1; 32])), link(Some([1; 32])));
    let mut other = link(Some([2; 32]));
    let (first, second) = (detections(&mut one), detections(&mut one));
    assert_eq!(detections(&mut same), first);
    assert_eq!(detections(&mut same), second);
    assert_ne!(first, second);
    assert_ne!(detections(&mut other), first);
    assert_ne!(detections(&mut link(None)), detections(&mut link(None)));
}

#[test]
fn both_ends_of_a_block_name_the_same_pulses_and_no_others() {
    let (alice, bob) = link(Some([3; 32])).block(10_000);
    assert_eq!((alice.pulses, bob.pulses), (10_000, 10_000));
    let mut clicks = bob.detections.iter().map(|detection| detection.pulse).peekable();
    for pulse in 0..10_001 {
        let clicked = clicks.next_if_eq(&pulse).is_some();
        assert_eq!(alice.choice(pulse).map(|choice| choice.pulse), clicked.then_some(pulse));
    }
    assert!(clicks.next().is_none());
}

#[test]
fn a_list_of_choices_is_right_in_any_order() {
    let (alice, bob) = link(Some([4; 32])).block(10_000);
    let mut pulses: Vec<u64> = bob.detections.iter().map(|detection| detection.pulse).collect();
    pulses.reverse();
    pulses.extend([5, 3, 3, 20_000]);
    pulses.extend(0..300);
    let expected: Vec<_> = pulses.iter().map(|pulse| alice.choice(*pulse)).collect();
    assert!(alice.choices(pulses).eq(expected));
}

#[test]
fn neither_end_prints_its_bits() {
    let (alice, bob) = link(Some([5; 32])).block(1000);
    let (choice, detection) = (alice.choice(bob.detections[0].pulse), bob.detections[0]);
    for text in
        [format!("{alice:?}{bob:?}{choice:?}{detection:?}"), format!("{alice:#?}{detection:#?}")]
    {
        assert!(!text.contains("bit") && !text.contains("true") && !text.contains("false"));
    }
}

#[test]
fn what_is_changed_shows_from_the_next_block_on() {
    let mut link = link(Some([6; 32]));
    let clicks = |link: &mut Link| {
        let (alice, bob) = link.block(1_000_000);
        let tally = Tally::of(&alice, &bob);
        let errors = (tally.errors[0][0] + tally.errors[1][0]) as f64;
        let bits = (tally.sifted[0][0] + tally.sifted[1][0]) as f64;
        (bob.detections.len() as f64, errors / bits)
    };
    let before = *link.parameters();
    let (honest, quiet) = clicks(&mut link);
    link.configure(before, 3.0).unwrap();
    assert_eq!(link.excess_loss(), 3.0);
    let (attenuated, _) = clicks(&mut link);
    assert!((attenuated / honest - 0.52).abs() < 0.03, "{}", attenuated / honest);
    let eve = Some(Eavesdropper::InterceptResend { share: 1.0 });
    link.configure(LinkParameters { eve, ..before }, 0.0).unwrap();
    let (as_many, loud) = clicks(&mut link);
    assert!((as_many / honest - 1.0).abs() < 0.02);
    assert!(quiet < 0.02 && loud > 0.2);
    assert_eq!(link.parameters().eve, eve);
}

#[test]
fn drift_spreads_the_counts_of_blocks() {
    let spread = |drift| {
        let parameters = LinkParameters { drift, ..plain(Preset::Snspd, 10.0) };
        let mut link = Link::new(parameters, Some([7; 32])).unwrap();
        let counts: Vec<f64> =
            (0..100).map(|_| link.block(100_000).1.detections.len() as f64).collect();
        let mean = counts.iter().sum::<f64>() / 100.0;
        (counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 99.0).sqrt() / mean
    };
    // A block of 10^5 pulses is a tenth of a millisecond.
    let drift = Drift { step: 1e-5, relaxation: 1e-3, loss: 0.5, misalignment: 0.0 };
    assert!(spread(None) < 0.015);
    assert!(spread(Some(drift)) > 0.05);
}

#[test]
fn what_cannot_be_simulated_is_refused_and_changes_nothing() {
    let good = plain(Preset::Gys, 10.0);
    let mut bad = vec![
        LinkParameters { km: -1.0, ..good },
        LinkParameters { km: f64::NAN, ..good },
        LinkParameters { eve: Some(Eavesdropper::InterceptResend { share: 2.0 }), ..good },
    ];
    let mut odd = good;
    odd.point.q_x = 0.0;
    bad.push(odd);
    let mut odd = good;
    odd.device.pulse_rate = f64::INFINITY;
    bad.push(odd);
    let none = Drift { step: 0.0, relaxation: 1.0, loss: 0.1, misalignment: 0.0 };
    bad.push(LinkParameters { drift: Some(none), ..good });
    let mut link = Link::new(good, Some([8; 32])).unwrap();
    for parameters in bad {
        assert!(matches!(Link::new(parameters, None), Err(LinkError::Parameter(_))));
        assert!(link.configure(parameters, 0.0).is_err());
    }
    assert!(link.configure(good, -1.0).is_err());
    assert_eq!(*link.parameters(), good);
}
