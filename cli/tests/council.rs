//! What the consortium council does, from the command line against a real node.

// Each test file uses its own part of it.
#[allow(dead_code)]
use codec::Encode;
use qedex_primitives::membership::{PolicyId, Role};
use qedex_runtime::RuntimeCall;
use qedex_testnode::{Node, assert_refused, stderr};
use serde_json::{Value, json};
use sp_keyring::Sr25519Keyring::{Alice, Eve};
use std::process::Output;

/// What a command said as JSON. It went well.
#[track_caller]
fn answer(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Runs commands at the same time, each signed by somebody else, so that they wait for the same
/// blocks.
fn all(node: &Node, commands: &[&[&str]]) -> Vec<Output> {
    let run = |command: &[&str]| node.qedex(&[command, &["--json"]].concat());
    std::thread::scope(|scope| {
        let running: Vec<_> = commands.iter().map(|command| scope.spawn(|| run(command))).collect();
        let outputs = running.into_iter().map(|one| one.join());
        outputs.map(|output| output.expect("it ran")).collect()
    })
}

/// [`all`], and all goes well.
#[track_caller]
fn well(node: &Node, commands: &[&[&str]]) -> Vec<Value> {
    all(node, commands).iter().map(answer).collect()
}

fn run(node: &Node, command: &[&str]) -> Value {
    well(node, &[command]).remove(0)
}

/// The number of a motion that waits for two of three members.
#[track_caller]
fn opened(answer: &Value) -> String {
    assert_eq!(answer["executed"], false);
    assert_eq!((&answer["threshold"], &answer["members"]), (&json!(2), &json!(3)));
    answer["motion"].as_u64().expect("a number").to_string()
}

fn encoded(call: RuntimeCall) -> String {
    format!("0x{}", hex::encode(call.encode()))
}

fn set_role(policy: u32) -> String {
    encoded(RuntimeCall::Membership(pallet_energy_membership::Call::set_role {
        role: Role::Broker,
        policy: PolicyId(policy),
    }))
}

/// The policy that a role requires.
fn policy_of(node: &Node, role: &str) -> Value {
    let roles = run(node, &["role", "list"]);
    let mut roles = roles.as_array().expect("a list").iter();
    let found = roles.find(|one| one["role"] == role);
    found.expect("a role")["policy"].clone()
}

#[tokio::test]
async fn the_council_administers_by_motions() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = &Node::start(folder.path()).await;
    let council = run(node, &["council", "members"]);
    assert_eq!(council["members"].as_array().map(Vec::len), Some(3));
    assert_eq!(council["threshold"], 2);
    bad_proposals_are_refused(node);

    // A role and an attribute by the commands of their own; any call as it is encoded.
    let unknown_policy = set_role(99);
    let (a, b, c) = (["--suri", "//Alice"], ["--suri", "//Bob"], ["--suri", "//Charlie"]);
    let new_role = [&["role", "set", "sell", "0", "--council"], &a[..]].concat();
    let wind = "attribute register --name wind --issuer //Eve --council";
    let wind: Vec<_> = wind.split(' ').chain(b).collect();
    let failing = [&["council", "propose", "--call", &unknown_policy], &c[..]].concat();
    let motions = well(node, &[&new_role, &wind, &failing]);
    let [new_role, wind, failing] = [0, 1, 2].map(|number| opened(&motions[number]));
    motions_are_listed_with_their_calls(node, &new_role, &wind);
    assert_eq!(policy_of(node, "sell"), 1);

    let vote = |motion, ballot, who: [&'static str; 2]| {
        let vote = ["council", "vote", "--motion", motion, ballot];
        [&vote[..], &who].concat()
    };
    let close = |motion, who| ["council", "close", "--motion", motion, "--suri", who];
    let exclude = "blacklist add //Dave --hours 1 --reason rumours --council";
    let exclude: Vec<_> = exclude.split(' ').chain(a).collect();
    let alone = encoded(RuntimeCall::Council(pallet_collective::Call::set_members {
        new_members: vec![Alice.to_account_id()],
        prime: None,
        old_count: 3,
    }));
    let alone = [&["council", "propose", "--call", &alone], &b[..]].concat();
    let motions = well(node, &[&exclude, &alone, &vote(&failing, "aye", c)]);
    let [exclude, alone] = [0, 1].map(|number| opened(&motions[number]));

    // Members vote, once each; nothing is closed before the votes decide.
    assert_refused(
        &node.qedex(&vote(&new_role, "aye", ["--suri", "//Dave"])),
        "Council::NotMember",
    );
    assert_refused(&node.qedex(&vote("77", "aye", a)), "Council::ProposalMissing");
    assert_refused(&node.qedex(&vote(&failing, "aye", c)), "Council::DuplicateVote");
    assert_refused(&node.qedex(&close(&failing, "//Dave")), "Council::TooEarly");
    assert_refused(&node.qedex(&close("77", "//Dave")), "Council::ProposalMissing");
    let votes = [vote(&new_role, "aye", b), vote(&new_role, "aye", a), vote(&exclude, "nay", c)];
    let votes = well(node, &votes.each_ref().map(Vec::as_slice));
    let ayes = votes[..2].iter().map(|vote| vote["ayes"].as_u64());
    assert_eq!(ayes.max(), Some(Some(2)));
    assert_eq!((&votes[2]["ayes"], &votes[2]["nays"]), (&json!(0), &json!(1)));

    // Anybody closes: what is approved is executed.
    let [closed, ..] = &well(
        node,
        &[
            &close(&new_role, "//Dave"),
            &vote(&wind, "aye", a),
            &vote(&wind, "aye", b),
            &vote(&alone, "aye", c),
        ],
    )[..] else {
        panic!("four answers")
    };
    assert_eq!(closed["outcome"], "executed");
    assert_eq!(closed["bond_returned"], false, "nothing was held for one of the first eight");
    assert_eq!(policy_of(node, "sell"), 0);
    let attributes = run(node, &["attribute", "list"]).as_array().map(Vec::len);
    let [closed, ..] = &well(
        node,
        &[&close(&wind, "//Eve"), &vote(&failing, "aye", a), &vote(&exclude, "nay", b)],
    )[..] else {
        panic!("three answers")
    };
    assert_eq!(closed["outcome"], "executed");
    let registered = run(node, &["attribute", "list"]);
    let registered = registered.as_array().expect("a list");
    assert_eq!(Some(registered.len() - 1), attributes);
    let last = registered.last().expect("one");
    assert_eq!(last["name"], "wind");
    assert_eq!(last["issuer"], Eve.to_account_id().to_string());

    // A motion that fails is over and says why; one that cannot be approved any more is dropped.
    let over = all(
        node,
        &[&close(&failing, "//Dave"), &close(&exclude, "//Eve"), &vote(&alone, "aye", b)],
    );
    assert_refused(&over[0], "Membership::UnknownPolicy");
    let failed: Value = serde_json::from_slice(&over[0].stdout).expect("JSON");
    assert_eq!(failed["outcome"], "failed");
    assert_eq!(failed["error"]["name"], "Membership::UnknownPolicy");
    assert_eq!(answer(&over[1])["outcome"], "disapproved");
    answer(&over[2]);
    assert_eq!(run(node, &["blacklist", "list"]), json!([]));
    assert_eq!(policy_of(node, "broker"), 3);

    a_bond_comes_back_with_its_motion(node);

    assert_eq!(run(node, &close(&alone, "//Dave"))["outcome"], "executed");
    a_council_of_one_decides_at_once(node);
}

