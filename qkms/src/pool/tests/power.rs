//! Power is lost while transactions are under way.

use std::{
    collections::HashMap,
    sync::{
        atomic::{AtomicBool, AtomicUsize},
        mpsc,
    },
    thread,
    time::Duration,
};

use rand::Rng;

use super::*;

/// Draws keys one after the other, several at a time on their way, until it is told to stop; tells
/// of each that was answered.
fn draw_on(site: &Site, stop: &AtomicBool, begun: &AtomicUsize, told: mpsc::Sender<(Uuid, Range)>) {
    let (answers, waiting) = mpsc::sync_channel(24);
    thread::scope(|scope| {
        scope.spawn(move || {
            for answer in waiting {
                let answer: tokio::sync::oneshot::Receiver<_> = answer;
                if let Ok(Ok(drawn)) = answer.blocking_recv() {
                    let drawn: Vec<Drawn> = drawn;
                    // Nobody listens after the power is gone.
                    let _ = told.send((drawn[0].note.id(), drawn[0].note.range));
                }
            }
        });
        while !stop.load(Ordering::SeqCst) {
            let draw = draw_of(site, &[Uuid::new_v4()], 32);
            begun.fetch_add(1, Ordering::SeqCst);
            answers.send(site.store.begin(move |books| books.draw(&draw))).unwrap();
        }
        drop(answers);
    });
}

/// The power goes `QKMS_TEST_LOSSES` times (30) while keys are being drawn: whatever had been
/// answered is in the books that come up again, no bit is drawn twice, and the books balance.
#[test]
fn what_was_answered_survives_the_loss_of_power_at_any_moment() {
    let losses: u64 =
        std::env::var("QKMS_TEST_LOSSES").ok().and_then(|text| text.parse().ok()).unwrap_or(30);
    let mut random = StdRng::seed_from_u64(5);
    let (mut site, _) = pair();
    let mut known: Vec<(Uuid, Range)> = Vec::new();
    let (mut amid, mut unheard) = (0, 0);
    for loss in 1..=losses {
        store_block(&site, loss, Split([8, 8, 1 << 18, 64]), false).unwrap();
        let (stop, begun) = (AtomicBool::new(false), AtomicUsize::new(0));
        let (told, answers) = mpsc::channel();
        let disk = thread::scope(|scope| {
            scope.spawn(|| draw_on(&site, &stop, &begun, told));
            let mut heard = random.random_range(0..80);
            known.extend(answers.iter().take(heard));
            thread::sleep(Duration::from_micros(random.random_range(0..2000)));
            while let Ok(answer) = answers.try_recv() {
                known.push(answer);
                heard += 1;
            }
            // What was heard up to here has to be on what the disk holds from here on.
            let disk = site.disk.after_power_loss(&mut random);
            amid += u64::from(heard < begun.load(Ordering::SeqCst));
            stop.store(true, Ordering::SeqCst);
            disk
        });
        site.close();
        site.disk = disk;
        site.reopen();
        let records = site.store.run_blocking(|books| books.keys()).unwrap();
        let mut places: HashMap<Uuid, Range> =
            records.iter().map(|(id, record)| (*id, record.range)).collect();
        for (id, range) in &known {
            assert_eq!(places.remove(id), Some(*range), "{id} was answered and is lost");
        }
        // What was written and not answered counts as drawn from now on.
        unheard += places.len();
        known.extend(places);
        let mut ranges: Vec<Range> = known.iter().map(|(_, range)| *range).collect();
        ranges.sort_unstable();
        let apart = |a: &Range, b: &Range| a.block < b.block || a.end() <= b.offset;
        assert!(ranges.is_sorted_by(apart), "bits were drawn twice");
    }
    println!("{losses} losses, {amid} amid draws; {} keys, {unheard} unheard", known.len());
    assert!(amid * 2 > losses && known.len() as u64 > 10 * losses);
}
