//! What others ask of audits.

use super::types::{LinkBook, Round, Stage};
use crate::{AuditBooks, Config, Links, Pallet};
use qedex_primitives::{
    audits::{LinkAudits, RoundView},
    qkd::{LinkId, SiteId},
};

fn view(round: &Round, sites: [SiteId; 2]) -> RoundView {
    let tally = round.tally();
    RoundView {
        fixed: round.fixed(),
        posts: sites.map(|site| round.posts_at(site)),
        pick: match round.stage {
            Stage::Picked(_, pick) => Some(pick),
            Stage::Posting | Stage::Fixed(..) => None,
        },
        verdicts: [tally.passed, tally.failed],
    }
}

impl<T: Config> Pallet<T> {
    /// Whether none of a link's keys counts, since its audits closed it.
    pub fn is_link_closed(link: LinkId) -> bool {
        AuditBooks::<T>::get(link).is_some_and(|book| book.closed.is_some())
    }

    /// Where the audits of a link stand; none if nothing was ever posted of it.
    pub fn link_audits(link: LinkId) -> Option<LinkAudits> {
        let sites = Links::<T>::get(link)?.sites;
        let LinkBook { rounds, last, passes, closed, .. } = AuditBooks::<T>::get(link)?;
        let rounds = rounds.iter().map(|round| view(round, sites)).collect();
        Some(LinkAudits { last, passes, closed, rounds })
    }
}
