mod crashes;
mod deliveries;
mod mismatch;
mod refusals;
mod seals;
mod thieves;
mod withdrawals;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use codec::Decode;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use uuid::Uuid;

use super::{
    testing::{Line, Site},
    *,
};
use crate::{
    kme::{
        line::{Dialer, Dialing},
        link::{Capacity, Link},
        service::{DeliveredKey, EncRequest, KeyService, Refusal},
        testing::{Options, id},
        wire::{Answer, Ask, Hello, Question, Reply, Stream, Why, frame, read},
    },
    pool::Ledger,
};

/// Changes what passes on a line: questions one way, answers the other.
type Meddle<T> = Arc<Mutex<Box<dyn FnMut(T) -> Vec<T> + Send>>>;

/// What a thief on the line between a site and another that it asks does.
#[derive(Clone)]
struct Thief {
    questions: Meddle<Question>,
    answers: Meddle<Answer>,
}

impl Thief {
    fn idle() -> Self {
        fn pass<T: 'static>() -> Meddle<T> {
            Arc::new(Mutex::new(Box::new(|message| vec![message])))
        }
        Self { questions: pass(), answers: pass() }
    }

    fn on_questions(&self, meddle: impl FnMut(Question) -> Vec<Question> + Send + 'static) {
        *self.questions.lock().unwrap() = Box::new(meddle);
    }

    fn on_answers(&self, meddle: impl FnMut(Answer) -> Vec<Answer> + Send + 'static) {
        *self.answers.lock().unwrap() = Box::new(meddle);
    }

    fn rest(&self) {
        self.on_questions(|question| vec![question]);
        self.on_answers(|answer| vec![answer]);
    }
}

struct Tapped(Arc<dyn Dialer>, Thief);

impl Dialer for Tapped {
    fn dial(&self) -> Dialing<'_> {
        Box::pin(async move {
            let far = self.0.dial().await?;
            let (near, here) = tokio::io::duplex(1 << 16);
            let ((mut from_here, mut to_here), (mut from_far, mut to_far)) =
                (tokio::io::split(here), tokio::io::split(far));
            let Thief { questions, answers } = self.1.clone();
            tokio::spawn(async move {
                pass::<Hello>(&mut from_here, &mut to_far, |hello| vec![hello]).await?;
                loop {
                    let meddle = |question| (questions.lock().unwrap())(question);
                    pass(&mut from_here, &mut to_far, meddle).await?;
                }
                #[allow(unreachable_code)]
                Ok::<(), std::io::Error>(())
            });
            tokio::spawn(async move {
                pass::<Hello>(&mut from_far, &mut to_here, |hello| vec![hello]).await?;
                loop {
                    let meddle = |answer| (answers.lock().unwrap())(answer);
                    pass(&mut from_far, &mut to_here, meddle).await?;
                }
                #[allow(unreachable_code)]
                Ok::<(), std::io::Error>(())
            });
            Ok(Box::new(near) as Box<dyn Stream>)
        })
    }
}

async fn pass<T: Decode + codec::Encode>(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    meddle: impl FnOnce(T) -> Vec<T>,
) -> std::io::Result<()> {
    for message in meddle(read(from).await?) {
        to.write_all(&frame(&message)).await?;
    }
    to.flush().await
}

/// A line of three, with thieves on the lines on which A asks M and M asks C.
struct Ground {
    line: Line,
    before: Thief,
    after: Thief,
    folder: tempfile::TempDir,
}

fn options() -> Options {
    Options {
        capacity: Capacity { keys: 1 << 16, tags: 1 << 14, lease: 1 << 12 },
        block_bits: 300_003,
        ..Options::default()
    }
}

impl Ground {
    async fn new(options: &Options) -> Self {
        let (before, after) = (Thief::idle(), Thief::idle());
        let folder = tempfile::tempdir().unwrap();
        let wrap = |from, to, dialer| -> Arc<dyn Dialer> {
            match (from, to) {
                (Site::A, Site::M) => Arc::new(Tapped(dialer, before.clone())),
                (Site::M, Site::C) => Arc::new(Tapped(dialer, after.clone())),
                _ => dialer,
            }
        };
        let line = Line::start(folder.path(), options, wrap).await.unwrap();
        Self { line, before, after, folder }
    }

    /// A site waits a quarter of a second for the next one.
    async fn impatient() -> Self {
        Self::new(&Options { patience: Duration::from_millis(500), ..options() }).await
    }

    fn relay(&self, site: Site) -> &Arc<Relay> {
        self.line.kme(site).relay().unwrap()
    }

    fn link(&self, site: Site, index: usize) -> &Arc<Link> {
        &self.line.kme(site).links()[index]
    }

    /// Begins no block any more.
    async fn settle(&self) {
        for kme in &self.line.kmes {
            kme.wind_down().await;
        }
    }

    /// Books of A's end of the first link, M's ends of both, C's end of the second; audited.
    async fn ledgers(&self) -> [Ledger; 4] {
        [
            audit(&self.link(Site::A, 0).store).await,
            audit(&self.link(Site::M, 0).store).await,
            audit(&self.link(Site::M, 1).store).await,
            audit(&self.link(Site::C, 0).store).await,
        ]
    }

    /// What each of the four ends has relayed, in bits.
    async fn relayed(&self) -> [u64; 4] {
        self.ledgers().await.map(|ledger| ledger.relayed)
    }

    /// Books of the keys whose way ends at a site, audited.
    async fn held(&self, site: Site) -> Ledger {
        audit(self.relay(site).store()).await
    }

    /// Waits until the target has confirmed all that the site has withdrawn.
    async fn withdrawn(&self, site: Site) {
        let kept =
            || self.relay(site).store().run(|books| books.kept_withdrawals(None, usize::MAX));
        while !kept().await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn audit(store: &crate::pool::Store) -> Ledger {
    let audit = store.run(|books| {
        books.audit()?;
        Ok(books.ledger())
    });
    audit.await.unwrap()
}

async fn enc(
    ground: &Ground,
    site: Site,
    master: &str,
    slave: &str,
    number: u64,
) -> Result<Vec<DeliveredKey>, Refusal> {
    let request = EncRequest { number: Some(number), ..EncRequest::default() };
    ground.line.kme(site).enc_keys(&id(master), &id(slave), request).await
}

async fn dec(
    ground: &Ground,
    site: Site,
    slave: &str,
    master: &str,
    ids: Vec<Uuid>,
) -> Result<Vec<DeliveredKey>, Refusal> {
    ground.line.kme(site).dec_keys(&id(slave), &id(master), ids).await
}

fn ids(keys: &[DeliveredKey]) -> Vec<Uuid> {
    keys.iter().map(|key| key.id).collect()
}

fn path() -> Vec<String> {
    Site::ALL.map(|site| site.kme().to_string()).to_vec()
}

/// An order of one key from A to C that is sound.
fn order() -> Order {
    Order {
        path: path(),
        master: "sae-a1".into(),
        slaves: vec!["sae-c1".into()],
        ids: vec![Uuid::new_v4().into_bytes()],
        len: 32,
    }
}
