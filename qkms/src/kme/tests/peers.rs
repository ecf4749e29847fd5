//! A peer KME that lies, answers late, twice, wrongly or never.

use tokio::{io::AsyncWriteExt, sync::mpsc};

use super::*;
use crate::kme::{
    testing::{SharedGenerator, kme_id, setup},
    wire::{Answer, Ask, Introduction, Question, Reply, Stream, Why, Witnessed, frame, read},
};
use crate::{
    pool::record::KeyNote,
    records::{Ending, Evidence, Sealer, Standing, Testimony},
};

/// What a played peer does with a question: answers, or says nothing.
type Play = fn(&Question) -> Vec<Reply>;

/// Plays Alice's peer: takes part in surveys and offers, and answers reservations by `play`.
#[derive(Clone)]
struct Actor {
    play: Arc<std::sync::Mutex<Play>>,
    /// Whether questions that were left without an answer are answered with the next one.
    late: bool,
    asked: mpsc::UnboundedSender<Ask>,
}

impl line::Dialer for Actor {
    fn dial(&self) -> line::Dialing<'_> {
        let actor = self.clone();
        Box::pin(async move {
            let (here, there) = tokio::io::duplex(1 << 16);
            tokio::spawn(async move { actor.perform(there).await });
            Ok(Box::new(here) as Box<dyn Stream>)
        })
    }
}

impl Actor {
    async fn perform(self, mut stream: tokio::io::DuplexStream) -> io::Result<()> {
        read::<Hello>(&mut stream).await?;
        let hello = Hello { version: VERSION, kme: kme_id(End::Bob).to_string(), end: End::Bob };
        stream.write_all(&frame(&hello)).await?;
        let mut unanswered = Vec::new();
        let sealer = Arc::new(Sealer::new(&[7; 32]));
        let key = sealer.public();
        let notary = Notary::new(End::Bob, &kme_id(End::Bob), &kme_id(End::Alice), sealer, false);
        let mut standing = notary.chain().start();
        loop {
            let question: Question = read(&mut stream).await?;
            let replies = match &question.ask {
                Ask::Survey(survey) => vec![Reply::Survey(survey.clone())],
                Ask::Offer(_) | Ask::Retire(_) | Ask::Start(_) => vec![Reply::Done],
                Ask::Seal(_) | Ask::Append(_) => vec![Reply::Done],
                // This link is not audited.
                Ask::Root(_) | Ask::Open(_) | Ask::Close(_) | Ask::Pick(_) | Ask::Fail(_) => {
                    vec![Reply::Refused(Why::Audit)]
                }
                Ask::Records(_) => vec![Reply::Records(Vec::new())],
                Ask::Introduce(alice) => {
                    standing = alice.standing;
                    vec![Reply::Introduced(Introduction { key, standing, audits: None })]
                }
                Ask::Witness(asked) => {
                    let (evidence, block) = (Evidence::default(), asked.block);
                    let record =
                        notary.record(&standing, block, Ending::Key, &evidence, asked.testimony);
                    standing = Standing { next: standing.next + 1, head: record.hash(), block };
                    let (testimony, signature) = (Testimony::default(), notary.sign(&record));
                    vec![Reply::Witnessed(Witnessed { testimony, signature })]
                }
                Ask::ExtKeys(_) | Ask::VoidKeys(_) | Ask::Spent(_) | Ask::Reach(_) => {
                    vec![Reply::Refused(Why::Route)]
                }
                Ask::Reserve(_) | Ask::Void(_) => (self.play.lock().unwrap())(&question),
            };
            let _ = self.asked.send(question.ask);
            if replies.is_empty() && self.late {
                unanswered.push(question.number);
            } else {
                for number in unanswered.drain(..) {
                    stream.write_all(&frame(&Answer { number, reply: Reply::Done })).await?;
                }
            }
            for reply in replies {
                stream.write_all(&frame(&Answer { number: question.number, reply })).await?;
            }
        }
    }
}

struct Stage {
    kme: Arc<Kme>,
    play: Arc<std::sync::Mutex<Play>>,
    asked: mpsc::UnboundedReceiver<Ask>,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new(play: Play) -> Self {
        Self::set(play, false).await
    }

