//! The workspace as Cargo sees it, and the rules that it has to keep.

mod arrows;
mod outside;
mod printing;
mod rooms;

use cargo_metadata::{Metadata, MetadataCommand, Package};
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
        MetadataCommand::new()
            .manifest_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
            .other_options(["--locked".into(), "--filter-platform".into(), host()])
            .exec()
            .expect("Cargo describes the workspace by its lock file")
    })
}

/// Our crates, each with its folder below the root of the repository.
fn ours() -> Vec<(String, &'static Package)> {
    let metadata = metadata();
    let folder = |package: &Package| {
        let folder = package.manifest_path.parent().expect("a manifest lies in a folder");
        let folder = folder.strip_prefix(&metadata.workspace_root).expect("it lies in here");
        folder.to_string()
    };
    metadata.workspace_packages().into_iter().map(|package| (folder(package), package)).collect()
}
