//! A node on which the worker runs: a clock, an agent at each port, a keystore and a pool.

use crate::{mock::*, tests::*};
use codec::{Decode, Encode};
use qedex_primitives::{
    agent::{AGENTS_KEY, AgentDoor},
    qkd::WORKER_KEYS,
};
use sp_core::OpaquePeerId;
use sp_core::offchain::{
    Externalities, HttpError, HttpRequestId, HttpRequestStatus, OffchainDbExt, OffchainWorkerExt,
    OpaqueNetworkState, StorageKind, Timestamp, TransactionPoolExt,
    testing::{TestOffchainExt, TestTransactionPoolExt},
};
use sp_io::TestExternalities;
use sp_keystore::{Keystore, KeystoreExt, testing::MemoryKeystore};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

/// A request as an agent hears it.
pub struct Request {
    pub method: String,
    pub path: String,
    pub token: String,
    pub body: Vec<u8>,
}

/// What comes back, and after how many milliseconds.
pub struct Answer {
    pub code: u16,
    pub body: Vec<u8>,
    pub after: u64,
    /// Whether the connection breaks behind the body.
    pub cut: bool,
}

impl Answer {
    pub fn ok(body: impl Encode) -> Self {
        Self::bytes(200, body.encode())
    }

    pub fn bytes(code: u16, body: Vec<u8>) -> Self {
        Self { code, body, after: 1, cut: false }
    }
}

type Agent = Box<dyn FnMut(Request) -> Answer + Send>;

#[derive(Default)]
struct State {
    clock: u64,
    seed: u8,
    agents: BTreeMap<u16, Agent>,
    /// How often each agent was asked.
    asked: BTreeMap<u16, usize>,
    next: u16,
    open: BTreeMap<u16, Open>,
}

struct Open {
    port: u16,
    request: Request,
    answer: Option<(Answer, usize)>,
    heard: Option<u64>,
}

/// The world around the worker.
#[derive(Clone)]
pub struct Host {
    state: Arc<Mutex<State>>,
    keystore: Arc<MemoryKeystore>,
    take: Arc<dyn Fn() -> Vec<Vec<u8>> + Send + Sync>,
}

/// On which port the agent of an account listens.
pub fn port(who: AccountId) -> u16 {
    20_000 + who as u16
}

/// The token of an account's agent.
pub fn token(who: AccountId) -> String {
    format!("token-of-{who}")
}

impl Host {
    /// Puts the world around a chain.
    pub fn around(chain: &mut TestExternalities) -> Self {
        let (pool_ext, pool) = TestTransactionPoolExt::new();
        let keystore = Arc::new(MemoryKeystore::new());
        let take = Arc::new(move || std::mem::take(&mut pool.write().transactions));
        let host = Self { state: Arc::default(), keystore: keystore.clone(), take };
        let (db, _) = TestOffchainExt::new();
        chain.register_extension(OffchainDbExt::new(db));
        chain.register_extension(OffchainWorkerExt::new(host.clone()));
        chain.register_extension(TransactionPoolExt::new(pool_ext));
        chain.register_extension(KeystoreExt(keystore));
        host
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Sets an agent of `who` behind its port; the node holds its worker's key.
    pub fn agent(&self, who: AccountId, agent: impl FnMut(Request) -> Answer + Send + 'static) {
        self.state().agents.insert(port(who), Box::new(agent));
        self.hold_key(who);
    }

    pub fn hold_key(&self, who: AccountId) {
        let public = worker(who).public();
        let seed = format!("//{who}//worker");
        self.keystore.insert(WORKER_KEYS, &seed, &public.0).unwrap();
    }

    /// How often the agent of `who` was asked.
    pub fn asked(&self, who: AccountId) -> usize {
        self.state().asked.get(&port(who)).copied().unwrap_or_default()
    }

    pub fn clock(&self) -> u64 {
        self.state().clock
    }

    pub fn pass_millis(&self, millis: u64) {
        self.state().clock += millis;
    }

    pub fn set_seed(&self, seed: u8) {
        self.state().seed = seed;
    }

    /// What the workers have brought to the pool since the last time, the latest first.
    pub fn brought(&self) -> Vec<Call<Test>> {
        let transactions = (self.take)();
        let call = |bytes: Vec<u8>| {
            let transaction = Transaction::decode(&mut &bytes[..]).expect("it is a transaction");
            match transaction.function {
                RuntimeCall::Qkd(call) => call,
                call => panic!("a worker brings {call:?}"),
            }
        };
        transactions.into_iter().map(call).collect()
    }
}

/// Says where the agents of these accounts are.
pub fn list(agents: &[AccountId]) {
    let door =
        |who: &AccountId| AgentDoor { sae: sae(*who), port: port(*who), token: token(*who).into() };
    let doors: Vec<_> = agents.iter().map(door).collect();
    sp_io::offchain::local_storage_set(StorageKind::PERSISTENT, AGENTS_KEY, &doors.encode());
}

impl Externalities for Host {
    fn is_validator(&self) -> bool {
        false
    }

