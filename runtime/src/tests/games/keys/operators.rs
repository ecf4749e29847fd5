//! What operators of key services do, alone and in league, and what anybody does to an enrolment.

use super::{Griefing, scene::*};
use crate::{tests::games::world::Offer, *};
use pallet_qkd::{Call, Error, WorkerRefusal};
use qedex_primitives::qkd::{BitsPerSecond, LinkId, SiteId};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::transaction_validity::InvalidTransaction;

#[test]
fn an_operator_ends_the_sessions_of_its_saes() {
    let mut scene = Scene::new();
    let open = scene.opened(DAVE, EVE);
    let asked = scene.asked(DAVE, EVE);
    let answer = scene.step(asked).expect("an answer");
    let enrolment = scene.enrolment_of(EVE);
    let enrol = scene.enrolment(EAST, EVE, YEAR);
    // In one block it is gone and there again, with another number.
    let remove = Offer::Signed(OPERATOR, Call::remove_sae { enrolment }.into());
    let enrol = Offer::Signed(OPERATOR, enrol.into());
    assert_eq!(scene.offer(&[remove, enrol]), [Ok(Ok(())); 2]);
    let enrolment = scene.latest_enrolment();
    scene.act(EVE, Call::accept_sae { enrolment });
    // The answer came too late: what ended is off the record.
    let gone = InvalidTransaction::Custom(WorkerRefusal::Gone.code());
    assert_eq!(scene.offer(&[answer]), [Err(gone.into())]);
    assert!(scene.session(open).is_none() && scene.session(asked).is_none());
    let (thief, victim) = (scene.cost(&[OPERATOR]), scene.cost(&[DAVE, EVE]));
    // The next one is as good as ever.
    scene.opened(EVE, DAVE);
    let attack = "B's operator removes its enrolment and enrols it anew, which ends two sessions";
    let outcome = "`SaeRemoved`; B has to accept, A to ask again".into();
    Griefing { attack, outcome, thief, victim }.costs_no_less(false);
}

#[test]
fn an_operator_in_league_with_b_lets_its_enrolment_expire_when_a_has_asked() {
    let mut scene = Scene::new();
    let enrolment = scene.enrolment_of(EVE);
    scene.act(OPERATOR, Call::remove_sae { enrolment });
    scene.mark();
    scene.enrols(OPERATOR, EAST, EVE, 12_000);
    let id = scene.asked(DAVE, EVE);
    let answer = scene.step(id).expect("an answer");
    scene.brings(answer);
    let confirmation = scene.step(id).expect("a confirmation");
    let expires = scene.session(id).expect("it is on record").expires;
    while scene.world.now + MILLISECONDS_PER_BLOCK < expires {
        scene.pass(1);
    }
    let ended = InvalidTransaction::Custom(WorkerRefusal::Ended.code());
    assert_eq!(scene.offer(&[confirmation]), [Err(ended.into())]);
    let (thief, victim) = (scene.cost(&[OPERATOR, EVE]), scene.cost(&[DAVE]));
    let attack = "B's operator, in league, enrols it for 12 s, and A asks";
    let outcome = "`Expired` before A confirms".into();
    Griefing { attack, outcome, thief, victim }.costs_no_less(false);
}

#[test]
fn anybody_removes_what_has_expired() {
    let mut scene = Scene::new();
    let enrolment = scene.enrolment_of(EVE);
    scene.act(OPERATOR, Call::remove_sae { enrolment });
    scene.enrols(OPERATOR, EAST, EVE, 12_000);
    let enrolment = scene.enrolment_of(EVE);
    let may_not = Error::<Runtime>::MayNotRemove.into();
    assert_eq!(scene.tries(FERDIE, Call::remove_sae { enrolment }), Err(may_not));
    scene.pass(6);
    scene.mark();
    scene.act(FERDIE, Call::remove_sae { enrolment });
    let expires = scene.world.now + YEAR;
    let unknown = Error::<Runtime>::UnknownEnrolment.into();
    assert_eq!(scene.tries(OPERATOR, Call::renew_sae { enrolment, expires }), Err(unknown));
    let thief = scene.cost(&[FERDIE]);
    scene.enrols(OPERATOR, EAST, EVE, YEAR);
    let victim = scene.cost(&[OPERATOR, EVE]);
    let attack = "a stranger removes an enrolment that has expired, before its operator renews it";
    let outcome = "it is enrolled and accepted anew".into();
    Griefing { attack, outcome, thief, victim }.costs_no_less(false);
}

#[test]
fn an_operator_takes_the_name_of_an_sae_until_the_council_removes_it() {
    let mut scene = Scene::new();
    scene.admit(FERDIE, None);
    scene.mark();
    // Ferdie's SAE is in the west. The operator in the east enrols its name for a friend.
    let mut call = scene.enrolment(EAST, FERDIE, YEAR);
    if let Call::enrol { account, .. } = &mut call {
        *account = Key::CharlieStash.to_account_id();
    }
    scene.act(OPERATOR, call);
    let call = scene.enrolment(WEST, FERDIE, YEAR);
    let taken = Error::<Runtime>::SaeEnrolled.into();
    assert_eq!(scene.tries(REGISTRAR, call), Err(taken));
    let (thief, victim) = (scene.cost(&[OPERATOR]), scene.cost(&[REGISTRAR, FERDIE]));
    let enrolment = scene.latest_enrolment();
    scene.world.decree(Call::remove_sae { enrolment }.into());
    scene.joins(FERDIE, None);
    let attack = "an operator enrols the SAE of another one's site for a friend";
    let outcome = "`SaeEnrolled` at its true site, until the council removes the false one".into();
    Griefing { attack, outcome, thief, victim }.costs_no_less(true);
}

#[test]
fn an_operator_blocks_anothers_site_with_links() {
    let mut scene = Scene::new();
    scene.act(REGISTRAR, Call::register_site { name: b"north".to_vec().try_into().unwrap() });
    let north = SiteId(2);
    scene.mark();
    let rate = BitsPerSecond(1);
    let link = Call::register_link { own: EAST, other: north, rate };
    for _ in 0..5 {
        scene.act(OPERATOR, link.clone());
    }
    let used = Error::<Runtime>::SiteInUse.into();
    assert_eq!(scene.tries(REGISTRAR, Call::remove_site { site: north }), Err(used));
    for link in 1..6 {
        let link = LinkId(link);
        scene.act(REGISTRAR, Call::remove_link { link });
    }
    let (thief, victim) = (scene.cost(&[OPERATOR]), scene.cost(&[REGISTRAR]));
    scene.act(REGISTRAR, Call::remove_site { site: north });
    let attack =
        "an operator registers five links to another one's site, which that one wants to remove";
    let outcome = "`SiteInUse` until it has removed the links".into();
    Griefing { attack, outcome, thief, victim }.costs_no_less(true);
}
