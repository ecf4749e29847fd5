//! What a seller keeps of a commitment and opens to its buyers: bill and nonce.
//!
//! The nonce is all that hides a bill whose few likely values could be tried out. So it is wiped from
//! memory after use, and belongs in private files alone. A seller that loses it cannot answer a
//! complaint: it has to be kept before its commitment is sent.

use crate::{
    At, H256,
    error::{Error, Refusal},
    market::Account,
    meter::{Bill, Nonce},
    reading_file::ReadingFile,
    settlement::covered,
    text::{owner_text, parse_owner},
};
use qedex_primitives::OwnerId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};
use subxt::utils::AccountId32;
use zeroize::Zeroizing;

/// More bytes than any opening has, so that a buffer of this size need not move.
pub const MAX_FILE: usize = 16 * 1_024;

/// A bill with the nonce that its seller committed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The chain's genesis hash.
    pub genesis: H256,
    /// Who sold.
    pub owner: OwnerId,
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
    /// It is of another chain, slot or owner.
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
    /// The account that sells.
    pub seller: Account,
    /// For whom it does.
    pub owner: OwnerId,
    /// What the owner sold before in trades with lower numbers, in Wh.
    pub before: u64,
    /// The energy of the trade, in Wh.
    pub energy: u64,
    /// What the seller committed to.
    pub commitment: Option<H256>,
}

impl Opening {
    /// An opening of `bill` with a fresh nonce.
    pub fn new(genesis: H256, owner: OwnerId, slot: u64, bill: Bill) -> Result<Self, Error> {
        Ok(Self { genesis, owner, slot, bill, nonce: Nonce::random()? })
    }

    /// The commitment that it opens.
    pub fn commitment(&self) -> H256 {
        self.bill.commitment(self.genesis, self.owner, self.slot, &self.nonce)
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
        if self.owner != wanted.owner {
            let (found, expected) = (owner_text(self.owner), owner_text(wanted.owner));
            return other("owner", &found, &expected);
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
        let audit = crate::settlement::audit(at, wanted.seller, self.slot, &self.bill).await?;
        Ok(match audit {
            Ok(delivered) => Finding::Proves {
                delivered,
                covered: covered(delivered, wanted.before, wanted.energy),
            },
            Err(refusal) => Finding::BadBill(refusal),
        })
    }

    /// Reads what [`Opening::to_json`] wrote; nothing of it is quoted where it is wrong. A file that
    /// names a seller's account in place of an owner is from before owners sold: what it opens is
    /// that of the account itself ([`OwnerId::of_account`]).
    pub fn from_json(bytes: &[u8]) -> Result<Self, Error> {
        // What the parser has to say could quote the nonce.
        let bad = |_| Error::BadInput("it holds no opening".to_owned());
        let file: OpeningFile = serde_json::from_slice(bytes).map_err(bad)?;
        file.opening()
    }

    /// It as indented JSON, in memory that is wiped.
    pub fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE));
        serde_json::to_writer_pretty(&mut *text, &OpeningFile::of(self))
            .map_err(|e| Error::Answer(e.to_string()))?;
        text.push(b'\n');
        Ok(text)
    }
}

/// An opening as it travels in files.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpeningFile {
    /// The genesis hash of the chain that it is for.
    genesis: String,
    /// Who sold: 32 bytes in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// The seller's address, in files from before owners sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seller: Option<String>,
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
            owner: Some(owner_text(opening.owner)),
            seller: None,
            slot: opening.slot,
            bill: readings.map(|signed| ReadingFile::of(opening.genesis, signed)).collect(),
            nonce: opening.nonce.clone(),
        }
    }

    fn opening(self) -> Result<Opening, Error> {
        let bad = |what: &str, text: &str| Error::BadInput(format!("{text:?} is no {what}"));
        let genesis = H256::from_str(&self.genesis).map_err(|_| bad("hash", &self.genesis))?;
        let owner = match (&self.owner, &self.seller) {
            (Some(owner), None) => parse_owner(owner).map_err(Error::BadInput)?,
            (None, Some(seller)) => {
                let seller = AccountId32::from_str(seller).map_err(|_| bad("account", seller))?;
                OwnerId(seller.0)
            }
            _ => return Err(Error::BadInput("an opening has one owner".to_owned())),
        };
        let readings = self.bill.iter().map(|reading| reading.signed(genesis));
        Ok(Opening {
            genesis,
            owner,
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
