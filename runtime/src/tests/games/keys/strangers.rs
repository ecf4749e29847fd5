//! What strangers do to somebody who takes requests.

use super::{Griefing, scene::*};
use crate::{tests::games::world::Offer, *};
use pallet_qkd::{Call, Error, Links};
use q_sah::Suite;
use qedex_primitives::qkd::{AcceptsFrom, LinkId};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::DispatchResult;

/// Of an owner of its own, or of Ferdie's.
const OTHER: Key = Key::FerdieStash;

/// These ask Eve for sessions for a minute, whenever they may, and confirm each. Says what came of it.
fn burn(suite: Suite, second: Option<Option<Key>>, attack: &'static str) -> Griefing {
    let mut scene = Scene::new();
    scene.joins(FERDIE, None);
    let mut thieves = vec![FERDIE];
    if let Some(first) = second {
        scene.joins(OTHER, first);
        thieves.push(OTHER);
    }
    let all = [&thieves[..], &[EVE]].concat();
    scene.mark();
    for _ in 0..PATIENCE {
        let mut offers = scene.steps(&all);
        let mut asked = 0;
        for thief in &thieves {
            // Accounts of one owner share its places.
            let shared = if second == Some(Some(FERDIE)) { asked } else { 0 };
            let [_, waiting] = scene.waiting(*thief, EVE);
            for _ in waiting + shared..2 {
                offers.push(scene.ask(*thief, EVE, suite, Made::Truly));
                asked += 1;
            }
        }
        let done = scene.offer(&offers);
        assert!(done.iter().all(|done| *done == Ok(Ok(()))), "{done:?}");
    }
    let (thief, victim) = (scene.cost(&thieves), scene.cost(&[EVE]));
    let rate = scene.world.look(|| Links::<Runtime>::get(LinkId(0))).expect("a link").rate.0;
    let made = rate * u64::from(PATIENCE) * MILLISECONDS_PER_BLOCK / 1_000;
    let burnt = u64::from(victim.keys) * 256;
    let share = burnt as f64 / made as f64 * 100.0;
    let outcome = format!("takes {share:.1} % of what the link makes meanwhile");
    Griefing { attack, outcome, thief, victim }
}

#[test]
fn who_burns_keys_burns_as_many_of_its_own() {
    let one = "one account opens sessions with B for a minute, as many as it may";
    burn(Suite::Hmac, None, one).costs_no_less(true);
    let attack = "the same in suite 2";
    burn(Suite::OneTime, None, attack).costs_no_less(true);
    let attack = "the same by two accounts of one owner";
    let two = burn(Suite::Hmac, Some(Some(FERDIE)), attack);
    let alone = burn(Suite::Hmac, None, one);
    assert_eq!(two.victim.keys, alone.victim.keys, "accounts of an owner share its places");
    two.costs_no_less(true);
    let attack = "the same by two owners";
    let two = burn(Suite::Hmac, Some(None), attack);
    assert_eq!(two.victim.keys, 2 * alone.victim.keys);
    two.costs_no_less(true);
}

#[test]
fn who_is_not_listed_pays_for_asking() {
    let mut scene = Scene::new();
    scene.joins(FERDIE, None);
    let listed = vec![DAVE.to_account_id()].try_into().unwrap();
    scene.act(EVE, Call::set_accepts_from { accepts: AcceptsFrom::Listed(listed) });
    scene.mark();
    let asked: Vec<_> = (0..10).map(|_| scene.ask(FERDIE, EVE, Suite::Hmac, Made::Truly)).collect();
    let refused = Error::<Runtime>::NotTaken.into();
    assert_eq!(scene.offer(&asked), vec![Ok(Err(refused)); 10]);
    let (thief, victim) = (scene.cost(&[FERDIE]), scene.cost(&[EVE]));
    scene.opened(DAVE, EVE);
    let attack = "ten requests to a B that does not list A";
    let outcome = "`NotTaken`; whom B lists is answered".into();
    Griefing { attack, outcome, thief, victim }.costs_no_less(true);
}

/// A request of this kind, until the deposit is back.
fn a_request(made: Made, answered: bool) -> Scene {
    let mut scene = Scene::new();
    scene.joins(FERDIE, None);
    scene.mark();
    let id = scene.asked_so(FERDIE, EVE, Suite::Hmac, made);
    if answered {
        assert!(scene.steps(&[EVE]).is_empty());
    }
    scene.until_gone(id);
    scene
}

#[test]
fn requests_that_b_does_not_answer_cost_b_nothing_or_what_they_cost_a() {
    let rows = [
        (
            "a request that names keys which do not exist",
            Made::UnderMadeUpNames,
            true,
            "a question at B's key service",
        ),
        ("a request that nobody answers", Made::Truly, false, "lapses"),
        (
            "a request under keys that A drew, with a MAC that is none",
            Made::WithoutMac,
            true,
            "B has drawn the key, and does not answer",
        ),
    ];
    for (attack, made, answered, outcome) in rows {
        let scene = a_request(made, answered);
        let (thief, victim) = (scene.cost(&[FERDIE]), scene.cost(&[EVE]));
        let fetched = made == Made::WithoutMac;
        assert_eq!(victim.keys, u32::from(fetched), "{attack}");
        Griefing { attack, outcome: outcome.into(), thief, victim }.costs_no_less(true);
    }
}

