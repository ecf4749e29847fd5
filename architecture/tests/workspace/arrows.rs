//! The arrows between our crates go one way.

use super::metadata::Dependency;
use super::{
    ours,
    rooms::{ROOMS, Room, matches},
};

/// The rooms whose absence would mean that these tests look at the wrong place.
const BUILT: &[&str] = &[
    "architecture",
    "cli",
    "client",
    "console",
    "math",
    "node",
    "pallets/*",
    "planner",
    "play",
    "primitives",
    "q-sah",
    "runtime",
    "tables",
    "testnode",
];

fn rooms_of(folder: &str) -> Vec<&'static Room> {
    ROOMS.iter().filter(|room| matches(room.folder, folder)).collect()
}

fn room_of(folder: &str) -> &'static Room {
    rooms_of(folder).first().expect("another test sees to it that there is one")
}

/// What a crate names, as far as it matters here.
#[derive(Clone, Copy)]
struct Import<'a> {
    name: &'a str,
    /// The folder of a crate of ours.
    ours: Option<&'a str>,
    for_tests: bool,
    optional: bool,
}

/// Why a room may not name this.
fn objection(room: &Room, import: Import) -> Option<String> {
    let among = |list: &[&str], name: &str| list.iter().any(|pattern| matches(pattern, name));
    let may = match import.ours {
        Some(folder) => {
            among(room.imports, folder) || import.for_tests && among(room.tests_import, folder)
        }
        None => {
            let by_option = import.optional || import.for_tests;
            !among(room.never, import.name) && (by_option || !among(room.by_option, import.name))
        }
    };
    (!may).then(|| format!("{} must not depend on {}", room.folder, import.name))
}

#[test]
fn every_crate_has_one_room_and_the_rooms_that_were_built_are_there() {
    let ours = ours();
    for (folder, package) in &ours {
        let rooms = rooms_of(folder).len();
        assert_eq!(rooms, 1, "say in rooms.rs what {} in {folder} may depend on", package.name);
    }
    for room in BUILT {
        assert!(ours.iter().any(|(folder, _)| matches(room, folder)), "where is {room}?");
    }
}

#[test]
fn our_crates_depend_on_those_below_them_alone() {
    let root = &super::metadata().workspace_root;
    let mut objections = Vec::new();
    for (folder, package) in ours() {
        for Dependency { name, path, kind, optional, .. } in &package.dependencies {
            let ours = path.as_ref().map(|path| {
                let folder = path.strip_prefix(root).expect("our crates lie in this repository");
                folder.to_str().expect("a readable path")
            });
            let for_tests = kind.as_deref() == Some("dev");
            let import = Import { name, ours, for_tests, optional: *optional };
            objections.extend(objection(room_of(&folder), import));
        }
    }
    assert!(objections.is_empty(), "{}", objections.join("\n"));
}

/// The rule itself, on crates that are not there.
#[test]
fn an_arrow_that_goes_up_is_found() {
    let ours =
        |folder| Import { name: folder, ours: Some(folder), for_tests: false, optional: false };
    let outside = |name| Import { name, ours: None, for_tests: false, optional: false };
    let refused = |folder, import| objection(room_of(folder), import).is_some();

    assert!(!refused("pallets/auction", ours("primitives")));
    assert!(!refused("pallets/qkd", ours("q-sah")));
    assert!(refused("pallets/auction", ours("pallets/settlement")));
    let in_tests = Import { for_tests: true, ..ours("pallets/settlement") };
    assert!(refused("pallets/auction", in_tests));
    assert!(refused("math", ours("primitives")));
    assert!(refused("q-sah", ours("math")));
    assert!(refused("client", ours("play")));
    assert!(refused("client", ours("runtime")));
    assert!(!refused("client", Import { for_tests: true, ..ours("runtime") }));
    assert!(refused("client", outside("comfy-table")));
    assert!(refused("qkms", outside("sp-core")));
    assert!(refused("primitives", outside("frame-support")));
    assert!(!refused("primitives", Import { optional: true, ..outside("frame-support") }));
    assert!(refused("math", Import { optional: true, ..outside("frame-support") }));
}