    async fn set(play: Play, late: bool) -> Self {
        let options = Options { patience: Duration::from_millis(200), ..Options::default() };
        let folder = tempfile::tempdir().unwrap();
        let (sender, asked) = mpsc::unbounded_channel();
        let play = Arc::new(std::sync::Mutex::new(play));
        let actor = Actor { play: Arc::clone(&play), late, asked: sender };
        let maker = Box::new(SharedGenerator::new(1, 10_000_000));
        let setup = setup(End::Alice, folder.path(), &options, Arc::new(actor), maker).unwrap();
        let kme = Kme::start(setup).await.unwrap();
        let link = &kme.links()[0];
        let full =
            |summary: &crate::pool::making::Summary| summary.fill(link.outgoing()).bytes > 100_000;
        link.changes().wait_for(full).await.unwrap();
        link.stop();
        Self { kme, play, asked, _folder: folder }
    }

    fn play(&self, play: Play) {
        *self.play.lock().unwrap() = play;
    }

    async fn voided(&mut self) -> Vec<KeyNote> {
        loop {
            if let Ask::Void(notes) = self.asked.recv().await.unwrap() {
                return notes;
            }
        }
    }

    /// Free ranges when nothing is on its way any more.
    async fn settled(&self) -> Vec<Range> {
        let link = &self.kme.links()[0];
        while !link.store.run(|books| books.voids()).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        free(&self.kme, link.outgoing()).await
    }
}

fn yes(question: &Question) -> Vec<Reply> {
    match &question.ask {
        Ask::Void(notes) => vec![Reply::Free(vec![true; notes.len()])],
        _ => vec![Reply::Done],
    }
}

#[tokio::test]
async fn a_peer_that_does_not_confirm_costs_no_key() {
    let plays: [Play; 4] = [
        // It refuses.
        |question| match &question.ask {
            Ask::Reserve(_) => vec![Reply::Refused(Why::Books)],
            _ => yes(question),
        },
        // It never answers.
        |question| match &question.ask {
            Ask::Reserve(_) => vec![],
            _ => yes(question),
        },
        // It answers something else.
        |question| match &question.ask {
            Ask::Reserve(_) => vec![Reply::Free(vec![true])],
            _ => yes(question),
        },
        // Twice no.
        |question| match &question.ask {
            Ask::Reserve(_) => vec![Reply::Refused(Why::Store), Reply::Done],
            _ => yes(question),
        },
    ];
    let mut stage = Stage::new(yes).await;
    let before = (stage.settled().await, audit(&stage.kme).await);
    for play in plays {
        stage.play(play);
        let refused = enc(&stage.kme, "sae-a1", "sae-b1", number(3)).await;
        assert_eq!(refused.unwrap_err(), Refusal::Unconfirmed);
        assert_eq!(stage.voided().await.len(), 3);
        assert_eq!((stage.settled().await, audit(&stage.kme).await), before);
    }
}

#[tokio::test]
async fn an_answer_that_comes_too_late_tells_nobody_a_key() {
    // The reservation is confirmed after the master was refused, when the key is given back.
    let play: Play = |question| match &question.ask {
        Ask::Reserve(_) => vec![],
        _ => yes(question),
    };
    let mut stage = Stage::set(play, true).await;
    let before = (stage.settled().await, audit(&stage.kme).await);
    let refused = enc(&stage.kme, "sae-a1", "sae-b1", number(3)).await;
    assert_eq!(refused.unwrap_err(), Refusal::Unconfirmed);
    assert_eq!(stage.voided().await.len(), 3);
    assert_eq!((stage.settled().await, audit(&stage.kme).await), before);
    assert!(stage.kme.links()[0].line.is_ready(), "a late answer does not break the line");
}

#[tokio::test]
async fn an_answer_that_comes_twice_is_dropped() {
    let stage = Stage::new(|question| [yes(question), yes(question)].concat()).await;
    for _ in 0..3 {
        enc(&stage.kme, "sae-a1", "sae-b1", number(2)).await.unwrap();
    }
    assert!(stage.kme.links()[0].line.is_ready());
    assert_eq!(audit(&stage.kme).await.delivered, 6 * 256);
}

#[tokio::test]
async fn what_the_peer_will_not_give_back_is_wasted() {
    let mut stage = Stage::new(|question| match &question.ask {
        Ask::Reserve(_) => vec![Reply::Refused(Why::Books)],
        Ask::Void(notes) => vec![Reply::Free(vec![false; notes.len()])],
        _ => yes(question),
    })
    .await;
    let before = audit(&stage.kme).await;
    enc(&stage.kme, "sae-a1", "sae-b1", number(1)).await.unwrap_err();
    stage.voided().await;
    stage.settled().await;
    let after = audit(&stage.kme).await;
    assert_eq!(after.wasted - before.wasted, 256);
    assert_eq!(after.delivered, before.delivered);
}

