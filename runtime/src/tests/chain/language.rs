//! How a code encodes calls, transactions, events and errors, by its metadata.

use crate::{AccountId, Balance, Hash, MultiAddress, MultiSignature, Nonce};
use codec::{Compact, Decode, Encode};
use scale_value::{Composite, Primitive, Value, ValueDef, scale::decode_as_type};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::{DispatchError, ModuleError};
use sp_version::RuntimeVersion;
use subxt_metadata::Metadata;

/// A call in some code's encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call(Vec<u8>);

impl Call {
    /// A call that has these bytes.
    pub const fn of_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Encode for Call {
    fn encode_to<T: codec::Output + ?Sized>(&self, to: &mut T) {
        to.write(&self.0);
    }
}

/// Why a call was refused: the name of the error.
pub type Refusal = String;

/// What a block reported.
#[derive(Clone, Debug)]
pub struct Event {
    pallet: String,
    name: String,
    fields: Composite<u32>,
}

impl Event {
    /// Whether it is this pallet's event of this name.
    pub fn is(&self, pallet: &str, name: &str) -> bool {
        self.pallet == pallet && self.name == name
    }

    /// A field by its name.
    pub fn field(&self, name: &str) -> &Value<u32> {
        let Composite::Named(fields) = &self.fields else {
            panic!("{self:?} has no names");
        };
        let field = fields.iter().find(|(field, _)| field == name);
        &field.unwrap_or_else(|| panic!("{self:?} has no {name}")).1
    }

    /// A number, whatever it is wrapped in.
    pub fn number(&self, name: &str) -> Balance {
        number(self.field(name)).unwrap_or_else(|| panic!("{name} of {self:?} is no number"))
    }

    /// An account.
    pub fn account(&self, name: &str) -> AccountId {
        AccountId::from(self.bytes(name))
    }

    /// Thirty-two bytes.
    pub fn bytes(&self, name: &str) -> [u8; 32] {
        let mut bytes = Vec::new();
        collect_bytes(self.field(name), &mut bytes);
        bytes.try_into().expect("32 bytes")
    }

    /// The name of a variant.
    pub fn variant(&self, name: &str) -> &str {
        match &self.field(name).value {
            ValueDef::Variant(variant) => &variant.name,
            _ => panic!("{name} of {self:?} is no variant"),
        }
    }
}

fn number(value: &Value<u32>) -> Option<u128> {
    match &value.value {
        ValueDef::Primitive(Primitive::U128(number)) => Some(*number),
        ValueDef::Composite(inner) if inner.len() == 1 => number(inner.values().next()?),
        _ => None,
    }
}

/// The bytes of which a value is made, in their order.
fn collect_bytes(value: &Value<u32>, bytes: &mut Vec<u8>) {
    match &value.value {
        ValueDef::Primitive(Primitive::U128(byte)) => bytes.extend(u8::try_from(*byte)),
        ValueDef::Composite(inner) => {
            inner.values().for_each(|value| collect_bytes(value, bytes));
        }
        ValueDef::Variant(variant) => {
            variant.values.values().for_each(|value| collect_bytes(value, bytes));
        }
        _ => (),
    }
}

/// A code's metadata.
pub struct Language(Metadata);

impl Language {
    pub fn of(metadata: &[u8]) -> Self {
        Self(Metadata::decode_from(metadata).expect("metadata that can be read"))
    }

    /// A call of this name with arguments that are just those which it takes.
    pub fn call(&self, pallet: &str, name: &str, arguments: &[u8]) -> Result<Call, Refusal> {
        let unknown = || format!("no such call: {pallet}.{name}");
        let pallet = self.0.pallet_by_name(pallet).ok_or_else(unknown)?;
        let call = pallet.call_variant_by_name(name).ok_or_else(unknown)?;
        let mut rest = arguments;
        for field in &call.fields {
            decode_as_type(&mut rest, field.ty.id, self.0.types()).map_err(|_| {
                format!("no such argument: {}", field.name.as_deref().unwrap_or(name))
            })?;
        }
        if !rest.is_empty() {
            return Err(format!("{name} takes less"));
        }
        Ok(Call([&[pallet.call_index(), call.index], arguments].concat()))
    }

