//! One of three reporters lies down, at random and up; one of two says less, closes the link and says more. The
//! market shrinks and recovers, whatever is killed meanwhile.

use crate::{
    audit::{audited, hardly_missed},
    chain::until,
    life::Life,
    sight::{End, Sight},
    step::Step,
};
use qedex_primitives::keys::{LinkReport, MAX_KEYS, MILLION};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sp_keyring::Sr25519Keyring::{Bob, Charlie, Dave, Eve, Ferdie};

/// Nothing is there and never was, and nothing works.
fn down(honest: LinkReport) -> LinkReport {
    LinkReport { stored: 0, made: 0, drawn: 0, qber_ppm: MILLION, healthy: false, ..honest }
}

/// Anything that the chain takes of who has said before that nothing was made.
fn at_random(honest: LinkReport) -> LinkReport {
    let mut random = StdRng::seed_from_u64(17);
    let made = random.random_range(0..1 << 40);
    let stored = random.random_range(0..=made);
    LinkReport {
        stored,
        made,
        drawn: random.random_range(0..=made - stored),
        qber_ppm: random.random_range(0..=MILLION),
        healthy: random.random(),
        ..honest
    }
}

/// As many keys as can be said, none drawn, and no error.
fn up(honest: LinkReport) -> LinkReport {
    LinkReport { stored: MAX_KEYS, made: MAX_KEYS, drawn: 0, qber_ppm: 0, healthy: true, ..honest }
}

/// Half of what is there.
fn less(honest: LinkReport) -> LinkReport {
    LinkReport { stored: honest.stored / 2, ..honest }
}

/// Nothing works.
fn unhealthy(honest: LinkReport) -> LinkReport {
    LinkReport { healthy: false, ..honest }
}

impl Life {
    /// Charlie says this of the west, where Dave and Ferdie are honest. Nothing comes of it.
    async fn one_of_three_says(&self, what: &str, lie: impl Fn(LinkReport) -> LinkReport) {
        let (said, sight) = self.lie((End::West, Charlie), &[Dave, Ferdie], lie).await;
        let honest = sight.said_by_all(End::West, Some(Charlie));
        let counted = sight.counted(End::West);
        let stored: Vec<u64> = honest.iter().map(|one| one.stored).collect();
        self.note(&format!(
            "west: one of three lies {what} ({} stored, healthy: {}), the others say {stored:?}: {} count",
            said.stored, said.healthy, counted.stored
        ));
        assert_eq!((honest.len(), counted.reporters), (2, 3));
        assert!(stored.contains(&counted.stored), "{what}: {counted:?} of {honest:?}");
        assert!(counted.healthy && honest.iter().all(|one| one.healthy), "{what}: {counted:?}");
        let made = honest.iter().map(|one| one.made).max().expect("there are two");
        assert!(counted.made <= made, "{what}: {counted:?} of {honest:?}");
    }

    /// Bob says this of the east, where Eve is honest. The lesser of both counts, or nothing does.
    async fn one_of_two_says(&self, what: &str, lie: impl Fn(LinkReport) -> LinkReport) -> Sight {
        let (said, sight) = self.lie((End::East, Bob), &[Eve], lie).await;
        let both = sight.said_by_all(End::East, None);
        let (counted, link) = (sight.counted(End::East), sight.link());
        self.note(&format!(
            "east: one of two says {what} ({} stored, healthy: {}): {} keys of the link count, {} are available",
            said.stored, said.healthy, link.keys, sight.ledger.available
        ));
        assert_eq!((both.len(), counted.reporters), (2, 2));
        let stored = both.iter().map(|one| one.stored).min().expect("there are two");
        assert_eq!(counted.stored, stored, "{what}: {both:?}");
        assert_eq!(counted.healthy, both.iter().all(|one| one.healthy), "{what}: {both:?}");
        let keys = if counted.healthy { stored.min(sight.counted(End::West).stored) } else { 0 };
        assert_eq!(link.keys, keys, "{what}");
        sight
    }

