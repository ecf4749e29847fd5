//! The ledger of keys: what counts of reports, what slots are promised, and who is paid.

mod counting;
mod fund;
mod model;
mod promises;
mod refusals;

use super::*;
use crate::MarketKeys;
use qedex_primitives::{
    KeyBudget, SlotIndex,
    keys::{KeyLedger, KeyRules, LinkReport, LinkReports, LinkTerms},
    qkd::{BitsPerSecond, LinkId},
};
use sp_runtime::Permill;

/// The site of Anna, Ben and Clara.
const WEST: SiteId = SiteId(0);
/// The site of Fred, Gina and Hugo.
const EAST: SiteId = SiteId(1);
/// The link between both.
const LINK: LinkId = LinkId(0);
/// At the other site.
const FRED: AccountId = 20;
const GINA: AccountId = 21;
const HUGO: AccountId = 22;

/// All who report, each of an owner of its own: three at either site.
const REPORTERS: [AccountId; 6] = [ANNA, BEN, CLARA, FRED, GINA, HUGO];

/// What the link makes in an epoch by its operators' word: 1,000 keys.
const RATE: BitsPerSecond = BitsPerSecond(4_267);

/// As what it counts.
const TERMS: LinkTerms = LinkTerms { most_keys_per_epoch: 100, most_qber_ppm: 110_000 };

/// Half of the keys, two owners an end, two epochs.
const RULES: KeyRules =
    KeyRules { bound: true, market_share: Permill::from_percent(50), quorum: 2, stale_after: 2 };

/// Lets an account draw keys at a site until whatever moment.
fn draws(who: AccountId, site: SiteId) {
    TestMembership::set_owner(who, owner(who));
    let operator = if site == WEST { OPERATOR } else { OTHER_OPERATOR };
    assert_ok!(Qkd::put_enrolment(operator, site, sae(who), who, Moment::MAX));
    assert_ok!(Qkd::do_accept_sae(who, EnrolmentId(NextEnrolment::<Test>::get() - 1)));
}

/// A market of one link, which makes 100 keys an epoch, and three who report at each of its ends.
fn set_up_market() {
    EpochLength::set(60_000);
    skip_epochs(100);
    assert_ok!(Qkd::register_site(signed(OPERATOR), text("west")));
    assert_ok!(Qkd::register_site(signed(OTHER_OPERATOR), text("east")));
    for (number, who) in REPORTERS.into_iter().enumerate() {
        draws(who, if number < 3 { WEST } else { EAST });
    }
    put_link(LINK);
    assert_ok!(Qkd::set_key_rules(root(), RULES));
    assert_ok!(Qkd::admit_link(root(), LINK, TERMS));
    System::reset_events();
}

/// Registers the next link, for which both operators stand.
fn put_link(id: LinkId) {
    assert_ok!(Qkd::register_link(signed(OPERATOR), WEST, EAST, RATE));
    assert_ok!(Qkd::agree_link(signed(OTHER_OPERATOR), id));
}

fn run_market(test: impl FnOnce()) {
    run_bare(|| {
        set_up_market();
        test();
    });
}

fn report(stored: u64, made: u64) -> LinkReport {
    let drawn = made.saturating_sub(stored);
    LinkReport { link: LINK, stored, made, drawn, qber_ppm: 20_000, healthy: true }
}

fn says(who: AccountId, reports: &[LinkReport]) -> DispatchResult {
    let reports = LinkReports::truncate_from(reports.to_vec());
    Qkd::take_reports(&who, Qkd::current_epoch(), &reports)
}

/// So much is stored, and so much was made, by the word of who draws keys.
fn say(who: AccountId, stored: u64, made: u64) {
    assert_ok!(says(who, &[report(stored, made)]));
}

/// All say the same.
fn all_say(stored: u64, made: u64) {
    for who in REPORTERS {
        say(who, stored, made);
    }
}

fn next_epoch() {
    skip_epochs(1);
}

/// Goes on so far that whatever is stored counts, of which all speak.
fn filled_with(keys: u64) {
    skip_epochs(keys.div_ceil(TERMS.most_keys_per_epoch));
    all_say(keys, keys);
}

fn ledger() -> KeyLedger {
    Qkd::key_ledger()
}

/// What the link counts.
fn keys() -> u64 {
    ledger().links[0].keys
}

fn available() -> u64 {
    <Qkd as KeyBudget>::available()
}

/// Opens the gate of a slot, which asks for so many keys.
fn opens(slot: u64, keys: u64) -> Result<u64, DispatchError> {
    use qedex_primitives::Calendar;
    let slot = SlotIndex(slot);
    let gate = <Test as crate::Config>::Calendar::schedule(slot).gate_opens;
    Now::mutate(|now| *now = gate.max(*now));
    let promised = <Qkd as KeyBudget>::reserve(slot, keys)?;
    Flying::mutate(|slots| slots.insert(slot));
    Ok(promised)
}

fn settle(slot: u64, used: u64) {
    <Qkd as KeyBudget>::settle(SlotIndex(slot), used);
}

fn release(slot: u64) {
    <Qkd as KeyBudget>::release(SlotIndex(slot));
    Flying::mutate(|slots| slots.remove(&SlotIndex(slot)));
}

/// What is promised in all, and what of it is used.
fn promised() -> (u64, u64) {
    let market = MarketKeys::<Test>::get();
    (market.promised, market.used)
}
