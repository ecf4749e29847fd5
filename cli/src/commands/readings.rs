//! `qedex meter` and `qedex reading`

use super::{open, print_json};
use crate::{
    args::{MeterPublicKey, SignReading, SubmitReadings},
    chain::{
        Chain, H256, calls,
        keys::{self, MeterKeys},
        meter::{Reading, Signature, SignedReading},
        metering::{Key, Scheme},
    },
    error::Error,
};
use qedex_math::Wh;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{fs, io::Read, path::Path};

/// A signed reading as it travels in files.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingFile {
    /// The genesis hash of the chain that it is for.
    genesis: String,
    meter: u32,
    slot: u64,
    /// Wh.
    generated: u64,
    /// Wh.
    consumed: u64,
    /// By which scheme the meter signed.
    #[serde(default)]
    scheme: Scheme,
    /// The signature in hexadecimal.
    signature: String,
}

/// One reading or many.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(ReadingFile),
    Many(Vec<ReadingFile>),
}

impl ReadingFile {
    /// What `signed` looks like in a file.
    pub fn of(genesis: H256, signed: &SignedReading) -> Self {
        let reading = &signed.reading;
        Self {
            genesis: format!("{genesis:?}"),
            meter: reading.meter,
            slot: reading.slot,
            generated: reading.generated.0,
            consumed: reading.consumed.0,
            scheme: match signed.signature {
                Signature::Sr25519(_) => Scheme::Sr25519,
                Signature::Ed25519(_) => Scheme::Ed25519,
            },
            signature: format!("0x{}", hex::encode(signed.signature.bytes())),
        }
    }

    /// The signed reading, which must be for the chain with this genesis hash.
    pub fn signed(&self, genesis: H256) -> Result<SignedReading, Error> {
        if self.genesis != format!("{genesis:?}") {
            let what = format!(
                "the reading is for genesis {}, not {genesis:?}",
                self.genesis
            );
            return Err(Error::WrongChain(what));
        }
        let bad = || Error::BadInput(format!("{:?} is no signature", self.signature));
        let hex = self.signature.strip_prefix("0x").unwrap_or(&self.signature);
        let signature = hex::decode(hex)
            .map_err(|_| bad())?
            .try_into()
            .map_err(|_| bad())?;
        let reading = Reading {
            meter: self.meter,
            slot: self.slot,
            generated: Wh(self.generated),
            consumed: Wh(self.consumed),
        };
        let signature = match self.scheme {
            Scheme::Sr25519 => Signature::Sr25519(signature),
            Scheme::Ed25519 => Signature::Ed25519(signature),
        };
        Ok(SignedReading { reading, signature })
    }
}

/// Prints a signed reading.
pub async fn sign(args: &SignReading) -> Result<(), Error> {
    let key = MeterKeys::from_suri(args.secret.scheme, &args.secret.meter_suri)?;
    let genesis = match args.node.genesis {
        Some(genesis) => genesis,
        None => Chain::connect(&args.node.url, None).await?.genesis(),
    };
    let reading = Reading {
        meter: args.meter,
        slot: args.slot,
        generated: Wh(args.generated),
        consumed: Wh(args.consumed),
    };
    print_json(&ReadingFile::of(genesis, &reading.sign(genesis, &key)))
}

/// Prints the public key of a meter's secret, for whoever registers the meter.
pub fn key(args: &MeterPublicKey) -> Result<(), Error> {
    let keys = MeterKeys::from_suri(args.secret.scheme, &args.secret.meter_suri)?;
    let key = Key::new(args.secret.scheme, keys.public());
    if args.json {
        return print_json(&key);
    }
    println!("{}", key.key);
    Ok(())
}

