//! Whether money that was held ever stays.

use super::{ledger::held_of, scene::*};
use crate::{
    tests::games::{document::Row, world::Offer},
    *,
};
use pallet_qkd::{Call, Event};
use q_sah::Suite;
use qedex_primitives::{
    AttributeId,
    qkd::{AcceptsFrom, LinkId, SessionEnd, SessionId},
};
use sp_keyring::Sr25519Keyring as Key;

/// How far a session has come when something happens to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Requested,
    Accepted,
    Open,
}

/// A session of Ferdie, who pays, with Eve.
fn a_session(scene: &mut Scene, stage: Stage) -> SessionId {
    let id = scene.asked(FERDIE, EVE);
    let steps = match stage {
        Stage::Requested => 0,
        Stage::Accepted => 1,
        Stage::Open => 2,
    };
    for _ in 0..steps {
        let step = scene.step(id).expect("the agents agree");
        scene.brings(step);
    }
    id
}

/// How a session has ended, as the chain reported it.
fn end_of(scene: &mut Scene, id: SessionId) -> String {
    scene
        .world
        .reported()
        .into_iter()
        .find_map(|event| match event {
            RuntimeEvent::Qkd(Event::SessionEnded { session, why }) if session == id => {
                Some(match why {
                    SessionEnd::NotAccepted => "NotAccepted",
                    SessionEnd::NotConfirmed => "NotConfirmed",
                    SessionEnd::Expired => "Expired",
                    SessionEnd::SaeRemoved => "SaeRemoved",
                })
            }
            RuntimeEvent::Qkd(Event::SessionClosed { session, .. }) if session == id => {
                Some("closed")
            }
            _ => None,
        })
        .map(String::from)
        .expect("it has ended")
}

/// Something happens to a session in this stage; after how many blocks the deposit is back, and how the
/// session ended. In the end everything is removed, and nothing is held of anybody.
fn back(stage: Stage, what: &'static str, happens: impl FnOnce(&mut Scene, SessionId)) {
    let mut scene = Scene::new();
    scene.joins(FERDIE, None);
    let ferdie = FERDIE.to_account_id();
    let bonds = scene.world.look(|| held_of(&ferdie));
    let id = a_session(&mut scene, stage);
    assert!(scene.world.look(|| held_of(&ferdie)) > bonds);
    let since = scene.world.look(System::block_number);
    happens(&mut scene, id);
    scene.until_gone(id);
    let (until, held) = scene.world.look(|| (System::block_number(), held_of(&ferdie)));
    let profile = pallet_qkd::Item::Profile(ferdie.clone());
    assert!(scene.world.look(|| pallet_qkd::Bonds::<Runtime>::contains_key(&profile)));
    assert!(held <= bonds, "{what}");
    let end = end_of(&mut scene, id);
    let stage = match stage {
        Stage::Requested => "requested",
        Stage::Accepted => "accepted",
        Stage::Open => "open",
    };
    let row = Row::new(&[what, stage, &end, &(until - since).to_string()]);
    row.stands_in_the_document_under("held", 2);
    remove_everything(&mut scene);
}

/// Everybody takes back what there is.
fn remove_everything(scene: &mut Scene) {
    for who in [DAVE, EVE, FERDIE] {
        let account = who.to_account_id();
        if let Some((enrolment, _)) = scene.world.look(|| Qkd::sae_of(&account)) {
            scene.act(who, Call::remove_sae { enrolment });
        }
        scene.act(who, Call::set_worker { key: None });
        scene.act(who, Call::set_mail { mail: None });
        scene.act(who, Call::set_accepts_from { accepts: AcceptsFrom::Anyone });
    }
    scene.act(REGISTRAR, Call::remove_link { link: LinkId(0) });
    scene.act(REGISTRAR, Call::remove_site { site: WEST });
    scene.act(OPERATOR, Call::remove_site { site: EAST });
    for key in Key::iter() {
        assert_eq!(scene.world.look(|| held_of(&key.to_account_id())), 0, "{key}");
    }
}

