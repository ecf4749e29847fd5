//! Which crates there are, and which of ours each of them may depend on.

/// A crate of ours, or several of a kind.
pub struct Room {
    /// Its folder. A `*` stands for any one name.
    pub folder: &'static str,
    /// The folders of those of our crates that it may depend on.
    pub imports: &'static [&'static str],
    /// Those that its tests and benchmarks may use besides.
    pub tests_import: &'static [&'static str],
    /// Crates from outside that it must not name at all. A `*` at the end stands for any ending.
    pub never: &'static [&'static str],
    /// Crates from outside that it must not name but as an option. As above.
    pub by_option: &'static [&'static str],
}

/// What a crate that is no part of the chain's code does without.
const SDK: &[&str] = &["frame-*", "pallet-*", "polkadot-*", "sc-*", "sp-*", "substrate-*"];

/// What a type that clients name does without: FRAME, and what runs in a runtime alone.
const FRAME: &[&str] = &["frame-*", "pallet-*", "sc-*", "sp-api", "sp-io", "sp-runtime"];

const fn room(folder: &'static str, imports: &'static [&'static str]) -> Room {
    Room { folder, imports, tests_import: &[], never: &[], by_option: &[] }
}

/// All rooms, the ground floor first. A room that is not built yet may stand here.
pub const ROOMS: &[Room] = &[
    Room { never: SDK, ..room("math", &[]) },
    Room { never: SDK, ..room("q-sah", &[]) },
    // Tables and numbers as people have them: of no chain.
    Room { never: SDK, ..room("tables", &[]) },
    // What a program tells the one who called it.
    Room { never: SDK, ..room("console", &["tables"]) },
    Room { by_option: FRAME, ..room("primitives", &["math"]) },
    // No pallet of ours, in its tests neither: each names what it needs as a trait, and its mock
    // stands in for the others. The messages of a handshake are read by the code that writes them.
    room("pallets/*", &["math", "primitives", "q-sah"]),
    // Its games play the ends of a session.
    Room { tests_import: &["q-sah"], ..room("runtime", &["math", "primitives", "pallets/*"]) },
    // Beside the chain, as clients are: it knows of it what they know.
    Room { by_option: FRAME, ..room("agent", &["math", "primitives", "q-sah", "qkms"]) },
    Room {
        tests_import: &["testnode"],
        ..room("node", &["math", "primitives", "q-sah", "qkms", "agent", "runtime"])
    },
    Room {
        // Its calls and answers are held against the runtime's own.
        tests_import: &["pallets/*", "runtime", "testnode"],
        never: &["clap", "comfy-table"],
        ..room("client", &["math", "primitives", "tables"])
    },
    Room {
        tests_import: &["testnode"],
        never: &["clap"],
        ..room("play", &["math", "primitives", "client", "console", "tables"])
    },
    Room {
        // Its terms are held against the runtime's.
        tests_import: &["runtime"],
        never: SDK,
        ..room("planner", &["math", "primitives", "client", "console", "play", "ems", "tables"])
    },
    Room { never: SDK, ..room("ems", &["math", "primitives", "tables"]) },
    Room { never: SDK, ..room("qkms", &["math", "primitives", "client", "q-sah", "tables"]) },
    Room {
        tests_import: &["testnode"],
        ..room("serve", &["math", "primitives", "client", "tables"])
    },
    room("web", &["math", "primitives", "client"]),
    Room {
        // Its tests and benchmarks make calls and read storage by the runtime's own types; a key service
        // that fails when it is told to has the certificates and the TLS of the true one.
        tests_import: &["pallets/*", "qkms", "runtime", "testnode"],
        ..room(
            "cli",
            &["math", "primitives", "client", "console", "planner", "play", "q-sah", "tables"],
        )
    },
    // Key services as well: and what it sends to a node it makes by the runtime's own types.
    room("testnode", &["math", "primitives", "client", "runtime", "qkms"]),
    room("architecture", &[]),
];

/// Whether `name` is what `pattern` says, in which a `*` stands for one name of a path or for any
/// ending.
pub fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.strip_prefix(start).is_some_and(|rest| !rest.contains('/')),
        None => pattern == name,
    }
}
