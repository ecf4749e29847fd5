//! Accounts with SAEs, their agents and their key service, beside a chain.

use super::ledger::{Cost, Ledger, audit};
use crate::{tests::games::world::*, *};
use codec::Encode;
use pallet_qkd::{
    Awaited, Call, NextEnrolment, NextSession, Requests, RequestsTo, SessionOf, Sessions,
};
use q_sah::{
    AccountId as Name, End, Ends, GenesisHash, Initiator, Key as Secret, KeyId, Keys, Nonce,
    Number, Numbers, Opened, Responder, Suite,
};
use qedex_primitives::{
    AttributeId, Membership as _, Moment, OwnerId, Role,
    qkd::{
        EnrolmentId, SaeId, SessionId, SessionStage, SiteId, WorkerKey, WorkerPayload,
        WorkerSignature, WorkerStep,
    },
};
use sp_core::{Pair, sr25519};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::{ApplyExtrinsicResult, DispatchResult};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Names every owner, issues every credential, and runs the key service in the west.
pub const REGISTRAR: Key = Key::Alice;
/// Runs the one in the east.
pub const OPERATOR: Key = Key::Bob;
/// Draws keys in the west.
pub const DAVE: Key = Key::Dave;
/// Draws keys in the east.
pub const EVE: Key = Key::Eve;
/// Trades, and draws no keys yet.
pub const FERDIE: Key = Key::Ferdie;

/// The site in the west.
pub const WEST: SiteId = SiteId(0);
/// The one in the east.
pub const EAST: SiteId = SiteId(1);

/// Less than for what credentials and enrolments are given at most, in milliseconds.
pub const YEAR: Moment = 300 * 24 * 3_600_000;

/// For how many blocks a step is awaited.
pub const PATIENCE: BlockNumber = crate::MINUTES;

/// Which keys a message 1 names, and how it is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// Keys that A drew, as the rules say.
    Truly,
    /// Keys that no service has.
    UnderMadeUpNames,
    /// Keys that A drew, under a MAC that is none.
    WithoutMac,
}

/// A key service that serves both sites, and gives what nobody asked for to nobody.
#[derive(Default)]
struct Service {
    next: u64,
    /// Who drew each key for whom, until the other end has fetched it.
    waiting: BTreeMap<[u8; 16], [Key; 2]>,
    /// How many keys each account was told.
    told: BTreeMap<Key, u32>,
}

impl Service {
    fn name(&mut self) -> [u8; 16] {
        self.next += 1;
        let mut id = [7; 16];
        id[..8].copy_from_slice(&self.next.to_le_bytes());
        id
    }

    fn draw(&mut self, by: Key, with: Key, keys: usize) -> Vec<[u8; 16]> {
        let ids: Vec<_> = (0..keys).map(|_| self.name()).collect();
        self.waiting.extend(ids.iter().map(|id| (*id, [by, with])));
        *self.told.entry(by).or_default() += keys as u32;
        ids
    }

    /// Whether it tells all of these keys to `by`, which says that `from` drew them.
    fn collect(&mut self, by: Key, from: Key, ids: &[KeyId]) -> bool {
        let known = ids.iter().all(|id| self.waiting.get(&id.0) == Some(&[from, by]));
        if known {
            self.waiting.retain(|waiting, _| ids.iter().all(|id| id.0 != *waiting));
            *self.told.entry(by).or_default() += ids.len() as u32;
        }
        known
    }
}

/// The keys of these names.
fn keys(ids: &[[u8; 16]]) -> Keys {
    let key = |id: &[u8; 16]| {
        Secret::new(KeyId(*id), Zeroizing::new(sp_io::hashing::blake2_256(id).to_vec()))
    };
    match ids {
        [id] => Keys::hmac(key(id)).unwrap(),
        [a, b, c, d] => Keys::one_time([a, b, c, d].map(key)).unwrap(),
        _ => panic!("one key or four"),
    }
}

fn worker(who: Key) -> sr25519::Pair {
    sr25519::Pair::from_string(&format!("{}//worker", who.to_seed()), None).unwrap()
}

/// The public key of the worker of `who`.
pub fn worker_key(who: Key) -> WorkerKey {
    WorkerKey(worker(who).public())
}

/// What `who` is called at its key service.
pub fn sae(who: Key) -> SaeId {
    format!("sae-{}", who.to_string().to_lowercase()).into_bytes().try_into().unwrap()
}

/// The owner of `who`, where it has one of its own.
pub fn own(who: Key) -> OwnerId {
    OwnerId(who.to_raw_public())
}

fn key_of(account: &AccountId) -> Key {
    Key::from_account_id(account).expect("an account of the game")
}