#[tokio::test]
async fn keys_wait_until_a_peer_that_is_gone_can_give_them_back() {
    let mut stage = Stage::new(|_| vec![]).await;
    let before = (stage.settled().await, audit(&stage.kme).await);
    let refused = enc(&stage.kme, "sae-a1", "sae-b1", number(2)).await;
    assert_eq!(refused.unwrap_err(), Refusal::Unconfirmed);
    stage.voided().await;
    assert_ne!(free(&stage.kme, stage.kme.links()[0].outgoing()).await, before.0);
    assert_eq!(audit(&stage.kme).await, before.1, "neither told nor lost");
    stage.play(yes);
    stage.kme.links()[0].line.hang_up();
    assert_eq!(stage.settled().await, before.0);
}

/// Speaks to Bob's answerer as Alice's KME would.
struct Liar {
    stream: tokio::io::DuplexStream,
    number: u64,
}

impl Liar {
    async fn new(kme: &Arc<Kme>, hello: Hello) -> Self {
        let (mut stream, there) = tokio::io::duplex(1 << 16);
        let kme = Arc::clone(kme);
        let alice = kme_id(End::Alice);
        tokio::spawn(async move { kme.answer(&alice, Box::new(there)).await });
        stream.write_all(&frame(&hello)).await.unwrap();
        read::<Hello>(&mut stream).await.unwrap();
        Self { stream, number: 0 }
    }

    fn hello() -> Hello {
        Hello { version: VERSION, kme: kme_id(End::Alice).to_string(), end: End::Alice }
    }

    async fn ask(&mut self, ask: Ask) -> io::Result<Reply> {
        self.number += 1;
        self.stream.write_all(&frame(&Question { number: self.number, ask })).await?;
        let answer: Answer = read(&mut self.stream).await?;
        assert_eq!(answer.number, self.number);
        Ok(answer.reply)
    }
}

/// A record that a stranger has signed for both ends.
fn foreign_record() -> crate::records::Signed {
    let sealer = || Arc::new(Sealer::new(&[9; 32]));
    let notary = |end| Notary::new(end, &kme_id(end), &kme_id(end.peer()), sealer(), false);
    let (alice, bob) = (notary(End::Alice), notary(End::Bob));
    // Later than any that the pair has made.
    let standing = Standing { next: 5000, ..alice.chain().start() };
    let none = Testimony::default();
    let record = alice.record(&standing, 9999, Ending::Key, &Evidence::default(), none);
    let signature = bob.sign(&record);
    alice.seal(record, signature)
}

