//! What a seller keeps of a commitment and opens to its buyers: bill and nonce, as a private file.
//!
//! The nonce is all that hides a bill whose few likely values could be tried out. So it is written
//! to files of mode 0600 in folders of mode 0700 and nowhere else, and wiped from memory after use.
//! A seller that loses it cannot answer a complaint. So it is on disk before its commitment is sent,
//! and a file that exists is never written again.

use crate::{
    chain::{
        At, H256,
        membership::account_text,
        meter::{Bill, Nonce},
        settlement::covered,
    },
    commands::readings::ReadingFile,
    error::{Error, Refusal},
    market::Account,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{
    env, fmt,
    fs::{self, DirBuilder, File},
    io::{ErrorKind, Read, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    str::FromStr,
};
use subxt::utils::AccountId32;
use zeroize::Zeroizing;

/// More bytes than any opening has, so that a buffer of this size need not move.
const MAX_FILE: usize = 16 * 1_024;

/// A bill with the nonce that its seller committed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The chain's genesis hash.
    pub genesis: H256,
    /// The seller.
    pub seller: Account,
    /// The slot.
    pub slot: u64,
    /// The bill.
    pub bill: Bill,
    /// What hides it.
    pub nonce: Nonce,
}

/// What an opening says about a trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is what the seller committed to: its bill shows so much delivered, of which so much serves
    /// the trade, in Wh.
    Proves {
        /// Delivered in all.
        delivered: u64,
        /// Of it, for the trade.
        covered: u64,
    },
    /// It is of another chain, slot or seller.
    NotOfTheTrade(String),
    /// The seller has not committed.
    NoCommitment,
    /// The seller committed to something else.
    NotAsCommitted,
    /// It is what the seller committed to, and that proves nothing.
    BadBill(Refusal),
}

/// The trade that an opening is to be checked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The chain's genesis hash.
    pub genesis: H256,
    /// The slot.
    pub slot: u64,
    /// The seller.
    pub seller: Account,
    /// What the seller sold before in trades with lower numbers, in Wh.
    pub before: u64,
    /// The energy of the trade, in Wh.
    pub energy: u64,
    /// What the seller committed to.
    pub commitment: Option<H256>,
}

impl Opening {
    /// An opening of `bill` with a fresh nonce.
    pub fn new(genesis: H256, seller: Account, slot: u64, bill: Bill) -> Result<Self, Error> {
        Ok(Self { genesis, seller, slot, bill, nonce: Nonce::random()? })
    }

    /// The commitment that it opens.
    pub fn commitment(&self) -> H256 {
        self.bill.commitment(self.genesis, self.seller, self.slot, &self.nonce)
    }

    /// Checks what can be checked without asking for the meters' keys: whether it is of the trade, and
    /// what was committed to.
    pub fn mismatch(&self, wanted: &Wanted) -> Option<Finding> {
        let other = |what: &str, found: &dyn fmt::Display, expected: &dyn fmt::Display| {
            let text = format!("it is of {what} {found}, not {expected}");
            Some(Finding::NotOfTheTrade(text))
        };
        if self.genesis != wanted.genesis {
            let (found, expected) =
                (format!("{:?}", self.genesis), format!("{:?}", wanted.genesis));
            return other("the chain with genesis", &found, &expected);
        }
        if self.slot != wanted.slot {
            return other("slot", &self.slot, &wanted.slot);
        }
        if self.seller != wanted.seller {
            let (found, expected) = (account_text(self.seller), account_text(wanted.seller));
            return other("seller", &found, &expected);
        }
        match wanted.commitment {
            None => Some(Finding::NoCommitment),
            Some(commitment) if commitment != self.commitment() => Some(Finding::NotAsCommitted),
            Some(_) => None,
        }
    }

