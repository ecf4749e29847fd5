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

    // The attribute is revoked as a whole, by the issuer and the administration together, and
    // re-issued to those who remain.
    let bump = ["attribute", "bump", "solar", "--suri", "//Alice"];
    let asked = run(&node, &bump);
    assert_eq!((&asked["version"], asked["asked_until"].is_u64()), (&Value::Null, true));
    assert_refused(&node.qedex(&bump), "Membership::VoidingPending");
    assert_eq!(obstacles(&node, "//Eve", "sell"), [] as [Value; 0]);
    let bumped = run(&node, &[&bump[..], &["--sudo"]].concat());
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

    // One holder a day, of three.
    let other = ["--attribute", "solar", "--suri", "//Alice", "--who", "//Dave"];
    let other = node.qedex(&[&["credential", "revoke"][..], &other].concat());
    assert_refused(&other, "Membership::BeyondAllowance");
    assert_eq!(run(&node, &["attribute", "list"])[1]["endings_left"], 0);
    let allow = ["attribute", "allow-endings", "solar", "--owners", "1", "--suri", "//Alice"];
    assert_refused(&node.qedex(&allow), "BadOrigin");
    let eve = format!("0x{}", hex::encode(Eve.to_raw_public()));
    assert_eq!(listed[0]["owner"], eve);
    assert_eq!(explain(&node, "//Eve", "sell")["owner"], eve);
}

#[tokio::test]
async fn the_registrar_names_an_owner_and_those_whom_it_concerns_agree() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(folder.path()).await;
    let (stranger, barn) = ("//Eve//stash", "//Dave//stash");
    let nobody = json!({ "why": "no-owner" });
    assert_eq!(obstacles(&node, stranger, "trade")[0], nobody);
    let issue = ["credential", "issue", "--attribute", "prosumer", "--suri", "//Alice", "--who"];
    let to_stranger = [&issue[..], &[stranger]].concat();
    assert_refused(&node.qedex(&to_stranger), "Membership::NoOwner");

    // Only the registrar names, and the account consents to what was filed and nothing else.
    let name = ["owner", "name", stranger, "--suri"];
    assert_refused(&node.qedex(&[&name[..], &["//Bob"]].concat()), "Membership::NotTheRegistrar");
    let filed = run(&node, &[&name[..], &["//Alice"]].concat());
    let owner = filed["owner"].as_str().expect("a new one").to_owned();
    assert_eq!(filed["joins"], false);
    let pending = run(&node, &["owner", "show"]);
    assert_eq!(pending["pending"][0]["owner"], *owner);
    let consent = |owner: &str, more: &[&str]| {
        node.qedex(&[&["owner", "consent", owner, "--suri"], more].concat())
    };
    let other = format!("0x{}", "5e".repeat(32));
    assert_refused(&consent(&other, &[stranger]), "Membership::OtherOwnerFiled");
    assert_refused(&consent(&owner, &["//Bob"]), "Membership::NoSuchNaming");
    let named = run(&node, &["owner", "consent", &owner, "--suri", stranger]);
    assert_eq!(named["named"], true);
    run(&node, &to_stranger);
    assert_eq!(explain(&node, stranger, "trade")["owner"], *owner);
    assert_eq!(obstacles(&node, stranger, "trade"), [] as [Value; 0]);

    // To join, an account already there approves as well.
    let filed = run(&node, &["owner", "name", barn, "--with", "//Dave", "--suri", "//Alice"]);
    let daves = filed["owner"].as_str().expect("Dave's").to_owned();
    assert_eq!(filed["joins"], true);
    assert_refused(&consent(&daves, &[barn]), "the owner has accounts");
    let waits = run(&node, &["owner", "consent", &daves, "--joins", "--suri", barn]);
    assert_eq!(waits["named"], false);
    let join = ["owner", "join", barn, "--suri"];
    assert_refused(&node.qedex(&[&join[..], &["//Eve"]].concat()), "Membership::NotOfTheOwner");
    assert_eq!(run(&node, &[&join[..], &["//Dave"]].concat())["named"], true);
    let shown = run(&node, &["owner", "show", "//Dave"]);
    assert_eq!(
        (&shown["owner"], shown["accounts"].as_array().map(Vec::len)),
        (&json!(daves), Some(2))
    );

    // Registrar and administration shut it together.
    let shut = ["owner", "shut", barn, "--suri", "//Alice"];
    let by_root = [&shut[..], &["--sudo"]].concat();
    assert_refused(&node.qedex(&by_root), "Membership::ShuttingNotProposed");
    run(&node, &shut);
    run(&node, &by_root);
    assert_eq!(run(&node, &["owner", "show", "//Dave"])["accounts"][1]["shut"], true);
    let text = node.qedex(&["owner", "show", "//Dave"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("shut") && text.contains(&daves), "{text}");
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
