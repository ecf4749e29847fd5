//! The off-chain worker, which carries messages between the chain and the agents of this node.
//!
//! It runs after each block that the node imports and knows nothing from one run to the next that matters:
//! what it is to do stands on the chain, and what it says comes from the agents. So everything is asked as
//! often as it takes, and a step is brought again until it is on the chain; the pool keeps one of each.
//!
//! - An agent is of the account whose SAE it has; nothing is done for one whose worker's key the node does
//!   not hold.
//! - One run at a time, of [`RUN_MILLIS`] at most, with [`REQUEST_MILLIS`] for each request. A run begins
//!   with the agent behind the last one of the run before, so that slow ones do not starve the others.
//! - What it has done it counts, for the node's metrics ([`WorkerCounts`]).
//! - An agent that does not answer, or answers rubbish, is left alone for a number of blocks that doubles
//!   with every failure, up to [`MAX_REST`], drawn at random up to it. Block production waits for nothing.

mod audits;
mod beacon;
mod door;
mod news;

use crate::{Call, Config, EnrolmentOfSae, Pallet, Profiles, WORKER_KEYS};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use door::{Ask, Fault};
use frame_system::offchain::SubmitTransaction;
use news::Told;
use qedex_primitives::{
    agent::{
        AGENTS_KEY, AgentDoor, COUNTS_KEY, MAX_SESSIONS, NEWS_PATH, Step, Steps, WATCHED_PATH,
        Watched, WorkerCounts,
    },
    qkd::{SaeId, SessionId, WorkerKey, WorkerPayload, WorkerSignature, WorkerStep},
};
use sp_runtime::{
    offchain::{
        Duration, Timestamp,
        storage::StorageValueRef,
        storage_lock::{StorageLock, Time},
    },
    traits::UniqueSaturatedInto,
};

/// How long a run takes at most, in milliseconds.
pub const RUN_MILLIS: u64 = 6_000;

/// How long a request to an agent takes at most, in milliseconds.
pub const REQUEST_MILLIS: u64 = 1_500;

/// For how many blocks an agent that fails is left alone at most.
pub const MAX_REST: u64 = 32;

/// The most agents of a node.
pub const MAX_AGENTS: usize = 256;

/// The most sessions that wait for an account of which its agent is told in a run. Where there are more, the
/// next run goes on.
const MAX_AWAITED: u32 = 128;

const LOCK_KEY: &[u8] = b"qedex/qkd/lock";
const LAST_KEY: &[u8] = b"qedex/qkd/last";
const REST_KEY: &[u8] = b"qedex/qkd/rest";
const PAGE_KEY: &[u8] = b"qedex/qkd/page";

/// An agent that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
struct Rest {
    failures: u8,
    /// The first block in which it is asked again.
    until: u64,
}

/// An agent, and for whom it speaks.
struct Client<T: Config> {
    door: AgentDoor,
    account: T::AccountId,
    key: WorkerKey,
}

impl<T: Config> Pallet<T> {
    /// Serves each agent of this node once.
    pub(crate) fn work() {
        let doors = StorageValueRef::persistent(AGENTS_KEY).get::<Vec<AgentDoor>>();
        let Ok(Some(mut doors)) = doors else { return };
        doors.truncate(MAX_AGENTS);
        // Longer than a run, so that one that was cut off does not bar the others for good.
        let patience = Duration::from_millis(RUN_MILLIS.saturating_mul(2));
        forget_a_lock_of_another_time(patience);
        let mut lock = StorageLock::<Time>::with_deadline(LOCK_KEY, patience);
        let Ok(_guard) = lock.try_lock() else { return };
        // Behind the one that was served last: runs may skip any number of blocks.
        let last_served = StorageValueRef::persistent(LAST_KEY);
        let mut last = last_served.get::<SaeId>().ok().flatten();
        if let Some(last) = &last {
            let place = doors.iter().position(|door| door.sae == *last);
            let behind = place.map_or(0, |place| place.saturating_add(1)).min(doors.len());
            doors.rotate_left(behind);
        }
        let mut clients = doors.into_iter().filter_map(Self::client).peekable();
        if clients.peek().is_none() {
            return;
        }
        let stored = StorageValueRef::persistent(COUNTS_KEY);
        let mut counts = stored.get::<WorkerCounts>().ok().flatten().unwrap_or_default();
        let began = sp_io::offchain::timestamp();
        let end = began.add(Duration::from_millis(RUN_MILLIS));
        add(&mut counts.runs);
        let mut is_first = true;
        for client in clients {
            if sp_io::offchain::timestamp() >= end {
                add(&mut counts.cut_short);
                break;
            }
            let had_turn = Self::serve(&client, end, &mut counts);
            // One that takes a whole run has had its turn as well.
            if had_turn || is_first {
                last = Some(client.door.sae);
            }
            if !had_turn {
                add(&mut counts.cut_short);
                break;
            }
            is_first = false;
        }
        if let Some(last) = last {
            last_served.set(&last);
        }
        let took = sp_io::offchain::timestamp().diff(&began).millis();
        counts.millis = counts.millis.saturating_add(took);
        stored.set(&counts);
    }