    /// Checks everything: what [`Opening::mismatch`] does, the meters' signatures with the chain's
    /// help, and how much of the trade the bill covers.
    pub async fn check(&self, at: &At, wanted: &Wanted) -> Result<Finding, Error> {
        if let Some(finding) = self.mismatch(wanted) {
            return Ok(finding);
        }
        let audit = crate::chain::settlement::audit(at, self.seller, self.slot, &self.bill).await?;
        Ok(match audit {
            Ok(delivered) => Finding::Proves {
                delivered,
                covered: covered(delivered, wanted.before, wanted.energy),
            },
            Err(refusal) => Finding::BadBill(refusal),
        })
    }

    /// Reads the opening in a file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::find(path)?.ok_or_else(|| Error::File {
            path: path.display().to_string(),
            reason: ErrorKind::NotFound.into(),
        })
    }

    /// Reads the opening in a file, if there is one.
    fn find(path: &Path) -> Result<Option<Self>, Error> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(reason) if reason.kind() == ErrorKind::NotFound => return Ok(None),
            Err(reason) => return Err(failed(path, reason)),
        };
        let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE));
        file.take(MAX_FILE as u64).read_to_end(&mut text).map_err(|reason| failed(path, reason))?;
        // What the parser has to say could quote the nonce.
        let bad = || Error::BadInput(format!("{} holds no opening", path.display()));
        let file: OpeningFile = serde_json::from_slice(&text).map_err(|_| bad())?;
        file.opening().map(Some)
    }

    /// Writes it to a new file that only its owner may read. Whether it did: a file that exists stays
    /// as it is.
    pub fn write(&self, path: &Path) -> Result<bool, Error> {
        let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE));
        serde_json::to_writer_pretty(&mut *text, &OpeningFile::of(self))
            .map_err(|e| Error::Answer(e.to_string()))?;
        text.push(b'\n');
        write_new(path, &text).map_err(|reason| failed(path, reason))
    }
}

/// Writes a file all at once: what is there after a power cut is nothing or all of it. Whether it
/// did: a file that exists stays as it is.
fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<bool> {
    let named = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = named.unwrap_or(Path::new("."));
    // Of mode 0600 from the beginning.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(error.error),
    }
    File::open(folder)?.sync_all()?;
    Ok(true)
}

