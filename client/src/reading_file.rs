//! Signed readings as they travel in files.

use crate::{H256, error::Error, keys::Scheme};
use qedex_math::Wh;
use qedex_primitives::{MeterId, ReadingPayload, SignedReading, SlotIndex};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
};
use std::fmt;

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

/// An array of readings. What is wrong with one is told with its place, counted from 1.
struct Many(Vec<ReadingFile>);

impl<'de> Deserialize<'de> for Many {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(EachReading)
    }
}

struct EachReading;

impl<'de> Visitor<'de> for EachReading {
    type Value = Many;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of signed readings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Many, A::Error> {
        let mut all = Vec::new();
        loop {
            match array.next_element() {
                Ok(Some(reading)) => all.push(reading),
                Ok(None) => return Ok(Many(all)),
                Err(why) => {
                    let place = all.len().saturating_add(1);
                    return Err(de::Error::custom(format!("reading {place}: {why}")));
                }
            }
        }
    }
}

impl ReadingFile {
    /// What `signed` looks like in a file.
    pub fn of(genesis: H256, signed: &SignedReading) -> Self {
        let reading = &signed.payload;
        let (scheme, signature) = Scheme::of_signature(&signed.signature);
        Self {
            genesis: format!("{genesis:?}"),
            meter: reading.meter.0,
            slot: reading.slot.0,
            generated: reading.generated.0,
            consumed: reading.consumed.0,
            scheme,
            signature: format!("0x{}", hex::encode(signature)),
        }
    }

    /// The signed reading, which must be for the chain with this genesis hash.
    pub fn signed(&self, genesis: H256) -> Result<SignedReading, Error> {
        if self.genesis != format!("{genesis:?}") {
            let what = format!("the reading is for genesis {}, not {genesis:?}", self.genesis);
            return Err(Error::WrongChain(what));
        }
        let bad = || Error::BadInput(format!("{:?} is no signature", self.signature));
        let hex = self.signature.strip_prefix("0x").unwrap_or(&self.signature);
        let signature = hex::decode(hex).map_err(|_| bad())?.try_into().map_err(|_| bad())?;
        let payload = ReadingPayload {
            meter: MeterId(self.meter),
            slot: SlotIndex(self.slot),
            generated: Wh(self.generated),
            consumed: Wh(self.consumed),
        };
        Ok(SignedReading { payload, signature: self.scheme.signature(signature) })
    }
}

/// One signed reading, or an array of them, after a byte order mark if there is one.
pub fn parse(text: &str) -> Result<Vec<ReadingFile>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let read = match text.trim_start().chars().next() {
        Some('{') => serde_json::from_str(text).map(|one| vec![one]),
        Some('[') => serde_json::from_str(text).map(|Many(many)| many),
        Some(other) => {
            return Err(format!(
                "it holds neither a signed reading nor an array of them, but begins with {other:?}"
            ));
        }
        None => return Err("it is empty".to_owned()),
    };
    read.map_err(|why| why.to_string())
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
        let read = parse(&format!("[{text},{text}]")).unwrap();
        assert_eq!(read.len(), 2);
        let signed = read[0].signed(GENESIS).unwrap();
        assert_eq!(signed.signature, Scheme::Ed25519.signature([0xab; 64]));
        assert_eq!(signed.payload.generated, Wh(3));
    }

    #[test]
    fn a_signature_is_sr25519_unless_the_file_says_otherwise() {
        let mut text = serde_json::to_value(file()).unwrap();
        text.as_object_mut().unwrap().remove("scheme");
        let file: ReadingFile = serde_json::from_value(text.clone()).unwrap();
        let signed = file.signed(GENESIS).unwrap();
        assert_eq!(signed.signature, Scheme::Sr25519.signature([0xab; 64]));
        text["scheme"] = "ecdsa".into();
        assert!(serde_json::from_value::<ReadingFile>(text).is_err());
    }

    #[test]
    fn a_reading_of_another_chain_is_refused() {
        let error = file().signed(H256([8; 32])).unwrap_err();
        assert!(matches!(error, Error::WrongChain(_)));
    }

    #[test]
    fn a_byte_order_mark_and_blanks_before_a_reading_are_skipped() {
        let text = serde_json::to_string(&file()).unwrap();
        assert_eq!(parse(&format!("\u{feff}\n {text}\n")).unwrap().len(), 1);
        assert_eq!(parse(&format!("\u{feff}[{text}]")).unwrap().len(), 1);
        assert_eq!(parse(" [] ").unwrap().len(), 0);
    }

    #[test]
    fn what_is_wrong_with_a_reading_is_told_with_its_place() {
        let good = serde_json::to_string(&file()).unwrap();
        let meter = "\"meter\":1";
        assert!(good.contains(meter));
        for (bad, why) in [
            ("\"meter\":1.5", "floating point `1.5`, expected u32"),
            ("\"meter\":-0", "floating point `-0.0`, expected u32"),
            ("\"meter\":-5", "integer `-5`, expected u32"),
            ("\"meter\":4294967296", "integer `4294967296`, expected u32"),
            ("\"meter\":18446744073709551616", "expected u32"),
            ("\"meter\":\"1\"", "string \"1\", expected u32"),
            ("\"meter\":+1", "expected value"),
            ("\"metre\":1", "unknown field `metre`"),
            ("\"slot\":9,\"meter\":1", "duplicate field `slot`"),
        ] {
            let bad = good.replace(meter, bad);
            let alone = parse(&bad).unwrap_err();
            assert!(alone.contains(why), "{alone}");
            assert!(alone.contains(" at line 1 column "), "{alone}");
            let third = parse(&format!("[{good},{good},\n{bad}]")).unwrap_err();
            assert!(third.starts_with("reading 3: "), "{third}");
            assert!(third.contains(why), "{third}");
            assert_eq!(third.matches(" at line 2 column ").count(), 1, "{third}");
        }
        for (bad, why) in [
            ("", "it is empty"),
            (" \n\t", "it is empty"),
            ("\u{feff}", "it is empty"),
            ("7", "begins with '7'"),
            ("\"x\"", "begins with '\"'"),
            ("{}", "missing field `genesis` at line 1"),
            ("[", "EOF while parsing"),
            ("[7]", "reading 1: invalid type: integer `7`"),
        ] {
            let error = parse(bad).unwrap_err();
            assert!(error.contains(why), "{bad:?}: {error}");
        }
        let twice = parse(&format!("{good}{good}")).unwrap_err();
        assert!(twice.contains("trailing characters"), "{twice}");
    }

    #[test]
    fn what_is_no_reading_is_refused() {
        assert!(parse("{\"meter\":1}").is_err());
        let short = ReadingFile { signature: "0xab".to_owned(), ..file() };
        assert!(matches!(short.signed(GENESIS), Err(Error::BadInput(_))));
    }
}
