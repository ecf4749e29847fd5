//! Messages and requests that are refused change nothing.

use super::*;
use crate::{
    kme::service::KmeId,
    pool::{Books, Pad, Range},
    relay::{
        routes::{RouteError, check},
        seal::{Statement, hash, seal},
    },
};

/// What a site sends to the next for an order, as it would if it were honest: signed by A.
async fn message(ground: &Ground, from: &Arc<Link>, order: &Order) -> ExtKeys {
    let (outgoing, bytes) = (from.end.outgoing(), order.pad_bytes());
    let draw = move |books: &mut Books<'_>| books.draw_pad(outgoing, bytes, None);
    let pad = from.store.run(draw).await.unwrap();
    let clear = vec![3; order.clear_bytes() as usize];
    let signature = ground.relay(Site::A).key.sign(Statement::Sent(hash(&clear)), order);
    seal(order.clone(), None, signature, &clear, &pad).unwrap()
}

async fn ask(link: &Arc<Link>, message: ExtKeys) -> Why {
    match link.line.put(Ask::ExtKeys(message)).answer().await {
        Err(crate::kme::line::NoAnswer::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn ext_keys_that_are_wrong_are_refused_by_name() {
    let ground = Ground::new(&options()).await;
    ground.settle().await;
    let (to_m, to_c) = (ground.link(Site::A, 0), ground.link(Site::M, 1));
    let sound = order();
    let way = |names: &[&str]| Order {
        path: names.iter().map(|name| (*name).to_owned()).collect(),
        ..sound.clone()
    };
    let orders = [
        (way(&["kme-a", "kme-c"]), Why::Route),
        (way(&["kme-a", "kme-m"]), Why::Route),
        (way(&[]), Why::Route),
        (way(&["kme-c", "kme-m", "kme-a"]), Why::Route),
        (way(&["kme-a", "kme-m", "kme-c", "kme-x"]), Why::Route),
        (way(&["kme-a", "kme-m", "kme-c", "kme-a"]), Why::Route),
        (way(&["kme-a", "kme-m", "kme-a", "kme-m", "kme-c"]), Why::Route),
        (way(&["kme-x", "kme-m", "kme-c"]), Why::Route),
        (Order { len: 7, ..sound.clone() }, Why::Limits),
        (Order { len: 2049, ..sound.clone() }, Why::Limits),
        (Order { len: u64::MAX, ..sound.clone() }, Why::Limits),
        (Order { slaves: vec![], ..sound.clone() }, Why::Limits),
        (Order { slaves: vec!["sae-c1".into(); 10], ..sound.clone() }, Why::Limits),
        (Order { ids: vec![], ..sound.clone() }, Why::Limits),
        (Order { ids: vec![[1; 16]; 129], ..sound.clone() }, Why::Limits),
        (Order { len: 16, ..sound.clone() }, Why::Limits),
    ];
    for link in [to_m, to_c] {
        let good = message(&ground, link, &sound).await;
        let before = (ground.ledgers().await, ground.held(Site::C).await);
        for (order, why) in &orders {
            let wrong = ExtKeys { order: order.clone(), ..good.clone() };
            assert_eq!(ask(link, wrong).await, *why, "{order:?}");
        }
        let first = good.pad[0];
        for (pad, why) in [
            (vec![], Why::Limits),
            (vec![Range { len: first.len - 1, ..first }], Why::Limits),
            (vec![first, Range { len: 0, ..first }], Why::Limits),
            (vec![Range { block: 99_999, ..first }], Why::Books),
            (vec![Range { offset: u64::MAX - 3, ..first }], Why::Books),
            (vec![Range { len: first.len / 2, ..first }; 2], Why::Books),
        ] {
            assert_eq!(
                ask(link, ExtKeys { pad: pad.clone(), ..good.clone() }).await,
                why,
                "{pad:?}"
            );
        }
        let mut flipped = good.clone();
        flipped.sealed[SALT_BYTES] ^= 1;
        assert_eq!(ask(link, flipped).await, Why::Forged);
        assert_eq!(ask(link, ExtKeys { tag: [0; 16], ..good.clone() }).await, Why::Forged);
        assert_eq!(ask(link, ExtKeys { max_age: Some(1), ..good.clone() }).await, Why::Forged);
        assert_eq!((ground.ledgers().await, ground.held(Site::C).await), before);
    }
}

#[tokio::test]
async fn the_target_knows_master_slaves_and_identities() {
    let ground = Ground::new(&options()).await;
    ground.settle().await;
    let link = ground.link(Site::M, 1);
    let known = enc(&ground, Site::A, "sae-a1", "sae-c1", 1).await.unwrap();
    let held = ground.held(Site::C).await;
    let sound = order();
    for (order, why) in [
        (Order { master: "nobody".into(), ..sound.clone() }, Why::Sae),
        (Order { master: "sae-m1".into(), ..sound.clone() }, Why::Sae),
        (Order { master: "sae-c2".into(), ..sound.clone() }, Why::Sae),
        (Order { slaves: vec!["nobody".into()], ..sound.clone() }, Why::Sae),
        (Order { slaves: vec!["sae-c1".into(), "sae-m1".into()], ..sound.clone() }, Why::Sae),
        (Order { ids: vec![known[0].id.into_bytes()], ..sound.clone() }, Why::Books),
    ] {
        let message = message(&ground, link, &order).await;
        let before = audit(&ground.link(Site::C, 0).store).await;
        assert_eq!(ask(link, message).await, why, "{order:?}");
        assert_eq!(audit(&ground.link(Site::C, 0).store).await, before);
        assert_eq!(ground.held(Site::C).await, held);
    }
    // Named twice in one message: its pad is spent, no key is held.
    let twice = Order { ids: vec![[4; 16]; 2], ..sound };
    assert_eq!(ask(link, message(&ground, link, &twice).await).await, Why::Books);
    assert_eq!(ground.held(Site::C).await, held);
    assert!(dec(&ground, Site::C, "sae-c1", "sae-a1", ids(&known)).await.unwrap() == known);
}

#[tokio::test]
async fn rubbish_ends_its_connection_alone() {
    let ground = Ground::new(&options()).await;
    let kme = ground.line.kme(Site::C);
    let link = ground.link(Site::C, 0);
    let hello = Hello {
        version: crate::kme::wire::VERSION,
        kme: Site::M.kme().to_string(),
        end: link.end.peer(),
    };
    let question = Question {
        number: 1,
        ask: Ask::ExtKeys(message(&ground, ground.link(Site::M, 1), &order()).await),
    };
    let mut cut = frame(&question);
    cut.truncate(100);
    cut[..4].copy_from_slice(&96u32.to_be_bytes());
    let mut longer = frame(&question);
    longer.push(0);
    let len = (longer.len() - 4) as u32;
    longer[..4].copy_from_slice(&len.to_be_bytes());
    for rubbish in [cut, longer, vec![255; 64], [vec![0, 0, 0, 20], vec![255; 20]].concat()] {
        let (mut stream, there) = tokio::io::duplex(1 << 16);
        let peer = Arc::clone(kme);
        let served =
            tokio::spawn(async move { peer.answer(&Site::M.kme(), Box::new(there)).await });
        stream.write_all(&frame(&hello)).await.unwrap();
        read::<Hello>(&mut stream).await.unwrap();
        stream.write_all(&rubbish).await.unwrap();
        assert!(served.await.unwrap().is_err());
        // M's own line was told to go, and comes again.
        ground.link(Site::M, 1).line.hang_up();
        ground.link(Site::M, 1).line.ready().wait_for(|ready| *ready).await.unwrap();
    }
    let keys = loop {
        // The way is asked for anew when M's line is back.
        match enc(&ground, Site::A, "sae-a1", "sae-c1", 1).await {
            Ok(keys) => break keys,
            Err(refusal) => assert_eq!(refusal, Refusal::Unconfirmed),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert!(dec(&ground, Site::C, "sae-c1", "sae-a1", ids(&keys)).await.unwrap() == keys);
}

#[tokio::test]
async fn slaves_of_one_far_site_alone_can_share_a_key() {
    let ground = Ground::new(&options()).await;
    ground.settle().await;
    for others in [["sae-m1"], ["sae-a2"]] {
        for turned in [false, true] {
            let (slave, other) = if turned { (others[0], "sae-c1") } else { ("sae-c1", others[0]) };
            let request =
                EncRequest { additional_slaves: vec![id(other)], ..EncRequest::default() };
            let kme = ground.line.kme(Site::A);
            let refused = kme.enc_keys(&id("sae-a1"), &id(slave), request).await;
            assert_eq!(refused.unwrap_err(), Refusal::SlavesOfManySites);
        }
    }
    assert_eq!(ground.relayed().await, [0; 4]);
}

#[test]
fn a_route_is_a_line_of_three_to_eight_sites() {
    let kmes = |names: &[&str]| names.iter().map(|name| id(name)).collect::<Vec<KmeId>>();
    assert_eq!(check(&kmes(&["a", "b", "c"])), Ok(()));
    assert_eq!(check(&kmes(&["a", "b", "c", "d", "e", "f", "g", "h"])), Ok(()));
    for path in [&["a", "b"][..], &["a"], &[], &["a", "b", "c", "d", "e", "f", "g", "h", "i"]] {
        assert_eq!(check(&kmes(path)), Err(RouteError::Length));
    }
    assert_eq!(check(&kmes(&["a", "b", "a"])), Err(RouteError::Circle(id("a"))));
}

#[tokio::test]
async fn a_pad_is_drawn_whole_or_not_at_all() {
    let ground = Ground::new(&options()).await;
    ground.settle().await;
    let link = ground.link(Site::A, 0);
    let (outgoing, pool) = (link.end.outgoing(), link.outgoing());
    let held = link.summary().fill(pool).bytes;
    let draw = |bytes| {
        let store = link.store.clone();
        async move { store.run(move |books| books.draw_pad(outgoing, bytes, None)).await }
    };
    assert!(draw(held + 1).await.is_err());
    assert!(draw(0).await.is_err());
    assert_eq!(link.summary().fill(pool).bytes, held);
    let Pad { ranges, bytes } = draw(held).await.unwrap();
    assert_eq!(bytes.len() as u64, held);
    assert_eq!(ranges.iter().map(|range| range.len).sum::<u64>(), held);
    assert!(draw(1).await.is_err());
    assert_eq!(audit(&link.store).await.relayed, 8 * held);
}
