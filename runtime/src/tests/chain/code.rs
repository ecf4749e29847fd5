//! The code that a chain runs.

use super::language::Language;
use crate::{WASM_BINARY, apis};
use codec::{Decode, DecodeAll, Encode};
use sc_executor::WasmExecutor;
use sp_core::traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode};
use sp_io::{SubstrateHostFunctions, TestExternalities, hashing::blake2_256};
use std::{path::Path, sync::OnceLock};

/// What stands in the storage in the place of the present code where that runs natively.
const NATIVE: &[u8] = b"the present code, natively";

/// The code of a chain.
#[derive(Clone, PartialEq, Eq)]
pub enum Code {
    /// The present one, natively.
    Native,
    /// WASM.
    Wasm(Vec<u8>),
}

/// What runs WASM. One for a process: what it has compiled it keeps.
pub fn executor() -> &'static WasmExecutor<SubstrateHostFunctions> {
    static EXECUTOR: OnceLock<WasmExecutor<SubstrateHostFunctions>> = OnceLock::new();
    EXECUTOR.get_or_init(|| WasmExecutor::builder().build())
}

impl Code {
    /// The code of a release, by the name of its folder.
    pub fn of_release(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../releases")
            .join(name)
            .join("qedex_runtime.compact.compressed.wasm");
        let code = std::fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        Self::of(code)
    }

    /// The present code as WASM.
    pub fn present() -> Self {
        let code =
            WASM_BINARY.expect("built with SKIP_WASM_BUILD=1: this needs the runtime's WASM");
        Self::Wasm(code.to_vec())
    }

    /// The code that these bytes are.
    pub fn of(bytes: Vec<u8>) -> Self {
        if bytes == NATIVE { Self::Native } else { Self::Wasm(bytes) }
    }

    /// What stands in the storage.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Native => NATIVE,
            Self::Wasm(code) => code,
        }
    }

    /// Calls a function of the code on this state.
    pub fn run(&self, state: &mut TestExternalities, method: &str, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Native => state
                .execute_with(|| apis::api::dispatch(method, data))
                .unwrap_or_else(|| panic!("the present code has no {method}")),
            Self::Wasm(code) => {
                let fetcher = WrappedRuntimeCode(code.as_slice().into());
                let hash = blake2_256(code).to_vec();
                let code = RuntimeCode { code_fetcher: &fetcher, heap_pages: None, hash };
                let context = CallContext::Onchain { import: false };
                let (result, _) = executor().call(&mut state.ext(), &code, method, data, context);
                result.unwrap_or_else(|error| panic!("{method}: {error}"))
            }
        }
    }

    /// The same, with what goes in and comes out decoded.
    pub fn ask<R: Decode>(
        &self,
        state: &mut TestExternalities,
        method: &str,
        arguments: &impl Encode,
    ) -> R {
        let answer = self.run(state, method, &arguments.encode());
        R::decode_all(&mut answer.as_slice()).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// How this code encodes calls and events.
    pub fn language(&self, state: &mut TestExternalities) -> Language {
        // One more than it needs lest two codes' metadata be mistaken: the latest version.
        let metadata: Option<Vec<u8>> = self.ask(state, "Metadata_metadata_at_version", &16_u32);
        Language::of(&metadata.expect("version 16 is served"))
    }
}
