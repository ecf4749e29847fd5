//! Letters: one message under one fresh key.
//!
//! | bytes | field |
//! |---|---|
//! | 1 | version (1) |
//! | 1 | seal: 1 AEAD, 2 one-time |
//! | 32 | account of the writer |
//! | 32 | account of the reader |
//! | 1 | purpose |
//! | 8 | slot, little-endian |
//! | 8 | trade, little-endian |
//! | 16 | name of the key |
//! | as many as the text | the text, enciphered |
//! | 16 | tag |
//!
//! The associated data are `qsah/1 letter`, the chain, accounts and SAEs as in the salt of a session,
//! and the letter's first 99 bytes.
//!
//! - *AEAD.* L = HKDF-Extract(SHA-256(associated data), the key), and ChaCha20-Poly1305 under
//!   HKDF-Expand(L, `qsah/1 letter key`), its nonce zero.
//! - *One-time.* The key is 32 bytes longer than the text. The first 32 are the key of Poly1305 over the
//!   associated data and the enciphered text, the others are the pad.

use crate::{
    AccountId, Ends, Error, Key, KeyId, MAX_TEXT_BYTES, Refused, VERSION,
    bytes::Reader,
    hash::{expand, extract, sha256},
    key::{KEY_BYTES, Secret},
    schedule::one_time_tag,
    session::{aead, decrypt, encrypt},
};
use alloc::vec::Vec;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes in front of the text.
const HEADER: usize = 99;
const TAG: usize = 16;
/// What a letter adds to its text, in bytes.
pub const LETTER_OVERHEAD_BYTES: usize = HEADER + TAG;

/// How a letter is sealed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub enum Seal {
    /// ChaCha20-Poly1305 under a key of 32 bytes: computational.
    #[default]
    Aead,
    /// One-time pad and one-time Poly1305, under a key 32 bytes longer than the text.
    OneTime,
}

impl Seal {
    /// How a letter names it.
    pub const fn code(self) -> u8 {
        match self {
            Self::Aead => 1,
            Self::OneTime => 2,
        }
    }

    /// Bytes of the key for a text of so many.
    pub const fn key_bytes(self, text: usize) -> usize {
        match self {
            Self::Aead => KEY_BYTES,
            Self::OneTime => text.saturating_add(KEY_BYTES),
        }
    }

    const fn from_code(code: u8) -> Result<Self, Error> {
        match code {
            1 => Ok(Self::Aead),
            2 => Ok(Self::OneTime),
            _ => Err(Error::Suite),
        }
    }
}

/// What a letter is for. The numbers are the caller's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Purpose(pub u8);

/// The delivery slot that a letter is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Slot(pub u64);

/// The trade that a letter is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Trade(pub u64);

/// What a letter is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct About {
    /// What it is for.
    pub purpose: Purpose,
    /// The delivery slot.
    pub slot: Slot,
    /// The trade.
    pub trade: Trade,
}

/// Seals `text` as a letter from `ends.from()` to `ends.to()`. Keep the letter until it has arrived:
/// its key is gone.
///
/// # Errors
///
/// [`Error::TooLong`] if the text exceeds [`MAX_TEXT_BYTES`]; [`Error::KeyLength`] if the key has not
/// the length of [`Seal::key_bytes`]. The key comes back.
pub fn seal_letter(
    ends: &Ends,
    about: About,
    seal: Seal,
    key: Key,
    text: &[u8],
) -> Result<Vec<u8>, Refused<Key>> {
    let mut letter = header(ends, about, seal, key.id());
    match enciphered(&associated(ends, &letter), seal, &key, text) {
        Ok(sealed) => {
            letter.extend(sealed);
            Ok(letter)
        }
        Err(error) => Err(Refused::new(error, key)),
    }
}

fn enciphered(associated: &[u8], seal: Seal, key: &Key, text: &[u8]) -> Result<Vec<u8>, Error> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Error::TooLong);
    }
    match seal {
        Seal::Aead => {
            encrypt(&aead(&letter_key(associated, &key.secret()?)), &[0; 12], associated, text)
        }
        Seal::OneTime => {
            let (tag_key, pad) = one_time(key, text.len())?;
            let mut sealed: Vec<u8> = text.iter().zip(pad).map(|(text, pad)| text ^ pad).collect();
            sealed.extend(tag_of(&tag_key, associated, &sealed));
            Ok(sealed)
        }
    }
}

/// A letter, read. Whether it is authentic only its key can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Letter<'a> {
    /// How it is sealed.
    pub seal: Seal,
    /// Who wrote it.
    pub from: AccountId,
    /// Who is to read it.
    pub to: AccountId,
    /// What it is about.
    pub about: About,
    /// The name of the key to draw.
    pub key: KeyId,
    header: &'a [u8],
    sealed: &'a [u8],
}

