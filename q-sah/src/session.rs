//! Frames: what two ends say to each other once their session is open.
//!
//! A frame is its counter (8 bytes, little-endian), the text under ChaCha20-Poly1305, and its tag of 16
//! bytes. Each direction has a secret and a counter of its own, from zero. A frame's key is expanded
//! from the secret, its nonce is four zero bytes and the counter, and the counter is its associated
//! data. After each [`FRAMES_A_KEY`] frames the next secret is expanded from the last one, which is
//! wiped. After [`MAX_FRAMES`] no more go that way.
//!
//! A frame's *receipt* is expanded from the same secret, with the counter: the end that has opened the frame
//! says it, and the other one knows then that it may forget the frame.

use crate::{
    Error, Suite,
    bytes::Reader,
    hash::expand,
    key::Secret,
    stored::{self, Kind},
};
use alloc::vec::Vec;
use chacha20poly1305::{AeadInPlace, ChaCha20Poly1305, KeyInit, Tag};
use core::fmt;
use zeroize::Zeroizing;

/// Frames of a direction under one key.
pub const FRAMES_A_KEY: u64 = 4_096;
/// The most frames of a direction in a session.
pub const MAX_FRAMES: u64 = 1_048_576;
/// The longest text of a frame or of a letter, in bytes.
pub const MAX_TEXT_BYTES: usize = 65_536;
/// What a frame adds to its text, in bytes.
pub const FRAME_OVERHEAD_BYTES: usize = COUNTER + TAG;

/// Bytes of a receipt.
pub const RECEIPT_BYTES: usize = 32;

const COUNTER: usize = 8;
const TAG: usize = 16;

/// One direction of a session.
struct Direction {
    secret: Secret,
    /// Of the next frame.
    counter: u64,
}

impl Direction {
    /// The cipher of the next frame, and its nonce.
    fn next(&self) -> Result<(ChaCha20Poly1305, [u8; 12]), Error> {
        if self.counter >= MAX_FRAMES {
            return Err(Error::Exhausted);
        }
        Ok((aead(&expand(&self.secret, b"qsah/1 frame", &[])), nonce(self.counter)))
    }

    /// What the end that opens the next frame answers.
    fn receipt(&self) -> [u8; RECEIPT_BYTES] {
        *expand(&self.secret, b"qsah/1 receipt", &self.counter.to_le_bytes()).bytes()
    }

    fn advance(&mut self) {
        self.counter = self.counter.saturating_add(1);
        if self.counter.is_multiple_of(FRAMES_A_KEY) {
            self.secret = expand(&self.secret, b"qsah/1 next", &[]);
        }
    }

    fn write_to(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.counter.to_le_bytes());
        bytes.extend(self.secret.bytes());
    }

    fn read_from(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let counter = reader.u64()?;
        if counter > MAX_FRAMES {
            return Err(Error::State);
        }
        Ok(Self { counter, secret: Secret::of(reader.slice(32)?).ok_or(Error::Length)? })
    }
}

/// The cipher under a key.
pub(crate) fn aead(key: &Secret) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(key.bytes().into())
}

fn nonce(counter: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce.iter_mut().skip(4).zip(counter.to_le_bytes()).for_each(|(to, from)| *to = from);
    nonce
}

/// `text` under the cipher, and the tag behind it.
pub(crate) fn encrypt(
    cipher: &ChaCha20Poly1305,
    nonce: &[u8; 12],
    associated: &[u8],
    text: &[u8],
) -> Result<Vec<u8>, Error> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Error::TooLong);
    }
    let mut sealed = Vec::with_capacity(text.len().saturating_add(TAG));
    sealed.extend(text);
    let tag = cipher.encrypt_in_place_detached(nonce.into(), associated, &mut sealed);
    sealed.extend(tag.map_err(|_| Error::TooLong)?);
    Ok(sealed)
}

/// What [`encrypt`] took.
pub(crate) fn decrypt(
    cipher: &ChaCha20Poly1305,
    nonce: &[u8; 12],
    associated: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut reader = Reader::new(sealed);
    let mut text = Zeroizing::new(reader.all_but(TAG)?.to_vec());
    if text.len() > MAX_TEXT_BYTES {
        return Err(Error::TooLong);
    }
    let tag = Tag::from(reader.array::<TAG>()?);
    let checked = cipher.decrypt_in_place_detached(nonce.into(), associated, &mut text, &tag);
    checked.map_err(|_| Error::Mac).map(|()| text)
}

