//! What it costs to be a nuisance to those who draw keys and open sessions, and what it costs them.
//!
//! Each attack is played through the whole runtime with messages of Q-SAH under made-up keys, by agents
//! that keep the rules of ours. Nobody gains money by any of them: what counts is who pays how much.

mod deposits;
mod ledger;
mod operators;
mod peers;
mod scarcity;
pub mod scene;
mod steps;
mod strangers;

use super::document::Row;
use ledger::Cost;

/// An attack that was played.
struct Griefing {
    /// What the thief does.
    attack: &'static str,
    /// What comes of it.
    outcome: String,
    /// What it cost the thief and its friends.
    thief: Cost,
    /// What it cost those whom it was aimed at.
    victim: Cost,
}

impl Griefing {
    /// Holds that it cost the thief no less than its victims, of each kind, or that it did cost less; and
    /// that the document says so.
    #[track_caller]
    fn costs_no_less(self, no_less: bool) {
        let Self { attack, outcome, thief, victim } = self;
        assert_eq!(thief.is_no_less_than(&victim), no_less, "{attack}: {thief:?}, {victim:?}");
        let verdict = if no_less { "yes" } else { "no" };
        let row = Row::new(&[attack, &outcome, &thief.told(), &victim.told(), verdict]);
        row.stands_in_the_document_under("keys", 1);
    }
}
