//! Encoded calls as people read them, by the chain's own metadata.

use super::text::account_text;
use scale_info::{PortableRegistry, TypeDef, TypeDefPrimitive};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::fmt::{self, Display, Formatter, Write};
use subxt::{
    Metadata,
    ext::scale_value::{self, Composite, Primitive, Value, ValueDef, Variant},
};

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Of which pallet.
    pub pallet: String,
    /// Its name.
    pub call: String,
    /// Its arguments in order.
    #[serde(serialize_with = "serialize_fields")]
    pub arguments: Vec<(String, Datum)>,
}

/// An argument, or a part of one. A type that wraps a single value is not told from the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datum {
    /// Nothing where something might be.
    Nothing,
    /// Yes or no.
    Truth(bool),
    /// A number without a sign.
    Natural(u128),
    /// An amount: a number of 128 bits. In JSON a string, since readers round what exceeds 2^53.
    Amount(u128),
    /// A number with a sign.
    Integer(i128),
    /// A name, an account's address, bytes that are text, or any other bytes in hexadecimal after 0x.
    Text(String),
    /// Several data in order.
    List(Vec<Self>),
    /// Several data by name.
    Fields(Vec<(String, Self)>),
    /// A call within a call.
    Call(Box<Call>),
}

/// Reads an encoded call. It must be whole, and nothing may follow it; otherwise it is said why not.
///
/// The nesting of what is read is not bounded here: only what the chain's runtime takes for a call
/// is to be read.
pub fn read(encoded: &[u8], metadata: &Metadata) -> Result<Call, String> {
    let reader = Reader { types: metadata.types(), call: metadata.outer_enums().call_enum_ty() };
    let mut rest = encoded;
    let value = scale_value::scale::decode_as_type(&mut rest, reader.call, reader.types)
        .map_err(|e| e.to_string())?;
    match (reader.datum(value), rest.len()) {
        (Datum::Call(call), 0) => Ok(*call),
        (Datum::Call(call), more) => {
            let name = format!("{}.{}", call.pallet, call.call);
            Err(format!("{more} more than the bytes of {name}"))
        }
        (other, _) => Err(format!("{other} is no call")),
    }
}

/// What the metadata say of values.
struct Reader<'a> {
    types: &'a PortableRegistry,
    /// The type of a call.
    call: u32,
}

impl Reader<'_> {
    fn datum(&self, value: Value<u32>) -> Datum {
        match value.value {
            ValueDef::Primitive(Primitive::U128(number)) if self.is_amount(value.context) => {
                Datum::Amount(number)
            }
            ValueDef::Primitive(primitive) => plain(primitive),
            ValueDef::BitSequence(bits) => {
                let digit = |bit| if bit { '1' } else { '0' };
                Datum::Text(bits.iter().map(digit).collect())
            }
            ValueDef::Variant(variant) if value.context == self.call => self.called(variant),
            ValueDef::Variant(variant) => self.choice(variant, self.is(value.context, "Option")),
            ValueDef::Composite(parts) => self.parts(parts, value.context),
        }
    }

    /// A call is a pallet's variant around a variant of the pallet's own.
    fn called(&self, outer: Variant<u32>) -> Datum {
        let inner = outer.values.into_values().next();
        let Some(ValueDef::Variant(call)) = inner.map(|inner| inner.value) else {
            return Datum::Text(outer.name);
        };
        Datum::Call(Box::new(Call {
            pallet: outer.name,
            call: call.name,
            arguments: self.named(call.values),
        }))
    }

    fn choice(&self, variant: Variant<u32>, optional: bool) -> Datum {
        let empty = variant.values.is_empty();
        match (optional, empty) {
            (true, true) => Datum::Nothing,
            (true, false) => self.content(variant.values),
            (false, true) => Datum::Text(variant.name),
            (false, false) => Datum::Fields(vec![(variant.name, self.content(variant.values))]),
        }
    }

    fn parts(&self, parts: Composite<u32>, of: u32) -> Datum {
        if self.is(of, "AccountId32")
            && let Some(account) = bytes(&parts).and_then(|bytes| bytes.try_into().ok())
        {
            return Datum::Text(account_text(account));
        }
        let element = |id| self.types.resolve(id).map(|ty| &ty.type_def);
        let (element, text) = match element(of) {
            Some(TypeDef::Sequence(of)) => (element(of.type_param.id), true),
            Some(TypeDef::Array(of)) => (element(of.type_param.id), false),
            _ => return self.content(parts),
        };
        if let Some(TypeDef::Primitive(TypeDefPrimitive::U8)) = element
            && let Some(bytes) = bytes(&parts)
        {
            return Datum::Text(if text { spelt(bytes) } else { hex(&bytes) });
        }
        let all = parts.into_values().map(|part| self.datum(part));
        Datum::List(all.collect())
    }

    /// What stands within a type; alone, if it is one value without a name.
    fn content(&self, parts: Composite<u32>) -> Datum {
        match parts {
            Composite::Named(_) => Datum::Fields(self.named(parts)),
            Composite::Unnamed(mut values) if values.len() == 1 => {
                values.pop().map_or(Datum::Nothing, |value| self.datum(value))
            }
            Composite::Unnamed(values) => {
                Datum::List(values.into_iter().map(|value| self.datum(value)).collect())
            }
        }
    }

    fn named(&self, parts: Composite<u32>) -> Vec<(String, Datum)> {
        match parts {
            Composite::Named(fields) => {
                fields.into_iter().map(|(name, value)| (name, self.datum(value))).collect()
            }
            Composite::Unnamed(values) => values
                .into_iter()
                .enumerate()
                .map(|(number, value)| (number.to_string(), self.datum(value)))
                .collect(),
        }
    }

    /// Whether a type is a number of 128 bits, compact or not.
    fn is_amount(&self, type_id: u32) -> bool {
        match self.types.resolve(type_id).map(|ty| &ty.type_def) {
            Some(TypeDef::Compact(inner)) => self.is_amount(inner.type_param.id),
            Some(TypeDef::Primitive(TypeDefPrimitive::U128)) => true,
            _ => false,
        }
    }

    fn is(&self, type_id: u32, name: &str) -> bool {
        let path = self.types.resolve(type_id).map(|ty| &ty.path.segments);
        path.and_then(|segments| segments.last()).is_some_and(|last| last == name)
    }
}