    /// The number of the block after which the worker runs.
    fn now() -> u64 {
        Self::block().unique_saturated_into()
    }

    /// For whom an agent speaks, if the node may sign for it.
    fn client(door: AgentDoor) -> Option<Client<T>> {
        let id = EnrolmentOfSae::<T>::get(&door.sae)?;
        let enrolment = Self::enrolment(id).ok().filter(|enrolment| enrolment.accepted)?;
        let account = enrolment.account;
        let key = Profiles::<T>::get(&account)?.worker?;
        let held = sp_io::crypto::sr25519_public_keys(WORKER_KEYS).contains(&key.0);
        held.then_some(Client { door, account, key })
    }

    /// Asks an agent, unless it is left alone, and leaves it alone for a while if it fails. Says whether it
    /// has had its turn: not so if the run ended in the middle.
    fn serve(client: &Client<T>, end: Timestamp, counts: &mut WorkerCounts) -> bool {
        let key = (REST_KEY, &client.door.sae).encode();
        let mut stored = StorageValueRef::persistent(&key);
        let rest = stored.get::<Rest>().ok().flatten();
        let now = Self::now();
        if rest.is_some_and(|rest| now < rest.until) {
            return true;
        }
        match Self::exchange(client, end, counts) {
            Ok(()) => {
                add(&mut counts.served);
                if rest.is_some() {
                    stored.clear();
                }
            }
            // The next run begins with it.
            Err(Fault::RunOver) => return false,
            Err(fault) => {
                add(&mut counts.failed);
                let failures = rest.map_or(0, |rest| rest.failures).saturating_add(1);
                let until = now.saturating_add(pause(failures));
                stored.set(&Rest { failures, until });
                log::warn!(
                    target: "runtime::qkd",
                    "the agent of {} is left alone until block {until}: {fault}",
                    name(&client.door.sae),
                );
            }
        }
        true
    }

    /// Tells an agent what is on the chain, and brings there what it says: first the steps of sessions, which
    /// somebody waits for.
    fn exchange(
        client: &Client<T>,
        end: Timestamp,
        counts: &mut WorkerCounts,
    ) -> Result<(), Fault> {
        let Watched { sessions: watched } = client.door.get(WATCHED_PATH, end)?;
        if watched.len() > MAX_SESSIONS {
            return Err(Fault::Rubbish);
        }
        let mut ids = Self::next_awaited(client);
        ids.extend(watched.into_iter().filter(|id| !ids.contains(id)).collect::<Vec<_>>());
        // Nothing to tell is told as well: the agent learns the number of the block.
        let mut pages: Vec<&[SessionId]> = ids.chunks(MAX_SESSIONS).collect();
        if pages.is_empty() {
            pages.push(&[]);
        }
        // The first part has the epoch.
        let mut beacon = Self::beacon_news(&client.account);
        let mut ledger = Self::ledger_news(&client.account);
        for page in pages {
            let told: Vec<Told<T>> = page.iter().copied().map(Self::lookup).collect();
            let news = Self::news(&client.account, &told, beacon.take(), ledger.take());
            let answer = client.door.post(NEWS_PATH, news.encode(), end)?;
            let Steps { steps, beacon: said, reports } = answer;
            if steps.len() > MAX_SESSIONS {
                return Err(Fault::Rubbish);
            }
            for step in steps {
                Self::bring(client, &told, step, counts)?;
            }
            Self::bring_epoch_work(client, &news, said, reports, counts)?;
        }
        Self::exchange_audits(client, end, counts)
    }

