//! What follows from the keys: the MACs of the three messages, and the secrets of the traffic.

use crate::{
    Ends, Error, Suite,
    bytes::Reader,
    hash::{HASH_BYTES, expand, extract, hmac_tag, sha256},
    key::{KeyId, Keys, Secret},
};
use alloc::vec::Vec;
use poly1305::{Poly1305, universal_hash::KeyInit};
use subtle::ConstantTimeEq;

/// What the salt begins with: the protocol and its version.
pub(crate) const PROTOCOL: &[u8] = b"qsah/1";
/// What a MAC begins with: protocol, sender, number of the message.
const LABELS: [&[u8]; 3] = [b"qsah/1 A 1", b"qsah/1 B 2", b"qsah/1 A 3"];
/// How the keys of the directions are expanded.
const DIRECTIONS: [&[u8]; 2] = [b"qsah/1 A mac", b"qsah/1 B mac"];
/// How the first secrets of the traffic are expanded, before the transcript.
const TRAFFIC: [&[u8]; 2] = [b"qsah/1 A traffic", b"qsah/1 B traffic"];

/// A tag: 32 bytes of HMAC, or 16 of Poly1305.
#[derive(Clone)]
pub(crate) struct Tag(Vec<u8>);

impl Tag {
    pub fn of(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// In a time that tells nothing but the lengths.
    pub fn check(&self, other: &[u8]) -> Result<(), Error> {
        if self.0.ct_eq(other).into() { Ok(()) } else { Err(Error::Mac) }
    }

    /// What message 2 promises: the hash of message 3.
    pub fn commitment(&self) -> [u8; HASH_BYTES] {
        sha256(&[&self.0])
    }
}

/// Poly1305 under a key that is used once (RFC 8439, section 2.5).
pub(crate) fn one_time_tag(key: &Secret, text: &[u8]) -> [u8; 16] {
    Poly1305::new(key.bytes().into()).compute_unpadded(text).into()
}

/// The secrets of one session before it has any traffic.
pub(crate) struct Schedule {
    suite: Suite,
    /// The keys of messages 1 to 3.
    macs: [Secret; 3],
    /// S.
    root: Secret,
}

impl Schedule {
    pub fn new(ends: &Ends, keys: &Keys) -> Result<Self, Error> {
        let suite = keys.suite();
        let mut secrets = keys.secrets();
        let mut next = || secrets.next().ok_or(Error::Kid);
        match suite {
            Suite::Hmac => {
                let root = extract(&salt(ends, keys.ids()), next()?);
                let [a, b] = DIRECTIONS.map(|direction| expand(&root, direction, &[]));
                Ok(Self { suite, macs: [a.copy(), b, a], root })
            }
            Suite::OneTime => {
                let macs = [next()?.copy(), next()?.copy(), next()?.copy()];
                Ok(Self { suite, macs, root: extract(&salt(ends, keys.ids()), next()?) })
            }
        }
    }

    /// MAC(kA, "1", T1).
    pub fn first(&self, ends: &Ends, t1: &[u8]) -> Tag {
        let [key, _, _] = &self.macs;
        let [label, _, _] = LABELS;
        match self.suite {
            Suite::Hmac => Tag(hmac_tag(key, &[label, t1]).into()),
            Suite::OneTime => whole(key, label, ends, &[t1]),
        }
    }

    /// MAC(kB, "2", hash(T1, T2)).
    pub fn second(&self, ends: &Ends, t1: &[u8], t2: &[u8]) -> Tag {
        let [_, key, _] = &self.macs;
        let [_, label, _] = LABELS;
        self.over(key, label, ends, &[t1, t2])
    }

    /// MAC(kA, "3", hash(T1, nB)).
    pub fn third(&self, ends: &Ends, t1: &[u8], nonce: &[u8; 32]) -> Tag {
        let [_, _, key] = &self.macs;
        let [_, _, label] = LABELS;
        self.over(key, label, ends, &[t1, nonce])
    }

    fn over(&self, key: &Secret, label: &[u8], ends: &Ends, parts: &[&[u8]]) -> Tag {
        match self.suite {
            Suite::Hmac => Tag(hmac_tag(key, &[label, &sha256(parts)]).into()),
            Suite::OneTime => whole(key, label, ends, parts),
        }
    }

    /// The public name of the session, and the first secrets of A's and of B's traffic.
    pub fn traffic(&self, t1: &[u8], t2: &[u8]) -> ([u8; HASH_BYTES], [Secret; 2]) {
        let transcript = sha256(&[t1, t2]);
        (transcript, TRAFFIC.map(|label| expand(&self.root, label, &transcript)))
    }

    /// S, then the keys of the three messages.
    pub fn write_to(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.root.bytes());
        self.macs.iter().for_each(|key| bytes.extend(key.bytes()));
    }

    /// The bytes that it takes.
    pub const BYTES: usize = 128;

    pub fn read_from(suite: Suite, bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let mut next = || Secret::of(reader.slice(32)?).ok_or(Error::Length);
        let root = next()?;
        Ok(Self { suite, root, macs: [next()?, next()?, next()?] })
    }
}

/// The salt of S: protocol, chain, accounts, SAEs, names of the keys.
fn salt(ends: &Ends, ids: impl Iterator<Item = KeyId>) -> [u8; HASH_BYTES] {
    let mut text = PROTOCOL.to_vec();
    ends.write_to(&mut text);
    ids.for_each(|id| text.extend(id.0));
    sha256(&[&text])
}

/// A one-time tag over everything itself: a hash in between would be computational, and a key that is
/// not derived knows no salt.
fn whole(key: &Secret, label: &[u8], ends: &Ends, parts: &[&[u8]]) -> Tag {
    let mut text = label.to_vec();
    ends.write_to(&mut text);
    parts.iter().for_each(|part| text.extend(*part));
    Tag(one_time_tag(key, &text).into())
}
