//! The connection on which a KME asks its peer.
//!
//! One task dials, greets, lets the two ends agree on what is free, and dials again with growing
//! pauses when the connection breaks. A question on a broken connection, or without an answer in
//! time, fails: its effect at the peer is unknown then, and the asker undoes it. An answer that
//! comes too late or twice has no question any more and is dropped; an answer to what was never
//! asked ends the connection.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::{mpsc, oneshot, watch},
    time::timeout,
};

use super::wire::{self, Answer, Ask, Hello, Question, Reply, Stream, Why};

/// The longest pause between two attempts to dial.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// A connection that is being made.
pub type Dialing<'a> = Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>> + Send + 'a>>;

/// Makes connections to the peer, and has proven that it is the peer.
pub trait Dialer: Send + Sync + 'static {
    /// Connects.
    fn dial(&self) -> Dialing<'_>;
}

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// There is no connection, or it broke.
    #[error("the peer KME cannot be reached")]
    Down,
    /// No answer in time.
    #[error("the peer KME did not answer in time")]
    Late,
    /// The peer refused.
    #[error("the peer KME refused: {0:?}")]
    Refused(Why),
    /// The answer is none to the question.
    #[error("the peer KME gave a wrong answer")]
    Wrong,
}

#[derive(Default)]
struct Open {
    /// Where frames go; none while there is no connection.
    outgoing: Option<mpsc::UnboundedSender<(Vec<u8>, ())>>,
    waiting: HashMap<u64, oneshot::Sender<Reply>>,
    next: u64,
}

/// Asks the peer; clones share the connection.
#[derive(Clone)]
pub struct Line {
    open: Arc<Mutex<Open>>,
    ready: Arc<watch::Sender<bool>>,
    patience: Duration,
}

impl Line {
    /// A line without a connection; an answer may take `patience`.
    pub fn new(patience: Duration) -> Self {
        Self { open: Arc::default(), ready: Arc::new(watch::channel(false).0), patience }
    }

    /// How long an answer may take.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Whether the two ends are connected and agree, and a way to wait for it.
    pub fn ready(&self) -> watch::Receiver<bool> {
        self.ready.subscribe()
    }

    /// Whether keys can be reserved now.
    pub fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// Puts a question on the line at once.
    pub fn put(&self, ask: Ask) -> Pending {
        let (sender, reply) = oneshot::channel();
        let mut open = self.lock();
        open.next += 1;
        let number = open.next;
        let frame = wire::frame(&Question { number, ask });
        if open.outgoing.as_ref().is_some_and(|outgoing| outgoing.send((frame, ())).is_ok()) {
            open.waiting.insert(number, sender);
        }
        drop(open);
        Pending { line: self.clone(), number, reply }
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`].
    pub async fn ask(&self, ask: Ask) -> Result<Reply, NoAnswer> {
        self.put(ask).answer().await
    }

    /// Asks for something to be done.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`].
    pub async fn done(&self, ask: Ask) -> Result<(), NoAnswer> {
        self.put(ask).done().await
    }

    /// Breaks the connection, so that the two ends agree anew.
    pub fn hang_up(&self) {
        self.ready.send_replace(false);
        let mut open = self.lock();
        open.outgoing = None;
        open.waiting.clear();
    }

