//! Reading of storage, constants and runtime APIs, each item judged by itself: a runtime that differs
//! elsewhere from the one that this program was built for does not keep anybody from what it needs.

use crate::{At, Error};
use subxt::{
    constants, error,
    runtime_apis::Payload,
    storage::{Address, PrefixOf},
};

/// The runtime has something of another shape than this program was built for.
fn differs(at: &At, what: &str) -> Error {
    Error::WrongChain(format!(
        "{what} of its runtime (version {}) is not the one that this program was built for",
        at.spec_version()
    ))
}

/// A value in storage, if there is one.
pub async fn fetch<A: Address>(
    at: &At,
    address: A,
    key: A::KeyParts,
) -> Result<Option<A::Value>, Error> {
    let item = format!("the storage item {}.{}", address.pallet_name(), address.entry_name());
    let value = match at.storage().try_fetch(address, key).await {
        Err(error::StorageError::IncompatibleCodegen) => return Err(differs(at, &item)),
        found => found?,
    };
    Ok(value.map(|value| value.decode()).transpose()?)
}

/// A plain value in storage, or its default.
pub async fn get<A: Address<KeyParts = ()>>(at: &At, address: A) -> Result<A::Value, Error> {
    let item = format!("the storage item {}.{}", address.pallet_name(), address.entry_name());
    match at.storage().fetch(address, ()).await {
        Err(error::StorageError::IncompatibleCodegen) => Err(differs(at, &item)),
        found => Ok(found?.decode()?),
    }
}

/// All values of a map in storage whose keys begin with `key`, with their keys.
pub async fn entries<A, K>(
    at: &At,
    address: A,
    key: K,
) -> Result<Vec<(A::KeyParts, A::Value)>, Error>
where
    A: Address,
    K: PrefixOf<A::KeyParts>,
{
    let item = format!("the storage item {}.{}", address.pallet_name(), address.entry_name());
    let mut entries = match at.storage().iter(address, key).await {
        Err(error::StorageError::IncompatibleCodegen) => return Err(differs(at, &item)),
        found => found?,
    };
    let mut all = Vec::new();
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        all.push((entry.key()?.decode()?, entry.value().decode()?));
    }
    Ok(all)
}

/// What the runtime answers.
pub async fn ask<P: Payload>(at: &At, question: P) -> Result<P::ReturnType, Error> {
    let item = format!("the question {}.{}", question.trait_name(), question.method_name());
    match at.runtime_apis().call(question).await {
        Err(error::RuntimeApiError::IncompatibleCodegen) => Err(differs(at, &item)),
        answer => Ok(answer?),
    }
}

/// A constant of a pallet.
pub fn constant<A: constants::Address>(at: &At, address: A) -> Result<A::Target, Error> {
    let item = format!("the constant {}.{}", address.pallet_name(), address.constant_name());
    match at.constants().entry(address) {
        Err(error::ConstantError::IncompatibleCodegen) => Err(differs(at, &item)),
        found => Ok(found?),
    }
}

/// Fails if a call is not the one that this program was built for.
pub fn check_call(at: &At, call: &impl subxt::tx::Payload) -> Result<(), Error> {
    let item = format!("the call {}.{}", call.pallet_name(), call.call_name());
    match at.transactions().validate(call) {
        Err(
            error::ExtrinsicError::IncompatibleCodegen
            | error::ExtrinsicError::PalletNameNotFound(_)
            | error::ExtrinsicError::CallNameNotFound { .. },
        ) => Err(differs(at, &item)),
        found => Ok(found?),
    }
}
