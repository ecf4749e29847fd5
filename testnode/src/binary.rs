//! Where the programs under test are, and how they are run.

use std::{
    net::{TcpListener, UdpSocket},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};

/// A program of this workspace, which has to be built: it lies in the folder above the running test.
///
/// # Panics
/// If it does not exist.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let program =
        test.ancestors().skip(1).map(|folder| folder.join(name)).find(|program| program.is_file());
    program
        .unwrap_or_else(|| panic!("{name} is not built: scripts/test builds the workspace first"))
}

/// The node.
#[must_use]
pub fn node() -> PathBuf {
    program("qedex-node")
}

/// Runs the command line.
///
/// # Panics
/// If it does not run.
#[must_use]
pub fn qedex(arguments: &[&str]) -> Output {
    Command::new(program("qedex"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the command line runs")
}

/// What a program said on standard error.
#[must_use]
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Asserts that a command was refused with status 2 and says `why`.
///
/// # Panics
/// If it was not.
#[track_caller]
pub fn assert_refused(output: &Output, why: &str) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(why), "{said:?} does not name {why:?}");
}

/// An amount of plancks in an answer: a string of decimal digits.
///
/// # Panics
/// If it is none.
#[must_use]
#[track_caller]
pub fn plancks(value: &serde_json::Value) -> u128 {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no string"));
    text.parse().expect("decimal digits")
}

/// A port that is free for TCP and, as the node wants it, for UDP, and stays so: it lies below those that the
/// system gives to whoever asks for any, or connects.
///
/// # Panics
/// If the number of this process cannot be told.
#[must_use]
pub fn lasting_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 150).expect("a small number") * 100;
    loop {
        let port = 10_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 15_000;
        let at = ("127.0.0.1", port);
        if TcpListener::bind(at).is_ok() && UdpSocket::bind(at).is_ok() {
            return port;
        }
    }
}

/// A running program; it is killed when this goes out of scope.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        // A stopped process takes the signal as well; only one that has ended does not.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
