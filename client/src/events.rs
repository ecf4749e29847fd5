//! How an event is read, and a dispatch error told.

use super::api::runtime_types as types;
use crate::error::{Error, Refusal};
use subxt::{Metadata, SubstrateConfig};

/// An event of a block.
pub(crate) type Event<'a> = subxt::events::Event<'a, SubstrateConfig>;

/// The event, if it is of this kind.
pub(crate) fn decode<E: subxt::events::DecodeAsEvent>(
    event: &Event<'_>,
) -> Result<Option<E>, Error> {
    Ok(event.decode_fields_as::<E>().transpose()?)
}

/// The name and meaning of a dispatch error.
pub(crate) fn describe(error: &types::sp_runtime::DispatchError, metadata: &Metadata) -> Refusal {
    if matches!(error, types::sp_runtime::DispatchError::BadOrigin) {
        let meaning = "the signer may not do this: --council proposes it to the council, and --sudo does \
                       it on a development chain";
        return Refusal { name: "BadOrigin".to_owned(), meaning: meaning.to_owned() };
    }
    let types::sp_runtime::DispatchError::Module(module) = error else {
        return Refusal { name: format!("{error:?}"), meaning: String::new() };
    };
    let [code, ..] = module.error;
    let found = metadata
        .pallet_by_error_index(module.index)
        .and_then(|pallet| Some((pallet.name(), pallet.error_variant_by_index(code)?)));
    match found {
        Some((pallet, variant)) => Refusal {
            name: format!("{pallet}::{}", variant.name),
            meaning: variant.docs.join(" ").trim().to_owned(),
        },
        None => Refusal { name: format!("{module:?}"), meaning: String::new() },
    }
}
