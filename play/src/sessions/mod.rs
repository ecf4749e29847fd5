//! Sessions under keys of key services, between participants at two sites.
//!
//! - [`doors`]: the agents that stand ready, and the key services that they draw from;
//! - [`enrolment`]: participants draw keys as the SAEs of these agents;
//! - [`handshakes`]: sessions are opened, all at once, and closed;
//! - [`talk`]: what is said in them arrives, or does not.

pub mod doors;
pub mod enrolment;
pub mod handshakes;
pub mod talk;

use qedex_client::{
    agent::{Agent, Suite},
    keys::{Keypair, account_of},
    market::Account,
};
use std::sync::Arc;

/// Questions to agents, and to the chain, that are under way at the same time.
const AT_ONCE: usize = 16;

/// A participant and the agent of the SAE as which it draws keys.
#[derive(Clone)]
pub struct Speaker {
    /// What it is called.
    pub name: String,
    /// The key of its account.
    pub key: Keypair,
    /// Its agent.
    pub agent: Arc<Agent>,
}

impl Speaker {
    /// Its account.
    pub fn account(&self) -> Account {
        account_of(&self.key)
    }
}

/// Two participants that are to have a session. The first one asks.
#[derive(Clone)]
pub struct Pair {
    /// They.
    pub ends: [Speaker; 2],
    /// In which suite.
    pub suite: Suite,
}