#[tokio::test]
async fn a_peer_that_lies_is_refused_and_changes_nothing() {
    use crate::pool::record::{Lease, Purse, Reservation, Survey};
    let ground = Ground::new(&Options::default()).await;
    ground.kme(End::Alice).links()[0].stop();
    let bob = ground.kme(End::Bob);
    let free_range = free(bob, bob.links()[0].incoming()).await[0];
    let range = Range { len: 32, ..free_range };
    let key = |range| KeyNote { id: *Uuid::new_v4().as_bytes(), range };
    let honest = |range| Reservation {
        master: "sae-a1".into(),
        slaves: vec!["sae-b1".into()],
        keys: vec![key(range)],
    };
    let own = free(bob, bob.links()[0].outgoing()).await[0];
    let begin = |lease| Ask::Start(wire::Start { lease, setting: None });
    let mut liar = Liar::new(bob, Liar::hello()).await;
    let before = audit(bob).await;
    let lies = [
        (Ask::Reserve(Reservation { master: "sae-b1".into(), ..honest(range) }), Why::Sae),
        (Ask::Reserve(Reservation { master: "nobody".into(), ..honest(range) }), Why::Sae),
        (Ask::Reserve(Reservation { slaves: vec!["sae-a2".into()], ..honest(range) }), Why::Sae),
        (Ask::Reserve(Reservation { slaves: vec![], ..honest(range) }), Why::Limits),
        (Ask::Reserve(Reservation { keys: vec![], ..honest(range) }), Why::Limits),
        (
            Ask::Reserve(Reservation {
                keys: (0..129).map(|_| key(range)).collect(),
                ..honest(range)
            }),
            Why::Limits,
        ),
        (Ask::Reserve(honest(Range { len: 7, ..range })), Why::Limits),
        (Ask::Reserve(honest(Range { len: 32, ..own })), Why::Books),
        (Ask::Reserve(honest(Range { block: 99_999, ..range })), Why::Books),
        (Ask::Reserve(honest(Range { offset: u64::MAX, ..range })), Why::Books),
        (begin(Lease { block: 1, ..Lease::default() }), Why::Books),
        (
            begin(Lease {
                block: 99_999,
                alice_to_bob: Purse { ranges: vec![own], marked: 0 },
                ..Lease::default()
            }),
            Why::Books,
        ),
        (
            Ask::Survey(Survey { free: vec![(bob.links()[0].outgoing(), vec![])], staged: vec![] }),
            Why::Block,
        ),
        (
            Ask::Offer(wire::Offer {
                block: 1,
                bits: 8,
                split: crate::pool::Split([u64::MAX; 4]),
                signature: [0; 64],
            }),
            Why::Block,
        ),
        (
            Ask::Introduce(Introduction {
                key: [9; 32],
                standing: Standing::default(),
                audits: None,
            }),
            Why::Record,
        ),
        (Ask::Append(vec![foreign_record()]), Why::Record),
        (
            Ask::Witness(wire::Witness { block: 99_999, testimony: Testimony::default() }),
            Why::Block,
        ),
        (Ask::Seal(wire::Seal { block: 99_999, signature: [0; 64] }), Why::Block),
    ];
    for (lie, why) in lies {
        let told = format!("{lie:?}");
        assert_eq!(liar.ask(lie).await.unwrap(), Reply::Refused(why), "{told}");
        assert_eq!(audit(bob).await, before, "{told}");
    }
    assert_eq!(liar.ask(Ask::Reserve(honest(range))).await.unwrap(), Reply::Done);
    assert_eq!(
        liar.ask(Ask::Reserve(honest(range))).await.unwrap(),
        Reply::Refused(Why::Books),
        "the same bits to another pair"
    );
    // A retired range that is not free, and a void of a key that is none.
    assert_eq!(liar.ask(Ask::Retire(vec![own, range])).await.unwrap(), Reply::Done);
    assert_eq!(liar.ask(Ask::Void(vec![key(own)])).await.unwrap(), Reply::Free(vec![false]));
    assert_eq!(audit(bob).await.delivered, 0);
}

#[tokio::test]
async fn only_the_peer_of_that_name_end_and_version_is_served() {
    let ground = Ground::new(&Options::default()).await;
    let bob = ground.kme(End::Bob);
    for hello in [
        Hello { kme: "kme-c".into(), ..Liar::hello() },
        Hello { end: End::Bob, ..Liar::hello() },
        Hello { version: VERSION + 1, ..Liar::hello() },
    ] {
        let mut liar = Liar::new(bob, hello).await;
        assert!(liar.ask(Ask::Retire(vec![])).await.is_err());
    }
    let (here, there) = tokio::io::duplex(64);
    let answered = bob.answer(&id("kme-c"), Box::new(there)).await;
    assert_eq!(answered.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    drop(here);
}

#[tokio::test]
async fn an_older_connection_is_not_served_any_more() {
    let ground = Ground::new(&Options::default()).await;
    let bob = ground.kme(End::Bob);
    let mut old = Liar::new(bob, Liar::hello()).await;
    assert_eq!(old.ask(Ask::Retire(vec![])).await.unwrap(), Reply::Done);
    let mut new = Liar::new(bob, Liar::hello()).await;
    assert_eq!(new.ask(Ask::Retire(vec![])).await.unwrap(), Reply::Done);
    assert!(old.ask(Ask::Retire(vec![])).await.is_err());
}

#[tokio::test]
async fn bytes_that_are_no_message_end_the_connection_and_nothing_else() {
    let ground = Ground::new(&Options::default()).await;
    let bob = ground.kme(End::Bob);
    for bytes in [&[0xff; 8][..], &[0, 0, 0, 3, 1, 2, 3], &[0, 0, 0, 0], &[1, 0, 0, 0, 9]] {
        let mut liar = Liar::new(bob, Liar::hello()).await;
        liar.stream.write_all(bytes).await.unwrap();
        liar.stream.shutdown().await.unwrap();
        assert!(read::<Answer>(&mut liar.stream).await.is_err());
    }
    audit(bob).await;
}
