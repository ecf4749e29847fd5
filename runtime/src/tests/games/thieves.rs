//! What the thieves of the audit earned on the first release, and what they earn now: each plays its
//! own sequence on both, through the whole runtime.
//!
//! A sequence is a function that tries, whatever is refused, and says what came of it. Where a call
//! is not what it was, it asks the chain whether it is the first release.

mod connections;
mod councils;
mod crowds;
mod defence;
mod deputies;
mod evidence;
mod fresh;
mod hidden;
mod hiding;
mod installers;
mod leaders;
mod owners;
mod records;
mod refusals;
mod rules;
mod scene;
mod second;
mod third;

use super::{super::chain::Code, document::Row};
use scene::Scene;

/// A sequence, and what came of it where it is played.
#[derive(Clone, Copy)]
struct Theft {
    /// The number or letter of the finding.
    finding: &'static str,
    /// What the thief does.
    sequence: &'static str,
    play: fn(&mut Scene) -> String,
}

impl Theft {
    /// Holds that it earned `before` on the first release and earns `now`, and that the document says
    /// so.
    #[track_caller]
    fn earned(self, before: &str, now: &str) {
        let played = |code| (self.play)(&mut Scene::of(code));
        let row = Row::new(&[self.finding, self.sequence, before, now]);
        let played = [played(Code::of_release("v1")), played(Code::Native)];
        assert_eq!(played, [before, now], "{}, before and now", self.sequence);
        row.stands_in_the_document_under("thieves", 2);
    }
}
