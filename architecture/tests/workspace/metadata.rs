//! What Cargo says of the workspace, as far as these tests read it.
//!
//! Not by the crate `cargo_metadata`: its features of `semver` and `serde_json` would have the tests build
//! the whole SDK a second time.

use serde::Deserialize;
use std::path::PathBuf;

/// The workspace with all crates that it may need.
#[derive(Deserialize)]
pub struct Metadata {
    /// All of them.
    pub packages: Vec<Package>,
    /// The ids of ours.
    workspace_members: Vec<String>,
    /// Where the repository is.
    pub workspace_root: PathBuf,
}

impl Metadata {
    /// Our crates.
    pub fn workspace_packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }
}

/// A crate.
#[derive(Deserialize)]
pub struct Package {
    id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The expression of its licence.
    pub license: Option<String>,
    /// Where it comes from; nowhere, if it lies in this repository.
    pub source: Option<String>,
    /// What it names.
    pub dependencies: Vec<Dependency>,
    /// Its manifest.
    pub manifest_path: PathBuf,
    /// What is built of it.
    pub targets: Vec<Target>,
}

/// A library, a program, or a test that is built by itself.
#[derive(Deserialize)]
pub struct Target {
    /// Its first file.
    pub src_path: PathBuf,
}

/// What a crate names.
#[derive(Deserialize)]
pub struct Dependency {
    /// The name.
    pub name: String,
    /// `dev` for tests, `build` for its build script, nothing otherwise.
    pub kind: Option<String>,
    /// Whether it is an option.
    pub optional: bool,
    /// Where it lies, if it is in this repository.
    pub path: Option<PathBuf>,
}
