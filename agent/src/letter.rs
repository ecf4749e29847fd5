//! What an agent keeps of letters, and how they travel.

use crate::record::Secret;
use codec::{Decode, Encode};
use q_sah::{About, Letter, Purpose, Seal, Slot, Trade};
use qedex_primitives::{agent::AccountBytes, qkd::MailAddress};
use qkms::kme::service::SaeId;

/// Bytes of a genesis hash.
const GENESIS_BYTES: usize = 32;

/// The longest envelope, in bytes: a genesis hash, two SAEs, and the longest letter.
pub const MAX_ENVELOPE_BYTES: usize = GENESIS_BYTES
    + 2 * (1 + q_sah::MAX_SAE_BYTES)
    + q_sah::MAX_TEXT_BYTES
    + q_sah::LETTER_OVERHEAD_BYTES;

/// A letter with what its associated data have beside its own bytes. With these in front, a letter that
/// belongs to another chain or to another SAE is turned away before a key is drawn for it.
///
/// | bytes | field |
/// |---|---|
/// | 32 | genesis hash of the chain |
/// | 1 + n | the writer's SAE, behind its length |
/// | 1 + n | the reader's SAE, behind its length |
/// | the others | the letter |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The chain.
    pub genesis: [u8; 32],
    /// As which SAE the writer draws keys.
    pub from_sae: SaeId,
    /// As which SAE the reader does.
    pub to_sae: SaeId,
    /// The letter.
    pub letter: Vec<u8>,
}

impl Envelope {
    /// The bytes that travel.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.genesis.to_vec();
        for sae in [&self.from_sae, &self.to_sae] {
            // It fits: an SAE has at most 128 bytes.
            bytes.push(u8::try_from(sae.as_str().len()).unwrap_or(u8::MAX));
            bytes.extend(sae.as_str().as_bytes());
        }
        bytes.extend(&self.letter);
        bytes
    }

    /// Reads it; none if the bytes are no envelope. Of the letter nothing is read.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (genesis, rest) = bytes.split_first_chunk::<GENESIS_BYTES>()?;
        let (from_sae, rest) = sae(rest)?;
        let (to_sae, letter) = sae(rest)?;
        Some(Self { genesis: *genesis, from_sae, to_sae, letter: letter.to_vec() })
    }
}

fn sae(bytes: &[u8]) -> Option<(SaeId, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((std::str::from_utf8(text).ok()?.parse().ok()?, rest))
}

/// What a letter is about, and how it is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Head {
    /// What it is for: the caller's number.
    pub purpose: u8,
    /// The delivery slot.
    pub slot: u64,
    /// The trade.
    pub trade: u64,
    /// The code of the seal.
    pub seal: u8,
    /// The name of its key.
    pub key: [u8; 16],
}

impl Head {
    /// That of a letter.
    pub fn of(letter: &Letter<'_>) -> Self {
        let About { purpose: Purpose(purpose), slot: Slot(slot), trade: Trade(trade) } =
            letter.about;
        Self { purpose, slot, trade, seal: letter.seal.code(), key: letter.key.0 }
    }

    /// How a user names the seal.
    pub fn seal_name(&self) -> &'static str {
        if self.seal == Seal::Aead.code() { "aead" } else { "one-time" }
    }
}

/// What became of a letter that was written here.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Fate {
    /// It waits.
    Queued,
    /// The reader's node has taken it.
    Delivered,
    /// It goes no more, for this reason.
    GivenUp(String),
}

/// A letter that was written here. Its envelope is kept beside as long as it waits.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Written {
    /// How the user named the wish for it, if it did.
    pub request: Option<[u8; 16]>,
    /// The reader.
    pub to: AccountBytes,
    /// As which SAE the reader draws keys.
    pub to_sae: String,
    /// Which node keeps the reader's mail.
    pub mail: MailAddress,
    /// What it is about.
    pub head: Head,
    /// The fingerprint of its text: the same wish has the same one.
    pub print: [u8; 32],
    /// When it was written, in milliseconds since the Unix epoch.
    pub at: u64,
    /// What became of it.
    pub fate: Fate,
}

/// A letter that came. Its text is kept beside until the user fetches it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Come {
    /// Who says to have written it.
    pub from: AccountBytes,
    /// As which SAE the writer draws keys: that it does, the key has shown.
    pub from_sae: String,
    /// What it is about.
    pub head: Head,
    /// Bytes of its text.
    pub bytes: u64,
}

/// What is kept of a letter.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum LetterRecord {
    /// It was written here.
    Written(Written),
    /// It came.
    Come(Come),
}

impl LetterRecord {
    /// If it was written here.
    pub fn written(&self) -> Option<&Written> {
        if let Self::Written(written) = self { Some(written) } else { None }
    }

    /// If it was written here, and waits.
    pub fn queued(&self) -> Option<&Written> {
        self.written().filter(|written| written.fate == Fate::Queued)
    }

    /// If it came.
    pub fn come(&self) -> Option<&Come> {
        if let Self::Come(come) = self { Some(come) } else { None }
    }
}

/// A key that was drawn for a letter that is not authentic: the true one may come, or a session whose
/// message 1 names it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SpareKey {
    /// Who drew it first.
    pub sae: String,
    /// The key.
    pub key: Secret,
    /// Since when, in milliseconds since the Unix epoch.
    pub since: u64,
}

/// How many letters there were, in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Counts {
    /// Written here.
    pub written: u64,
    /// Of these, taken by the reader's node.
    pub delivered: u64,
    /// Of these, given up.
    pub given_up: u64,
    /// That came, and were authentic.
    pub come: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_read_as_it_was_written_and_nothing_shorter_is_one() {
        let envelope = Envelope {
            genesis: [9; 32],
            from_sae: "älice".parse().unwrap(),
            to_sae: "b".repeat(128).parse().unwrap(),
            letter: vec![1, 2, 3],
        };
        let bytes = envelope.to_bytes();
        assert_eq!(bytes.len(), 32 + 7 + 129 + 3);
        assert_eq!(Envelope::parse(&bytes), Some(envelope.clone()));
        for cut in 0..bytes.len() - 3 {
            assert_eq!(Envelope::parse(&bytes[..cut]), None, "{cut}");
        }
        for (place, byte) in [(32, 0), (32, 129), (33, 0xFF), (39, 0), (39, 200)] {
            let mut wrong = bytes.clone();
            wrong[place] = byte;
            let read = Envelope::parse(&wrong);
            assert!(read.is_none_or(|read| read != envelope), "{place}");
        }
        let longest = Envelope {
            from_sae: "a".repeat(128).parse().unwrap(),
            letter: vec![0; q_sah::MAX_TEXT_BYTES + q_sah::LETTER_OVERHEAD_BYTES],
            ..envelope
        };
        assert_eq!(longest.to_bytes().len(), MAX_ENVELOPE_BYTES);
    }
}
