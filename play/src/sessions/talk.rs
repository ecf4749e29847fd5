//! What is said in sessions arrives, or does not.
//!
//! Each session is a line with a task of its own, which takes what both ends say one after the other: it
//! sends a text at one end, fetches it at the other one, and compares. The market does not wait for it.

use qedex_client::{Error, agent::Agent};
use qedex_primitives::qkd::SessionId;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinHandle,
};

/// Lines that are busy at the same time: who speaks must not keep the machine from writing blocks.
const BUSY: usize = 8;

/// How long a text may be on its way.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often is looked for it.
const PAUSE: Duration = Duration::from_millis(200);

/// What became of all texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// Handed to an agent, or meant to be.
    pub sent: u64,
    /// Fetched at the other end, and equal.
    pub received: u64,
    /// Why others were not.
    pub troubles: Vec<String>,
}

impl Texts {
    /// How many did not arrive as they were sent.
    pub fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.received)
    }
}

/// What both ends of a session say: first the one that asked for it.
type Both = [Vec<u8>; 2];

struct Line {
    /// Who speaks, in words of the caller.
    ends: [usize; 2],
    says: mpsc::UnboundedSender<Both>,
    task: JoinHandle<Texts>,
}

/// Open sessions in which something is said.
#[derive(Default)]
pub struct Talk {
    lines: Vec<Line>,
}

impl Talk {
    /// Begins with these sessions: each with its ends, as the caller numbers them, and their agents.
    pub fn begin(
        sessions: impl IntoIterator<Item = (SessionId, [(usize, Arc<Agent>); 2])>,
    ) -> Self {
        let places = Arc::new(Semaphore::new(BUSY));
        let line = |(id, [one, other]): (SessionId, [(usize, Arc<Agent>); 2])| {
            let (says, said) = mpsc::unbounded_channel();
            let agents = [one.1, other.1];
            let task = tokio::spawn(carry(id, agents, said, Arc::clone(&places)));
            Line { ends: [one.0, other.0], says, task }
        };
        Self { lines: sessions.into_iter().map(line).collect() }
    }

    /// Has both ends of all sessions say to each other what `words` gives for them. It does not wait.
    pub fn say(&self, words: impl Fn(usize) -> Vec<u8>) {
        for Line { ends, says, .. } in &self.lines {
            // A line ends with its task, which `end` finds.
            let _ = says.send(ends.map(&words));
        }
    }

    /// Waits until all that was said has arrived or is given up.
    pub async fn end(self) -> Texts {
        let mut all = Texts::default();
        for Line { says, task, .. } in self.lines {
            drop(says);
            match task.await {
                Ok(texts) => {
                    all.sent = all.sent.saturating_add(texts.sent);
                    all.received = all.received.saturating_add(texts.received);
                    all.troubles.extend(texts.troubles);
                }
                Err(ended) => all.troubles.push(format!("a line has ended: {ended}")),
            }
        }
        all
    }
}

async fn carry(
    id: SessionId,
    [one, other]: [Arc<Agent>; 2],
    mut said: mpsc::UnboundedReceiver<Both>,
    places: Arc<Semaphore>,
) -> Texts {
    let mut texts = Texts::default();
    while let Some([first, second]) = said.recv().await {
        // It is never closed.
        let _place = places.acquire().await;
        for (from, to, text) in [(&one, &other, first), (&other, &one, second)] {
            texts.sent = texts.sent.saturating_add(1);
            match pass(id, from, to, text).await {
                Ok(true) => texts.received = texts.received.saturating_add(1),
                Ok(false) => {
                    let what =
                        format!("a text from {} did not arrive in session {}", from.sae(), id.0);
                    texts.troubles.push(what);
                }
                Err(why) => texts.troubles.push(format!("session {}: {why}", id.0)),
            }
        }
    }
    texts
}

/// Whether a text arrives at the other end, and nothing else does.
async fn pass(id: SessionId, from: &Agent, to: &Agent, text: Vec<u8>) -> Result<bool, Error> {
    from.send(id.0, text.clone()).await?;
    let began = Instant::now();
    loop {
        let texts = to.receive(id.0, 0).await?;
        if let Some(last) = texts.last() {
            to.receive(id.0, last.counter.saturating_add(1)).await?;
            return Ok(texts.len() == 1 && texts.iter().all(|other| other.bytes == text));
        }
        if began.elapsed() >= PATIENCE {
            return Ok(false);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
