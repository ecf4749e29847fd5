//! Sessions and letters, from the command line against a real node with both key services and two agents.

use base64::{Engine, prelude::BASE64_STANDARD};
use qedex_testnode::{Node, assert_refused, stderr};
use serde_json::{Value, json};
use sp_keyring::Sr25519Keyring::{self, Dave, Eve};
use std::time::{Duration, Instant};

/// How long a text or a letter may take, on a busy machine: a worker that had no answer in time rests for up to 32
/// blocks, and so long the other end's agent does not know that the session is open.
const PATIENCE: Duration = Duration::from_secs(240);

/// The node, and the doors of both agents.
struct Scene {
    node: Node,
    doors: [String; 2],
}

/// Who talks, as which SAE of which site, and by whose leave.
const WEST: (&str, &str, &str, &str) = ("//Dave", "sae-west-1", "0", "//Alice");
const EAST: (&str, &str, &str, &str) = ("//Eve", "sae-east-1", "1", "//Bob");

impl Scene {
    /// A development node, whose own two SAEs take frames at fixed ports, where another node of this machine may
    /// be: so both accounts leave theirs and draw keys as further ones.
    async fn begin(folder: &std::path::Path) -> Self {
        let node = Node::start_with(folder, &["--qkd-saes", "1"]).await;
        let door = |sae: &str| node.agents().join(format!("{sae}.json")).display().to_string();
        let doors = [WEST.1, EAST.1].map(door);
        let scene = Self { node, doors };
        for ((who, sae, site, operator), peer) in [(WEST, EAST.0), (EAST, WEST.0)] {
            scene.moves_to(who, sae, site, operator);
            scene.run(&["sae", "from", "--who", peer, "--suri", who]);
        }
        scene
    }

    fn moves_to(&self, who: &str, sae: &str, site: &str, operator: &str) {
        let by = ["--suri", who];
        let had = self.run(&["sae", "show", who])["enrolments"][0]["enrolment"].to_string();
        self.run(&[&["sae", "remove", &had][..], &by].concat());
        let enrol = ["sae", "enrol", sae, "--site", site, "--who", who, "--days", "30"];
        let id = self.run(&[&enrol[..], &["--suri", operator]].concat())["enrolment"].to_string();
        self.run(&[&["sae", "accept", &id][..], &by].concat());
        let door = self.node.agents().join(format!("{sae}.json"));
        let door: Value =
            serde_json::from_slice(&std::fs::read(door).expect("a door")).expect("JSON");
        let told = |what: &str| door[what].as_str().expect("a text").to_owned();
        self.run(&[&["sae", "worker", &told("worker")][..], &by].concat());
        self.run(&[&["sae", "mail", &told("mail")][..], &by].concat());
    }

    /// The door of the agent of `who`.
    fn door(&self, who: Sr25519Keyring) -> [&str; 2] {
        ["--agent", &self.doors[usize::from(who == Eve)]]
    }

