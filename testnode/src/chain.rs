//! What a node tells of its chain, read without the client: its blocks, its schedules, its past sessions.

use codec::Decode;
use qedex_primitives::pov::{self, Author};
use sp_core::ConstU32;
use std::time::{Duration, Instant};
use subxt::rpcs::{RpcClient, client::rpc_params};

/// How long anything of the chain may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// Who writes which slot of a session. Bounds of the runtime do not matter to who reads it.
pub type Schedule =
    pov::Schedule<[u8; 32], [u8; 32], ConstU32<{ u32::MAX }>, ConstU32<{ u32::MAX }>>;

/// A session that is over.
pub type PastSession = pov::PastSession<[u8; 32], ConstU32<{ u32::MAX }>>;

/// The author of `slot`.
#[must_use]
pub fn author(schedule: &Schedule, slot: u64) -> &Author<[u8; 32], [u8; 32]> {
    let position = (slot - schedule.aligned) % schedule.order.len() as u64;
    &schedule.authors[usize::from(schedule.order[position as usize])]
}

/// A block by its number, hash and Aura slot.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its hash in hexadecimal.
    pub hash: String,
    /// Its parent's.
    pub parent: String,
    /// Its Aura slot.
    pub slot: u64,
}

fn bytes(hex_text: &str) -> Vec<u8> {
    hex::decode(hex_text.trim_start_matches("0x")).expect("hexadecimal digits")
}

fn storage_key(pallet: &str, item: &str) -> Vec<u8> {
    let hash = |name: &str| sp_crypto_hashing::twox_128(name.as_bytes());
    [hash(pallet), hash(item)].concat()
}

/// A storage value of a pallet at a block, if it is there.
pub async fn state_of<T: Decode>(rpc: &RpcClient, pallet: &str, item: &str, at: &str) -> Option<T> {
    stored(rpc, storage_key(pallet, item), at).await
}

/// A storage item at a block, if it is there.
async fn stored<T: Decode>(rpc: &RpcClient, key: Vec<u8>, at: &str) -> Option<T> {
    let key = format!("0x{}", hex::encode(key));
    let value: Option<String> =
        rpc.request("state_getStorage", rpc_params![key, at]).await.expect("an answer");
    value.map(|value| T::decode(&mut bytes(&value).as_slice()).expect("the type that is stored"))
}

/// The schedule that governs from the block after `at` on.
pub async fn schedule(rpc: &RpcClient, at: &str) -> Schedule {
    stored(rpc, storage_key("Pov", "CurrentSchedule"), at)
        .await
        .expect("there is always a schedule")
}

/// A past session as kept at `at`.
pub async fn past_session(rpc: &RpcClient, session: u32, at: &str) -> Option<PastSession> {
    let mut key = storage_key("Pov", "PastSessions");
    let encoded = session.to_le_bytes();
    key.extend(sp_crypto_hashing::twox_64(&encoded));
    key.extend(encoded);
    stored(rpc, key, at).await
}

/// The validators at `at`.
pub async fn validators(rpc: &RpcClient, at: &str) -> Vec<[u8; 32]> {
    stored(rpc, storage_key("Session", "Validators"), at).await.expect("there are validators")
}

/// What the runtime answers at `at`.
pub async fn call_runtime<T: Decode>(
    rpc: &RpcClient,
    method: &str,
    arguments: &[u8],
    at: &str,
) -> T {
    let arguments = format!("0x{}", hex::encode(arguments));
    let answer: String =
        rpc.request("state_call", rpc_params![method, arguments, at]).await.expect("an answer");
    T::decode(&mut bytes(&answer).as_slice()).expect("the type that it gives")
}

/// Aura's list at `at`, as its clients read it.
pub async fn authorities(rpc: &RpcClient, at: &str) -> Vec<[u8; 32]> {
    call_runtime(rpc, "AuraApi_authorities", &[], at).await
}

/// How many transactions an account has had included.
pub async fn nonce(rpc: &RpcClient, who: &[u8; 32], at: &str) -> u32 {
    call_runtime(rpc, "AccountNonceApi_account_nonce", who, at).await
}

/// Whether a validator has session keys at `at`.
pub async fn has_keys(rpc: &RpcClient, who: &[u8; 32], at: &str) -> bool {
    let mut key = storage_key("Session", "NextKeys");
    key.extend(sp_crypto_hashing::twox_64(who));
    key.extend(who);
    stored::<[u8; 96]>(rpc, key, at).await.is_some()
}

fn number(header: &serde_json::Value) -> u64 {
    let text = header["number"].as_str().expect("a header has a number");
    u64::from_str_radix(text.trim_start_matches("0x"), 16).expect("a number")
}

/// A block by its hash.
pub async fn block(rpc: &RpcClient, hash: &str) -> Block {
    let header: serde_json::Value =
        rpc.request("chain_getHeader", rpc_params![hash]).await.expect("an answer");
    // A pre-runtime digest (6) of the engine `aura` with eight bytes: the slot.
    let prefix = [&[6], b"aura".as_slice(), &[8 << 2]].concat();
    let slot = header["digest"]["logs"]
        .as_array()
        .expect("a digest")
        .iter()
        .map(|log| bytes(log.as_str().expect("a log")))
        .find_map(|log| {
            let slot = log.strip_prefix(prefix.as_slice())?;
            Some(u64::from_le_bytes(slot.try_into().expect("eight bytes")))
        });
    Block {
        number: number(&header),
        hash: hash.to_owned(),
        parent: header["parentHash"].as_str().expect("a parent").to_owned(),
        slot: slot.unwrap_or_default(),
    }
}

/// The hash of the block with this number on the best chain.
pub async fn hash_at(rpc: &RpcClient, number: u64) -> Option<String> {
    rpc.request("chain_getBlockHash", rpc_params![number]).await.expect("an answer")
}

/// The latest finalised block.
pub async fn finalised(rpc: &RpcClient) -> Block {
    let hash: String =
        rpc.request("chain_getFinalizedHead", rpc_params![]).await.expect("an answer");
    block(rpc, &hash).await
}

/// The best block.
pub async fn best(rpc: &RpcClient) -> Block {
    let header: serde_json::Value =
        rpc.request("chain_getHeader", rpc_params![]).await.expect("an answer");
    let hash = hash_at(rpc, number(&header)).await.expect("the best block");
    block(rpc, &hash).await
}

/// Waits until a block of `session` or later is best, and gives the session's rotation block.
pub async fn rotation(rpc: &RpcClient, session: u32) -> String {
    let start = Instant::now();
    loop {
        let head = best(rpc).await;
        if schedule(rpc, &head.hash).await.session >= session {
            let mut hash = head.hash;
            loop {
                let parent = block(rpc, &hash).await.parent;
                if schedule(rpc, &parent).await.session < session {
                    return hash;
                }
                hash = parent;
            }
        }
        assert!(start.elapsed() < PATIENCE, "session {session} does not begin");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Waits until block `number` is final, and gives the head.
pub async fn wait_for_finality(rpc: &RpcClient, number: u64) -> Block {
    let start = Instant::now();
    loop {
        let head = finalised(rpc).await;
        if head.number >= number {
            return head;
        }
        assert!(start.elapsed() < PATIENCE, "block {number} does not become final");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
