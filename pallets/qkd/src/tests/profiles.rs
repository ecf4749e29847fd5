//! What accounts say of themselves.

use super::*;
use crate::{Profile, Profiles};
use qedex_primitives::qkd::{AcceptsFrom, MailAddress};

#[test]
fn a_workers_key_is_registered_replaced_and_removed() {
    run_bare(|| {
        assert_ok!(Qkd::set_worker(signed(EMIL), Some(worker_key(EMIL))));
        assert_ok!(Qkd::set_worker(signed(EMIL), Some(worker_key(ANNA))));
        let worker = Some(worker_key(ANNA));
        assert_eq!(Profiles::<Test>::get(EMIL), Some(Profile { worker, ..Default::default() }));
        assert_ok!(Qkd::set_worker(signed(EMIL), None));
        assert_eq!(Profiles::<Test>::get(EMIL), None);
        let set = |key| Event::WorkerSet { who: EMIL, key };
        assert_eq!(events(), [set(Some(worker_key(EMIL))), set(worker), set(None)]);
    });
}

#[test]
fn a_key_with_which_everybody_signs_is_refused() {
    run_bare(|| {
        let weak = WorkerKey(sr25519::Public::from_raw([0; 32]));
        assert_noop!(Qkd::set_worker(signed(EMIL), Some(weak)), Error::<Test>::WeakKey);
    });
}

#[test]
fn an_address_for_mail_is_printable() {
    run_bare(|| {
        let set = |mail: MailAddress| Qkd::set_mail(signed(EMIL), Some(mail));
        assert_noop!(set(text("")), Error::<Test>::InvalidMailAddress);
        assert_noop!(set(text("a b")), Error::<Test>::InvalidMailAddress);
        assert_noop!(set(text("tür")), Error::<Test>::InvalidMailAddress);
        let mail: MailAddress = text("/dns/mail.dorf.example/tcp/7743");
        assert_ok!(set(mail.clone()));
        assert_eq!(Profiles::<Test>::get(EMIL).unwrap().mail, Some(mail));
        assert_ok!(Qkd::set_mail(signed(EMIL), None));
        assert_eq!(Profiles::<Test>::get(EMIL), None);
    });
}

#[test]
fn what_is_said_of_one_thing_leaves_the_others() {
    run_bare(|| {
        assert_ok!(Qkd::set_worker(signed(EMIL), Some(worker_key(EMIL))));
        assert_ok!(Qkd::set_mail(signed(EMIL), Some(text("here"))));
        assert_ok!(Qkd::set_accepts_from(signed(EMIL), AcceptsFrom::Nobody));
        let profile = Profile {
            worker: Some(worker_key(EMIL)),
            mail: Some(text("here")),
            accepts: AcceptsFrom::Nobody,
        };
        assert_eq!(Profiles::<Test>::get(EMIL), Some(profile));
        assert_ok!(Qkd::set_accepts_from(signed(EMIL), AcceptsFrom::Anyone));
        assert_ok!(Qkd::set_worker(signed(EMIL), None));
        assert_eq!(Profiles::<Test>::get(EMIL).unwrap().mail, Some(text("here")));
    });
}
