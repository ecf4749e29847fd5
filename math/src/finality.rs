//! How many voters GRANDPA can do without, and who of them may come and go (docs/design.md, section 7).
//!
//! Votes are equal. A block is final with the votes of more than two thirds: [`threshold`] of them. So a set
//! bears as many silent voters as [`bearable`] says, and what changes a set has to count with everybody who
//! may be silent then: those who are gone, and those who join, of whom nobody knows yet.

/// How many voters have to agree in a set of `voters`: the least that is more than two thirds. 0 in an empty
/// set.
#[must_use]
pub const fn threshold(voters: u32) -> u32 {
    voters.saturating_sub(bearable(voters))
}

/// How many of `voters` may be silent, or lie, without harm: floor((voters - 1) / 3). 0 in an empty set.
#[must_use]
pub const fn bearable(voters: u32) -> u32 {
    voters.saturating_sub(1) / 3
}

/// Whether a set of `voters` of whom `gone` do not vote any more goes on to make blocks final.
#[must_use]
pub const fn bears(voters: u32, gone: u32) -> bool {
    gone <= bearable(voters)
}

/// How many may join `staying` voters at once, of whom `gone` do not vote any more: as many that with none of
/// the new ones voting the old ones still reach the threshold of all. 1 beside 4, 3 beside 7, and nobody
/// beside fewer than 3.
#[must_use]
pub const fn joiners(staying: u32, gone: u32) -> u32 {
    // gone + j <= floor((staying + j - 1) / 3), solved for j.
    staying.saturating_sub(1).saturating_sub(gone.saturating_mul(3)) / 2
}

/// A set of voters and who waits to leave it or to join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// How many vote.
    pub voters: u32,
    /// How many of them are taken to vote no more, whoever is to leave among them.
    pub gone: u32,
    /// How many of those who are gone are to leave.
    pub leaving: u32,
    /// How many are ready to join.
    pub ready: u32,
    /// The fewest voters that there may be.
    pub least: u32,
    /// The most voters that there may be.
    pub most: u32,
}

/// How many come and go with one change of the set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turnover {
    /// How many leave.
    pub leave: u32,
    /// How many join.
    pub join: u32,
}

impl Waiting {
    /// As many as possible join, so that those who do not vote are still borne if none of the new ones
    /// votes; and as many leave as that permits without fewer than the least being left. A set that is
    /// below the least loses nobody. If too many are gone for anybody to join, only leaving helps.
    #[must_use]
    pub fn turnover(self) -> Turnover {
        let leave = |join: u32| {
            let room = self.voters.saturating_add(join).saturating_sub(self.least);
            self.leaving.min(self.voters).min(room)
        };
        let fits = |join: &u32| {
            let staying = self.voters.saturating_sub(leave(*join));
            let gone = self.gone.saturating_sub(leave(*join));
            *join <= joiners(staying, gone) && staying.saturating_add(*join) <= self.most
        };
        let join = (1..=self.ready.min(self.most)).rev().find(fits).unwrap_or_default();
        Turnover { leave: leave(join), join }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The least number of votes that is more than two thirds.
    fn votes_needed(voters: u32) -> u32 {
        (0..=voters).find(|votes| 3 * votes > 2 * voters).unwrap_or_default()
    }

    #[test]
    fn the_table_of_small_sets_is_grandpas() {
        let table = [(0, 0, 0), (1, 1, 0), (2, 2, 0), (3, 3, 0), (4, 3, 1), (5, 4, 1), (6, 5, 1)];
        for (voters, needed, silent) in table.into_iter().chain([(7, 5, 2), (9, 7, 2), (10, 7, 3)])
        {
            assert_eq!((threshold(voters), bearable(voters)), (needed, silent), "{voters}");
        }
    }

    #[test]
    fn a_newcomer_joins_four_and_three_join_seven() {
        let joining: Vec<_> = (0..=10).map(|staying| joiners(staying, 0)).collect();
        assert_eq!(joining, [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
        assert_eq!(joiners(4, 1), 0);
    }

    /// At the least size whoever is gone stays, until somebody takes its place in the same change.
    #[test]
    fn whoever_is_gone_waits_for_a_newcomer_at_the_least_size() {
        let full = Waiting { voters: 4, gone: 1, leaving: 1, ready: 0, least: 4, most: 100 };
        assert_eq!(full.turnover(), Turnover { leave: 0, join: 0 });
        let relieved = Waiting { ready: 3, ..full };
        assert_eq!(relieved.turnover(), Turnover { leave: 1, join: 1 });
        let five = Waiting { voters: 5, ..full };
        assert_eq!(five.turnover(), Turnover { leave: 1, join: 0 });
    }

    fn waiting() -> impl Strategy<Value = Waiting> {
        (0..40_u32, 0..40_u32, 0..40_u32, 0..20_u32, 1..20_u32, 1..60_u32).prop_map(
            |(voters, gone, leaving, ready, least, most)| {
                let gone = gone.min(voters);
                Waiting { voters, gone, leaving: leaving.min(gone), ready, least, most }
            },
        )
    }

    /// What may be tried: every number that joins with every number that leaves, each voter looked at.
    fn slow(waiting: Waiting) -> Turnover {
        let reaches = |leave: u32, join: u32| {
            let mut votes: Vec<bool> = (0..waiting.voters).map(|who| who >= waiting.gone).collect();
            votes.drain(..leave as usize);
            votes.extend((0..join).map(|_| false));
            let live = votes.iter().filter(|votes| **votes).count() as u32;
            votes.len() as u32 <= waiting.most && live >= votes_needed(votes.len() as u32)
        };
        let leaves = |join: u32| {
            (0..=waiting.leaving)
                .rev()
                .find(|leave| *leave == 0 || waiting.voters + join - leave >= waiting.least)
                .unwrap_or_default()
        };
        let join = (0..=waiting.ready)
            .rev()
            .find(|join| *join == 0 || waiting.voters > 0 && reaches(leaves(*join), *join))
            .unwrap_or_default();
        Turnover { leave: leaves(join), join }
    }

    proptest! {
        #[test]
        fn the_threshold_is_the_least_that_is_more_than_two_thirds(voters in 0..10_000_u32) {
            if voters > 0 {
                prop_assert_eq!(threshold(voters), votes_needed(voters));
            }
            prop_assert_eq!(bears(voters, bearable(voters)), true);
            prop_assert_eq!(bears(voters, bearable(voters) + 1), false);
        }

        #[test]
        fn as_many_join_as_trying_finds(staying in 0..200_u32, gone in 0..80_u32) {
            let found = (1..=staying)
                .take_while(|join| gone + join <= bearable(staying + join))
                .last()
                .unwrap_or_default();
            prop_assert_eq!(joiners(staying, gone), found);
        }

        #[test]
        fn turnover_is_what_trying_everything_finds(waiting in waiting()) {
            prop_assert_eq!(waiting.turnover(), slow(waiting));
        }

        #[test]
        fn no_input_is_too_large(
            voters in any::<u32>(), gone in any::<u32>(), leaving in any::<u32>(), least in any::<u32>(),
        ) {
            let found =
                Waiting { voters, gone, leaving, ready: 3, least, most: u32::MAX }.turnover();
            prop_assert!(found.leave <= leaving && found.join <= 3);
        }
    }
}