fn leaves(scene: &mut Scene, who: Key, by: Key) {
    let enrolment = scene.enrolment_of(who);
    scene.act(by, Call::remove_sae { enrolment });
}

#[test]
fn a_deposit_is_back_when_a_step_does_not_come() {
    back(Stage::Requested, "nothing", |_, _| ());
    back(Stage::Accepted, "nothing", |_, _| ());
}

#[test]
fn a_deposit_is_back_when_an_end_closes() {
    for stage in [Stage::Requested, Stage::Accepted, Stage::Open] {
        back(stage, "B closes", |scene, session| {
            scene.act(EVE, Call::close_session { session });
        });
    }
}

#[test]
fn a_deposit_is_back_when_an_enrolment_is_removed() {
    for stage in [Stage::Requested, Stage::Accepted, Stage::Open] {
        back(stage, "A's operator removes its enrolment", |scene, _| {
            leaves(scene, FERDIE, REGISTRAR);
        });
    }
    back(Stage::Open, "B removes its own enrolment", |scene, _| leaves(scene, EVE, EVE));
}

#[test]
fn a_deposit_is_back_when_a_has_nothing_else() {
    back(Stage::Requested, "A sends away all that it may", |scene, _| {
        let dest = MultiAddress::Id(DAVE.to_account_id());
        let all = pallet_balances::Call::transfer_all { dest, keep_alive: false };
        scene.act(FERDIE, all);
        let left = scene.world.look(|| Balances::free_balance(FERDIE.to_account_id()));
        assert!(left <= EXISTENTIAL_DEPOSIT, "{left}");
    });
}

#[test]
fn a_deposit_is_back_when_a_may_trade_no_more() {
    back(Stage::Requested, "the council excludes A", |scene, _| {
        let call = pallet_energy_membership::Call::blacklist {
            who: FERDIE.to_account_id(),
            reason: Default::default(),
            duration: 24 * 3_600_000,
        };
        scene.world.decree(call.into());
    });
    back(Stage::Open, "the council shuts A's account, and A closes", |scene, session| {
        use pallet_energy_membership::Call as Members;
        let account = FERDIE.to_account_id();
        scene.act(REGISTRAR, Members::propose_shutting { account: account.clone() });
        scene.world.decree(Members::shut_account { account }.into());
        scene.act(FERDIE, Call::close_session { session });
    });
    back(Stage::Accepted, "A's credential ends, and its worker's key is gone", |scene, _| {
        let (who, attribute) = (FERDIE.to_account_id(), AttributeId(0));
        scene.act(REGISTRAR, pallet_energy_membership::Call::revoke { who, attribute });
        scene.act(FERDIE, Call::set_worker { key: None });
        scene.act(FERDIE, Call::set_accepts_from { accepts: AcceptsFrom::Nobody });
    });
}

#[test]
fn a_deposit_is_back_at_once_when_an_ended_session_is_cleared_by_anyone() {
    let mut scene = Scene::new();
    let ids: Vec<_> = (0..2).map(|_| scene.asked(DAVE, EVE)).collect();
    let enrolment = scene.enrolment_of(EVE);
    let remove = Offer::Signed(EVE, Call::remove_sae { enrolment }.into());
    let clear = |session| Offer::Signed(FERDIE, Call::clear_session { session }.into());
    // In the block that ends them, by somebody else.
    let offers: Vec<_> = [remove].into_iter().chain(ids.iter().copied().map(clear)).collect();
    assert!(scene.offer(&offers).iter().all(|done| *done == Ok(Ok(()))));
    assert_eq!(scene.waiting(DAVE, EVE), [0, 0]);
    // And the places are free: the next ones wait for Eve to draw keys again.
    scene.enrols(OPERATOR, EAST, EVE, 24 * 3_600_000);
    let ask = scene.ask(DAVE, EVE, Suite::Hmac, Made::Truly);
    assert_eq!(scene.offer(&[ask]), [Ok(Ok(()))]);
}