impl<'a> Letter<'a> {
    /// Reads a letter, before its key is drawn.
    ///
    /// # Errors
    ///
    /// [`Error::Version`] and [`Error::Suite`] if version or seal are unknown, [`Error::Length`] if it
    /// is shorter than any letter, [`Error::TooLong`] if it is longer, [`Error::SameEnd`] if an account
    /// writes to itself.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut whole = Reader::new(bytes);
        let mut reader = Reader::new(bytes);
        if reader.byte()? != VERSION {
            return Err(Error::Version);
        }
        let seal = Seal::from_code(reader.byte()?)?;
        let (from, to) = (AccountId(reader.array()?), AccountId(reader.array()?));
        let purpose = Purpose(reader.byte()?);
        let about = About { purpose, slot: Slot(reader.u64()?), trade: Trade(reader.u64()?) };
        let key = KeyId(reader.array()?);
        let (header, sealed) = (whole.slice(HEADER)?, whole.all_but(0)?);
        if sealed.len() < TAG {
            return Err(Error::Length);
        }
        if sealed.len() > MAX_TEXT_BYTES.saturating_add(TAG) {
            return Err(Error::TooLong);
        }
        if from == to {
            return Err(Error::SameEnd);
        }
        Ok(Self { seal, from, to, about, key, header, sealed })
    }

    /// Bytes of the key to draw.
    pub fn key_bytes(&self) -> usize {
        self.seal.key_bytes(self.sealed.len().saturating_sub(TAG))
    }

    /// Opens the letter, which has to be from `ends.from()` to `ends.to()` and about `about`.
    ///
    /// # Errors
    ///
    /// [`Error::Account`] and [`Error::About`] if it is not, [`Error::Kid`] and [`Error::KeyLength`] if
    /// the key is not the one it names or has another length, [`Error::Mac`] if it is not authentic.
    /// The key comes back, and can open the true letter.
    pub fn open(
        &self,
        ends: &Ends,
        about: About,
        key: Key,
    ) -> Result<Zeroizing<Vec<u8>>, Refused<Key>> {
        self.deciphered(ends, about, &key).map_err(|error| Refused::new(error, key))
    }

    fn deciphered(
        &self,
        ends: &Ends,
        about: About,
        key: &Key,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        ends.check(self.from, self.to)?;
        if about != self.about {
            return Err(Error::About);
        }
        if key.id() != self.key {
            return Err(Error::Kid);
        }
        let associated = associated(ends, self.header);
        match self.seal {
            Seal::Aead => {
                let cipher = aead(&letter_key(&associated, &key.secret()?));
                decrypt(&cipher, &[0; 12], &associated, self.sealed)
            }
            Seal::OneTime => {
                let mut reader = Reader::new(self.sealed);
                let sealed = reader.all_but(TAG)?;
                let (tag_key, pad) = one_time(key, sealed.len())?;
                let tag = tag_of(&tag_key, &associated, sealed);
                if !bool::from(tag.ct_eq(&reader.array::<TAG>()?)) {
                    return Err(Error::Mac);
                }
                let mut text = Zeroizing::new(Vec::with_capacity(sealed.len()));
                text.extend(sealed.iter().zip(pad).map(|(sealed, pad)| sealed ^ pad));
                Ok(text)
            }
        }
    }
}

fn header(ends: &Ends, about: About, seal: Seal, key: KeyId) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(LETTER_OVERHEAD_BYTES);
    bytes.extend([VERSION, seal.code()]);
    bytes.extend(ends.from().account.0);
    bytes.extend(ends.to().account.0);
    bytes.push(about.purpose.0);
    bytes.extend(about.slot.0.to_le_bytes());
    bytes.extend(about.trade.0.to_le_bytes());
    bytes.extend(key.0);
    bytes
}

fn associated(ends: &Ends, header: &[u8]) -> Vec<u8> {
    let mut bytes = b"qsah/1 letter".to_vec();
    ends.write_to(&mut bytes);
    bytes.extend(header);
    bytes
}

fn letter_key(associated: &[u8], key: &Secret) -> Secret {
    expand(&extract(&sha256(&[associated]), key), b"qsah/1 letter key", &[])
}

/// The key of the tag, and the pad of a text of so many bytes.
fn one_time(key: &Key, text: usize) -> Result<(Secret, &[u8]), Error> {
    let (tag_key, pad) = key.bytes().split_at_checked(KEY_BYTES).ok_or(Error::KeyLength)?;
    if pad.len() != text {
        return Err(Error::KeyLength);
    }
    Ok((Secret::of(tag_key).ok_or(Error::KeyLength)?, pad))
}

fn tag_of(key: &Secret, associated: &[u8], sealed: &[u8]) -> [u8; TAG] {
    one_time_tag(key, &[associated, sealed].concat())
}