/// Publishes readings and says what became of each. One refused reading among many is an
/// error only after the others were published.
pub async fn submit(args: &SubmitReadings) -> Result<(), Error> {
    let key = keys::from_suri(&args.suri)?;
    let readings = read(&args.file)?;
    let mut session = open(&args.node).await?;
    let genesis = session.chain().genesis();
    let signed: Vec<SignedReading> = readings
        .iter()
        .map(|reading| reading.signed(genesis))
        .collect::<Result<_, _>>()?;
    let (block, included) = match signed.as_slice() {
        [] => {
            return Err(Error::BadInput(
                "there is no reading in the file".to_owned(),
            ));
        }
        [one] => {
            session
                .call("the reading", &calls::submit_reading(one), &key)
                .await?
        }
        many => {
            session
                .call("the readings", &calls::submit_readings(many), &key)
                .await?
        }
    };
    let refused = included
        .readings
        .iter()
        .filter(|(.., why)| why.is_some())
        .count();
    if args.json {
        let results: Vec<_> = included
            .readings
            .iter()
            .map(|(meter, slot, why)| {
                json!({ "meter": meter, "slot": slot, "accepted": why.is_none(), "error": why })
            })
            .collect();
        print_json(&json!({ "block": block.number, "readings": results }))?;
    } else {
        for (meter, slot, why) in &included.readings {
            let result = why
                .as_ref()
                .map_or("accepted".to_owned(), |why| format!("refused: {why}"));
            println!("meter {meter}, slot {slot}: {result}");
        }
    }
    if refused > 0 {
        let all = included.readings.len();
        return Err(Error::BadInput(format!(
            "{refused} of {all} readings were refused"
        )));
    }
    Ok(())
}

/// The signed readings in a file, or in standard input if that is what - names.
pub fn read(path: &Path) -> Result<Vec<ReadingFile>, Error> {
    let failed = |reason| Error::File {
        path: path.display().to_string(),
        reason,
    };
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        text
    } else {
        fs::read_to_string(path).map_err(failed)?
    };
    match serde_json::from_str(&text) {
        Ok(OneOrMany::One(one)) => Ok(vec![one]),
        Ok(OneOrMany::Many(many)) => Ok(many),
        Err(_) => Err(Error::BadInput(format!(
            "{} holds neither a signed reading nor an array of them",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENESIS: H256 = H256([7; 32]);

    fn file() -> ReadingFile {
        ReadingFile {
            genesis: format!("{GENESIS:?}"),
            meter: 1,
            slot: 2,
            generated: 3,
            consumed: 4,
            scheme: Scheme::Ed25519,
            signature: format!("0x{}", "ab".repeat(64)),
        }
    }

    #[test]
    fn a_reading_survives_its_file() {
        let text = serde_json::to_string(&file()).unwrap();
        let path = tempfile::NamedTempFile::new().unwrap();
        fs::write(path.path(), format!("[{text},{text}]")).unwrap();
        let read = read(path.path()).unwrap();
        assert_eq!(read.len(), 2);
        let signed = read[0].signed(GENESIS).unwrap();
        assert_eq!(signed.signature, Signature::Ed25519([0xab; 64]));
        assert_eq!(signed.reading.generated, Wh(3));
    }

    #[test]
    fn a_signature_is_sr25519_unless_the_file_says_otherwise() {
        let mut text = serde_json::to_value(file()).unwrap();
        text.as_object_mut().unwrap().remove("scheme");
        let file: ReadingFile = serde_json::from_value(text.clone()).unwrap();
        let signed = file.signed(GENESIS).unwrap();
        assert_eq!(signed.signature, Signature::Sr25519([0xab; 64]));
        text["scheme"] = "ecdsa".into();
        assert!(serde_json::from_value::<ReadingFile>(text).is_err());
    }

    #[test]
    fn a_reading_of_another_chain_is_refused() {
        let error = file().signed(H256([8; 32])).unwrap_err();
        assert!(matches!(error, Error::WrongChain(_)));
    }

    #[test]
    fn what_is_no_reading_is_refused() {
        let path = tempfile::NamedTempFile::new().unwrap();
        fs::write(path.path(), "{\"meter\":1}").unwrap();
        assert!(matches!(read(path.path()), Err(Error::BadInput(_))));
        let short = ReadingFile {
            signature: "0xab".to_owned(),
            ..file()
        };
        assert!(matches!(short.signed(GENESIS), Err(Error::BadInput(_))));
    }
}
