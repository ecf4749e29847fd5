//! Frames of open sessions.
//!
//! - A session takes frames without a gap, so each one that was sealed is kept until the other end's node
//!   has taken it, and goes before all later ones.
//! - The state that has sealed or opened a frame is stored before the frame or its text goes on: no counter
//!   is ever used for two texts, and no text comes twice.
//! - A frame is forgotten when the other end has said its receipt: that it was opened, and its text stored.
//!   Nobody else can say it, whoever answers at the address.
//! - The last frame that was opened gets its receipt again, as the answer may have been lost.
//! - What came waits for the user though its session ends; what was not delivered by then is wiped.

use super::{Books, Desk, Name, Refusal, jobs::Parcel};
use crate::{
    record::{Record, Secret, State, Taken, sha256},
    store::Row,
};
use q_sah::{Error, RECEIPT_BYTES, Session};
use qedex_primitives::{Moment, agent::AccountBytes, qkd::SessionId};
use zeroize::Zeroizing;

/// The longest text that a user sends, in bytes.
pub const MAX_SENT_BYTES: usize = 16_384;

/// The most frames of a session that wait to be delivered.
pub const MAX_QUEUED: u64 = 256;

/// The most texts of a session that wait for the user, ...
pub const MAX_UNREAD: u64 = 256;

/// ... and the most bytes of them.
pub const MAX_UNREAD_BYTES: u64 = 1 << 20;

/// The most bytes of texts of one account that wait for the user, ...
pub const MAX_UNREAD_BYTES_OF_PEER: u64 = 4 << 20;

/// ... and of all accounts.
pub const MAX_UNREAD_BYTES_IN_ALL: u64 = 64 << 20;

/// The most texts that a user fetches at once.
pub const MAX_FETCHED: usize = 64;

/// Bytes of a frame's counter, which come first.
const COUNTER_BYTES: usize = 8;

/// A text that came, with its frame's counter.
pub type Received = (u64, Zeroizing<Vec<u8>>);

