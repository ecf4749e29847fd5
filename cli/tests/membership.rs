//! Who may do what, from the command line against a real node.

// Each test file uses its own part of it.
use qedex_testnode::{Node, assert_refused, stderr};
#[allow(dead_code)]
use serde_json::{Value, json};
use sp_keyring::Sr25519Keyring::Eve;

fn run(node: &Node, arguments: &[&str]) -> Value {
    let output = node.qedex(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn explain(node: &Node, account: &str, role: &str) -> Value {
    run(node, &["policy", "explain", "--account", account, "--role", role])
}

fn obstacles(node: &Node, account: &str, role: &str) -> Vec<Value> {
    let explanation = explain(node, account, role);
    let obstacles = explanation["obstacles"].as_array().expect("a list").clone();
    assert_eq!(explanation["passes"], obstacles.is_empty());
    obstacles
}

#[tokio::test]
async fn credentials_come_and_go_and_the_reasons_are_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(folder.path()).await;
    let attributes = run(&node, &["attribute", "list"]);
    assert_eq!(attributes[1]["name"], "solar");
    assert_eq!(attributes[1]["credentials"], 3);
    assert_eq!(obstacles(&node, "//Eve", "sell"), [] as [Value; 0]);

    // Nobody issues for another's attribute.
    let forged =
        ["credential", "issue", "--attribute", "solar", "--who", "//Bob", "--suri", "//Bob"];
    assert_refused(&node.qedex(&forged), "Membership::NotTheIssuer");

    // The attribute is revoked as a whole, and re-issued to those who remain.
    let bumped = run(&node, &["attribute", "bump", "solar", "--suri", "//Alice"]);
    assert_eq!(bumped["version"], 1);
    let outdated = json!({ "why": "outdated-version", "attribute": 1, "held": 0, "present": 1 });
    let missing = json!({ "why": "missing-credential", "attribute": 2 });
    assert_eq!(obstacles(&node, "//Eve", "sell"), [outdated.clone(), missing.clone()]);
    let again = [
        "credential",
        "reissue",
        "--attribute",
        "solar",
        "--who",
        "//Eve",
        "--who",
        "//Bob",
        "--suri",
        "//Alice",
    ];
    assert_refused(&node.qedex(&again), "1 of 2 credentials were not re-issued");
    assert_eq!(obstacles(&node, "//Eve", "sell"), [] as [Value; 0]);
    assert_eq!(obstacles(&node, "//Dave", "sell"), [outdated, missing]);
    let rest = ["credential", "reissue", "--attribute", "solar", "--all", "--suri", "//Alice"];
    let rest = run(&node, &rest);
    assert_eq!(rest["credentials"].as_array().map(Vec::len), Some(2));

    // Nothing is issued that never ends, nor to more accounts than a transaction serves.
    let issue = |more: &[&str]| {
        let issue = ["credential", "issue", "--attribute", "solar"];
        node.qedex(&[&issue[..], &["--suri", "//Alice"], more].concat())
    };
    let forever = ["--who", "//Bob", "--expires", "18446744073709551615"];
    assert_refused(&issue(&forever), "expires at most 36500 days after");
    let who: Vec<String> = (0..101).map(|number| format!("--who=//{number}")).collect();
    let who: Vec<&str> = who.iter().map(String::as_str).collect();
    assert_refused(&issue(&who), "there are 101 accounts; at most 100");

    // A single holder is revoked, and gets a new credential, for which the issuer pays.
    let one = ["--attribute", "solar", "--suri", "//Alice", "--who", "//Eve"];
    run(&node, &[&["credential", "revoke"][..], &one].concat());
    let missing = json!({ "why": "missing-credential", "attribute": 1 });
    assert_eq!(obstacles(&node, "//Eve", "sell")[0], missing);
    run(&node, &[&["credential", "issue"][..], &one].concat());
    let listed = run(&node, &["credential", "list", "--who", "//Eve", "--attribute", "1"]);
    assert_eq!(listed[0]["holds"], true);
    assert_eq!(listed[0]["version"], 1);
    assert!(qedex_testnode::plancks(&listed[0]["bond"]) > 100_000_000_000);

    // The owner behind an account is on record: who issues it another credential reads it there.
    let eve = format!("0x{}", hex::encode(Eve.to_raw_public()));
    assert_eq!(listed[0]["owner"], eve);
    assert_eq!(explain(&node, "//Eve", "sell")["owner"], eve);
    assert_eq!(explain(&node, "//Stranger", "sell")["owner"], Value::Null);
    let owner = format!("0x{}", "5e".repeat(32));
    let issue = |attribute, owner: &[&str]| {
        let new = ["credential", "issue", "--attribute", attribute];
        let who = ["--who", "//Stranger", "--suri", "//Alice"];
        node.qedex(&[&new[..], &who, owner].concat())
    };
    let first = issue("solar", &["--owner", &owner]);
    assert!(first.status.success(), "{}", stderr(&first));
    assert_refused(&issue("battery", &[]), "Membership::OwnerConflict");
    let all = run(&node, &["credential", "list"]);
    let all = all.as_array().expect("a list").iter();
    let named: Vec<_> = all.filter(|one| one["owner"] == *owner).collect();
    assert_eq!(named.len(), 1);
    let account = named[0]["account"].as_str().expect("an account");
    assert_eq!(explain(&node, account, "sell")["owner"], *owner);
    let table = node.qedex(&["credential", "list", "--who", "//Stranger"]);
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(table.contains(&owner), "{table}");
}

#[tokio::test]
async fn policies_roles_and_the_blacklist_decide_who_trades() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(folder.path()).await;
    let order = |suri| {
        node.qedex(&[
            "order", "place", "--next", "--side", "bid", "--price", "0.2", "--wh", "1000",
            "--suri", suri,
        ])
    };

    // Anyone creates a policy, but it opens no door.
    let formula = "prosumer and 2 of (solar, battery, broker)";
    let created = run(&node, &["policy", "create", formula, "--suri", "//Eve"]);
    assert_eq!(created["formula"], formula);
    let number = created["policy"].to_string();
    let set = ["role", "set", "trade", &number, "--suri"];
    assert_refused(&node.qedex(&[&set[..], &["//Eve"]].concat()), "BadOrigin");
    assert_refused(
        &node.qedex(&["policy", "remove", &number, "--suri", "//Dave"]),
        "Membership::NotTheCreator",
    );
    assert_refused(
        &node.qedex(&["policy", "create", "solar and", "--suri", "//Eve"]),
        "expected at the end",
    );

    // A policy of as many nodes as the chain takes is created, and one more is refused.
    let create = |attributes: usize| {
        let formula = vec!["0"; attributes].join(" or ");
        node.qedex(&["policy", "create", &formula, "--suri", "//Eve"])
    };
    assert!(create(31).status.success());
    assert_refused(&create(32), "has 33 nodes");
    assert_refused(&create(32), "a policy has at most 32");

    // Root points the role to it, and nobody trades.
    run(&node, &[&set[..], &["//Alice", "--sudo"]].concat());
    assert_refused(&order("//Dave"), "Auction::NotPermitted");
    assert_eq!(obstacles(&node, "//Dave", "trade").len(), 2);
    assert_refused(
        &node.qedex(&["policy", "remove", &number, "--suri", "//Eve"]),
        "Membership::PolicyInUse",
    );
    run(&node, &["role", "set", "trade", "0", "--suri", "//Alice", "--sudo"]);
    assert!(order("//Dave").status.success());
    run(&node, &["policy", "remove", &number, "--suri", "//Eve"]);

    // The excluded do not trade either, and lift nothing themselves.
    let exclude = [
        "blacklist",
        "add",
        "//Dave",
        "--hours",
        "24",
        "--reason",
        "tampering",
        "--suri",
        "//Alice",
    ];
    assert_refused(&node.qedex(&exclude), "BadOrigin");
    run(&node, &[&exclude[..], &["--sudo"]].concat());
    assert_refused(&order("//Dave"), "Auction::NotPermitted");
    let obstacle = &obstacles(&node, "//Dave", "trade")[0];
    assert_eq!(obstacle["why"], "blacklisted");
    assert_eq!(obstacle["reason"], "tampering");
    assert_refused(
        &node.qedex(&["blacklist", "remove", "//Dave", "--suri", "//Dave"]),
        "Membership::ExclusionInForce",
    );
    run(&node, &["blacklist", "remove", "//Dave", "--suri", "//Alice", "--sudo"]);
    assert_eq!(run(&node, &["blacklist", "list"]), json!([]));
    assert!(order("//Dave").status.success());
}
