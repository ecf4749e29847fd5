//! Sessions between two nodes whose key services, agents, networks and chain fail in every way, and what can be
//! seen of their keys.
//!
//! One life of three nodes has all of it, one row after the other: they wait for blocks most of the time. What
//! each fault brings about is in `docs/sessions.md`.

mod agent;
mod chain;
mod field;
mod kme;
mod life;
mod record;
mod search;
mod sights;

use field::{Field, answers, confirmations, requests};
use life::Life;
use q_sah::Message1;
use rand::{RngCore, SeedableRng, rngs::StdRng};
use search::{Form, Needles};
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_sessions_open_blocks_come_and_no_key_is_seen() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut mark = [0; 32];
    StdRng::seed_from_u64(1).fill_bytes(&mut mark);
    let field = Field::start(folder.path(), &mark[..24]).await;
    field.plant(&mark).await;
    let mut life = Life::new(field);
    life.services_fail_at_first().await;
    life.a_silent_service_and_an_end_that_is_killed_as_b().await;
    life.an_end_that_lags_behind_and_is_killed_as_a().await;
    life.answers_that_are_of_no_use().await;
    life.a_reorganisation().await;
    life.two_workers_for_one_sae().await;
    for node in life.field.nodes.all() {
        life.field.look(node).await;
    }
    life.everything_is_closed().await;
    let transactions = read(&life).await;
    no_key_was_used_twice(&life, &transactions);
    for node in [&mut life.field.nodes.alice, &mut life.field.nodes.bob, &mut life.field.nodes.dave]
    {
        node.kill();
    }
    no_secret_is_seen(&life, &transactions, &mark);
    no_token_is_logged(&life);
    life.note("done");
}

/// All transactions of the chain, and of what was taken back. Authors have missed hardly a slot.
async fn read(life: &Life) -> Vec<String> {
    let alice = life.field.alice().await;
    let mut all = life.taken_back.clone();
    let blocks = life.field.read_chain(&alice).await;
    let (mut due, mut missed, mut longest) = (0, 0, 0);
    for pair in blocks.windows(2).skip(1) {
        let (before, block) = (pair[0].0.slot, pair[1].0.slot);
        if !(life.apart.contains(&before) || life.apart.contains(&block)) {
            due += block - before;
            missed += block - before - 1;
            longest = longest.max(block - before - 1);
        }
    }
    life.note(&format!("{missed} of {due} slots missed while authors could reach each other, {longest} in a row at most"));
    // A busy machine misses some by itself; an author that waited for a key would miss fifteen in a row.
    assert!(missed <= due / 2, "{missed} of {due} slots missed");
    assert!(longest < 10, "{longest} slots missed in a row");
    all.extend(blocks.into_iter().flat_map(|(_, transactions)| transactions));
    all
}

/// Each key was told to each end once at most, and is of one request alone.
fn no_key_was_used_twice(life: &Life, transactions: &[String]) {
    let keys = life.field.link.keys();
    let mut asked = BTreeMap::<Vec<u8>, BTreeSet<Vec<u8>>>::new();
    for message1 in requests(transactions) {
        let parsed = Message1::parse(&message1).expect("a message 1");
        for id in parsed.keys() {
            let name = uuid::Uuid::from_bytes(id.0).to_string();
            let bytes = keys.get(&name).expect("it was drawn").bytes.clone();
            asked.entry(bytes).or_default().insert(message1.clone());
        }
    }
    assert!(asked.values().all(|messages| messages.len() == 1));
    for (name, key) in &keys {
        assert!(key.to_master <= 1 && key.to_slave <= 1, "{name}");
    }
    for (handshake, session) in &life.open {
        for name in &handshake.keys {
            let key = &keys[name];
            assert_eq!((key.to_master, key.to_slave), (1, 1), "a key of session {}", session.0);
        }
    }
    life.note(&format!("{} keys drawn, {} sessions opened", keys.len(), life.open.len()));
}

/// Logs say everything, but for what opens agents: neither headers of the worker's requests, nor values of
/// off-chain storage.
fn no_token_is_logged(life: &Life) {
    let lines: [&[u8]; 3] = [b"value=Bearer", b"Read kind=PERSI", b"jsonrpsee-server: recv="];
    for node in life.field.nodes.all() {
        let (hits, _) = Needles::of(lines).find_in_file(&node.log, u64::MAX).expect("a log");
        let plain = hits.iter().filter(|hit| hit.form == Form::Raw).map(|hit| hit.secret);
        assert_eq!(plain.collect::<Vec<_>>(), [2], "{}", node.name);
    }
}

/// No eight bytes of a key are anywhere, nor are those of a nonce or of message 3 before their time; and what
/// was put there to be found is found everywhere.
fn no_secret_is_seen(life: &Life, transactions: &[String], mark: &[u8; 32]) {
    let remains = life.field.remains();
    let found = remains.search(&Needles::of([&mark[..]]));
    for place in ["alice.log", "alice/chains", "Rpc", "Decoded", "Agents", "Metrics"] {
        assert!(found.in_file(place), "the mark is not in {place}, but in {:?}", found.hits);
    }
    let keys = life.field.link.keys();
    let found = remains.search(&Needles::of(keys.values().map(|key| &key.bytes[..])));
    life.note(&format!("{} keys looked for in {} bytes", keys.len(), found.bytes));
    assert!(found.hits.is_empty(), "keys are in {:?}", found.hits);

    let id_of = |number: u64| {
        let mut all = life.open.iter();
        all.find(|(handshake, _)| handshake.number == number).expect("it has opened").1
    };
    let said = |messages: Vec<(_, Vec<u8>)>, number: u64| {
        let id = id_of(number);
        let mut all = messages.into_iter();
        all.find(|(session, _)| *session == id).expect("it was said").1
    };
    let (before_answer, handshake) = life.before_answer.as_ref().expect("it was seen");
    let message2 = said(answers(transactions), handshake.number);
    let message3 = said(confirmations(transactions), handshake.number);
    let needles = Needles::of([&message2[..32], &message3]);
    assert!(before_answer.search(&needles).hits.is_empty(), "a nonce before its time");
    assert!(remains.search(&needles).in_file("Rpc"));
    let (before_confirmation, handshake) = life.before_confirmation.as_ref().expect("it was seen");
    let message3 = said(confirmations(transactions), handshake.number);
    let needles = Needles::of([&message3[..]]);
    assert!(before_confirmation.search(&needles).hits.is_empty(), "message 3 before its time");
    assert!(remains.search(&needles).in_file("Rpc"));
}
