//! Holds what is written against the schedule, and the schedule against the scores.

use qedex_testnode::{
    chain::{PastSession, Schedule, author, authorities, block, past_session, rotation, schedule},
    qedex,
};
use serde_json::{Value, json};
use std::path::Path;
use subxt::rpcs::RpcClient;

/// Holds a schedule against `qedex plan schedule`, computed from the scores on the chain.
fn is_as_planned(schedule: &Schedule, folder: &Path) {
    let file = folder.join("scores.csv");
    let mut table = "id,score\n".to_owned();
    for author in &schedule.authors {
        table += &format!("{},{}\n", hex::encode(author.who), author.score);
    }
    std::fs::write(&file, table).expect("a writable folder");
    let output = qedex(&[
        "plan",
        "schedule",
        "--scores",
        file.to_str().expect("a readable path"),
        "--slots",
        &schedule.order.len().to_string(),
        "--floor",
        "2",
        "--max-share-ppm",
        "500000",
        "--max-run",
        "3",
        "--seed",
        &hex::encode(schedule.seed),
        "--json",
    ]);
    assert!(output.status.success());
    let plan: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let shares = plan["shares"].as_array().expect("shares").iter();
    let shares: Vec<u64> = shares.map(|share| share["slots"].as_u64().expect("slots")).collect();
    let authors = schedule.authors.iter();
    let on_chain: Vec<u64> = authors.map(|author| author.slots.into()).collect();
    assert_eq!(shares, on_chain, "session {}", schedule.session);
    let order: Vec<String> = schedule
        .order
        .iter()
        .map(|author| hex::encode(schedule.authors[usize::from(*author)].who))
        .collect();
    let session = schedule.session;
    assert_eq!(plan["schedule"], json!(order), "session {session}");
}

/// Holds the authors of a session's blocks, up to its last block `until`, against the schedule, and
/// says how many there were.
///
/// The clients let nobody else write a block than whom Aura's list at the parent names.
async fn is_written_as_scheduled(rpc: &RpcClient, start: u64, until: &str) -> u64 {
    let mut written = 0;
    let mut hash = until.to_owned();
    loop {
        let block = block(rpc, &hash).await;
        if block.slot < start {
            return written;
        }
        let list = authorities(rpc, &block.parent).await;
        let by_client = list[(block.slot % list.len() as u64) as usize];
        // Genesis does not know yet when the first session begins.
        if block.number > 1 {
            let governs = schedule(rpc, &block.parent).await;
            let by_schedule = author(&governs, block.slot).key;
            assert_eq!(by_client, by_schedule, "slot {}", block.slot);
        }
        written += 1;
        hash = block.parent;
    }
}

/// A session that has begun, and what became of the one before.
pub struct Turn {
    /// The block with which it began.
    pub block: String,
    /// Who writes which slot of it.
    pub schedule: Schedule,
    /// What became of the session before.
    pub past: PastSession,
}

/// Waits for `session` and holds its schedule, and what was written in the session before, against
/// what they have to be.
pub async fn turn(rpc: &RpcClient, session: u32, folder: &Path) -> Turn {
    let rotated = rotation(rpc, session).await;
    let last = block(rpc, &rotated).await;
    let before = schedule(rpc, &last.parent).await;
    let now = schedule(rpc, &rotated).await;
    assert_eq!((before.session, now.session), (session - 1, session));
    assert_eq!(now.since, Some(last.slot + 1));
    is_as_planned(&now, folder);
    let start = before.start.expect("the session has begun");
    let written = is_written_as_scheduled(rpc, start, &rotated).await;
    let past = past_session(rpc, session - 1, &rotated).await.expect("it is kept");
    assert_eq!((past.first, past.last, past.seed), (start, last.slot, before.seed));
    // A schedule that took another's place without one of the authors tells nothing of that one.
    if before.since == before.start {
        let authored: u32 = past.shares.iter().map(|share| share.authored).sum();
        assert_eq!(u64::from(authored), written);
        let due: u32 = past.shares.iter().map(|share| share.due).sum();
        assert_eq!(u64::from(due), past.last - past.first + 1);
    }
    for (share, author) in past.shares.iter().zip(&before.authors) {
        let planned = (author.who, author.score, author.slots);
        assert_eq!((share.who, share.score, share.slots), planned);
        assert!(share.authored <= share.due, "{share:?}");
    }
    Turn { block: rotated, schedule: now, past }
}