/// What is held of who proposes a ninth motion goes back when that one is closed, whoever closes it.
fn a_bond_comes_back_with_its_motion(node: &Node) {
    let open = run(node, &["council", "list"]).as_array().map_or(0, Vec::len);
    assert_eq!(open, 1);
    let members = ["//Alice", "//Bob", "//Charlie"];
    let calls: Vec<String> = (50..58).map(set_role).collect();
    let mut last = 0;
    for calls in calls.chunks(members.len()) {
        let proposals = calls.iter().zip(members);
        let proposals: Vec<_> = proposals
            .map(|(call, who)| ["council", "propose", "--call", call, "--suri", who])
            .collect();
        let proposals: Vec<_> = proposals.iter().map(|proposal| &proposal[..]).collect();
        let motions = well(node, &proposals);
        last = motions.iter().filter_map(|motion| motion["motion"].as_u64()).max().expect("some");
    }
    let ninth = &last.to_string();
    let nay = |who| ["council", "vote", "--motion", ninth, "nay", "--suri", who];
    well(node, &[&nay("//Alice"), &nay("//Bob")]);
    let closed = run(node, &["council", "close", "--motion", ninth, "--suri", "//Dave"]);
    assert_eq!(closed["outcome"], "disapproved");
    assert_eq!(closed["bond_returned"], true);
}