    /// The sessions that wait for an account, beginning behind those of the run before.
    fn next_awaited(client: &Client<T>) -> Vec<SessionId> {
        let key = (PAGE_KEY, &client.door.sae).encode();
        let mut stored = StorageValueRef::persistent(&key);
        let after = stored.get::<SessionId>().ok().flatten();
        let page =
            |after| Self::awaited_page(&client.account, after, MAX_AWAITED).collect::<Vec<_>>();
        let mut ids = page(after);
        if ids.is_empty() && after.is_some() {
            ids = page(None);
        }
        match ids.last() {
            Some(last) if ids.len() >= MAX_AWAITED as usize => stored.set(last),
            _ if after.is_some() => stored.clear(),
            _ => {}
        }
        ids
    }

    /// Brings a step to the chain, if it is one of a session of which the agent was told.
    fn bring(
        client: &Client<T>,
        told: &[Told<T>],
        step: Step,
        counts: &mut WorkerCounts,
    ) -> Result<(), Fault> {
        let Step { session, step, answered, message } = step;
        let waits = told.iter().find(|told| told.id == session).and_then(|told| {
            told.waiting(&client.account, step)
                .filter(|waiting| sp_io::hashing::sha2_256(waiting) == answered)
        });
        let waits = waits.ok_or(Fault::Foreign)?;
        let payload = WorkerPayload { step, session, answered: waits, message: &message };
        let signed = payload.signing_bytes(Self::genesis());
        let signature = sp_io::crypto::sr25519_sign(WORKER_KEYS, &client.key.0, &signed)
            .ok_or(Fault::NoSignature)?;
        let call = call::<T>(session, step, message, WorkerSignature(signature))?;
        let transaction = T::create_authorized_transaction(call.into());
        // The pool refuses what it has already, and what the chain has meanwhile.
        match SubmitTransaction::<T, Call<T>>::submit_transaction(transaction) {
            Ok(()) => add(&mut counts.brought),
            Err(()) => {
                add(&mut counts.refused);
                let id = session.0;
                log::debug!(target: "runtime::qkd", "the pool takes no {step:?} of session {id}");
            }
        }
        Ok(())
    }
}

/// A lock stands until a moment. One that a clock which ran ahead put too far away is none.
fn forget_a_lock_of_another_time(patience: Duration) {
    let mut stored = StorageValueRef::persistent(LOCK_KEY);
    let latest = sp_io::offchain::timestamp().add(patience);
    if stored.get::<Timestamp>().is_ok_and(|until| until.is_some_and(|until| until > latest)) {
        stored.clear();
    }
}

fn add(count: &mut u64) {
    *count = count.saturating_add(1);
}

fn call<T: Config>(
    session: SessionId,
    step: WorkerStep,
    message: Vec<u8>,
    signature: WorkerSignature,
) -> Result<Call<T>, Fault> {
    let long = |_| Fault::Rubbish;
    Ok(match step {
        WorkerStep::Accept => {
            Call::accept_session { session, message2: message.try_into().map_err(long)?, signature }
        }
        WorkerStep::Confirm => Call::confirm_session {
            session,
            message3: message.try_into().map_err(long)?,
            signature,
        },
    })
}

/// For how many blocks an agent is left alone after so many failures: at random, so that nodes which lost
/// the same service do not come back together.
fn pause(failures: u8) -> u64 {
    let most = 1_u64.checked_shl(u32::from(failures)).unwrap_or(MAX_REST).min(MAX_REST);
    let [first, ..] = sp_io::offchain::random_seed();
    u64::from(first).checked_rem(most).unwrap_or_default().saturating_add(1)
}

fn name(sae: &SaeId) -> &str {
    core::str::from_utf8(sae).unwrap_or("an SAE")
}
