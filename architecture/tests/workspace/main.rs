//! The workspace as Cargo sees it, and the rules that it has to keep.

mod arrows;
mod circles;
mod features;
mod metadata;
mod modules;
mod outside;
mod pages;
mod printing;
mod rooms;

use metadata::{Metadata, Package};
use std::{path::Path, process::Command, sync::OnceLock};

/// The triple of this machine, as the compiler names it.
fn host() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().expect("the compiler answers");
    let text = String::from_utf8(output.stdout).expect("it is text");
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("it names its host").to_owned()
}

/// All crates of the lock file that this machine needs, with what depends on what.
fn metadata() -> &'static Metadata {
    static METADATA: OnceLock<Metadata> = OnceLock::new();
    METADATA.get_or_init(|| {
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &host()])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            .output()
            .expect("Cargo answers");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("Cargo describes the workspace")
    })
}

/// Our crates, each with its folder below the root of the repository.
fn ours() -> Vec<(String, &'static Package)> {
    let metadata = metadata();
    let folder = |package: &Package| {
        let folder = package.manifest_path.parent().expect("a manifest lies in a folder");
        let folder = folder.strip_prefix(&metadata.workspace_root).expect("it lies in here");
        folder.to_str().expect("a readable path").to_owned()
    };
    metadata.workspace_packages().map(|package| (folder(package), package)).collect()
}
