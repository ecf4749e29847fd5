//! What is said to the chain, and when.

use super::{Settings, State};
use qedex_primitives::audits::{
    AuditNews, AuditOutcome, AuditWork, Haste, LinkNews, PickNews, RootPost, VerdictPost,
};

/// What there is to be said, and whether more is to come.
#[derive(Default)]
struct Ready {
    roots: Vec<RootPost>,
    verdicts: Vec<VerdictPost>,
    lacks_roots: bool,
    lacks_verdicts: bool,
}

/// What is said to these news.
pub(super) fn said(state: &mut State, news: &AuditNews, settings: &Settings) -> Option<AuditWork> {
    if let Some((epoch, work)) = &state.said
        && *epoch == news.epoch
    {
        // What is on the chain, or can be no more, is not said again.
        return filled(again(work, news));
    }
    let ready = ready(state, news, settings);
    let speaks = match news.haste {
        Haste::Early => !ready.lacks_roots && !ready.lacks_verdicts,
        Haste::Late => !ready.lacks_verdicts,
        Haste::Last => true,
    };
    let work = AuditWork {
        roots: ready.roots.try_into().ok()?,
        verdicts: ready.verdicts.try_into().ok()?,
    };
    let work = filled(work).filter(|_| speaks)?;
    state.said = Some((news.epoch, work.clone()));
    Some(work)
}

fn filled(work: AuditWork) -> Option<AuditWork> {
    (!work.is_empty()).then_some(work)
}

fn again(work: &AuditWork, news: &AuditNews) -> AuditWork {
    let of = |link| news.links.iter().find(|told| told.link == link);
    let mut work = work.clone();
    work.roots.retain(|post| {
        of(post.link).is_some_and(|told| told.posts && told.last < Some(post.says.epoch))
    });
    work.verdicts.retain(|verdict| {
        let picks = of(verdict.link).into_iter().flat_map(|told| &told.picks);
        picks
            .filter(|pick| pick.awaited)
            .any(|pick| (pick.says.epoch, pick.place) == (verdict.epoch, verdict.place))
    });
    work
}

fn ready(state: &State, news: &AuditNews, settings: &Settings) -> Ready {
    let mut ready = Ready::default();
    let is_ours = |told: &&LinkNews| settings.links.iter().any(|own| own.link == told.link.0);
    for told in news.links.iter().filter(is_ours) {
        let known = state.links.get(&told.link.0);
        if told.posts {
            let root = known.and_then(|known| known.ready);
            match root.filter(|says| told.last < Some(says.epoch)) {
                Some(says) => ready.roots.push(RootPost { link: told.link, says }),
                None => ready.lacks_roots = true,
            }
        }
        for pick in told.picks.iter().filter(|pick| pick.awaited) {
            let found =
                known.and_then(|known| known.found.get(&(pick.says, pick.challenge.0)).copied());
            match found.or_else(|| not_opened(pick, news.haste)) {
                Some(outcome) => ready.verdicts.push(VerdictPost {
                    link: told.link,
                    epoch: pick.says.epoch,
                    place: pick.place,
                    outcome,
                }),
                None => ready.lacks_verdicts = true,
            }
        }
    }
    ready
}

fn not_opened(pick: &PickNews, haste: Haste) -> Option<AuditOutcome> {
    (pick.is_last && haste == Haste::Last).then_some(AuditOutcome::NotOpened)
}
