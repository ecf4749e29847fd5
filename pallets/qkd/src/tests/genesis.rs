//! What a chain begins with.

use super::*;
use crate::{
    Enrolments, GenesisConfig, GenesisLink, GenesisSae, GenesisSite, Links, Profiles, Sites,
};
use frame_support::traits::BuildGenesisConfig;
use qedex_primitives::{
    keys::{KeyRules, LinkTerms},
    qkd::{BitsPerSecond, LinkId},
};

/// By its operators' word the second link makes 14,062 keys in an epoch of half an hour.
const TERMS: LinkTerms = LinkTerms { most_keys_per_epoch: 400, most_qber_ppm: 110_000 };

fn site(operator: AccountId, name: &str) -> GenesisSite<AccountId> {
    GenesisSite { operator, name: name.into() }
}

fn genesis_sae(account: AccountId, site: u32) -> GenesisSae<AccountId> {
    GenesisSae {
        account,
        sae: format!("sae-{account}"),
        site,
        // Later than any call could say.
        expires: Moment::MAX,
        worker: Some(worker_key(account).0),
        mail: Some("/ip4/10.0.0.1/tcp/30336".into()),
    }
}

fn village() -> GenesisConfig<Test> {
    GenesisConfig {
        sites: vec![site(OPERATOR, "west"), site(OTHER_OPERATOR, "east")],
        links: vec![
            GenesisLink { sites: [0, 1], rate: 1_000, market: None },
            GenesisLink { sites: [1, 0], rate: 2_000, market: Some(TERMS) },
        ],
        saes: vec![genesis_sae(ANNA, 0), genesis_sae(BEN, 1)],
        keys: KeyRules { bound: true, ..KeyRules::default() },
    }
}

/// What a chain says that begins with this.
fn told(config: &GenesisConfig<Test>) -> String {
    let panic = std::panic::catch_unwind(|| new_chain().execute_with(|| config.build()));
    let panic = panic.expect_err("the chain begins");
    panic.downcast_ref::<String>().expect("it says why").clone()
}

#[test]
fn a_chain_begins_with_what_it_was_given() {
    run_bare(|| {
        village().build();
        let names = [0, 1].map(|id| Sites::<Test>::get(SiteId(id)).unwrap().name.into_inner());
        assert_eq!(names, [b"west".to_vec(), b"east".to_vec()]);
        let rates = [0, 1].map(|id| {
            let link = Links::<Test>::get(LinkId(id)).unwrap();
            (link.by, link.agreed, link.rate)
        });
        let [one, two] = [(OPERATOR, 1_000), (OTHER_OPERATOR, 2_000)];
        assert_eq!(rates, [one, two].map(|(by, rate)| (by, true, BitsPerSecond(rate))));
        for (who, number, operator) in [(ANNA, 0, OPERATOR), (BEN, 1, OTHER_OPERATOR)] {
            let (id, enrolment) = Qkd::sae_of(&who).unwrap();
            assert_eq!((id, enrolment.site), (EnrolmentId(number), SiteId(number)));
            assert!(enrolment.accepted && Enrolments::<Test>::contains_key(id));
            let profile = Profiles::<Test>::get(who).unwrap();
            assert_eq!(profile.worker, Some(worker_key(who)));
            assert_eq!(profile.mail.unwrap().into_inner(), b"/ip4/10.0.0.1/tcp/30336");
            assert!(bonded(operator) > 0 && bonded(who) > 0, "storage is paid for");
        }
        let ledger = Qkd::key_ledger();
        assert!(ledger.rules.bound);
        let links: Vec<_> = ledger.links.iter().map(|link| (link.link, link.terms)).collect();
        assert_eq!(links, [(LinkId(1), TERMS)]);
        // They can use it at once.
        assert!(is_open(opened(ANNA, BEN, 1)));
    });
}

#[test]
fn one_operator_links_its_own_sites() {
    run_bare(|| {
        let config = GenesisConfig::<Test> {
            sites: vec![site(OPERATOR, "west"), site(OPERATOR, "east")],
            links: vec![GenesisLink { sites: [0, 1], rate: 1, market: None }],
            ..GenesisConfig::default()
        };
        config.build();
        assert!(Links::<Test>::get(LinkId(0)).unwrap().agreed);
    });
}

#[test]
fn no_chain_begins_with_what_it_would_refuse() {
    let with = |change: fn(&mut GenesisConfig<Test>)| {
        let mut config = village();
        change(&mut config);
        told(&config)
    };
    let said = with(|config| config.sites[1].name = "a".repeat(65));
    assert!(said.starts_with("genesis: site 1") && said.contains("too long"), "{said}");
    let said = with(|config| config.sites[0].operator = 99);
    assert!(said.starts_with("genesis: site 0") && said.contains("CannotPayBond"), "{said}");
    let said = with(|config| config.links[1].sites = [1, 7]);
    assert!(said.starts_with("genesis: link 1") && said.contains("UnknownSite"), "{said}");
    let said = with(|config| config.links[0].sites = [1, 1]);
    assert!(said.contains("SameSite"), "{said}");
    let said = with(|config| config.links[0].rate = 0);
    assert!(said.contains("NoRate"), "{said}");
    let said = with(|config| {
        let terms = LinkTerms { most_keys_per_epoch: 14_063, ..TERMS };
        config.links[1].market = Some(terms);
    });
    assert!(said.starts_with("genesis: link 1") && said.contains("AboveDeclared"), "{said}");
    let said = with(|config| config.keys.quorum = 0);
    assert!(said.contains("InvalidKeyRules"), "{said}");
    let said = with(|config| config.saes[1].site = 2);
    assert!(said.starts_with("genesis: SAE 1") && said.contains("UnknownSite"), "{said}");
    let said = with(|config| config.saes[1].sae = config.saes[0].sae.clone());
    assert!(said.contains("SaeEnrolled"), "{said}");
    let said = with(|config| config.saes[1].account = ANNA);
    assert!(said.contains("HasAnotherSae"), "{said}");
    let said = with(|config| config.saes[0].sae = String::new());
    assert!(said.contains("InvalidSaeId"), "{said}");
    let said = with(|config| config.saes[0].expires = 0);
    assert!(said.contains("SaeExpired"), "{said}");
    let said = with(|config| config.saes[0].worker = Some(sr25519::Public::from_raw([0; 32])));
    assert!(said.contains("WeakKey"), "{said}");
    let said = with(|config| config.saes[0].mail = Some("two words".into()));
    assert!(said.contains("InvalidMailAddress"), "{said}");
}
