//! Nothing but tests: who may depend on whom in this workspace, and on what from outside; how long a
//! file may be, and that Cargo is always called with the lock file.
//!
//! The arrows between our crates stand in `tests/workspace/rooms.rs`, one line a crate; licences,
//! bans and the bound of duplicates in `tests/workspace/outside.rs`. `deny.toml` says the same of
//! what comes from outside to `cargo deny`, which knows the advisories as well. Which arrows between the
//! files of a crate count, and why none may come round, says `tests/workspace/circles.rs`.