    #[track_caller]
    fn run(&self, command: &[&str]) -> Value {
        let output = self.node.qedex(&[command, &["--json"]].concat());
        assert!(output.status.success(), "{command:?}: {}", stderr(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// What is asked of an agent alone: no node is named.
    #[track_caller]
    fn ask(&self, command: &[&str]) -> Value {
        let output = qedex_testnode::qedex(&[command, &["--json"]].concat());
        assert!(output.status.success(), "{command:?}: {}", stderr(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Opens a session with Eve, by Dave. Gives its number on the chain and the identities of its keys.
    fn open(&self, suite: &str) -> (u64, Vec<String>) {
        let peer = Eve.to_account_id().to_string();
        let by = ["session", "open", &peer, "--suite", suite, "--suri", "//Dave"];
        let opened = self.run(&[&by[..], &self.door(Dave)].concat());
        assert_eq!(opened["suite"], suite);
        let requested = opened["requested_in_block"].as_u64().expect("a block");
        assert!(opened["open_since_block"].as_u64().expect("a block") > requested);
        let names = opened["key_IDs"].as_array().expect("a list").iter();
        let names = names.map(|name| name.as_str().expect("a text").to_owned()).collect();
        (opened["session"].as_u64().expect("a number"), names)
    }

    /// Says something, and waits until the other end has it.
    async fn say(&self, session: u64, from: Sr25519Keyring, to: Sr25519Keyring, text: &str) {
        let number = session.to_string();
        self.ask(&[&["session", "send", &number, text][..], &self.door(from)].concat());
        let receive = ["session", "receive", &number];
        let began = Instant::now();
        loop {
            let kept = self.ask(&[&receive[..], &["--keep"], &self.door(to)].concat());
            if kept["texts"] != json!([]) {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "{text:?} does not come");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        // Kept, it is handed out again; taken, it is gone.
        let taken = self.ask(&[&receive[..], &self.door(to)].concat());
        let texts = taken["texts"].as_array().expect("a list");
        assert_eq!(texts.len(), 1, "{taken}");
        assert_eq!(texts[0]["text"], BASE64_STANDARD.encode(text));
        let gone = self.ask(&[&receive[..], &self.door(to)].concat());
        assert_eq!(gone["texts"], json!([]));
    }

    /// How many sessions of Dave's the chain has.
    fn sessions(&self) -> usize {
        let sessions = self.run(&["session", "status", "--account", "//Dave"]);
        sessions.as_array().expect("a list").len()
    }

    /// What an agent alone is asked, and refuses.
    #[track_caller]
    fn refused(&self, command: &[&str], who: Sr25519Keyring, why: &str) {
        assert_refused(&qedex_testnode::qedex(&[command, &self.door(who)].concat()), why);
    }
}

#[tokio::test]
async fn two_accounts_talk_in_sessions_and_write_letters() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scene = Scene::begin(folder.path()).await;

    // Whoever signs for another agent's SAE, or asks for whom the chain has none, is told so.
    let of_dave = scene.door(Dave);
    let refused = |command: &[&str], why: &str| {
        assert_refused(&scene.node.qedex(&[command, &of_dave].concat()), why);
    };
    refused(&["session", "open", "//Eve", "--suri", "//Eve"], "the agent as sae-west-1");
    refused(&["session", "open", "//Bob", "--suri", "//Dave"], "draws keys as no SAE");
    refused(&["letter", "send", "//Eve", "text", "--from", "//Eve"], "the agent as sae-west-1");
    assert_eq!(scene.sessions(), 0, "nothing was asked for");

    let mut keys = Vec::new();
    for (suite, needs) in [("hmac", 1), ("one-time", 4)] {
        let (session, names) = scene.open(suite);
        assert_eq!(names.len(), needs, "{suite}");
        keys.extend(names);
        let number = session.to_string();
        let shown = scene.run(&["session", "status", &number]);
        assert_eq!(shown[0]["is_open"], true, "{shown}");
        assert_eq!(shown[0]["from"], Dave.to_account_id().to_string());
        scene.say(session, Dave, Eve, "1200 Wh at noon").await;
        scene.say(session, Eve, Dave, "für E., at 0.21").await;
        let long = "x".repeat(16_385);
        scene.refused(&["session", "send", &number, &long], Dave, "a text has 1 to 16384 bytes");
        scene.run(&[&["session", "close", &number, "--suri", "//Dave"][..], &of_dave].concat());
        scene.refused(&["session", "send", &number, "too late"], Dave, "the session is not open");
        assert_refused(&scene.node.qedex(&["session", "status", &number]), "there is no session");
        assert_eq!(scene.sessions(), 0);
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 5, "each key is of one session");

    // Letters: once each, whatever is repeated, and by name.
    let request = "6f8f5a0e-6a1c-4b0e-9d8a-2f8f2f7b6c11";
    let write = ["letter", "send", "//Eve", "the opening", "--from", "//Dave", "--slot", "70"];
    let first = [&write[..], &["--trade", "12", "--request", request], &of_dave].concat();
    let written = scene.run(&first);
    assert_eq!(scene.run(&first)["number"], written["number"], "the same letter");
    scene.run(&[&write[..], &["--seal", "one-time"], &of_dave].concat());
    let long = "x".repeat(2_017);
    let too_long = ["letter", "send", "//Eve", &long, "--from", "//Dave", "--seal", "one-time"];
    refused(&too_long, "a one-time letter takes one key");
    let receive = [&["letter", "receive"][..], &scene.door(Eve)].concat();
    let (mut letters, began) = (Vec::new(), Instant::now());
    while letters.len() < 2 {
        assert!(began.elapsed() < PATIENCE, "{letters:?}");
        let said = scene.run(&receive);
        letters.extend(said["letters"].as_array().expect("a list").clone());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(letters.len(), 2, "{letters:?}");
    for letter in &letters {
        assert_eq!(letter["text"], BASE64_STANDARD.encode("the opening"));
        assert_eq!((&letter["slot"], &letter["writer"]), (&json!(70), &json!("proven")));
    }
    let sent = scene.ask(&[&["letter", "list"][..], &of_dave].concat());
    let states = sent["sent"].as_array().expect("a list").iter().map(|one| &one["state"]);
    assert!(
        states.clone().count() == 2 && states.clone().all(|state| state == "delivered"),
        "{sent}"
    );
    assert_eq!(scene.run(&receive)["letters"], json!([]), "they are handed out once");
}
