//! A chain that keeps sessions, and forks.

use crate::record::sha256 as sha256_of;
use q_sah::{Message1, Message2, Suite, check_confirmation};
use qedex_primitives::{
    OwnerId,
    agent::{AccountBytes, News, SessionNews, Step},
    qkd::{EnrolmentId, Session, SessionEnd, SessionId, SessionParty, SessionStage, WorkerStep},
};
use std::collections::BTreeMap;

pub const GENESIS: [u8; 32] = [9; 32];

/// The chain as of one block.
#[derive(Clone, Default)]
struct Block {
    next: u64,
    sessions: BTreeMap<u64, Session<AccountBytes, u64>>,
    last_numbers: BTreeMap<AccountBytes, u64>,
    ended: BTreeMap<u64, SessionEnd>,
}

/// All blocks from the first on; the last one grows.
#[derive(Clone)]
pub struct Chain {
    blocks: Vec<Block>,
    saes: BTreeMap<AccountBytes, &'static str>,
    mail: BTreeMap<AccountBytes, &'static str>,
}

impl Chain {
    pub fn new(saes: &[(AccountBytes, &'static str)]) -> Self {
        let saes: BTreeMap<_, _> = saes.iter().copied().collect();
        let mail = saes.keys().map(|account| (*account, "/ip4/127.0.0.1/tcp/30340")).collect();
        Self { blocks: vec![Block::default()], saes, mail }
    }

    fn head(&mut self) -> &mut Block {
        self.blocks.last_mut().unwrap()
    }

    pub fn number(&self) -> u64 {
        self.blocks.len() as u64
    }

    pub fn next_block(&mut self) {
        let head = self.head().clone();
        self.blocks.push(head);
    }

    pub fn skip(&mut self, blocks: u64) {
        (0..blocks).for_each(|_| self.next_block());
    }

    /// Goes back so many blocks; what was in them is gone.
    pub fn fork(&mut self, back: usize) {
        let kept = self.blocks.len().saturating_sub(back).max(1);
        self.blocks.truncate(kept);
    }

    /// Takes a request as the pallet does: by its form and the account's last number.
    pub fn request(&mut self, message1: &[u8]) -> Option<SessionId> {
        let parsed = Message1::parse(message1).unwrap();
        let (from, to) = (parsed.from().0, parsed.to().0);
        let head = self.head();
        if head.last_numbers.get(&from).is_some_and(|last| parsed.number().0 <= *last) {
            return None;
        }
        head.last_numbers.insert(from, parsed.number().0);
        let id = head.next;
        head.next += 1;
        let party = |account: AccountBytes| SessionParty {
            account,
            owner: OwnerId(account),
            enrolment: EnrolmentId(account[0].into()),
        };
        let message1 = message1.to_vec().try_into().unwrap();
        let session = Session {
            from: party(from),
            to: party(to),
            suite: parsed.suite().code(),
            number: parsed.number().0,
            expires: 1 << 42,
            stage: SessionStage::Requested { message1, until: u64::MAX },
        };
        head.sessions.insert(id, session);
        Some(SessionId(id))
    }

    /// Takes a worker's step as the pallet does; tells whether it did.
    pub fn step(&mut self, step: &Step) -> bool {
        let head = self.head();
        if head.ended.contains_key(&step.session.0) {
            return false;
        }
        let Some(session) = head.sessions.get_mut(&step.session.0) else { return false };
        let suite = Suite::from_code(session.suite).unwrap();
        let next = match (&session.stage, step.step) {
            (SessionStage::Requested { message1, until }, WorkerStep::Accept)
                if sha256_of(message1) == step.answered
                    && step.message.len() == Message2::length(suite) =>
            {
                let message2 = step.message.clone().try_into().unwrap();
                SessionStage::Accepted { message1: message1.clone(), message2, until: *until }
            }
            (SessionStage::Accepted { message2, .. }, WorkerStep::Confirm)
                if sha256_of(message2) == step.answered =>
            {
                let confirmation = Message2::parse(suite, message2).unwrap().confirmation;
                if !check_confirmation(&confirmation, &step.message) {
                    return false;
                }
                let message3 = step.message.clone().try_into().unwrap();
                SessionStage::Open { confirmation, message3, since: 0 }
            }
            _ => return false,
        };
        session.stage = next;
        true
    }

    pub fn remove(&mut self, id: SessionId) {
        self.head().sessions.remove(&id.0);
    }

    pub fn end(&mut self, id: SessionId) {
        self.head().ended.insert(id.0, SessionEnd::Expired);
    }

    pub fn ids(&self) -> Vec<SessionId> {
        self.blocks.last().unwrap().sessions.keys().map(|id| SessionId(*id)).collect()
    }

    pub fn has(&self, message1: &[u8]) -> bool {
        self.blocks.last().unwrap().sessions.values().any(|session| match &session.stage {
            SessionStage::Requested { message1: told, .. }
            | SessionStage::Accepted { message1: told, .. } => told[..] == *message1,
            SessionStage::Open { .. } => false,
        })
    }

    /// The sessions that wait for a step of this account.
    pub fn awaited(&self, account: AccountBytes) -> Vec<SessionId> {
        let waits = |session: &Session<AccountBytes, u64>| match session.stage {
            SessionStage::Requested { .. } => session.to.account == account,
            SessionStage::Accepted { .. } => session.from.account == account,
            SessionStage::Open { .. } => false,
        };
        let sessions = &self.blocks.last().unwrap().sessions;
        let waiting = sessions.iter().filter(|(_, session)| waits(session));
        waiting.map(|(id, _)| SessionId(*id)).collect()
    }

    pub fn news(&self, account: AccountBytes, ids: &[SessionId]) -> News {
        let head = self.blocks.last().unwrap();
        let sessions = ids.iter().map(|id| {
            let Some(session) = head.sessions.get(&id.0) else { return SessionNews::Gone(*id) };
            let parties = [session.from.account, session.to.account];
            let bytes = |text: &str| text.as_bytes().to_vec();
            SessionNews::Here {
                id: *id,
                session: session.clone(),
                saes: parties.map(|who| Some(bytes(self.saes[&who]).try_into().unwrap())),
                mail: parties.map(|who| Some(bytes(self.mail[&who]).try_into().unwrap())),
                ended: head.ended.get(&id.0).copied(),
            }
        });
        News {
            genesis: GENESIS.into(),
            account,
            block: self.number(),
            now: 0,
            last_number: head.last_numbers.get(&account).copied().unwrap_or_default(),
            sessions: sessions.collect(),
            beacon: None,
            ledger: None,
        }
    }
}