/// A chain, and those who play on it.
pub struct Scene {
    pub world: World,
    genesis: Hash,
    service: Service,
    ledger: Ledger,
    before: BTreeMap<Key, (Balance, u32)>,
    numbers: BTreeMap<Key, u64>,
    /// What A keeps of each message 1.
    asked: BTreeMap<Vec<u8>, Zeroizing<Vec<u8>>>,
    /// The highest number that B has seen of A.
    seen: BTreeMap<[Key; 2], Numbers>,
    /// What B says to each message 1; nothing if it does not answer.
    answers: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Scene {
    /// Dave and Eve draw keys, each at a site of its own.
    pub fn new() -> Self {
        let mut world = World::new();
        let genesis = world.look(|| System::block_hash(0));
        let ledger = world.look(Ledger::open);
        let mut scene = Self {
            world,
            genesis,
            service: Service::default(),
            ledger,
            before: BTreeMap::new(),
            numbers: BTreeMap::new(),
            asked: BTreeMap::new(),
            seen: BTreeMap::new(),
            answers: BTreeMap::new(),
        };
        scene.mark();
        scene
    }

    /// Counts costs from now on.
    pub fn mark(&mut self) {
        self.ledger = self.world.look(Ledger::open);
        let told = |key| self.service.told.get(&key).copied().unwrap_or_default();
        self.before = Key::iter().map(|key| (key, (self.world.fees_of(key), told(key)))).collect();
    }

    /// What it has cost these since.
    pub fn cost(&self, who: &[Key]) -> Cost {
        let (held, blocks, use_of_held) = self.ledger.held(who);
        let mut cost = Cost { held, blocks, use_of_held, ..Cost::default() };
        for key in who {
            let (fees, keys) = self.before[key];
            cost.fees += self.world.fees_of(*key) - fees;
            cost.keys += self.service.told.get(key).copied().unwrap_or_default() - keys;
        }
        cost
    }

    /// Writes the next block, and holds that the books are right.
    pub fn offer(&mut self, offers: &[Offer]) -> Vec<ApplyExtrinsicResult> {
        let applied = self.world.offer(offers);
        let ledger = &mut self.ledger;
        self.world.look(|| {
            audit();
            ledger.enter();
        });
        applied
    }

    /// The number of the latest block.
    pub fn block(&mut self) -> BlockNumber {
        self.world.look(System::block_number)
    }

    /// Writes so many blocks that nobody offers anything, and at most one more: that which ends a session
    /// of authors is followed by another one at once.
    pub fn pass(&mut self, blocks: BlockNumber) {
        let until = self.block() + blocks;
        while self.block() < until {
            self.offer(&[]);
        }
    }

    /// Goes on until a step of a session is due, two blocks before it would be too late.
    pub fn procrastinate(&mut self, id: SessionId) {
        let last = self.due(id);
        while self.block() + 3 < last {
            self.offer(&[]);
        }
    }

    /// The last block in which a session's next step is taken.
    pub fn due(&mut self, id: SessionId) -> BlockNumber {
        match self.session(id).map(|session| session.stage) {
            Some(SessionStage::Requested { until, .. } | SessionStage::Accepted { until, .. }) => {
                until
            }
            _ => panic!("no step is due"),
        }
    }

    /// Goes on until a session is off the record.
    pub fn until_gone(&mut self, id: SessionId) {
        while self.session(id).is_some() {
            self.offer(&[]);
        }
    }

    /// Writes a block with a call of `who`, and says what came of it.
    pub fn tries(&mut self, who: Key, call: impl Into<RuntimeCall>) -> DispatchResult {
        self.offer(&[Offer::Signed(who, call.into())]).remove(0).expect("a valid transaction")
    }

    /// The same for one that has to succeed.
    #[track_caller]
    pub fn act(&mut self, who: Key, call: impl Into<RuntimeCall>) {
        assert_eq!(self.tries(who, call), Ok(()), "{who}");
    }

    /// Writes a block with a worker's step that has to be taken.
    #[track_caller]
    pub fn brings(&mut self, step: Offer) {
        assert_eq!(self.offer(&[step]), [Ok(Ok(()))]);
    }

    /// Gives an account an owner, its own or that of `first`, and what it takes to trade.
    pub fn admit(&mut self, who: Key, first: Option<Key>) {
        use pallet_energy_membership::Call;
        let account = who.to_account_id();
        if self.world.look(|| Membership::owner_of(&account)).is_none() {
            let owner = own(first.unwrap_or(who));
            self.act(REGISTRAR, Call::name_owner { account: account.clone(), owner });
            if let Some(first) = first {
                self.act(first, Call::approve_account { account: account.clone() });
            }
            self.act(who, Call::consent_owner { owner, joins: first.is_some() });
        }
        if !self.world.look(|| Membership::may(&account, Role::Trade)) {
            let expires = self.world.now + YEAR;
            self.act(REGISTRAR, Call::issue { who: account, attribute: AttributeId(0), expires });
        }
    }

    /// The call by which the operator of a site enrols the SAE of `who`.
    pub fn enrolment(&self, site: SiteId, who: Key, lasts: Moment) -> Call<Runtime> {
        let expires = self.world.now + lasts;
        Call::enrol { site, sae: sae(who), account: who.to_account_id(), expires }
    }

    /// The enrolment that was made last.
    pub fn latest_enrolment(&mut self) -> EnrolmentId {
        EnrolmentId(self.world.look(NextEnrolment::<Runtime>::get) - 1)
    }

    /// As what `who` draws keys.
    pub fn enrolment_of(&mut self, who: Key) -> EnrolmentId {
        self.world.look(|| Qkd::sae_of(&who.to_account_id())).expect("it has an SAE").0
    }

    /// Enrols the SAE of `who` at a site, for `lasts` milliseconds, and has it accept.
    pub fn enrols(&mut self, operator: Key, site: SiteId, who: Key, lasts: Moment) {
        let call = self.enrolment(site, who, lasts);
        self.act(operator, call);
        let enrolment = self.latest_enrolment();
        self.act(who, Call::accept_sae { enrolment });
    }

    /// Gives an account an owner, its own or that of `first`, an SAE in the west and a worker.
    pub fn joins(&mut self, who: Key, first: Option<Key>) {
        self.admit(who, first);
        self.enrols(REGISTRAR, WEST, who, YEAR);
        self.act(who, Call::set_worker { key: Some(worker_key(who)) });
    }

    fn end(&mut self, who: Key) -> End {
        let account = who.to_account_id();
        let (_, enrolment) = self.world.look(|| Qkd::sae_of(&account)).expect("it has an SAE");
        let sae = core::str::from_utf8(&enrolment.sae).unwrap();
        End { account: Name(account.into()), sae: q_sah::SaeId::new(sae).unwrap() }
    }

    fn ends(&mut self, from: Key, to: Key) -> Ends {
        let (from, to) = (self.end(from), self.end(to));
        Ends::new(GenesisHash(self.genesis.0), from, to).unwrap()
    }

    /// A's agent draws keys, and A asks.
    pub fn ask(&mut self, from: Key, to: Key, suite: Suite, made: Made) -> Offer {
        let ids = match made {
            Made::UnderMadeUpNames => (0..suite.keys()).map(|_| self.service.name()).collect(),
            Made::Truly | Made::WithoutMac => self.service.draw(from, to, suite.keys()),
        };
        let ends = self.ends(from, to);
        let number = self.numbers.entry(from).or_default();
        *number += 1;
        let nonce = Nonce(sp_io::hashing::blake2_256(&(ids.clone(), *number).encode()));
        let a = Initiator::open(ends, keys(&ids), Number(*number), nonce).unwrap();
        let mut message1 = a.message1().to_vec();
        self.asked.insert(message1.clone(), a.to_secret_bytes());
        if made == Made::WithoutMac {
            *message1.last_mut().unwrap() ^= 1;
        }
        let (peer, message1) = (to.to_account_id(), message1.try_into().unwrap());
        Offer::Signed(from, Call::open_session { peer, message1 }.into())
    }

    /// The session that was asked for last.
    pub fn latest(&mut self) -> SessionId {
        SessionId(self.world.look(NextSession::<Runtime>::get) - 1)
    }

    /// A session that is on record.
    pub fn session(&mut self, id: SessionId) -> Option<SessionOf<Runtime>> {
        self.world.look(|| Sessions::<Runtime>::get(id))
    }

    /// Whether a session is open.
    pub fn is_open(&mut self, id: SessionId) -> bool {
        let session = self.session(id);
        session.is_some_and(|session| matches!(session.stage, SessionStage::Open { .. }))
    }

    /// Asks truly, which has to be taken.
    #[track_caller]
    pub fn asked(&mut self, from: Key, to: Key) -> SessionId {
        self.asked_so(from, to, Suite::Hmac, Made::Truly)
    }

    #[track_caller]
    pub fn asked_so(&mut self, from: Key, to: Key, suite: Suite, made: Made) -> SessionId {
        let offer = self.ask(from, to, suite, made);
        assert_eq!(self.offer(&[offer]), [Ok(Ok(()))]);
        self.latest()
    }

    /// Opens a session: a block for each step.
    #[track_caller]
    pub fn opened(&mut self, from: Key, to: Key) -> SessionId {
        let id = self.asked(from, to);
        for _ in 0..2 {
            let step = self.step(id).expect("the agents agree");
            self.brings(step);
        }
        assert!(self.is_open(id));
        id
    }

    /// What B's agent says to message 1, as its rules are: it judges the number, fetches the keys once,
    /// and answers if all is authentic.
    fn message2(&mut self, from: Key, to: Key, message1: &[u8]) -> Option<Vec<u8>> {
        if let Some(said) = self.answers.get(message1) {
            return said.clone();
        }
        let parsed = q_sah::Message1::parse(message1).unwrap();
        let name = Name(from.to_account_id().into());
        let mut seen = *self.seen.get(&[to, from]).unwrap_or(&Numbers::of(name));
        let said = if seen.judge(&parsed) == Ok(q_sah::Verdict::New)
            && self.service.collect(to, from, parsed.keys())
        {
            let ids: Vec<_> = parsed.keys().iter().map(|id| id.0).collect();
            let (ends, nonce) = (self.ends(from, to), sp_io::hashing::blake2_256(message1));
            let b = Responder::answer(ends, message1, keys(&ids), Nonce(nonce), &mut seen);
            b.ok().map(|b| b.message2().to_vec())
        } else {
            None
        };
        self.seen.insert([to, from], seen);
        self.answers.insert(message1.to_vec(), said.clone());
        said
    }

    /// What the agents say to what a session waits for, as a worker brings it; nothing if it waits for
    /// nothing or they have nothing to say.
    pub fn step(&mut self, id: SessionId) -> Option<Offer> {
        let session = self.session(id)?;
        let [from, to] = [&session.from, &session.to].map(|party| key_of(&party.account));
        match &session.stage {
            SessionStage::Requested { message1, .. } => {
                let message = self.message2(from, to, message1)?;
                Some(self.signed_step(to, WorkerStep::Accept, id, message))
            }
            SessionStage::Accepted { message1, message2, .. } => {
                let bytes = self.asked.get(&message1[..])?;
                let a = Initiator::<Opened>::from_secret_bytes(bytes).ok()?;
                let message = a.confirm(message2).ok()?.message3().to_vec();
                Some(self.signed_step(from, WorkerStep::Confirm, id, message))
            }
            SessionStage::Open { .. } => None,
        }
    }

    /// What the workers of these accounts bring now.
    pub fn steps(&mut self, of: &[Key]) -> Vec<Offer> {
        let mut ids: Vec<_> = self.world.look(|| {
            let of = of.iter().map(|key| key.to_account_id());
            of.flat_map(Awaited::<Runtime>::iter_key_prefix).collect()
        });
        ids.sort();
        ids.into_iter().filter_map(|id| self.step(id)).collect()
    }

    /// A step with a message of whatever content, signed with the key of the worker of `who`.
    pub fn signed_step(
        &mut self,
        who: Key,
        step: WorkerStep,
        session: SessionId,
        message: Vec<u8>,
    ) -> Offer {
        let answered = match self.session(session).map(|session| session.stage) {
            Some(SessionStage::Requested { message1, .. }) => message1.to_vec(),
            Some(SessionStage::Accepted { message2, .. }) => message2.to_vec(),
            _ => Vec::new(),
        };
        let payload = WorkerPayload { step, session, answered: &answered, message: &message };
        let signature = worker(who).sign(&payload.signing_bytes(self.genesis));
        Offer::General(step_call(step, session, message, WorkerSignature(signature)))
    }

    /// An answer of 96 bytes that are nothing.
    pub fn rubbish(&mut self, who: Key, session: SessionId) -> Offer {
        self.signed_step(who, WorkerStep::Accept, session, vec![5; 96])
    }

    /// How many requests of the owner of `who` wait, in all and with `to`.
    pub fn waiting(&mut self, who: Key, to: Key) -> [u32; 2] {
        self.world.look(|| {
            let owner = Membership::owner_of(&who.to_account_id()).expect("it has an owner");
            let with = RequestsTo::<Runtime>::get(owner, to.to_account_id());
            [Requests::<Runtime>::get(owner), with]
        })
    }
}

/// A worker's call.
pub fn step_call(
    step: WorkerStep,
    session: SessionId,
    message: Vec<u8>,
    signature: WorkerSignature,
) -> RuntimeCall {
    let call = match step {
        WorkerStep::Accept => {
            Call::accept_session { session, message2: message.try_into().unwrap(), signature }
        }
        WorkerStep::Confirm => {
            Call::confirm_session { session, message3: message.try_into().unwrap(), signature }
        }
    };
    call.into()
}
