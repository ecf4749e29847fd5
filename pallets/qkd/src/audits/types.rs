//! The book of a link's audits.

use alloc::collections::BTreeMap;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use qedex_primitives::{
    EpochIndex, OwnerId,
    audits::{
        AuditEpoch, AuditFailure, AuditOutcome, CLEAN_PASSES, Closure, MAX_ROUNDS, MAX_STRIKES,
        MAX_VOICES, Pick, Statement,
    },
    qkd::SiteId,
};
use scale_info::TypeInfo;

/// The most posts of a round: those of both ends.
pub type MaxPosts = ConstU32<{ MAX_VOICES.saturating_mul(2) }>;

/// What an owner has said in a round.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Post {
    /// Who.
    pub owner: OwnerId,
    /// At which end.
    pub site: SiteId,
    /// Which root it stands for.
    pub says: Statement,
    /// What it found, if it has said so.
    pub verdict: Option<AuditOutcome>,
}

/// How far a round is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Stage {
    /// Roots are posted.
    Posting,
    /// This root is fixed, and the value of this epoch of the beacon picks.
    Fixed(Statement, EpochIndex),
    /// A block is picked, and verdicts are given.
    Picked(Statement, Pick),
}

/// An audit epoch of a link that is under way.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Round {
    /// In which epoch of the beacon its first root was posted.
    pub opened: EpochIndex,
    /// What owners have said, each once.
    pub posts: BoundedVec<Post, MaxPosts>,
    /// How far it is.
    pub stage: Stage,
}

/// What an end says together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Of how many owners.
    pub owners: u32,
    /// What more than half of them say, if they do.
    pub says: Option<Statement>,
}

/// How the verdicts of a round stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Owners who say that it passed.
    pub passed: u32,
    /// Owners who say that it failed, or was not opened.
    pub failed: u32,
    /// Owners who have said nothing.
    pub silent: u32,
}

impl Tally {
    /// All who have a verdict.
    pub const fn all(&self) -> u32 {
        self.passed.saturating_add(self.failed).saturating_add(self.silent)
    }

    /// Whether so many are more than half of all.
    pub const fn is_most(&self, owners: u32) -> bool {
        owners.saturating_mul(2) > self.all()
    }
}

/// How many these are.
fn number<I>(all: impl Iterator<Item = I>) -> u32 {
    u32::try_from(all.count()).unwrap_or(u32::MAX)
}

impl Round {
    /// What was fixed.
    pub const fn fixed(&self) -> Option<Statement> {
        match self.stage {
            Stage::Posting => None,
            Stage::Fixed(says, _) | Stage::Picked(says, _) => Some(says),
        }
    }

    /// What `owner` has said.
    pub fn post_of(&self, owner: &OwnerId) -> Option<&Post> {
        self.posts.iter().find(|post| post.owner == *owner)
    }

    /// How many owners have posted at an end.
    pub fn posts_at(&self, site: SiteId) -> u32 {
        number(self.posts.iter().filter(|post| post.site == site))
    }

    /// What an end says together.
    pub fn voice(&self, site: SiteId) -> Voice {
        let mut votes = BTreeMap::<Statement, u32>::new();
        for post in self.posts.iter().filter(|post| post.site == site) {
            let count = votes.entry(post.says).or_default();
            *count = count.saturating_add(1);
        }
        let owners = self.posts_at(site);
        let most = votes.into_iter().find(|(_, count)| count.saturating_mul(2) > owners);
        Voice { owners, says: most.map(|(says, _)| says) }
    }

    /// How the verdicts stand.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for post in &self.posts {
            let count = match post.verdict {
                Some(AuditOutcome::Passed) => &mut tally.passed,
                Some(AuditOutcome::Failed(_) | AuditOutcome::NotOpened) => &mut tally.failed,
                None => &mut tally.silent,
            };
            *count = count.saturating_add(1);
        }
        tally
    }

    /// The outcome that most of those name who say that it failed, and of several the first one in their
    /// order.
    pub fn found(&self) -> Option<AuditOutcome> {
        let mut votes = BTreeMap::<AuditOutcome, u32>::new();
        let given = self.posts.iter().filter_map(|post| post.verdict);
        for outcome in given.filter(|outcome| *outcome != AuditOutcome::Passed) {
            let count = votes.entry(outcome).or_default();
            *count = count.saturating_add(1);
        }
        let most = votes.values().copied().max()?;
        votes.into_iter().find(|(_, count)| *count == most).map(|(outcome, _)| outcome)
    }
}

/// The audits of a link.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct LinkBook {
    /// What is under way, the older first. Roots are posted in the last one only.
    pub rounds: BoundedVec<Round, ConstU32<MAX_ROUNDS>>,
    /// The latest audit epoch whose root was fixed.
    pub last: Option<AuditEpoch>,
    /// How many owners had posted when it was, at each end of the link; none at an end that did not post
    /// since.
    pub voices: [u32; 2],
    /// How often it has failed, [`MAX_STRIKES`] at most.
    pub strikes: u8,
    /// Audits that passed in a row, [`CLEAN_PASSES`] at most.
    pub passes: u8,
    /// Why it is closed, if it is.
    pub closed: Option<Closure>,
}

impl LinkBook {
    /// Charges a failure, and closes the link.
    pub fn fail(&mut self, why: AuditFailure, epoch: Option<AuditEpoch>, since: EpochIndex) {
        self.strikes = self.strikes.saturating_add(1).min(MAX_STRIKES);
        self.passes = 0;
        let doublings = u32::from(self.strikes.saturating_sub(1));
        let needed = 1_u8.checked_shl(doublings).unwrap_or(u8::MAX);
        self.closed = Some(Closure { why, epoch, since, needed });
    }

    /// Counts an audit that passed. Says whether the link is opened by it.
    pub fn pass(&mut self) -> bool {
        self.passes = self.passes.saturating_add(1).min(CLEAN_PASSES);
        if self.passes == CLEAN_PASSES {
            self.strikes = 0;
        }
        let passes = self.passes;
        self.closed.take_if(|closure| passes >= closure.needed).is_some()
    }
}