    fn network_state(&self) -> Result<OpaqueNetworkState, ()> {
        panic!("the worker asks for no network")
    }

    fn timestamp(&mut self) -> Timestamp {
        Timestamp::from_unix_millis(self.clock())
    }

    fn sleep_until(&mut self, _deadline: Timestamp) {
        panic!("the worker does not sleep")
    }

    fn random_seed(&mut self) -> [u8; 32] {
        [self.state().seed; 32]
    }

    fn http_request_start(
        &mut self,
        method: &str,
        uri: &str,
        _: &[u8],
    ) -> Result<HttpRequestId, ()> {
        let rest =
            uri.strip_prefix("http://127.0.0.1:").expect("agents are on the loopback interface");
        let (port, path) = rest.split_once('/').expect("there is a path");
        let mut state = self.state();
        let (id, port) = (state.next, port.parse().expect("a port"));
        state.next += 1;
        if !state.agents.contains_key(&port) {
            return Err(());
        }
        let request = Request {
            method: method.into(),
            path: format!("/{path}"),
            token: String::new(),
            body: Vec::new(),
        };
        state.open.insert(id, Open { port, request, answer: None, heard: None });
        Ok(HttpRequestId(id))
    }

    fn http_request_add_header(
        &mut self,
        id: HttpRequestId,
        name: &str,
        value: &str,
    ) -> Result<(), ()> {
        let mut state = self.state();
        let open = state.open.get_mut(&id.0).ok_or(())?;
        if name.eq_ignore_ascii_case("authorization") {
            open.request.token = value.strip_prefix("Bearer ").ok_or(())?.into();
        }
        Ok(())
    }

    fn http_request_write_body(
        &mut self,
        id: HttpRequestId,
        chunk: &[u8],
        _deadline: Option<Timestamp>,
    ) -> Result<(), HttpError> {
        let mut state = self.state();
        let open = state.open.get_mut(&id.0).ok_or(HttpError::Invalid)?;
        open.request.body.extend(chunk);
        Ok(())
    }

    fn http_response_wait(
        &mut self,
        ids: &[HttpRequestId],
        deadline: Option<Timestamp>,
    ) -> Vec<HttpRequestStatus> {
        let deadline = deadline.expect("the worker waits for nothing for ever").unix_millis();
        ids.iter().map(|id| self.wait(id.0, deadline)).collect()
    }

    fn http_response_headers(&mut self, _: HttpRequestId) -> Vec<(Vec<u8>, Vec<u8>)> {
        Vec::new()
    }

    fn http_response_read_body(
        &mut self,
        id: HttpRequestId,
        buffer: &mut [u8],
        deadline: Option<Timestamp>,
    ) -> Result<usize, HttpError> {
        deadline.expect("the worker reads nothing for ever");
        let mut state = self.state();
        let open = state.open.get_mut(&id.0).ok_or(HttpError::Invalid)?;
        let (answer, read) = open.answer.as_mut().ok_or(HttpError::Invalid)?;
        let left = &answer.body[*read..];
        if left.is_empty() && answer.cut {
            return Err(HttpError::IoError);
        }
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        *read += count;
        Ok(count)
    }

    fn set_authorized_nodes(&mut self, _nodes: Vec<OpaquePeerId>, _authorized_only: bool) {
        panic!("the worker asks for no network")
    }
}

impl Host {
    /// Waits until the agent has answered, or until the deadline.
    fn wait(&self, id: u16, deadline: u64) -> HttpRequestStatus {
        let mut guard = self.state();
        let state = &mut *guard;
        let Some(open) = state.open.get_mut(&id) else { return HttpRequestStatus::Invalid };
        if open.answer.is_none() {
            let request = std::mem::replace(
                &mut open.request,
                Request {
                    method: String::new(),
                    path: String::new(),
                    token: String::new(),
                    body: Vec::new(),
                },
            );
            let agent = state.agents.get_mut(&open.port).expect("it was there");
            *state.asked.entry(open.port).or_default() += 1;
            let answer = agent(request);
            open.heard = Some(state.clock.saturating_add(answer.after));
            open.answer = Some((answer, 0));
        }
        let heard = open.heard.expect("it was asked");
        if heard > deadline {
            state.clock = state.clock.max(deadline);
            return HttpRequestStatus::DeadlineReached;
        }
        state.clock = state.clock.max(heard);
        let (answer, _) = open.answer.as_ref().expect("it was asked");
        HttpRequestStatus::Finished(answer.code)
    }
}
