//! Frames of open sessions.
//!
//! - A session takes frames without a gap, so each one that was sealed is kept until the other end's node
//!   has taken it, and goes before all later ones.
//! - The state that has sealed or opened a frame is stored before the frame or its text goes on: no counter
//!   is ever used for two texts, and no text comes twice.
//! - A frame that was opened before is taken again and changes nothing.

use super::{Desk, Name, Refusal, jobs::Parcel};
use crate::{
    record::{Record, Secret, State},
    store::Row,
};
use q_sah::{Error, Session};
use qedex_primitives::qkd::SessionId;
use zeroize::Zeroizing;

/// The longest text that a user sends, in bytes.
pub const MAX_SENT_BYTES: usize = 16_384;

/// The most frames of a session that wait to be delivered.
pub const MAX_QUEUED: u64 = 256;

/// The most texts of a session that wait for the user, ...
pub const MAX_UNREAD: u64 = 256;

/// ... and the most bytes of them.
pub const MAX_UNREAD_BYTES: u64 = 1 << 20;

/// The most texts that a user fetches at once.
pub const MAX_FETCHED: usize = 64;

/// Bytes of a frame's counter, which come first.
const COUNTER_BYTES: usize = 8;

/// A text that came, with its frame's counter.
pub type Received = (u64, Zeroizing<Vec<u8>>);

fn session(record: &Record) -> Result<Session, Refusal> {
    match &record.state {
        State::Open(bytes) if record.is_open() => {
            Session::from_secret_bytes(&bytes.0).map_err(|_| Refusal::State)
        }
        _ => Err(Refusal::NotOpen),
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

impl Desk {
    /// Seals a text as the next frame, which waits from now on. Gives the session's number in the store and
    /// the frame's counter.
    ///
    /// # Errors
    ///
    /// [`Refusal::Bad`] if the text is empty or too long, [`Refusal::Unknown`], [`Refusal::NotOpen`],
    /// [`Refusal::Queue`], [`Refusal::Exhausted`], or the store.
    pub fn seal(&self, name: Name, text: &[u8]) -> Result<(u64, u64), Refusal> {
        if text.is_empty() || text.len() > MAX_SENT_BYTES {
            return Err(Refusal::Bad("a text has 1 to 16384 bytes"));
        }
        self.transact(|books| {
            let (local, record) = books.find(name)?;
            let mut session = session(record)?;
            if record.sent.saturating_sub(record.delivered) >= MAX_QUEUED {
                return Err(Refusal::Queue(MAX_QUEUED));
            }
            let counter = session.sent();
            let frame = session.seal(text).map_err(|_| Refusal::Exhausted)?;
            let row = Row::Outgoing(local, counter);
            books.changes.push((row, Some(Zeroizing::new(frame))));
            books.change(local, |record| {
                record.sent = session.sent();
                record.state = State::Open(Secret(session.to_secret_bytes()));
            });
            Ok((local, counter))
        })
    }

    /// The first frame of a session that waits; none if none does, or none can go now.
    ///
    /// # Errors
    ///
    /// The store.
    pub fn parcel(&self, local: u64) -> Result<Option<Parcel>, Refusal> {
        self.transact(|books| {
            let record = books.sessions.get(&local).filter(|record| record.is_open());
            let Some(record) = record.filter(|record| !record.queued().is_empty()) else {
                return Ok(None);
            };
            let (Some(address), Some(session)) = (record.mail.clone(), record.id) else {
                return Ok(None);
            };
            let counter = record.delivered;
            let frame = self.store.read(Row::Outgoing(local, counter))?.ok_or(Refusal::State)?;
            Ok(Some(Parcel { address, session, counter, frame: frame.to_vec() }))
        })
    }

    /// Notes that the other end's node has taken a frame.
    ///
    /// # Errors
    ///
    /// The store: the frame is delivered once more then, which changes nothing.
    pub fn delivered(&self, local: u64, counter: u64) -> Result<(), Refusal> {
        self.recovered(local);
        self.transact(|books| {
            let waits = books.sessions.get(&local).is_some_and(|record| {
                record.delivered == counter && record.queued().contains(&counter)
            });
            if waits {
                books.changes.push((Row::Outgoing(local, counter), None));
                let next = counter.saturating_add(1);
                books.change(local, |record| record.delivered = next);
            }
            Ok(())
        })
    }

    /// How many frames of a session wait; zero if the one of this counter does not.
    ///
    /// # Errors
    ///
    /// The store.
    pub fn queued_from(&self, local: u64, counter: u64) -> Result<u64, Refusal> {
        self.transact(|books| {
            let record = books.sessions.get(&local);
            let waits = record.filter(|record| record.queued().contains(&counter));
            Ok(waits.map_or(0, |record| record.sent.saturating_sub(record.delivered)))
        })
    }

    /// Takes a frame of the other end, and keeps its text for the user.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unknown`], [`Refusal::NotOpen`], [`Refusal::Gap`], [`Refusal::NotAuthentic`],
    /// [`Refusal::InboxFull`], [`Refusal::Exhausted`], or the store. The other end may send the frame
    /// again.
    pub fn mail(&self, id: SessionId, frame: &[u8]) -> Result<(), Refusal> {
        self.transact(|books| {
            let (local, record) = books.find(Name::Id(id))?;
            if record.is_over() {
                return Err(Refusal::Unknown);
            }
            let mut session = session(record)?;
            let counter = frame.first_chunk::<COUNTER_BYTES>().ok_or(Refusal::NotAuthentic)?;
            let counter = u64::from_le_bytes(*counter);
            if counter < session.received() {
                return Ok(());
            }
            let unread = record.received.saturating_sub(record.fetched);
            let bytes = record.unread_bytes.saturating_add(length(frame));
            if unread >= MAX_UNREAD || bytes > MAX_UNREAD_BYTES {
                return Err(Refusal::InboxFull);
            }
            let text = session.open(frame).map_err(|error| match error {
                Error::Gap => Refusal::Gap,
                Error::Exhausted => Refusal::Exhausted,
                _ => Refusal::NotAuthentic,
            })?;
            let bytes = length(&text);
            books.changes.push((Row::Incoming(local, counter), Some(text)));
            books.change(local, |record| {
                record.received = session.received();
                record.unread_bytes = record.unread_bytes.saturating_add(bytes);
                record.state = State::Open(Secret(session.to_secret_bytes()));
            });
            Ok(())
        })
    }

    /// Hands out the first texts that wait for the user, at most [`MAX_FETCHED`], and forgets them.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unknown`], or the store.
    pub fn receive(&self, name: Name) -> Result<Vec<Received>, Refusal> {
        self.transact(|books| {
            let (local, record) = books.find(name)?;
            let counters: Vec<u64> = record.unread().take(MAX_FETCHED).collect();
            let mut texts = Vec::with_capacity(counters.len());
            for counter in counters {
                let row = Row::Incoming(local, counter);
                let text = self.store.read(row)?.ok_or(Refusal::State)?;
                books.changes.push((row, None));
                texts.push((counter, text));
            }
            let fetched = u64::try_from(texts.len()).unwrap_or(u64::MAX);
            let bytes = texts.iter().map(|(_, text)| length(text)).fold(0, u64::saturating_add);
            books.change(local, |record| {
                record.fetched = record.fetched.saturating_add(fetched);
                record.unread_bytes = record.unread_bytes.saturating_sub(bytes);
            });
            Ok(texts)
        })
    }
}