    /// Waits until the market has keys again that a slot could be promised, by what `qedex` says, and gives how
    /// many.
    async fn market_has_keys(&self) -> u64 {
        until("keys for the market", || async {
            let said = self.qedex(&["keys", "show"]);
            said["ledger"]["available"].as_u64().filter(|keys| *keys > 0)
        })
        .await
    }

    /// Waits for the next gate, and gives how many keys its slot is promised.
    async fn next_gate(&self) -> u64 {
        let newest =
            || async { self.chain.reservations().await.into_iter().max_by_key(|one| one.slot) };
        let before = newest().await.map(|one| one.slot);
        let opened = until("a gate", || async {
            newest().await.filter(|one| Some(one.slot) > before && !one.reservation.settled)
        })
        .await;
        assert!(opened.reservation.backed, "keys bind the market");
        opened.reservation.keys
    }

    /// What `qedex` says of the epochs that have ended agrees with the chain, and nobody is blamed who revealed.
    async fn beacon_is_shown(&self) {
        let said = self.qedex(&["keys", "beacon", "--epochs", "128"]);
        let ended = said["ended"].as_array().expect("a list");
        assert!(!ended.is_empty());
        for one in ended {
            let epoch = one["epoch"].as_u64().expect("a number");
            let value = self.chain.value(epoch).await.expect("it is kept");
            assert_eq!(one["value"], format!("{:?}", value.value), "epoch {epoch}");
            assert_eq!(one["opened"], value.opened, "epoch {epoch}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn liars_move_no_count_kills_end_no_epoch_and_the_market_recovers() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut life = Life::begin(folder.path()).await;

    let epoch = life.next_epoch().await;
    life.one_of_three_says("down", down).await;
    let sight = life.one_of_two_says("the truth", |honest| honest).await;
    let full = sight.link().keys;
    assert!(full > 0);
    let share = life.market_has_keys().await;
    life.kill_at(epoch, Step::AfterCommit).await;
    life.kill_at(epoch, Step::AfterReveal).await;

    let epoch = life.next_epoch().await;
    life.kill_at(epoch, Step::BeforeCommit).await;
    life.one_of_three_says("at random", at_random).await;
    let sight = life.one_of_two_says("less", less).await;
    let shrunk = sight.link().keys;
    let (_, honest) = sight.said_by(End::East, Eve).expect("it counts");
    assert!(shrunk > 0 && shrunk < honest.stored, "{shrunk} of {}", honest.stored);
    life.kill_at(epoch, Step::BeforeReveal).await;

    life.next_epoch().await;
    life.one_of_three_says("up", up).await;
    let sight = life.one_of_two_says("that it is unhealthy", unhealthy).await;
    assert_eq!((sight.link().keys, sight.ledger.available), (0, 0));
    // The market goes on, with nothing to promise.
    assert_eq!(life.next_gate().await, 0);

    // It stops, and says more than there is: that counts for nothing. The market has keys again.
    life.next_epoch().await;
    let sight = life.one_of_two_says("more", up).await;
    assert!(sight.link().keys > shrunk, "{} of {full}", sight.link().keys);
    let again = life.market_has_keys().await;
    // Who has lied up cannot come down: what was made never shrinks, until that report is stale.
    let (_, honest) = sight.said_by(End::West, Dave).expect("it counts");
    let why = life.refusal(End::West, Charlie, honest).await;
    assert!(why.contains("Custom error: 35"), "{why}");
    let promised = life.next_gate().await;
    assert!(promised > 0);
    life.note(&format!(
        "the market could have {share} keys, then none, then {again}; the next slot has {promised}"
    ));

    life.every_kill_went_well().await;
    life.beacon_is_shown().await;
    let (blocks, of_keys, ended) = audited(&life.chain).await;
    life.note(&format!("{of_keys} of {ended} epochs have a value of keys"));
    let (missed, due) = hardly_missed(&blocks, &life.apart);
    life.note(&format!("{missed} of {due} slots missed while the node ran"));
}
