//! What others ask the beacon.

use super::*;
use qedex_primitives::{BeaconValue, EntropyBeacon, EntropyDraw};

fn after(moment: Moment) -> Option<EpochIndex> {
    <Qkd as EntropyDraw>::first_after(moment).map(|found| {
        let BeaconValue { epoch, value, source } = found;
        let kept = Qkd::epoch_value(epoch).expect("it is kept");
        assert_eq!((kept.value, kept.source), (value, source));
        epoch
    })
}

#[test]
fn the_latest_epoch_is_the_last_that_ended() {
    run_bare(|| {
        let latest = <Qkd as EntropyBeacon>::latest;
        let value = <Qkd as EntropyBeacon>::value;
        assert_eq!((latest(), value(0)), (0, None));
        block_at(START);
        assert_eq!((latest(), value(0)), (0, None));
        for epoch in 0..3 {
            to_reveals();
            assert_eq!(value(epoch), None, "it is not known before");
            to_end();
            assert_eq!(latest(), epoch);
            assert_eq!(value(epoch), Qkd::epoch_value(epoch).map(|found| found.value));
            assert!(value(epoch).is_some());
        }
        assert_eq!((value(3), value(u64::MAX)), (None, None));
    });
}

/// Who committed to it did so before the moment, or after it but before anything was revealed.
#[test]
fn the_first_value_after_a_moment_is_of_the_epoch_whose_reveals_opened_next() {
    run_bare(|| {
        block_at(START);
        let mut opened = Vec::new();
        for _ in 0..5 {
            to_reveals();
            opened.push(current().opened);
            assert_eq!(after(current().opened - 1), None, "it has not ended");
            to_end();
        }
        assert_eq!(after(0), Some(0));
        for (epoch, moment) in opened.iter().enumerate() {
            let epoch = epoch as EpochIndex;
            assert_eq!(after(moment - 1), Some(epoch));
            let next = Some(epoch + 1).filter(|next| *next < 5);
            assert_eq!(after(*moment), next, "opened at the moment is not after it");
        }
        assert_eq!(after(Moment::MAX), None);
    });
}

/// It never changes once it is there, and a wrong one is never given in place of one that was forgotten.
#[test]
fn a_value_that_may_be_forgotten_is_none() {
    run_bare(|| {
        block_at(START);
        let mut opened = Vec::new();
        for epoch in 0..3 * u64::from(KEPT) {
            to_reveals();
            opened.push(current().opened);
            to_end();
            let first = (epoch + 1).saturating_sub(u64::from(KEPT));
            for (other, moment) in opened.iter().enumerate() {
                let other = other as EpochIndex;
                // Of the first kept one it may be that another one before it opened after the moment.
                let known = other > first || first == 0;
                assert_eq!(after(moment - 1), known.then_some(other), "{epoch}, {other}");
            }
        }
    });
}

/// Slots last S, epochs at most 2S: from a moment on it takes no more than three of them, and the time of
/// blocks.
#[test]
fn a_value_comes_within_three_slots_of_any_moment() {
    run_epochs(|| {
        let step = SLOT / 10;
        let mut waiting: Vec<Moment> = Vec::new();
        let mut longest = 0;
        for number in 0..200 {
            let now = EPOCH + number * step;
            block_at(now);
            waiting.push(now);
            waiting.retain(|moment| match after(*moment) {
                Some(_) => {
                    longest = longest.max(now - moment);
                    false
                }
                None => true,
            });
        }
        assert!(longest > 2 * SLOT && longest <= 3 * SLOT + step, "{longest}");
    });
}

/// Says what gave the value of an epoch that has ended.
fn given_by(epoch: EpochIndex, source: BeaconSource) {
    EpochValues::<Test>::mutate(epoch, |entry| {
        entry.as_mut().expect("it is kept").source = source;
    });
}

/// Of a value of keys nobody chooses more than its last revealers do; of a hash its author does.
#[test]
fn a_value_of_keys_goes_before_one_of_a_hash() {
    use BeaconSource::{BlockHash, Keys};
    run_bare(|| {
        block_at(START);
        let mut opened = Vec::new();
        for _ in 0..8 {
            to_reveals();
            opened.push(current().opened);
            to_end();
        }
        let best = |epoch: usize| {
            let best = <Qkd as EntropyDraw>::best_after(opened[epoch] - 1);
            best.map(|found| (found.epoch, found.source))
        };
        assert_eq!(best(1), Some((1, BlockHash)), "keys have given none");
        given_by(6, Keys);
        assert_eq!(best(2), Some((2, BlockHash)), "it is the fifth");
        assert_eq!(best(3), Some((6, Keys)));
        given_by(5, Keys);
        assert_eq!(best(3), Some((5, Keys)), "the first of them");
        assert_eq!(best(6), Some((6, Keys)));
        assert_eq!(best(7), Some((7, BlockHash)));
        assert_eq!(<Qkd as EntropyDraw>::best_after(Moment::MAX), None);
        // As it was: nobody has revealed anything here.
        for epoch in [5, 6] {
            given_by(epoch, BlockHash);
        }
    });
}
