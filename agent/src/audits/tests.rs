//! When an auditor speaks, and of what.

use super::*;
use qedex_primitives::{
    audits::{AuditEpoch, AuditFault, Haste, LinkNews, PickNews},
    qkd::LinkId,
};

fn auditor(links: &[u32]) -> Auditor {
    let link =
        |link: &u32| AuditedLink { link: *link, kme: "a".into(), peer: "b".into(), files: None };
    let settings = Settings {
        page: "127.0.0.1:1".parse().expect("an address"),
        token_file: None,
        links: links.iter().map(link).collect(),
    };
    Auditor::new(settings).expect("settings")
}

fn says(epoch: u64) -> Statement {
    Statement { epoch: AuditEpoch(epoch), root: [7; 32].into(), keyed: 60 }
}

fn pick(epoch: u64) -> PickNews {
    PickNews {
        says: says(epoch),
        challenge: [8; 32].into(),
        place: Some(5),
        awaited: true,
        is_last: false,
    }
}

fn told(link: u32, posts: bool, picks: &[PickNews]) -> LinkNews {
    LinkNews { link: LinkId(link), last: Some(AuditEpoch(3)), posts, picks: picks.to_vec() }
}

fn news(epoch: u64, haste: Haste, links: Vec<LinkNews>) -> AuditNews {
    AuditNews { genesis: [9; 32].into(), account: [1; 32], epoch, haste, links }
}

/// The records of the link's epoch are whole.
fn whole(auditor: &Auditor, link: u32, epoch: u64) {
    auditor.state().links.entry(link).or_default().ready = Some(says(epoch));
}

fn found(auditor: &Auditor, link: u32, epoch: u64, outcome: AuditOutcome) {
    let mut state = auditor.state();
    let known = state.links.entry(link).or_default();
    known.found.insert((says(epoch), [8; 32]), outcome);
}

const RAW: AuditOutcome = AuditOutcome::Failed(AuditFault::Raw);

#[test]
fn roots_that_are_not_there_are_waited_for_in_the_first_quarter_only() {
    let auditor = auditor(&[0, 1]);
    whole(&auditor, 0, 4);
    let in_haste = |haste| news(1, haste, vec![told(0, true, &[]), told(1, true, &[])]);
    assert_eq!(auditor.news(in_haste(Haste::Early)), None);
    let work = auditor.news(in_haste(Haste::Late)).expect("it speaks");
    assert_eq!(work.roots.iter().map(|post| post.link.0).collect::<Vec<_>>(), [0]);
    // It has spoken: what is there later waits for the next epoch.
    whole(&auditor, 1, 4);
    assert_eq!(auditor.news(in_haste(Haste::Late)), Some(work));
    let next = news(2, Haste::Early, vec![told(0, false, &[]), told(1, true, &[])]);
    let work = auditor.news(next).expect("it speaks");
    assert_eq!(work.roots.iter().map(|post| post.link.0).collect::<Vec<_>>(), [1]);
}

#[test]
fn verdicts_are_waited_for_until_reveals_are_open() {
    let auditor = auditor(&[0]);
    whole(&auditor, 0, 4);
    let in_haste = |haste| news(1, haste, vec![told(0, true, &[pick(3)])]);
    assert_eq!(auditor.news(in_haste(Haste::Early)), None);
    assert_eq!(auditor.news(in_haste(Haste::Late)), None);
    found(&auditor, 0, 3, RAW);
    let work = auditor.news(in_haste(Haste::Late)).expect("it speaks");
    assert_eq!((work.roots.len(), work.verdicts[0].outcome), (1, RAW));
    assert_eq!((work.verdicts[0].epoch, work.verdicts[0].place), (AuditEpoch(3), Some(5)));

    // Without the verdict the root goes when reveals are open.
    let other = self::auditor(&[0]);
    whole(&other, 0, 4);
    let work = other.news(in_haste(Haste::Last)).expect("it speaks");
    assert_eq!((work.roots.len(), work.verdicts.len()), (1, 0));
}

#[test]
fn what_is_on_the_chain_is_not_said_again() {
    let auditor = auditor(&[0]);
    whole(&auditor, 0, 4);
    found(&auditor, 0, 3, AuditOutcome::Passed);
    let both = auditor.news(news(1, Haste::Early, vec![told(0, true, &[pick(3)])]));
    assert_eq!(both.map(|work| work.count()), Some(2));
    let given = PickNews { awaited: false, ..pick(3) };
    let root = auditor.news(news(1, Haste::Early, vec![told(0, true, &[given])]));
    assert_eq!(root.map(|work| (work.roots.len(), work.verdicts.len())), Some((1, 0)));
    assert_eq!(auditor.news(news(1, Haste::Early, vec![told(0, false, &[given])])), None);
    // A root that the chain has no more room for, since a later one is fixed.
    let later = LinkNews { last: Some(AuditEpoch(4)), ..told(0, true, &[given]) };
    assert_eq!(auditor.news(news(1, Haste::Last, vec![later])), None);
}

#[test]
fn what_is_not_opened_is_called_so_at_the_very_end() {
    let auditor = auditor(&[0]);
    let last = PickNews { is_last: true, ..pick(3) };
    let of = |haste, pick| news(1, haste, vec![told(0, false, &[pick])]);
    assert_eq!(auditor.news(of(Haste::Last, pick(3))), None);
    assert_eq!(auditor.news(of(Haste::Late, last)), None);
    let work = auditor.news(of(Haste::Last, last)).expect("it speaks");
    assert_eq!(work.verdicts[0].outcome, AuditOutcome::NotOpened);
}

#[test]
fn nothing_is_said_of_links_that_the_operator_does_not_name() {
    let auditor = auditor(&[0]);
    whole(&auditor, 1, 4);
    let last = PickNews { is_last: true, ..pick(3) };
    assert_eq!(auditor.news(news(1, Haste::Last, vec![told(1, true, &[last])])), None);
}

/// A fork may have another value: what was found in the block of one is not said of the other's.
#[test]
fn what_was_found_is_of_one_pick() {
    let auditor = auditor(&[0]);
    found(&auditor, 0, 3, AuditOutcome::Passed);
    let other = PickNews { challenge: [1; 32].into(), ..pick(3) };
    assert_eq!(auditor.news(news(1, Haste::Last, vec![told(0, false, &[other])])), None);
}
