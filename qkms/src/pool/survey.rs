//! The two ends agree on what is free after a restart or a broken block.
//!
//! One end sends the free ranges of some pools, and the blocks that it has staged. The other keeps
//! of these pools only what both hold, answers with what it keeps, and the first does the same.
//! What one end alone holds free was drawn, leased or expired at the other in a transaction that
//! the first has not got: it is dropped, whichever of the two has forgotten (after a restored
//! backup too). A lease of tag keys ends by its marks when tag keys are surveyed. Staged blocks that the answer knows are promoted, others dropped.
//!
//! A block that Alice's end has still staged may be in use at Bob's. So what Bob's end holds of
//! it is spared when Bob's end asks, and is what Alice's end keeps of it when she asks.

use super::{
    Books, Pool,
    error::BookError,
    free::subtract,
    record::{BlockRecord, Survey},
};

impl Books<'_> {
    /// What is free in `pools` without staged blocks, and which blocks are staged.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn survey(&mut self, pools: &[Pool]) -> Result<Survey, BookError> {
        if pools.iter().any(|pool| matches!(pool, Pool::Tags(_))) {
            self.recover_lease()?;
        }
        let mut survey = Survey { free: Vec::new(), staged: self.staged()? };
        for pool in pools {
            let mut ranges = self.tables.free.list(*pool)?;
            ranges.retain(|range| !survey.staged.contains(&range.block));
            survey.free.push((*pool, ranges));
        }
        Ok(survey)
    }

    /// Answers a survey of the other end: drops what that end does not hold free and tells what is
    /// left. Blocks that the other end staged are known to it, so they are spared.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn answer_survey(&mut self, theirs: &Survey) -> Result<Survey, BookError> {
        let mut known = Vec::new();
        for number in &theirs.staged {
            if self.block(*number)?.is_some_and(|record| record.bits > 0) {
                known.push(*number);
            }
        }
        let pools: Vec<Pool> = theirs.free.iter().map(|(pool, _)| *pool).collect();
        self.survey(&pools)?;
        self.keep_common(theirs, &theirs.staged)?;
        let mut answer = self.survey(&pools)?;
        for pool in Pool::ALL.into_iter().filter(|pool| is_other(&pools, *pool)) {
            let mut ranges = self.tables.free.list(pool)?;
            ranges.retain(|range| known.contains(&range.block));
            if !known.is_empty() {
                answer.free.push((pool, ranges));
            }
        }
        answer.staged.extend(known);
        Ok(answer)
    }

    /// Takes the answer to an own survey: drops what the other end does not hold free, promotes the
    /// staged blocks that it knows and drops the others.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn close_survey(&mut self, asked: &Survey, answer: &Survey) -> Result<(), BookError> {
        let pools: Vec<Pool> = asked.free.iter().map(|(pool, _)| *pool).collect();
        let others = answer.free.iter().filter(|(pool, _)| is_other(&pools, *pool));
        let of_staged = Survey { free: others.cloned().collect(), staged: Vec::new() };
        let known = |number| asked.staged.contains(&number) && answer.staged.contains(&number);
        self.keep_common_of(&of_staged, known)?;
        for number in &asked.staged {
            if answer.staged.contains(number) {
                self.promote(&[*number])?;
            } else {
                self.drop_block(*number)?;
            }
        }
        // Only what was told to the other end: blocks made meanwhile are none of its answer.
        let before = Survey {
            free: answer
                .free
                .iter()
                .filter(|(pool, _)| asked.free.iter().any(|(other, _)| other == pool))
                .cloned()
                .collect(),
            staged: Vec::new(),
        };
        let asked_blocks: Vec<u64> = asked
            .free
            .iter()
            .flat_map(|(_, ranges)| ranges.iter().map(|range| range.block))
            .collect();
        let spared = |number| answer.staged.contains(&number);
        self.keep_common_of(&before, |number| asked_blocks.contains(&number) && !spared(number))
    }

    fn keep_common(&mut self, theirs: &Survey, spared: &[u64]) -> Result<(), BookError> {
        let staged = self.staged()?;
        self.keep_common_of(theirs, |number| !spared.contains(&number) && !staged.contains(&number))
    }

    fn keep_common_of(
        &mut self,
        theirs: &Survey,
        concerned: impl Fn(u64) -> bool,
    ) -> Result<(), BookError> {
        for (pool, ranges) in &theirs.free {
            let mut ranges = ranges.clone();
            ranges.sort_unstable();
            for range in subtract(&self.tables.free.list(*pool)?, &ranges) {
                if !concerned(range.block) {
                    continue;
                }
                let old = matches!(pool, Pool::Keys(_)) && self.is_old(range.block)?;
                let place = self.place_of_lost(range.block, old)?;
                self.tables.free.take(*pool, range)?;
                self.discard(range, place)?;
            }
        }
        Ok(())
    }

    /// Blocks of which something is free and that are staged.
    fn staged(&self) -> Result<Vec<u64>, BookError> {
        let mut staged = Vec::new();
        for pool in Pool::ALL {
            for range in self.tables.free.iter(pool)? {
                let number = range?.block;
                if staged.last() != Some(&number)
                    && !staged.contains(&number)
                    && self.block(number)?.is_some_and(|record: BlockRecord| record.staged)
                {
                    staged.push(number);
                }
            }
        }
        Ok(staged)
    }
}

/// Whether a pool holds keys for SAEs in a direction that is not asked about.
fn is_other(asked: &[Pool], pool: Pool) -> bool {
    matches!(pool, Pool::Keys(_)) && !asked.contains(&pool)
}
