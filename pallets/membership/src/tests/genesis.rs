//! The community at the first block.

use super::*;
use crate::{GenesisAccount, GenesisConfig, GenesisCredential, Registrar};
use qedex_primitives::PolicyId;

fn panics(change: impl FnOnce(&mut GenesisConfig<Test>) + std::panic::UnwindSafe) -> String {
    let outcome = std::panic::catch_unwind(|| {
        let mut builder = ExtBuilder::default();
        change(&mut builder.genesis);
        builder.build()
    });
    let Err(payload) = outcome else { panic!("genesis was accepted") };
    *payload.downcast::<String>().expect("a message with values")
}

fn credential(who: AccountId, attribute: AttributeId) -> GenesisCredential<AccountId> {
    GenesisCredential { who, attribute, expires: EXPIRY }
}

#[test]
fn the_community_of_genesis_can_act_in_the_first_block() {
    run(|| {
        assert!(may(ANNA, Role::Trade));
        assert!(!may(BEN, Role::Trade));
        assert_eq!(owner_of(ANNA), Some(ANNAS_OWNER));
    });
}

#[test]
fn an_empty_genesis_is_valid() {
    let genesis = GenesisConfig::default();
    ExtBuilder { genesis }.build_and_execute(|| assert!(!may(ANNA, Role::Trade)));
}

#[test]
fn genesis_keeps_to_the_rules_of_the_calls() {
    assert!(panics(|g| g.attributes[0].name = "x".repeat(33)).contains("name too long"));
    assert!(
        panics(|g| g.attributes[0].description = "x".repeat(257)).contains("description too long")
    );
    assert!(panics(|g| g.policies.push(vec![])).contains("PolicyEmpty"));
    assert!(panics(|g| g.policies.push(vec![attribute(PROSUMER); 33])).contains("too many nodes"));
    assert!(
        panics(|g| g.policies.push(vec![attribute(AttributeId(9))])).contains("UnknownAttribute")
    );
    assert!(panics(|g| g.roles.push((Role::Broker, PolicyId(9)))).contains("UnknownPolicy"));
    assert!(
        panics(|g| g.credentials.push(credential(ANNA, AttributeId(9))))
            .contains("unknown attribute")
    );
    assert!(panics(|g| g.credentials.push(credential(DORA, SOLAR))).contains("NoOwner"));
    assert!(panics(|g| g.attributes[0].term = 0).contains("TermOutOfRange"));
    let named = |account| GenesisAccount { account, owner: NEW_OWNER };
    assert!(panics(move |g| g.accounts.push(named(ANNA))).contains("named twice"));
    assert!(panics(move |g| g.accounts.extend((50..55).map(named))).contains("TooManyAccounts"));
}

#[test]
fn a_credential_of_genesis_may_last_longer_than_the_term() {
    let mut builder = ExtBuilder::default();
    builder.genesis.credentials[0].expires = u64::MAX;
    builder.build_and_execute(|| assert!(may(ANNA, Role::Trade)));
}

#[test]
fn genesis_reads_as_camel_case_json() {
    let json = r#"{
        "attributes": [{ "name": "solar", "description": "has panels", "issuer": 1, "term": 86400000 }],
        "registrar": 1,
        "accounts": [{ "account": 10, "owner": OWNER }],
        "policies": [[{ "Attribute": 0 }]],
        "roles": [["Sell", 0]],
        "credentials": [{ "who": 10, "attribute": 0, "expires": 2000000 }]
    }"#
    .replace("OWNER", &format!("{:?}", [7u8; 32]));
    let genesis: GenesisConfig<Test> = serde_json::from_str(&json).unwrap();
    ExtBuilder { genesis }.build_and_execute(|| {
        assert!(may(ANNA, Role::Sell));
        assert_eq!(owner_of(ANNA), Some(OwnerId([7; 32])));
        assert_eq!(Registrar::<Test>::get(), Some(1));
    });
}