fn session(record: &Record, now: Moment) -> Result<Session, Refusal> {
    match &record.state {
        State::Open(bytes) if record.is_open(now) => {
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
        let now = self.now();
        self.transact(|books| {
            let (local, record) = books.find(name)?;
            let mut session = session(record, now)?;
            if record.sent.saturating_sub(record.delivered) >= MAX_QUEUED {
                return Err(Refusal::Queue(MAX_QUEUED));
            }
            let counter = session.sent();
            let mut kept = Zeroizing::new(session.awaited_receipt().to_vec());
            kept.extend(session.seal(text).map_err(|_| Refusal::Exhausted)?);
            books.changes.push((Row::Outgoing(local, counter), Some(kept)));
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
        let now = self.now();
        self.transact(|books| {
            let record = books.sessions.get(&local).filter(|record| record.is_open(now));
            let Some(record) = record.filter(|record| !record.queued().is_empty()) else {
                return Ok(None);
            };
            let (Some(address), Some(session)) = (record.mail.clone(), record.id) else {
                return Ok(None);
            };
            let counter = record.delivered;
            let kept = self.store.read(Row::Outgoing(local, counter))?.ok_or(Refusal::State)?;
            let (receipt, frame) = kept.split_first_chunk().ok_or(Refusal::State)?;
            let (receipt, frame) = (*receipt, frame.to_vec());
            Ok(Some(Parcel { address, session, counter, frame, receipt }))
        })
    }

    /// Notes that the other end has said a frame's receipt.
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

    /// How many frames of a session wait; zero if the one of this counter was delivered.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotDelivered`] if the session has ended before, or the store.
    pub fn queued_from(&self, local: u64, counter: u64) -> Result<u64, Refusal> {
        self.transact(|books| match books.sessions.get(&local) {
            Some(record) if record.delivered > counter => Ok(0),
            Some(record) if !record.is_over() => Ok(record.sent.saturating_sub(record.delivered)),
            _ => Err(Refusal::NotDelivered),
        })
    }

    /// Takes a frame of the other end, and keeps its text for the user. Gives its receipt, to be answered.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unknown`], [`Refusal::NotOpen`], [`Refusal::Gap`], [`Refusal::NotAuthentic`],
    /// [`Refusal::InboxFull`], [`Refusal::Exhausted`], or the store. The other end may send the frame
    /// again.
    pub fn mail(&self, id: SessionId, frame: &[u8]) -> Result<[u8; RECEIPT_BYTES], Refusal> {
        let now = self.now();
        self.transact(|books| {
            let (local, record) = books.find(Name::Id(id))?;
            if record.is_over() {
                return Err(Refusal::Unknown);
            }
            let mut session = session(record, now)?;
            let counter = frame.first_chunk::<COUNTER_BYTES>().ok_or(Refusal::NotAuthentic)?;
            let counter = u64::from_le_bytes(*counter);
            let print = sha256(frame);
            if let Some(taken) = record.taken.filter(|taken| taken.frame == print) {
                return Ok(taken.receipt);
            }
            let unread = record.received.saturating_sub(record.fetched);
            let bytes = record.unread_bytes.saturating_add(length(frame));
            let [of_peer, in_all] = books.unread_bytes(record.parties.peer);
            let is_full = unread >= MAX_UNREAD
                || bytes > MAX_UNREAD_BYTES
                || of_peer.saturating_add(length(frame)) > MAX_UNREAD_BYTES_OF_PEER
                || in_all.saturating_add(length(frame)) > MAX_UNREAD_BYTES_IN_ALL;
            if counter >= session.received() && is_full {
                return Err(Refusal::InboxFull);
            }
            let receipt = session.receipt();
            let text = session.open(frame).map_err(|error| match error {
                Error::Gap => Refusal::Gap,
                Error::Exhausted => Refusal::Exhausted,
                _ => Refusal::NotAuthentic,
            })?;
            let bytes = length(&text);
            books.changes.push((Row::Incoming(local, counter), Some(text)));
            books.change(local, |record| {
                record.received = session.received();
                record.taken = Some(Taken { frame: print, receipt });
                record.unread_bytes = record.unread_bytes.saturating_add(bytes);
                record.state = State::Open(Secret(session.to_secret_bytes()));
            });
            Ok(receipt)
        })
    }

    /// Hands out the first texts that wait for the user, at most [`MAX_FETCHED`], again and again, until the
    /// user says that it `has` those below a counter: these are forgotten.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unknown`], [`Refusal::Bad`] if the user cannot have what it says, or the store.
    pub fn receive(&self, name: Name, has: u64) -> Result<Vec<Received>, Refusal> {
        self.transact(|books| {
            let (local, record) = books.find(name)?;
            if has > record.received {
                return Err(Refusal::Bad("the user cannot have texts that have not come"));
            }
            let (had, waits) = (record.fetched..has, has.max(record.fetched)..record.received);
            let mut bytes = 0_u64;
            for counter in had.clone() {
                let row = Row::Incoming(local, counter);
                let text = self.store.read(row)?.ok_or(Refusal::State)?;
                bytes = bytes.saturating_add(length(&text));
                books.changes.push((row, None));
            }
            if !had.is_empty() {
                books.change(local, |record| {
                    record.fetched = had.end;
                    record.unread_bytes = record.unread_bytes.saturating_sub(bytes);
                });
            }
            let text = |counter| {
                let text = self.store.read(Row::Incoming(local, counter))?;
                Ok((counter, text.ok_or(Refusal::State)?))
            };
            waits.take(MAX_FETCHED).map(text).collect()
        })
    }
}

impl Books {
    /// Bytes of texts that wait for the user: of one account, and of all.
    fn unread_bytes(&self, peer: AccountBytes) -> [u64; 2] {
        let bytes = |records: &mut dyn Iterator<Item = &Record>| {
            records.map(|record| record.unread_bytes).fold(0, u64::saturating_add)
        };
        let of_peer = |record: &&Record| record.parties.peer == peer;
        [bytes(&mut self.sessions.values().filter(of_peer)), bytes(&mut self.sessions.values())]
    }
}