/// An open session at one of its ends.
pub struct Session {
    suite: Suite,
    id: [u8; 32],
    sending: Direction,
    receiving: Direction,
}

impl Session {
    pub(crate) fn new(suite: Suite, id: [u8; 32], sending: Secret, receiving: Secret) -> Self {
        let [sending, receiving] =
            [sending, receiving].map(|secret| Direction { secret, counter: 0 });
        Self { suite, id, sending, receiving }
    }

    /// Its public name: the hash of T1 and T2, the same at both ends and in no other session.
    pub fn id(&self) -> [u8; 32] {
        self.id
    }

    /// The suite of its handshake. Its frames are computational in either.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Frames sent so far.
    pub fn sent(&self) -> u64 {
        self.sending.counter
    }

    /// Frames opened so far.
    pub fn received(&self) -> u64 {
        self.receiving.counter
    }

    /// What the other end answers to the next frame that is sealed here, once it has opened it. Nobody but
    /// the two ends can say it. Ask before [`Self::seal`].
    pub fn awaited_receipt(&self) -> [u8; RECEIPT_BYTES] {
        self.sending.receipt()
    }

    /// What to answer to the next frame of the other end. Ask before [`Self::open`], and say it only once
    /// that has opened the frame and its text is stored.
    pub fn receipt(&self) -> [u8; RECEIPT_BYTES] {
        self.receiving.receipt()
    }

    /// Seals a text as the next frame to the other end. Store the session before the frame leaves: a
    /// session that was stored before would seal another text under the same nonce.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] if the text exceeds [`MAX_TEXT_BYTES`], [`Error::Exhausted`] if the session
    /// has sent [`MAX_FRAMES`].
    pub fn seal(&mut self, text: &[u8]) -> Result<Vec<u8>, Error> {
        let (cipher, nonce) = self.sending.next()?;
        let counter = self.sending.counter.to_le_bytes();
        let mut frame = counter.to_vec();
        frame.extend(encrypt(&cipher, &nonce, &counter, text)?);
        self.sending.advance();
        Ok(frame)
    }

    /// Opens the next frame of the other end.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if it is shorter than any frame, [`Error::Repeated`] and [`Error::Gap`] if it
    /// says that it is not the next one, [`Error::TooLong`] if no frame is as long,
    /// [`Error::Exhausted`] if the session has received [`MAX_FRAMES`], [`Error::Mac`] if it is not
    /// the other end's.
    pub fn open(&mut self, frame: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut reader = Reader::new(frame);
        let counter = reader.array::<COUNTER>()?;
        let sealed = reader.all_but(0)?;
        if sealed.len() < TAG {
            return Err(Error::Length);
        }
        let number = u64::from_le_bytes(counter);
        if number < self.receiving.counter {
            return Err(Error::Repeated);
        }
        if number > self.receiving.counter {
            return Err(Error::Gap);
        }
        let (cipher, nonce) = self.receiving.next()?;
        let text = decrypt(&cipher, &nonce, &counter, sealed)?;
        self.receiving.advance();
        Ok(text)
    }

    pub(crate) fn write_to(&self, bytes: &mut Vec<u8>) {
        bytes.push(self.suite.code());
        bytes.extend(self.id);
        self.sending.write_to(bytes);
        self.receiving.write_to(bytes);
    }

    pub(crate) fn read_from(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (suite, id) = (Suite::from_code(reader.byte()?)?, reader.array()?);
        let sending = Direction::read_from(reader)?;
        Ok(Self { suite, id, sending, receiving: Direction::read_from(reader)? })
    }

    /// To be stored under a key of the caller's. These bytes are as secret as the session.
    pub fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = stored::begin(Kind::Session);
        self.write_to(&mut bytes);
        bytes
    }

    /// What was stored.
    ///
    /// # Errors
    ///
    /// [`Error::State`] if that was something else.
    pub fn from_secret_bytes(bytes: &[u8]) -> Result<Self, Error> {
        stored::read(Kind::Session, bytes, Self::read_from)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Session(..)")
    }
}
