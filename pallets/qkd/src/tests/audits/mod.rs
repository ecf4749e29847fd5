//! The rules of audits, rule by rule.

mod closing;
mod fixing;
mod games;
mod interleavings;
mod refusals;

use super::{
    beacon::{block_at, brings, current, run_short_epochs, to_end, to_reveals},
    *,
};
use crate::{
    AuditBooks,
    audits::types::{LinkBook, Stage},
};
use qedex_primitives::{
    EpochIndex,
    audits::{
        AuditEpoch, AuditFailure, AuditFault, AuditOutcome, AuditRefusal, AuditWork, Pick,
        RootPost, Statement, VerdictPost,
    },
    keys::{KeyRules, LinkTerms},
    qkd::{BitsPerSecond, LinkId},
};

/// The other end of the link.
const FAR: SiteId = SiteId(1);
/// The link between both sites.
pub(super) const LINK: LinkId = LinkId(0);
/// Those who draw keys at this end.
pub(super) const HERE: [AccountId; 3] = [ANNA, BEN, CLARA];
/// Those who draw keys at the other end.
pub(super) const THERE: [AccountId; 3] = [20, 21, 22];

/// Runs a test with three owners at each end of an agreed link, from the beginning of an epoch of the beacon on.
fn run_audits(test: impl FnOnce()) {
    run_short_epochs(|| {
        put_link();
        System::reset_events();
        test();
    });
}

pub(super) fn put_link() {
    assert_ok!(Qkd::register_site(signed(OTHER_OPERATOR), text("Stadt")));
    for who in THERE {
        join_there(who);
    }
    admit(LINK);
    set_quorum(1);
}

/// Registers the next link, for which both operators stand, and the council admits it to the market.
fn admit(link: LinkId) {
    assert_ok!(Qkd::register_link(signed(OPERATOR), SITE, FAR, BitsPerSecond(4_267)));
    assert_ok!(Qkd::agree_link(signed(OTHER_OPERATOR), link));
    let terms = LinkTerms { most_keys_per_epoch: 100, most_qber_ppm: 110_000 };
    assert_ok!(Qkd::admit_link(root(), link, terms));
}

/// So many owners at each end have to report and to post. Reports count for long.
fn set_quorum(quorum: u32) {
    let rules = KeyRules { bound: true, quorum, stale_after: 96, ..KeyRules::default() };
    assert_ok!(Qkd::set_key_rules(root(), rules));
}

/// Enrols somebody at the other end.
fn join_there(who: AccountId) {
    TestMembership::set_owner(who, owner(who));
    assert_ok!(Balances::force_set_balance(root(), who, WEALTH));
    assert_ok!(Qkd::enrol(signed(OTHER_OPERATOR), FAR, sae(who), who, EXPIRY));
    let id = EnrolmentId(NextEnrolment::<Test>::get() - 1);
    assert_ok!(Qkd::accept_sae(signed(who), id));
    assert_ok!(Qkd::set_worker(signed(who), Some(worker_key(who))));
}

pub(super) fn everybody() -> Vec<AccountId> {
    [HERE, THERE].concat()
}

/// What honest services say of an epoch.
pub(super) fn says(epoch: u64) -> Statement {
    let hash = sp_io::hashing::blake2_256(&epoch.to_le_bytes());
    Statement { epoch: AuditEpoch(epoch), root: H256(hash), keyed: 50 }
}

/// A root for the same epoch that no service has.
fn other(epoch: u64) -> Statement {
    Statement { root: H256::repeat_byte(0xee), ..says(epoch) }
}

fn by(who: AccountId, epoch: EpochIndex, work: AuditWork) -> Call<Test> {
    let signed = work.signing_bytes(GENESIS, &Padded::convert(who), epoch);
    let signature = WorkerSignature(worker(who).sign(&signed));
    Call::bring_audits { who, epoch, work, signature }
}

pub(super) fn work_of(roots: Vec<RootPost>, verdicts: Vec<VerdictPost>) -> AuditWork {
    AuditWork { roots: roots.try_into().unwrap(), verdicts: verdicts.try_into().unwrap() }
}

fn posting(who: AccountId, says: Statement) -> Call<Test> {
    by(who, current().index, work_of(vec![RootPost { link: LINK, says }], vec![]))
}

fn verdict(who: AccountId, epoch: u64, outcome: AuditOutcome) -> Call<Test> {
    let place = pick_of(epoch).expect("a block is picked").place;
    let epoch = AuditEpoch(epoch);
    let verdict = VerdictPost { link: LINK, epoch, place, outcome };
    by(who, current().index, work_of(vec![], vec![verdict]))
}

fn book() -> LinkBook {
    AuditBooks::<Test>::get(LINK).unwrap_or_default()
}

pub(super) fn pick_of(epoch: u64) -> Option<Pick> {
    book().rounds.iter().find_map(|round| match round.stage {
        Stage::Picked(says, pick) if says.epoch == AuditEpoch(epoch) => Some(pick),
        _ => None,
    })
}

pub(super) fn closed() -> Option<AuditFailure> {
    book().closed.map(|closure| closure.why)
}

/// These post what they say, and the epoch of the beacon goes to its end.
fn posted(posts: &[(AccountId, Statement)]) {
    for (who, says) in posts {
        brings(posting(*who, *says));
    }
    to_reveals();
    to_end();
}

/// Everybody posts the true root of an epoch, and its block is picked.
fn picked(epoch: u64) {
    posted(&everybody().into_iter().map(|who| (who, says(epoch))).collect::<Vec<_>>());
    assert!(pick_of(epoch).is_some());
}

/// These say so, and the epoch of the beacon goes to its end.
fn judged(epoch: u64, verdicts: &[(AccountId, AuditOutcome)]) {
    for (who, outcome) in verdicts {
        brings(verdict(*who, epoch, *outcome));
    }
    to_reveals();
    to_end();
}

/// Everybody says so.
fn all_say(epoch: u64, outcome: AuditOutcome) {
    judged(epoch, &everybody().into_iter().map(|who| (who, outcome)).collect::<Vec<_>>());
}

const PASSED: AuditOutcome = AuditOutcome::Passed;
const RAW: AuditOutcome = AuditOutcome::Failed(AuditFault::Raw);

/// An audit of an epoch, from its root to its end.
fn audited(epoch: u64, outcome: AuditOutcome) {
    picked(epoch);
    all_say(epoch, outcome);
}

/// Refused by pools and blocks alike, for this.
fn refused_as(call: Call<Test>, why: AuditRefusal) {
    match why.may_pass() {
        true => refused(call, UnknownTransaction::Custom(why.code())),
        false => refused(call, InvalidTransaction::Custom(why.code())),
    }
}