#[test]
fn who_never_confirms_pays_more_than_b() {
    let mut scene = Scene::new();
    scene.joins(FERDIE, None);
    scene.mark();
    let id = scene.asked(FERDIE, EVE);
    scene.procrastinate(id);
    let answer = scene.step(id).expect("an answer");
    scene.brings(answer);
    scene.until_gone(id);
    let (thief, victim) = (scene.cost(&[FERDIE]), scene.cost(&[EVE]));
    let attack = "a request that B answers as late as it may, and A never confirms";
    let outcome = "ends as `NotConfirmed`".into();
    Griefing { attack, outcome, thief, victim }.costs_no_less(true);
}

#[test]
fn nobody_takes_the_places_of_those_who_ask_b_honestly() {
    let mut scene = Scene::new();
    let thieves = [
        FERDIE,
        Key::AliceStash,
        Key::BobStash,
        Key::CharlieStash,
        Key::DaveStash,
        Key::EveStash,
        Key::FerdieStash,
    ];
    for thief in thieves {
        scene.joins(thief, None);
    }
    scene.mark();
    let mut offers = Vec::new();
    for thief in thieves {
        for _ in 0..3 {
            offers.push(scene.ask(thief, EVE, Suite::Hmac, Made::UnderMadeUpNames));
        }
    }
    let too_many: DispatchResult = Err(Error::<Runtime>::TooManyRequestsToPeer.into());
    for done in scene.offer(&offers).chunks(3) {
        assert_eq!(done, [Ok(Ok(())), Ok(Ok(())), Ok(too_many)]);
    }
    // Those of B's worker come beside, and are answered in the next block.
    let id = scene.asked(DAVE, EVE);
    let steps = scene.steps(&[EVE]);
    assert_eq!(steps.len(), 1);
    scene.offer(&steps);
    let steps = scene.steps(&[DAVE]);
    scene.offer(&steps);
    assert!(scene.is_open(id));
    scene.pass(PATIENCE);
    assert_eq!(scene.waiting(FERDIE, EVE), [0, 0]);
    let (thief, mut victim) = (scene.cost(&thieves), scene.cost(&[EVE]));
    // That for Dave is no loss.
    victim.keys -= 1;
    let attack = "seven owners ask B three times each, and name keys which do not exist";
    let outcome =
        "14 wait, 7 `TooManyRequestsToPeer`; who asks honestly is answered in the next block";
    Griefing { attack, outcome: outcome.into(), thief, victim }.costs_no_less(true);
}

/// Peers that answer nobody, beyond those that play.
const SILENT: [Key; 10] = [
    Key::Alice,
    Key::Bob,
    Key::Charlie,
    Key::AliceStash,
    Key::BobStash,
    Key::CharlieStash,
    Key::DaveStash,
    Key::EveStash,
    DAVE,
    EVE,
];

#[test]
fn an_account_takes_places_of_its_own_owner_only() {
    let mut scene = Scene::new();
    scene.joins(FERDIE, None);
    scene.joins(OTHER, Some(FERDIE));
    for peer in &SILENT[..8] {
        scene.joins(*peer, None);
    }
    scene.mark();
    let offers: Vec<Offer> = SILENT
        .iter()
        .flat_map(|peer| [*peer; 2])
        .map(|peer| scene.ask(OTHER, peer, Suite::Hmac, Made::UnderMadeUpNames))
        .collect();
    let done = scene.offer(&offers);
    assert!(done.iter().all(|done| *done == Ok(Ok(()))), "{done:?}");
    let [all, with_eve] = scene.waiting(FERDIE, EVE);
    assert_eq!((all, with_eve), (20, 2));
    let ask = scene.ask(FERDIE, EVE, Suite::Hmac, Made::Truly);
    let refused = Error::<Runtime>::TooManyRequestsToPeer.into();
    assert_eq!(scene.offer(&[ask]), [Ok(Err(refused))]);
    // Others are not concerned.
    scene.opened(DAVE, EVE);
    scene.pass(PATIENCE);
    let (thief, victim) = (scene.cost(&[OTHER]), scene.cost(&[FERDIE]));
    let attack =
        "an account takes two places each with ten peers, for a minute, from another of its owner";
    let outcome = "that one's request is refused, `TooManyRequestsToPeer`; nobody else's is".into();
    // Who looks at the chain before it draws a key keeps that.
    Griefing { attack, outcome, thief, victim }.costs_no_less(false);
}

#[test]
fn who_leaves_sessions_open_pays_for_each() {
    let mut scene = Scene::new();
    scene.joins(FERDIE, None);
    scene.mark();
    let ids: Vec<_> = (0..10).map(|_| scene.opened(FERDIE, EVE)).collect();
    scene.pass(PATIENCE);
    let closed: Vec<_> = ids
        .into_iter()
        .map(|session| Offer::Signed(EVE, Call::close_session { session }.into()))
        .collect();
    assert_eq!(scene.offer(&closed), [Ok(Ok(())); 10]);
    let (thief, victim) = (scene.cost(&[FERDIE]), scene.cost(&[EVE]));
    let attack =
        "ten sessions that stay open, to fill the records of B's agent, until B closes them";
    let outcome = "B pays a close for each".into();
    Griefing { attack, outcome, thief, victim }.costs_no_less(true);
}
