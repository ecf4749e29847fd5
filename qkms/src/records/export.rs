//! Records as others get them, to check them without this service.

use codec::{DecodeAll, Encode};
use serde::{Deserialize, Serialize};

use super::{Chain, EPOCH, Hash, Keys, PublicKey, Refused, Signed, Standing};

/// Records of one link from some number on, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The KME at the transmitter.
    pub alice: String,
    /// The KME at the receiver.
    pub bob: String,
    /// The key of Alice's KME, 32 bytes in hexadecimal digits.
    pub alice_key: String,
    /// The key of Bob's KME.
    pub bob_key: String,
    /// SCALE encodings of [`Signed`] records, in hexadecimal digits.
    pub records: Vec<String>,
}

/// Why an export is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// A key is not 32 bytes in hexadecimal digits.
    #[error("a key is not 64 hexadecimal digits")]
    Key,
    /// A record cannot be read.
    #[error("record {0} of the file cannot be read")]
    Unreadable(usize),
    /// A record does not follow the one before it.
    #[error("record {place} of the file: {refused}")]
    Refused {
        /// Its place in the file, from 0.
        place: usize,
        /// Why.
        refused: Refused,
    },
}

impl Export {
    /// Records of a link, and the keys that sign them.
    pub fn new(chain: &Chain, keys: &Keys, records: &[Signed]) -> Self {
        Self {
            alice: chain.alice.clone(),
            bob: chain.bob.clone(),
            alice_key: hex::encode(keys.alice),
            bob_key: hex::encode(keys.bob),
            records: records.iter().map(|signed| hex::encode(signed.encode())).collect(),
        }
    }

    /// Reads and checks all records: each is of this link, follows the one before and is signed by both
    /// ends. The first one is taken at its word for what came before, unless it is number 0.
    ///
    /// # Errors
    ///
    /// [`ExportError`], by the first record that is wrong.
    pub fn check(&self) -> Result<Vec<Signed>, ExportError> {
        let keys = self.keys()?;
        let chain = Chain { alice: self.alice.clone(), bob: self.bob.clone() };
        let mut standing = chain.start();
        let mut records = Vec::new();
        for (place, digits) in self.records.iter().enumerate() {
            let bytes = hex::decode(digits).map_err(|_| ExportError::Unreadable(place))?;
            let signed = Signed::decode_all(&mut bytes.as_slice());
            let signed = signed.map_err(|_| ExportError::Unreadable(place))?;
            let record = &signed.record;
            if place == 0 && record.sequence > 0 {
                let (next, head) = (record.sequence, record.previous);
                standing = Standing { next, head, block: record.block.saturating_sub(1) };
            }
            standing = chain
                .follow(&standing, &signed, &keys)
                .map_err(|refused| ExportError::Refused { place, refused })?;
            records.push(signed);
        }
        Ok(records)
    }

    /// The keys that it names.
    ///
    /// # Errors
    ///
    /// [`ExportError::Key`].
    pub fn keys(&self) -> Result<Keys, ExportError> {
        let key = |digits: &str| -> Result<PublicKey, ExportError> {
            let mut key = [0; 32];
            hex::decode_to_slice(digits, &mut key).map_err(|_| ExportError::Key)?;
            Ok(key)
        };
        Ok(Keys { alice: key(&self.alice_key)?, bob: key(&self.bob_key)? })
    }

    /// The Merkle roots of the epochs that are whole among `records`, which follow one another.
    pub fn roots(records: &[Signed]) -> Vec<(u64, Hash)> {
        let epochs = records.chunk_by(|one, next| one.record.epoch == next.record.epoch);
        epochs
            .filter(|epoch| u64::try_from(epoch.len()) == Ok(EPOCH))
            .filter_map(|epoch| Some((epoch.first()?.record.epoch, Signed::root(epoch))))
            .collect()
    }
}