/// Makes a folder that only its owner may enter; one that exists stays as it is. What was made is
/// there after a power cut.
pub fn private_folder(path: &Path) -> Result<(), Error> {
    let make = || {
        let missing: Vec<_> = path.ancestors().take_while(|one| !one.exists()).collect();
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        for parent in missing.iter().filter_map(|made| made.parent()) {
            let parent = Some(parent).filter(|one| !one.as_os_str().is_empty());
            File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(())
    };
    make().map_err(|reason| failed(path, reason))
}

fn failed(path: &Path, reason: std::io::Error) -> Error {
    Error::File { path: path.display().to_string(), reason }
}

/// Where a seller keeps its openings.
#[derive(Clone, Debug)]
pub struct Store(PathBuf);

impl Store {
    /// The store in `folder` or, if none is named, in the user's data folder.
    pub fn at(folder: Option<&Path>) -> Result<Self, Error> {
        if let Some(folder) = folder {
            return Ok(Self(folder.to_owned()));
        }
        let absolute =
            |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let data = absolute("XDG_DATA_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".local/share")));
        let data = data.ok_or_else(|| {
            Error::BadInput("neither XDG_DATA_HOME nor HOME is set: give --store".to_owned())
        })?;
        Ok(Self(data.join("qedex/openings")))
    }

    /// The file of one opening: in a folder for each chain, by slot and seller.
    pub fn file(&self, genesis: H256, seller: Account, slot: u64) -> PathBuf {
        let chain = hex::encode(genesis.0);
        self.0.join(chain).join(format!("{slot}-{}.json", account_text(seller)))
    }

    /// The opening that is kept for a seller and slot, if there is one.
    pub fn find(
        &self,
        genesis: H256,
        seller: Account,
        slot: u64,
    ) -> Result<Option<Opening>, Error> {
        let path = self.file(genesis, seller, slot);
        let Some(opening) = Opening::find(&path)? else {
            return Ok(None);
        };
        if (opening.genesis, opening.seller, opening.slot) != (genesis, seller, slot) {
            return Err(Error::BadInput(format!(
                "{} holds the opening of another chain, seller or slot",
                path.display()
            )));
        }
        Ok(Some(opening))
    }

    /// The opening that is kept for this seller and slot.
    pub fn load(&self, genesis: H256, seller: Account, slot: u64) -> Result<Opening, Error> {
        self.find(genesis, seller, slot)?
            .ok_or_else(|| failed(&self.file(genesis, seller, slot), ErrorKind::NotFound.into()))
    }

    /// Keeps an opening of `bill` and gives it back: one with a fresh nonce, or the one that is kept
    /// already. One with another bill is kept and is an error.
    pub fn keep(
        &self,
        genesis: H256,
        seller: Account,
        slot: u64,
        bill: &Bill,
    ) -> Result<Opening, Error> {
        let path = self.file(genesis, seller, slot);
        if !fs::exists(&path).map_err(|reason| failed(&path, reason))? {
            private_folder(path.parent().unwrap_or(&self.0))?;
            Opening::new(genesis, seller, slot, bill.clone())?.write(&path)?;
        }
        // Whoever wrote it: what is on disk counts.
        let kept = self.load(genesis, seller, slot)?;
        if kept.bill != *bill {
            return Err(Error::BadInput(format!(
                "{} holds the opening of another bill of this slot, and is not overwritten",
                path.display()
            )));
        }
        Ok(kept)
    }
}

/// An opening as it travels in files.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpeningFile {
    /// The genesis hash of the chain that it is for.
    genesis: String,
    /// The seller's address.
    seller: String,
    slot: u64,
    /// A signed reading of each of its meters, as `qedex meter sign` prints them.
    bill: Vec<ReadingFile>,
    nonce: Nonce,
}

impl OpeningFile {
    fn of(opening: &Opening) -> Self {
        let readings = opening.bill.readings().iter();
        Self {
            genesis: format!("{:?}", opening.genesis),
            seller: account_text(opening.seller),
            slot: opening.slot,
            bill: readings.map(|signed| ReadingFile::of(opening.genesis, signed)).collect(),
            nonce: opening.nonce.clone(),
        }
    }

    fn opening(self) -> Result<Opening, Error> {
        let bad = |what: &str, text: &str| Error::BadInput(format!("{text:?} is no {what}"));
        let genesis = H256::from_str(&self.genesis).map_err(|_| bad("hash", &self.genesis))?;
        let seller =
            AccountId32::from_str(&self.seller).map_err(|_| bad("account", &self.seller))?;
        let readings = self.bill.iter().map(|reading| reading.signed(genesis));
        Ok(Opening {
            genesis,
            seller: seller.0,
            slot: self.slot,
            bill: Bill::of(readings.collect::<Result<_, _>>()?)?,
            nonce: self.nonce,
        })
    }
}

/// In hexadecimal. For files that only their owner may read.
impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digits = Zeroizing::new([0; 64]);
        hex::encode_to_slice(self.bytes(), &mut *digits).map_err(serde::ser::Error::custom)?;
        let text = std::str::from_utf8(&*digits).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(text)
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;
        impl de::Visitor<'_> for Digits {
            type Value = Nonce;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("32 bytes in hexadecimal")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Nonce, E> {
                let mut bytes = Zeroizing::new([0; 32]);
                hex::decode_to_slice(text, &mut *bytes)
                    .map_err(|_| E::custom("no 32 bytes in hexadecimal"))?;
                Ok(Nonce::of(bytes))
            }
        }
        deserializer.deserialize_str(Digits)
    }
}

#[cfg(test)]
mod tests;