    /// Dials for ever. `greeting` is said first, `expected` must come back; `agree` runs on each
    /// new connection before the line is ready.
    pub async fn run<F: Future<Output = Result<(), NoAnswer>>>(
        self,
        dialer: Arc<dyn Dialer>,
        greeting: Hello,
        expected: Hello,
        agree: impl Fn() -> F,
    ) {
        let mut pause = Duration::from_millis(50);
        loop {
            let greeted = timeout(self.patience, greet(&*dialer, &greeting, &expected)).await;
            match greeted.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok(stream) => {
                    let ended = self.connected(stream, &agree).await;
                    tracing::warn!(peer = expected.kme, %ended, "the line to the peer KME broke");
                    pause = Duration::from_millis(50);
                }
                Err(error) => {
                    tracing::debug!(peer = expected.kme, %error, "cannot reach the peer KME");
                    pause = (pause * 2).min(MAX_PAUSE);
                }
            }
            self.hang_up();
            tokio::time::sleep(pause).await;
        }
    }

    async fn connected<F: Future<Output = Result<(), NoAnswer>>>(
        &self,
        stream: Box<dyn Stream>,
        agree: &impl Fn() -> F,
    ) -> String {
        let (mut incoming, outgoing) = tokio::io::split(stream);
        let (sender, frames) = mpsc::unbounded_channel();
        self.lock().outgoing = Some(sender);
        let listen = async {
            loop {
                match wire::read::<Answer>(&mut incoming).await {
                    Ok(answer) => {
                        if let Err(error) = self.take(answer) {
                            return error.to_owned();
                        }
                    }
                    Err(error) => return error.to_string(),
                }
            }
        };
        let settle = async {
            match agree().await {
                Ok(()) => {
                    self.ready.send_replace(true);
                    std::future::pending().await
                }
                Err(error) => error.to_string(),
            }
        };
        let write = async {
            match write_frames(outgoing, frames).await {
                Ok(()) => "it was hung up".to_owned(),
                Err(error) => error.to_string(),
            }
        };
        tokio::select! {
            ended = listen => ended,
            ended = settle => ended,
            ended = write => ended,
        }
    }

    fn take(&self, answer: Answer) -> Result<(), &'static str> {
        let mut open = self.lock();
        match open.waiting.remove(&answer.number) {
            Some(waiting) => {
                // Whoever asked may have gone.
                let _ = waiting.send(answer.reply);
                Ok(())
            }
            None if answer.number > open.next => Err("an answer to what was never asked"),
            None => {
                tracing::debug!(number = answer.number, "an answer came too late or twice");
                Ok(())
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A question on its way.
pub struct Pending {
    line: Line,
    number: u64,
    reply: oneshot::Receiver<Reply>,
}

impl Pending {
    /// Waits for the answer.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`].
    pub async fn answer(self) -> Result<Reply, NoAnswer> {
        match timeout(self.line.patience, self.reply).await {
            Ok(Ok(Reply::Refused(why))) => Err(NoAnswer::Refused(why)),
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(_)) => Err(NoAnswer::Down),
            Err(_) => {
                self.line.lock().waiting.remove(&self.number);
                Err(NoAnswer::Late)
            }
        }
    }

    /// Waits for [`Reply::Done`].
    ///
    /// # Errors
    ///
    /// [`NoAnswer`].
    pub async fn done(self) -> Result<(), NoAnswer> {
        match self.answer().await? {
            Reply::Done => Ok(()),
            _ => Err(NoAnswer::Wrong),
        }
    }
}

async fn greet(
    dialer: &dyn Dialer,
    greeting: &Hello,
    expected: &Hello,
) -> io::Result<Box<dyn Stream>> {
    let mut stream = dialer.dial().await?;
    stream.write_all(&wire::frame(greeting)).await?;
    stream.flush().await?;
    let hello: Hello = wire::read(&mut stream).await?;
    if hello != *expected {
        return Err(io::Error::other("the peer KME is another one, or of another version"));
    }
    Ok(stream)
}

/// Writes frames, those that wait in one go. What comes with a frame is dropped when it is written.
/// Ends when there can be no more.
pub(super) async fn write_frames<T>(
    mut stream: impl AsyncWrite + Unpin,
    mut frames: mpsc::UnboundedReceiver<(Vec<u8>, T)>,
) -> io::Result<()> {
    while let Some((mut bytes, first)) = frames.recv().await {
        let mut with = vec![first];
        while bytes.len() < 1 << 16
            && let Ok((more, also)) = frames.try_recv()
        {
            bytes.extend_from_slice(&more);
            with.push(also);
        }
        stream.write_all(&bytes).await?;
        stream.flush().await?;
        drop(with);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_comes_with_a_frame_is_kept_until_it_is_written() {
        let places = Arc::new(tokio::sync::Semaphore::new(1));
        let place = Arc::clone(&places).acquire_owned().await.unwrap();
        let (near, mut far) = tokio::io::duplex(8);
        let (sender, frames) = mpsc::unbounded_channel();
        sender.send((vec![7; 20], place)).unwrap();
        let writer = tokio::spawn(write_frames(near, frames));
        let mut bytes = [0; 8];
        tokio::io::AsyncReadExt::read_exact(&mut far, &mut bytes).await.unwrap();
        assert_eq!(places.available_permits(), 0, "the reader has not taken all of it");
        tokio::io::AsyncReadExt::read_exact(&mut far, &mut [0; 12]).await.unwrap();
        drop(places.acquire().await.unwrap());
        drop(sender);
        writer.await.unwrap().unwrap();
    }
}
