//! Handshake, frames and letters.

use super::{
    cipher::{aead, poly1305},
    hash::{expand, extract, hmac, sha256},
};

/// Who speaks with whom.
#[derive(Clone)]
pub struct Ends {
    pub genesis: Vec<u8>,
    pub a: Vec<u8>,
    pub b: Vec<u8>,
    pub sae_a: String,
    pub sae_b: String,
}

impl Ends {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = [&self.genesis[..], &self.a, &self.b].concat();
        for sae in [&self.sae_a, &self.sae_b] {
            bytes.push(sae.len() as u8);
            bytes.extend(sae.as_bytes());
        }
        bytes
    }
}

/// What a handshake takes.
pub struct Handshake {
    pub ends: Ends,
    /// 1 or 2.
    pub suite: u8,
    /// Names and bytes.
    pub keys: Vec<(Vec<u8>, Vec<u8>)>,
    pub number: u64,
    pub nonce_a: Vec<u8>,
    pub nonce_b: Vec<u8>,
}

/// What it gives.
pub struct Outcome {
    pub messages: [Vec<u8>; 3],
    pub session: Vec<u8>,
    /// The first secrets of A's and of B's frames.
    pub traffic: [Vec<u8>; 2],
}

impl Handshake {
    pub fn run(&self) -> Outcome {
        let ids = self.keys.iter().flat_map(|(id, _)| id.clone()).collect::<Vec<_>>();
        let salt = sha256(&[b"qsah/1", &self.ends.bytes()[..], &ids].concat());
        let root = extract(&salt, &self.keys.last().unwrap().1);

        let head = [1, self.suite];
        let number = self.number.to_le_bytes();
        let t1 = [&head, &self.ends.a[..], &self.ends.b, &ids, &number, &self.nonce_a].concat();
        let mac1 = self.mac(&root, 0, b"qsah/1 A 1", &t1, true);
        let mac3 = self.mac(&root, 2, b"qsah/1 A 3", &[&t1[..], &self.nonce_b].concat(), false);
        let t2 = [&self.nonce_b[..], &sha256(&mac3)].concat();
        let transcript = [&t1[..], &t2].concat();
        let mac2 = self.mac(&root, 1, b"qsah/1 B 2", &transcript, false);

        let session = sha256(&transcript);
        let traffic = [b"qsah/1 A traffic", b"qsah/1 B traffic"]
            .map(|label| expand(&root, &[&label[..], &session].concat(), 32));
        Outcome { messages: [[t1, mac1].concat(), [t2, mac2].concat(), mac3], session, traffic }
    }

    /// The MAC of the message at `place`, which the suite of HMAC hashes before unless it is `short`.
    fn mac(&self, root: &[u8], place: usize, label: &[u8], text: &[u8], short: bool) -> Vec<u8> {
        if self.suite == 2 {
            let text = [label, &self.ends.bytes(), text].concat();
            return poly1305(&self.keys[place].1, &text);
        }
        let direction = if place == 1 { b"qsah/1 B mac" } else { b"qsah/1 A mac" };
        let key = expand(root, direction, 32);
        let text = if short { text.to_vec() } else { sha256(text) };
        hmac(&key, &[label, &text].concat())
    }
}

/// The secret of a frame, from the first one of its direction.
fn secret(first: &[u8], number: u64) -> Vec<u8> {
    let next = |secret: Vec<u8>, _| expand(&secret, b"qsah/1 next", 32);
    (0..number / 4_096).fold(first.to_vec(), next)
}

/// What is answered to the frame of this number.
pub fn receipt(first: &[u8], number: u64) -> Vec<u8> {
    let info = [&b"qsah/1 receipt"[..], &number.to_le_bytes()].concat();
    expand(&secret(first, number), &info, 32)
}

/// The frame of this number, under the first secret of its direction.
pub fn frame(first: &[u8], number: u64, text: &[u8]) -> Vec<u8> {
    let secret = secret(first, number);
    let key = expand(&secret, b"qsah/1 frame", 32);
    let counter = number.to_le_bytes();
    let nonce = [&[0; 4], &counter[..]].concat();
    [&counter[..], &aead(&key, &nonce, &counter, text)].concat()
}

/// What a letter takes.
pub struct Letter {
    pub ends: Ends,
    /// 1 or 2.
    pub seal: u8,
    pub purpose: u8,
    pub slot: u64,
    pub trade: u64,
    pub kid: Vec<u8>,
    pub key: Vec<u8>,
    pub text: Vec<u8>,
}

impl Letter {
    pub fn seal(&self) -> Vec<u8> {
        let Self { ends, purpose, slot, trade, kid, key, text, .. } = self;
        let head = [1, self.seal];
        let about = [&[*purpose][..], &slot.to_le_bytes(), &trade.to_le_bytes()].concat();
        let header = [&head, &ends.a[..], &ends.b, &about, kid].concat();
        let associated = [b"qsah/1 letter", &ends.bytes()[..], &header].concat();
        let sealed = if self.seal == 1 {
            let root = extract(&sha256(&associated), key);
            let key = expand(&root, b"qsah/1 letter key", 32);
            aead(&key, &[0; 12], &associated, text)
        } else {
            assert_eq!(key.len(), text.len() + 32);
            let sealed: Vec<_> = text.iter().zip(&key[32..]).map(|(a, b)| a ^ b).collect();
            let tag = poly1305(&key[..32], &[&associated[..], &sealed].concat());
            [sealed, tag].concat()
        };
        [header, sealed].concat()
    }
}
