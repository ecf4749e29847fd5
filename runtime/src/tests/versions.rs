//! The versions that a later migration starts from.

use super::*;
use codec::DecodeAll;
use frame_support::{
    storage::storage_prefix,
    traits::{
        CrateVersion, GetStorageVersion, PalletInfoAccess, PalletsInfoAccess,
        STORAGE_VERSION_STORAGE_KEY_POSTFIX, StorageVersion,
    },
};

/// The names of all pallets of this workspace in the runtime.
fn ours() -> Vec<&'static str> {
    // Every crate of the workspace has its version, and no crate of the SDK has it.
    let version = CrateVersion {
        major: env!("CARGO_PKG_VERSION_MAJOR").parse().unwrap(),
        minor: env!("CARGO_PKG_VERSION_MINOR").parse().unwrap(),
        patch: env!("CARGO_PKG_VERSION_PATCH").parse().unwrap(),
    };
    AllPalletsWithSystem::infos()
        .into_iter()
        .filter(|pallet| pallet.crate_version == version)
        .map(|pallet| pallet.name)
        .collect()
}

/// The name of a pallet, and the version of its layout in the code.
fn in_code<P>() -> (&'static str, StorageVersion)
where
    P: PalletInfoAccess + GetStorageVersion<InCodeStorageVersion = StorageVersion>,
{
    assert_eq!(P::on_chain_storage_version(), P::in_code_storage_version(), "{}", P::name());
    (P::name(), P::in_code_storage_version())
}

#[test]
fn genesis_writes_the_storage_version_of_every_pallet_of_ours() {
    externalities("local_testnet").execute_with(|| {
        let versions = [
            in_code::<Pov>(),
            in_code::<Membership>(),
            in_code::<Metering>(),
            in_code::<Auction>(),
            in_code::<Settlement>(),
            in_code::<Reputation>(),
            in_code::<Qkd>(),
        ];
        assert_eq!(versions.map(|(name, _)| name).to_vec(), ours());
        for (name, version) in versions {
            let key = storage_prefix(name.as_bytes(), STORAGE_VERSION_STORAGE_KEY_POSTFIX);
            // Read as bytes: a version that was never written reads as zero.
            let written = sp_io::storage::get(&key).expect("the version is written");
            assert_eq!(StorageVersion::decode_all(&mut &written[..]), Ok(version), "{name}");
            assert!(version >= StorageVersion::new(1), "{name}");
        }
    });
}