fn plain(primitive: Primitive) -> Datum {
    match primitive {
        Primitive::Bool(truth) => Datum::Truth(truth),
        Primitive::Char(letter) => Datum::Text(letter.to_string()),
        Primitive::String(text) => Datum::Text(text),
        Primitive::U128(number) => Datum::Natural(number),
        Primitive::I128(number) => Datum::Integer(number),
        Primitive::U256(bytes) | Primitive::I256(bytes) => Datum::Text(hex(&bytes)),
    }
}

/// The bytes that a list of bytes consists of, through types that wrap it.
fn bytes(parts: &Composite<u32>) -> Option<Vec<u8>> {
    let byte = |value: &Value<u32>| match value.value {
        ValueDef::Primitive(Primitive::U128(number)) => u8::try_from(number).ok(),
        _ => None,
    };
    let mut inside = parts.values();
    if let (Some(first), None) = (inside.next(), inside.next())
        && let ValueDef::Composite(wrapped) = &first.value
    {
        return bytes(wrapped);
    }
    parts.values().map(byte).collect()
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// Text stands for the bytes where they are text. What looks like hexadecimal is that of its bytes.
fn spelt(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) if !text.starts_with("0x") && !text.contains(char::is_control) => text,
        Ok(text) => hex(text.as_bytes()),
        Err(other) => hex(other.as_bytes()),
    }
}

fn serialize_fields<S: Serializer>(fields: &[(String, Datum)], to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(fields.len()))?;
    for (name, datum) in fields {
        map.serialize_entry(name, datum)?;
    }
    map.end()
}

impl Serialize for Datum {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => to.serialize_unit(),
            Self::Truth(truth) => to.serialize_bool(*truth),
            Self::Natural(number) => to.serialize_u128(*number),
            Self::Amount(number) => to.collect_str(number),
            Self::Integer(number) => to.serialize_i128(*number),
            Self::Text(text) => to.serialize_str(text),
            Self::List(all) => all.serialize(to),
            Self::Fields(fields) => serialize_fields(fields, to),
            Self::Call(call) => call.serialize(to),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}(", self.pallet, self.call)?;
        fields(&self.arguments, f)?;
        f.write_char(')')
    }
}

impl Display for Datum {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("none"),
            Self::Truth(truth) => write!(f, "{truth}"),
            Self::Natural(number) | Self::Amount(number) => write!(f, "{number}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Text(text) if is_word(text) => f.write_str(text),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::List(all) => {
                f.write_char('[')?;
                for (number, one) in all.iter().enumerate() {
                    let comma = if number > 0 { ", " } else { "" };
                    write!(f, "{comma}{one}")?;
                }
                f.write_char(']')
            }
            Self::Fields(all) => {
                f.write_char('{')?;
                fields(all, f)?;
                f.write_char('}')
            }
            Self::Call(call) => call.fmt(f),
        }
    }
}

fn fields(all: &[(String, Datum)], f: &mut Formatter<'_>) -> fmt::Result {
    for (number, (name, datum)) in all.iter().enumerate() {
        let comma = if number > 0 { ", " } else { "" };
        write!(f, "{comma}{name}: {datum}")?;
    }
    Ok(())
}

/// Whether a text needs no quotes to be told from what stands around it.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests;
