//! How long it takes to void a thousand credentials: by one change of the attribute's version, and
//! one by one. The figures are those of BC-ET-MF's table (seconds for 1,000 revocations), on one
//! core, in memory, weights and fees aside.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

// The runtime of the pallet's tests, which wants the pallet as the root of the crate.
pub use pallet_energy_membership::*;
#[allow(dead_code, unused_imports)]
#[path = "../src/mock.rs"]
mod mock;

use divan::{Bencher, counter::ItemsCount};
use mock::{AccountId, EXPIRY, ExtBuilder, Membership, PROSUMER, REGISTRAR, RuntimeOrigin, owner};
use sp_io::TestExternalities;

const CREDENTIALS: u64 = 1_000;

/// The accounts that hold the credentials.
fn holders() -> impl Iterator<Item = AccountId> {
    1_000..1_000 + CREDENTIALS
}

/// A chain on which a thousand accounts hold the attribute.
fn issued() -> TestExternalities {
    let mut builder = ExtBuilder::default();
    builder
        .genesis
        .accounts
        .extend(holders().map(|account| GenesisAccount { account, owner: owner(account) }));
    let mut chain = builder.build();
    chain.execute_with(|| {
        let registrar = RuntimeOrigin::signed(REGISTRAR);
        for who in holders() {
            Membership::issue(registrar.clone(), who, PROSUMER, EXPIRY)
                .expect("the registrar issues");
        }
        // The council's half of what ends so many.
        Membership::bump_version(RuntimeOrigin::root(), PROSUMER).expect("the council asks");
        Membership::allow_endings(RuntimeOrigin::root(), PROSUMER, CREDENTIALS as u32)
            .expect("the council allows");
    });
    chain.commit_all().expect("a block ends");
    chain
}

#[divan::bench]
fn one_version_bump(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(issued).input_counter(|_| ItemsCount::new(CREDENTIALS)).bench_local_refs(
        |chain| {
            chain.execute_with(|| {
                Membership::bump_version(RuntimeOrigin::signed(REGISTRAR), PROSUMER)
                    .expect("the registrar revokes");
            });
        },
    );
}

#[divan::bench]
fn a_thousand_revocations(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(issued).input_counter(|_| ItemsCount::new(CREDENTIALS)).bench_local_refs(
        |chain| {
            chain.execute_with(|| {
                for who in holders() {
                    Membership::revoke(RuntimeOrigin::signed(REGISTRAR), who, PROSUMER)
                        .expect("the registrar revokes");
                }
            });
        },
    );
}

#[divan::bench]
fn a_thousand_re_issues(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(|| {
            let mut chain = issued();
            chain.execute_with(|| {
                Membership::bump_version(RuntimeOrigin::signed(REGISTRAR), PROSUMER)
                    .expect("the registrar revokes");
            });
            chain
        })
        .input_counter(|_| ItemsCount::new(CREDENTIALS))
        .bench_local_refs(|chain| {
            chain.execute_with(|| {
                let all: Vec<_> = holders().collect();
                for batch in all.chunks(100) {
                    let batch = batch.to_vec().try_into().expect("a hundred fit");
                    Membership::reissue(RuntimeOrigin::signed(REGISTRAR), PROSUMER, batch)
                        .expect("the registrar re-issues");
                }
            });
        });
}

fn main() {
    divan::main();
}
