//! What the binary says and the status it ends with.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;

/// How long a node may take to do what a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);

fn node(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qedex-node"));
    command.args(args).stdin(Stdio::null());
    command
}

/// Runs a command that ends by itself.
fn run(args: &[&str]) -> Output {
    node(args).output().expect("the node's binary runs")
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON on standard output")
}

/// Checks for status 2 and gives back the last line of standard error.
fn refusal(status: Option<i32>, stderr: &str) -> String {
    assert_eq!(status, Some(2), "{stderr}");
    stderr.lines().last().expect("an error is told").to_owned()
}

fn refused(args: &[&str]) -> String {
    let output = run(args);
    refusal(output.status.code(), &String::from_utf8_lossy(&output.stderr))
}

/// Tests of chains that are built in need the runtime, which SKIP_WASM_BUILD leaves out.
fn runtime_is_built_in() -> bool {
    qedex_runtime::WASM_BINARY.is_some()
}

/// A node that runs, and is killed at the end of the test; its standard error line by line.
struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    fn start(args: &[&str]) -> Self {
        let mut child = node(args)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the node's binary runs");
        let stderr = child.stderr.take().expect("piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// Waits until the node has logged every one of `wanted`.
    fn wait_for(&self, wanted: &[&str]) {
        let mut wanted = wanted.to_vec();
        let mut seen = Vec::new();
        while !wanted.is_empty() {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("the node did not log {wanted:?}, but:\n{}", seen.join("\n"));
            };
            wanted.retain(|text| !line.contains(text));
            seen.push(line);
        }
    }

    /// Waits until the node has ended, and gives back its status and all that it told.
    fn wait_for_end(mut self) -> (Option<i32>, String) {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => seen.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("the node runs on"),
            }
        }
        (self.child.wait().expect("it ran").code(), seen.join("\n"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only if the node has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_missing_chain_spec_is_named() {
    for args in [
        &["--chain", "no/such/spec.json"][..],
        &["export-chain-spec", "--chain", "no/such/spec.json"],
        &["chain-info", "--chain", "no/such/spec.json"],
    ] {
        let error = refused(args);
        assert!(error.contains("no/such/spec.json"), "{error}");
        assert!(error.contains("No such file"), "{error}");
    }
}

#[test]
fn a_chain_spec_that_is_no_json_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("broken.json");
    std::fs::write(&path, "not JSON").expect("written");
    let error = refused(&["--chain", path.to_str().expect("UTF-8")]);
    assert!(error.contains("broken.json"), "{error}");
}

#[test]
fn an_unknown_flag_is_refused() {
    let output = run(&["--no-such-flag"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--no-such-flag"));
}

#[test]
fn keys_are_generated_and_inspected() {
    let generated = json(&run(&["key", "generate", "--output-type", "json"]));
    let phrase = generated["secretPhrase"].as_str().expect("a phrase");
    let inspected = json(&run(&["key", "inspect", "--output-type", "json", phrase]));
    assert_eq!(inspected["ss58Address"], generated["ss58Address"]);

    let alice = json(&run(&["key", "inspect", "--output-type", "json", "//Alice"]));
    assert_eq!(alice["ss58Address"], "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
}

#[test]
fn a_binary_without_the_runtime_says_so() {
    if !runtime_is_built_in() {
        let error = refused(&["export-chain-spec", "--chain", "local"]);
        assert!(error.contains("WASM runtime"), "{error}");
    }
}

#[test]
fn the_built_in_chains_name_themselves_and_their_token() {
    if !runtime_is_built_in() {
        return;
    }
    for (chain, id) in [("dev", "qedex_dev"), ("local", "qedex_local")] {
        for command in ["export-chain-spec", "build-spec"] {
            let spec = json(&run(&[command, "--chain", chain]));
            assert_eq!(spec["id"], id);
            assert_eq!(spec["properties"]["tokenSymbol"], "QED");
            assert_eq!(spec["properties"]["tokenDecimals"], 12);
            assert_eq!(spec["properties"]["ss58Format"], 42);
        }
    }
}

#[test]
fn a_chain_spec_from_a_file_is_the_chain_it_was_written_from() {
    if !runtime_is_built_in() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("local.json");
    let path = path.to_str().expect("UTF-8");
    let local = json(&run(&["export-chain-spec", "--chain", "local", "--raw"]));
    std::fs::write(path, local.to_string()).expect("written");
    assert_eq!(json(&run(&["export-chain-spec", "--chain", path, "--raw"])), local);
}

/// Ports are looked at before the genesis is: an empty one does.
#[test]
fn a_used_port_is_named_and_nothing_starts() {
    let directory = tempfile::tempdir().expect("a directory");
    let spec = directory.path().join("empty.json");
    std::fs::write(
        &spec,
        r#"{
            "name": "Empty", "id": "empty", "bootNodes": [],
            "genesis": { "raw": { "top": {}, "childrenDefault": {} } }
        }"#,
    )
    .expect("written");
    let spec = spec.to_str().expect("UTF-8");

    let held = TcpListener::bind("0.0.0.0:0").expect("a free port");
    let port = held.local_addr().expect("bound").port().to_string();
    let flags = ["--rpc-port", "--port", "--prometheus-port"];
    for flag in flags {
        let mut args = vec!["--dev", "--chain", spec];
        for each in flags {
            args.extend([each, if each == flag { &port } else { "0" }]);
        }
        let (status, stderr) = Running::start(&args).wait_for_end();
        let error = refusal(status, &stderr);
        assert!(error.contains(&port) && error.contains(flag), "{error}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
}

#[test]
fn blocks_are_written_and_finalised_on_both_network_back_ends() {
    if !runtime_is_built_in() {
        return;
    }
    for backend in ["libp2p", "litep2p"] {
        let directory = tempfile::tempdir().expect("a directory");
        let base_path = directory.path().to_str().expect("UTF-8");
        let running = Running::start(&[
            "--dev",
            "--base-path",
            base_path,
            "--network-backend",
            backend,
            "--rpc-port",
            "0",
            "--port",
            "0",
            "--prometheus-port",
            "0",
        ]);
        running.wait_for(&["Imported #2", "finalized #1"]);
        drop(running);

        let info = json(&run(&["chain-info", "--dev", "--base-path", base_path]));
        assert!(info["best_number"].as_u64() >= Some(1), "{info}");
    }
}

#[test]
fn further_saes_are_those_of_a_development_chain_with_key_services_and_at_most_a_hundred() {
    for (args, says) in [
        (&["--qkd-saes", "5"][..], "--dev"),
        (&["--dev", "--qkd-saes", "101"], "not in 0..=100"),
        (&["--dev", "--no-qkd", "--qkd-saes", "5"], "cannot be used with"),
    ] {
        let output = run(args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(says), "{args:?}: {stderr}");
    }
}
