//! What the runtime encodes, read by the committed metadata.

use super::*;
use codec::{Decode, Encode};
use qedex_primitives::membership::{AttributeId, PolicyId, Role};
use qedex_runtime::{AccountId, Runtime, RuntimeCall};
use sp_keyring::Sr25519Keyring::{Alice, Bob};

fn metadata() -> Metadata {
    Metadata::decode(&mut &*crate::shapes::METADATA).unwrap()
}

fn membership(call: pallet_energy_membership::Call<Runtime>) -> RuntimeCall {
    RuntimeCall::Membership(call)
}

/// The text and the JSON of a call.
fn shown(call: &RuntimeCall) -> (String, String) {
    let call = read(&call.encode(), &metadata()).unwrap();
    (call.to_string(), serde_json::to_string(&call).unwrap())
}

#[test]
fn a_call_is_told_by_its_names_in_order() {
    let set = membership(pallet_energy_membership::Call::set_role {
        role: Role::InstallMeters,
        policy: PolicyId(3),
    });
    let (text, json) = shown(&set);
    assert_eq!(text, "Membership.set_role(role: InstallMeters, policy: 3)");
    assert_eq!(
        json,
        r#"{"pallet":"Membership","call":"set_role","arguments":{"role":"InstallMeters","policy":3}}"#
    );
}

#[test]
fn texts_accounts_and_calls_within_calls_are_read() {
    let register = membership(pallet_energy_membership::Call::register_attribute {
        name: b"wind".to_vec().try_into().unwrap(),
        description: "Owns a \"turbine\"".as_bytes().to_vec().try_into().unwrap(),
        issuer: Alice.to_account_id(),
        term: 30,
    });
    let members = RuntimeCall::Council(pallet_collective::Call::set_members {
        new_members: vec![Alice.to_account_id(), Bob.to_account_id()],
        prime: None,
        old_count: 3,
    });
    let both =
        RuntimeCall::Utility(pallet_utility::Call::batch_all { calls: vec![register, members] });
    let (text, json) = shown(&both);
    let (alice, bob) = (Alice.to_account_id(), Bob.to_account_id());
    assert_eq!(
        text,
        format!(
            "Utility.batch_all(calls: [\
             Membership.register_attribute(name: wind, description: \"Owns a \\\"turbine\\\"\", \
             issuer: {alice}, term: 30), \
             Council.set_members(new_members: [{alice}, {bob}], prime: none, old_count: 3)])"
        )
    );
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let calls = &json["arguments"]["calls"];
    assert_eq!(calls[0]["arguments"]["description"], "Owns a \"turbine\"");
    assert_eq!(calls[0]["arguments"]["issuer"], alice.to_string());
    assert_eq!(calls[1]["call"], "set_members");
    assert_eq!(calls[1]["arguments"]["prime"], serde_json::Value::Null);
}

#[test]
fn numbers_stay_whole_and_bytes_that_are_no_text_are_hexadecimal() {
    let transfer = RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
        dest: Bob.to_account_id().into(),
        value: u128::MAX,
    });
    let (_, json) = shown(&transfer);
    let most = u128::MAX.to_string();
    assert!(json.contains(&format!("\"value\":\"{most}\"")), "{json}");

    let policy = membership(pallet_energy_membership::Call::create_policy {
        nodes: vec![
            qedex_math::policy::PolicyNode::Attribute(AttributeId(1)),
            qedex_math::policy::PolicyNode::AtLeast { k: 1, of: 1 },
        ]
        .try_into()
        .unwrap(),
    });
    let (text, _) = shown(&policy);
    assert_eq!(text, "Membership.create_policy(nodes: [{Attribute: 1}, {AtLeast: {k: 1, of: 1}}])");

    for (remark, told) in [
        (&b"\xff\x00"[..], "0xff00"),
        (b"0xab", "0x30786162"),
        (b"\x1b[2J", "0x1b5b324a"),
        (b"", "\"\""),
        (b"a b", "\"a b\""),
    ] {
        let remark = remark.to_vec();
        let (text, _) = shown(&frame_system::Call::remark { remark }.into());
        assert_eq!(text, format!("System.remark(remark: {told})"));
    }
}

#[test]
fn hashes_are_hexadecimal_though_their_bytes_may_be_text() {
    let proposal_hash = sp_core::H256([b'a'; 32]);
    let kill = RuntimeCall::Council(pallet_collective::Call::kill { proposal_hash });
    let (text, _) = shown(&kill);
    assert_eq!(text, format!("Council.kill(proposal_hash: 0x{})", "61".repeat(32)));
}

#[test]
fn what_is_not_exactly_one_call_is_refused() {
    let call =
        membership(pallet_energy_membership::Call::lift_exclusion { who: AccountId::new([1; 32]) })
            .encode();
    assert!(read(&call, &metadata()).is_ok());
    for bad in
        [&call[..call.len() - 1], &[&call[..], &[0]].concat(), &[], &[255, 0], &[call[0], 255]]
    {
        assert!(read(bad, &metadata()).is_err(), "{bad:?}");
    }
    let more = read(&[&call[..], &[0, 0]].concat(), &metadata()).unwrap_err();
    assert_eq!(more, "2 more than the bytes of Membership.lift_exclusion");
}

/// The runtime takes calls that are nested to this depth.
#[test]
fn deep_calls_are_read() {
    let innermost = frame_system::Call::remark { remark: vec![7] }.into();
    let deep = (0..250).fold(innermost, |call: RuntimeCall, _| {
        RuntimeCall::Utility(pallet_utility::Call::as_derivative { index: 0, call: Box::new(call) })
    });
    let (text, json) = shown(&deep);
    assert_eq!(text.matches("Utility.as_derivative(index: 0, call: ").count(), 250);
    assert_eq!(json.matches("\"call\":\"as_derivative\"").count(), 250);
}