/// Nobody pays for what cannot be proposed.
fn bad_proposals_are_refused(node: &Node) {
    let call = set_role(1);
    let by =
        |call: &str, who: &str| node.qedex(&["council", "propose", "--call", call, "--suri", who]);
    assert_refused(&by(&call, "//Dave"), "Council::NotMember");
    let set = ["role", "set", "sell", "0", "--council", "--suri", "//Dave"];
    assert_refused(&node.qedex(&set), "Council::NotMember");
    for bad in ["0xabc", "role", "0x"] {
        assert_refused(&by(bad, "//Alice"), "invalid value");
    }
    let cut = &call[..call.len() - 2];
    for bad in [cut, &format!("{call}00"), "0xff00", "0x00"] {
        assert_refused(&by(bad, "//Alice"), "not exactly one call");
    }
    // Deeper than the runtime takes: as_derivative around as_derivative.
    let deep = format!("{}{}", "14010000".repeat(10_000), &call[2..]);
    assert_refused(&by(&deep, "//Alice"), "not exactly one call");
    let both = [&set[..6], &["//Alice", "--sudo"]].concat();
    assert_refused(&node.qedex(&both), "cannot be used with");
    assert_eq!(run(node, &["council", "list"]), json!([]));
}

fn motions_are_listed_with_their_calls(node: &Node, new_role: &str, wind: &str) {
    let listed = run(node, &["council", "list"]);
    let listed = listed.as_array().expect("a list");
    assert_eq!(listed.len(), 3);
    let of = |index: &str| {
        let mut found = listed.iter();
        found.find(|one| one["motion"].as_u64() == index.parse().ok()).expect("listed")
    };
    let call = &of(new_role)["call"];
    assert_eq!((&call["pallet"], &call["call"]), (&json!("Membership"), &json!("set_role")));
    assert_eq!(call["arguments"], json!({ "role": "Sell", "policy": 0 }));
    assert_eq!(of(new_role)["standing"], "open");
    let arguments = &of(wind)["call"]["arguments"];
    assert_eq!(arguments["name"], "wind");
    assert_eq!(arguments["issuer"], Eve.to_account_id().to_string());
    let text = node.qedex(&["council", "list"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("Membership.set_role(role: Sell, policy: 0)"), "{text}");

    let same = ["role", "set", "sell", "0", "--council", "--suri", "//Bob"];
    assert_refused(&node.qedex(&same), "Council::DuplicateProposal");
}

fn a_council_of_one_decides_at_once(node: &Node) {
    let open = run(node, &["council", "list"]);
    let set = ["role", "set", "sell", "1", "--council", "--suri", "//Alice"];
    assert_eq!(run(node, &set)["policy"], 1);
    assert_eq!(policy_of(node, "sell"), 1);
    let failing = set_role(99);
    let failing = ["council", "propose", "--call", &failing, "--suri", "//Alice"];
    assert_refused(&node.qedex(&failing), "Membership::UnknownPolicy");
    assert_eq!(run(node, &["council", "list"]), open);
}
