//! Looks for secrets in files: any eight bytes of one, however they may have been written down.
//!
//! A secret may stand there as it is, in hexadecimal of either case, in base64 of either alphabet wherever
//! its groups of three bytes begin, or as a list of numbers. Base64 tells eight bytes by the ten digits that
//! depend on nothing but them.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    io::{self, Read},
    path::Path,
};

/// So many bytes of a secret are one too many.
pub const WINDOW: usize = 8;

/// How a secret was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    Raw,
    Hex,
    Base64,
    Numbers,
}

/// That eight bytes of a secret stand somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Which secret, by its place.
    pub secret: usize,
    pub form: Form,
}

/// What is looked for, by its first eight bytes.
pub struct Needles {
    /// Which first eight bytes there may be: most that is read is none of them.
    filter: Vec<u64>,
    known: HashMap<u64, Vec<(Vec<u8>, Hit)>>,
    longest: usize,
}

/// The bits of the filter: some hundred for each needle of some hundred secrets.
const FILTER_BITS: u32 = 22;

/// How much of a file is read at once.
const PIECE: usize = 4 << 20;

fn place(first: u64) -> (usize, u64) {
    let mixed = first.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - FILTER_BITS);
    ((mixed / 64) as usize, 1 << (mixed % 64))
}

fn first(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"))
}

/// Ten digits of base64 for each alignment of eight bytes to groups of three.
fn in_base64(window: &[u8], engine: &impl Engine) -> [Vec<u8>; 3] {
    // Of the digits before them, so many depend on what stands in front of the eight bytes.
    [(0, 0), (1, 2), (2, 3)].map(|(before, skipped)| {
        let text = engine.encode([&[0; 2][..before], window].concat());
        text.as_bytes()[skipped..skipped + 10].to_vec()
    })
}

fn written(window: &[u8]) -> Vec<(Vec<u8>, Form)> {
    let list = format!("{window:?}");
    let mut all = vec![
        (window.to_vec(), Form::Raw),
        (hex::encode(window).into_bytes(), Form::Hex),
        (hex::encode_upper(window).into_bytes(), Form::Hex),
        (list.trim_matches(['[', ']']).as_bytes().to_vec(), Form::Numbers),
    ];
    for text in [in_base64(window, &STANDARD_NO_PAD), in_base64(window, &URL_SAFE_NO_PAD)].concat()
    {
        all.push((text, Form::Base64));
    }
    all
}

impl Needles {
    /// Any eight bytes of these.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut needles =
            Self { filter: vec![0; 1 << (FILTER_BITS - 6)], known: HashMap::new(), longest: 0 };
        for (secret, bytes) in secrets.into_iter().enumerate() {
            assert!(bytes.len() >= WINDOW, "too short to be known again");
            for window in bytes.windows(WINDOW) {
                for (needle, form) in written(window) {
                    let first = first(&needle);
                    let (word, bit) = place(first);
                    needles.filter[word] |= bit;
                    needles.longest = needles.longest.max(needle.len());
                    let hit = Hit { secret, form };
                    needles.known.entry(first).or_default().push((needle, hit));
                }
            }
        }
        needles
    }

    /// What stands in these bytes, of what begins before `end`.
    fn look(&self, bytes: &[u8], end: usize, hits: &mut BTreeSet<Hit>) {
        let Some(windows) = bytes.len().checked_sub(7) else { return };
        for at in 0..windows.min(end) {
            let first = first(&bytes[at..]);
            let (word, bit) = place(first);
            if self.filter[word] & bit == 0 {
                continue;
            }
            for (needle, hit) in self.known.get(&first).into_iter().flatten() {
                if bytes[at..].starts_with(needle) {
                    hits.insert(*hit);
                }
            }
        }
    }

    /// What stands in these bytes.
    pub fn find(&self, bytes: &[u8]) -> BTreeSet<Hit> {
        let mut hits = BTreeSet::new();
        self.look(bytes, bytes.len(), &mut hits);
        hits
    }

    /// What stands in the first so many bytes of a file, and how many there were.
    pub fn find_in_file(&self, path: &Path, most: u64) -> io::Result<(BTreeSet<Hit>, u64)> {
        let mut file = File::open(path)?.take(most);
        let (mut hits, mut held, mut total) = (BTreeSet::new(), Vec::new(), 0);
        loop {
            let read = file.by_ref().take(PIECE as u64).read_to_end(&mut held)?;
            total += read as u64;
            if read == 0 {
                self.look(&held, held.len(), &mut hits);
                return Ok((hits, total));
            }
            // What begins near the end is looked at together with what comes next.
            let end = held.len().saturating_sub(self.longest);
            self.look(&held, end, &mut hits);
            held.drain(..end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngCore, SeedableRng, rngs::StdRng};

    fn random(seed: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        StdRng::seed_from_u64(seed).fill_bytes(&mut bytes);
        bytes
    }

    /// Everything that `text` makes of eight bytes of a secret at any place, in front of anything.
    fn always_found(form: Form, text: impl Fn(&[u8]) -> Vec<u8>) {
        let secrets = [random(1, 32), random(2, 32)];
        let needles = Needles::of(secrets.iter().map(Vec::as_slice));
        for (secret, bytes) in secrets.iter().enumerate() {
            for window in bytes.windows(WINDOW) {
                for before in 0..7 {
                    let planted = [&random(3, before), window, &random(4, 5)].concat();
                    let found = needles.find(&[b"x:".to_vec(), text(&planted)].concat());
                    assert!(found.contains(&Hit { secret, form }), "{form:?}, {before} before");
                    // Six of the eight bytes are not enough.
                    let other = [!window[6], !window[7]];
                    let cut = [&random(3, before), &window[..6], &other, &random(4, 5)].concat();
                    assert!(!needles.find(&text(&cut)).contains(&Hit { secret, form }));
                }
            }
        }
    }

    #[test]
    fn eight_bytes_are_found_in_every_form_and_six_are_not() {
        always_found(Form::Raw, <[u8]>::to_vec);
        always_found(Form::Hex, |bytes| hex::encode(bytes).into_bytes());
        always_found(Form::Hex, |bytes| hex::encode_upper(bytes).into_bytes());
        always_found(Form::Base64, |bytes| STANDARD_NO_PAD.encode(bytes).into_bytes());
        always_found(Form::Base64, |bytes| URL_SAFE_NO_PAD.encode(bytes).into_bytes());
        always_found(Form::Numbers, |bytes| format!("{bytes:?}").into_bytes());
    }

    #[test]
    fn a_file_is_searched_across_its_pieces_and_no_farther_than_told() {
        let secret = random(5, 32);
        let needles = Needles::of([&secret[..]]);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        for at in [0, PIECE - 20, PIECE - 8, PIECE, 2 * PIECE - 3] {
            let mut bytes = random(6, 2 * PIECE + 100);
            let text = hex::encode(&secret[9..17]).into_bytes();
            bytes[at..at + text.len()].copy_from_slice(&text);
            std::fs::write(&path, &bytes).expect("a writable folder");
            let hit = BTreeSet::from([Hit { secret: 0, form: Form::Hex }]);
            let read = |most| needles.find_in_file(&path, most).expect("a file");
            assert_eq!(read(u64::MAX), (hit.clone(), bytes.len() as u64));
            assert_eq!(read((at + text.len()) as u64).0, hit);
            assert!(read((at + text.len() - 1) as u64).0.is_empty());
        }
    }
}