    /// What a call is, in words.
    pub fn tell(&self, call: &Call) -> String {
        let ty = self.0.outer_enums().call_enum_ty();
        match decode_as_type(&mut call.0.as_slice(), ty, self.0.types()) {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// A transaction of this call with everything that the code asks of one.
    pub fn signed(
        &self,
        who: Key,
        nonce: Nonce,
        genesis: Hash,
        version: &RuntimeVersion,
        call: &Call,
    ) -> Vec<u8> {
        // What a transaction says, and what is signed besides.
        let (mut said, mut signed) = (Vec::new(), Vec::new());
        for extension in self.0.extrinsic().transaction_extensions_to_use_for_encoding() {
            match extension.identifier() {
                "AuthorizeCall" | "CheckNonZeroSender" | "CheckWeight" | "WeightReclaim" => (),
                "CheckSpecVersion" => signed.extend(version.spec_version.encode()),
                "CheckTxVersion" => signed.extend(version.transaction_version.encode()),
                "CheckGenesis" => signed.extend(genesis.encode()),
                // It never expires.
                "CheckMortality" => {
                    said.push(0);
                    signed.extend(genesis.encode());
                }
                "CheckNonce" => said.extend(Compact(nonce).encode()),
                "ChargeTransactionPayment" => said.extend(Compact::<Balance>(0).encode()),
                // Without.
                "CheckMetadataHash" => {
                    said.push(0);
                    signed.push(0);
                }
                other => panic!("what does {other} ask of a transaction?"),
            }
        }
        let payload = [&call.0[..], &said, &signed].concat();
        let signature = match payload.len() {
            0..=256 => who.sign(&payload),
            _ => who.sign(&sp_io::hashing::blake2_256(&payload)),
        };
        let address = MultiAddress::<AccountId, ()>::Id(who.to_account_id());
        // Signed, of version 4.
        let mut transaction = vec![0b1000_0100];
        transaction.extend(address.encode());
        transaction.extend(MultiSignature::from(signature).encode());
        transaction.extend(said);
        transaction.extend(&call.0);
        transaction
    }

    /// The events of a block, as they are stored.
    pub fn events(&self, mut stored: &[u8]) -> Vec<Event> {
        let number = Compact::<u32>::decode(&mut stored).map_or(0, |number| number.0);
        let ty = self.0.outer_enums().event_enum_ty();
        let events = (0..number).map(|_| {
            frame_system::Phase::decode(&mut stored).expect("an event begins with its phase");
            let event = decode_as_type(&mut stored, ty, self.0.types()).expect("then comes itself");
            <Vec<Hash>>::decode(&mut stored).expect("then come its topics");
            let ValueDef::Variant(pallet) = event.value else { panic!("an event is a pallet's") };
            let event = pallet.values.into_values().next().map(|event| event.value);
            let Some(ValueDef::Variant(event)) = event else { panic!("an event has a name") };
            Event { pallet: pallet.name, name: event.name, fields: event.values }
        });
        let events = events.collect();
        assert!(stored.is_empty(), "more was stored than events");
        events
    }

    /// The name of an error.
    pub fn name(&self, error: DispatchError) -> Refusal {
        let DispatchError::Module(ModuleError { index, error, .. }) = error else {
            return format!("{error:?}");
        };
        let pallet = self.0.pallet_by_error_index(index).expect("an error of some pallet");
        let variant = pallet.error_variant_by_index(error[0]).expect("an error that is known");
        variant.name.clone()
    }

    /// Why a result that an event reports is none.
    pub fn refusal(&self, result: &Value<u32>) -> Option<Refusal> {
        let ValueDef::Variant(result) = &result.value else { panic!("{result} is no result") };
        if result.name == "Ok" {
            return None;
        }
        result.values.values().next().map(|error| self.error(error))
    }

    /// The name of an error that an event reports.
    pub fn error(&self, error: &Value<u32>) -> Refusal {
        let mut bytes = Vec::new();
        collect_bytes(error, &mut bytes);
        match bytes[..] {
            [index, name, ..] => {
                let error = [name, 0, 0, 0];
                self.name(DispatchError::Module(ModuleError { index, error, message: None }))
            }
            _ => error.to_string(),
        }
    }
}
