//! The whole of it: nodes, key services, agents, and what both ends of a session do.

use crate::{
    agent::Agent,
    chain::{Chain, View, call_of, until},
    kme::{self, Door, Link},
    record::Record,
    search::WINDOW,
};
use hyper::Method;
use qedex_primitives::qkd::{SessionId, SessionStage};
use qedex_runtime::RuntimeCall;
use qedex_testnode::{
    agents::{Agency, Nodes},
    binary::lasting_port,
};
use serde_json::{Value, json};
use sp_keyring::Sr25519Keyring;
use std::{path::PathBuf, sync::Arc};

/// One of the two accounts that open sessions with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Dave,
    Eve,
}

impl End {
    pub fn keyring(self) -> Sr25519Keyring {
        match self {
            Self::Dave => Sr25519Keyring::Dave,
            Self::Eve => Sr25519Keyring::Eve,
        }
    }

    pub fn sae(self) -> &'static str {
        match self {
            Self::Dave => "sae-dave",
            Self::Eve => "sae-eve",
        }
    }

    pub fn other(self) -> Self {
        match self {
            Self::Dave => Self::Eve,
            Self::Eve => Self::Dave,
        }
    }
}

/// A session that one end has asked its agent for.
#[derive(Clone, Debug)]
pub struct Handshake {
    pub from: End,
    pub number: u64,
    pub message1: Vec<u8>,
    /// The names of its keys.
    pub keys: Vec<String>,
}

/// How far a session has come on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Requested,
    Accepted,
    Open,
}

pub fn stage(view: &View) -> Stage {
    match view.session.stage {
        SessionStage::Requested { .. } => Stage::Requested,
        SessionStage::Accepted { .. } => Stage::Accepted,
        SessionStage::Open { .. } => Stage::Open,
    }
}

/// What there is.
pub struct Field {
    pub folder: PathBuf,
    pub nodes: Nodes,
    pub link: Arc<Link>,
    /// Dave's key service.
    pub west: Arc<Door>,
    /// Eve's.
    pub east: Arc<Door>,
    /// Another door of Dave's, for the second agent of his SAE.
    pub back: Arc<Door>,
    pub record: Arc<Record>,
    pub dave: Arc<Agent>,
    pub eve: Arc<Agent>,
    /// The second agent of Dave's SAE, at Bob's node.
    pub twin: Arc<Agent>,
    genesis: String,
}

impl Field {
    /// Starts the nodes; all doors of key services are shut. Alice's node bears `mark` in its name.
    pub async fn start(folder: &std::path::Path, mark: &[u8]) -> Self {
        assert!(mark.len() >= 2 * WINDOW, "it is known again in parts");
        let certificates = folder.join("certificates");
        kme::certify(&certificates, &["west", "east"], &["sae-dave", "sae-eve"]);
        let link = Link::new();
        let door = |kme: &str| Door::new(&link, &certificates, kme, lasting_port());
        let (west, east, back) = (door("west"), door("east"), door("west"));
        let agency = |sae, door: &Door, mail_port| Agency { sae, kme_url: door.url(), mail_port };
        let mut nodes = Nodes::new(
            folder,
            agency("sae-eve", &east, Some(lasting_port())),
            agency("sae-dave", &west, Some(lasting_port())),
            agency("sae-dave", &back, None),
            mark,
        )
        .await;
        for node in [&mut nodes.alice, &mut nodes.bob, &mut nodes.dave] {
            node.start();
        }
        let record = Arc::new(Record::new(folder));
        let chain = Chain::of(&nodes.alice, &record).await;
        until("finality", || async { (chain.finalised().await.number > 0).then_some(()) }).await;
        let genesis = chain.hash_at(0).await.expect("there is a first block");
        Self {
            dave: Agent::of(&nodes.dave, "sae-dave", &record),
            eve: Agent::of(&nodes.alice, "sae-eve", &record),
            twin: Agent::of(&nodes.bob, "sae-dave", &record),
            folder: folder.to_owned(),
            nodes,
            link,
            west,
            east,
            back,
            record,
            genesis,
        }
    }

    /// What Alice's node has.
    pub async fn alice(&self) -> Chain {
        Chain::of(&self.nodes.alice, &self.record).await
    }

    /// What Bob's node has.
    pub async fn bob(&self) -> Chain {
        Chain::of(&self.nodes.bob, &self.record).await
    }

    pub fn agent(&self, end: End) -> &Arc<Agent> {
        match end {
            End::Dave => &self.dave,
            End::Eve => &self.eve,
        }
    }

    /// What an end asks its agent to open a session.
    pub fn wish(&self, from: End, suite: &str) -> Vec<u8> {
        let account = |end: End| format!("0x{}", hex::encode(end.keyring().to_raw_public()));
        let to = from.other();
        let wish = json!({
            "from": account(from), "to": account(to), "to_sae": to.sae(), "suite": suite,
            "least_number": 0, "genesis": self.genesis,
        });
        wish.to_string().into_bytes()
    }

    /// Has an agent draw keys for a session; or why it does not.
    pub async fn try_ask(&self, from: End, suite: &str) -> Result<Handshake, (u16, String)> {
        let wish = self.wish(from, suite);
        let (code, body) = self.agent(from).ask(Method::POST, "/v1/sessions", &wish).await;
        let said: Value = serde_json::from_slice(&body).expect("JSON");
        if code != 200 {
            return Err((code, said["message"].as_str().unwrap_or_default().to_owned()));
        }
        let message1 = said["message1"].as_str().expect("a message");
        let keys = said["key_IDs"].as_array().expect("names of keys").iter();
        Ok(Handshake {
            from,
            number: said["number"].as_u64().expect("a number"),
            message1: hex::decode(message1.trim_start_matches("0x")).expect("hexadecimal"),
            keys: keys.map(|key| key.as_str().expect("a name").to_owned()).collect(),
        })
    }

    pub async fn ask(&self, from: End, suite: &str) -> Handshake {
        self.try_ask(from, suite).await.unwrap_or_else(|why| panic!("no session: {why:?}"))
    }

    /// Brings message 1 to the chain, by way of a node.
    pub async fn request(&self, handshake: &Handshake, by: &Chain) {
        let peer = handshake.from.other().keyring().to_account_id();
        let message1 = handshake.message1.clone().try_into().expect("it fits");
        let call = RuntimeCall::Qkd(pallet_qkd::Call::open_session { peer, message1 });
        by.send(handshake.from.keyring(), call).await;
    }

    /// A session as a node has it.
    pub async fn view(&self, handshake: &Handshake, by: &Chain) -> Option<View> {
        let from = handshake.from.keyring();
        let ours = |view: &View| {
            let session = &view.session;
            session.from.account == from.to_raw_public() && session.number == handshake.number
        };
        by.sessions_of(from).await.into_iter().find(ours)
    }

    /// Waits until a session has come so far at a node.
    pub async fn reached(&self, handshake: &Handshake, at_least: Stage, by: &Chain) -> View {
        until(&format!("{at_least:?} of {}", handshake.number), || async {
            let view = self.view(handshake, by).await?;
            (stage(&view) >= at_least).then_some(view)
        })
        .await
    }

    /// Waits until a session is open on the chain and for both ends.
    pub async fn opened(&self, handshake: &Handshake) -> SessionId {
        let view = self.reached(handshake, Stage::Open, &self.alice().await).await;
        for agent in [&self.dave, &self.eve] {
            agent.await_state(handshake.number, &["open"]).await;
        }
        view.id
    }

    /// Says something both ways.
    pub async fn speak(&self, handshake: &Handshake, session: SessionId) {
        for from in [handshake.from, handshake.from.other()] {
            let text = format!("{from:?} to {:?} in session {}", from.other(), session.0);
            self.agent(from).send(session.0, text.as_bytes()).await;
            let came = self.agent(from.other()).receive(session.0).await;
            assert_eq!(came, text.as_bytes());
        }
    }

    /// Has A close sessions, and waits until they are gone.
    pub async fn close(&self, handshakes: &[&Handshake]) {
        let alice = self.alice().await;
        for handshake in handshakes {
            let view = self.view(handshake, &alice).await.expect("it is there");
            let call = pallet_qkd::Call::close_session { session: view.id };
            alice.send(handshake.from.keyring(), RuntimeCall::Qkd(call)).await;
        }
        for handshake in handshakes {
            until("the end of a session", || async {
                self.view(handshake, &alice).await.is_none().then_some(())
            })
            .await;
        }
    }
}

impl Field {
    /// Brings requests to the chain by way of Alice's node, and waits until they are there.
    pub async fn nodes_see(&self, handshakes: &[&Handshake]) {
        let alice = self.alice().await;
        for handshake in handshakes {
            self.request(handshake, &alice).await;
        }
        for handshake in handshakes {
            self.reached(handshake, Stage::Requested, &alice).await;
        }
    }

    /// The transaction with which B's worker has answered a session.
    pub async fn step_of(&self, session: SessionId, chain: &Chain) -> String {
        let mut block = chain.best().await;
        while block.number > 0 {
            let transactions = chain.transactions(&block.hash).await.into_iter();
            let answers = |one: &String| answers(std::slice::from_ref(one));
            let mut ours = transactions.filter(|one| answers(one).iter().any(|a| a.0 == session));
            if let Some(ours) = ours.next() {
                return ours;
            }
            block = chain.block(&block.parent).await;
        }
        panic!("session {} was not answered", session.0);
    }
}

/// The answers among these transactions: which session each is of, and message 2.
pub fn answers(transactions: &[String]) -> Vec<(SessionId, Vec<u8>)> {
    let calls = transactions.iter().filter_map(|one| call_of(one));
    calls
        .filter_map(|call| match call {
            pallet_qkd::Call::accept_session { session, message2, .. } => {
                Some((session, message2.to_vec()))
            }
            _ => None,
        })
        .collect()
}

/// The confirmations among these transactions: which session each is of, and message 3.
pub fn confirmations(transactions: &[String]) -> Vec<(SessionId, Vec<u8>)> {
    let calls = transactions.iter().filter_map(|one| call_of(one));
    calls
        .filter_map(|call| match call {
            pallet_qkd::Call::confirm_session { session, message3, .. } => {
                Some((session, message3.to_vec()))
            }
            _ => None,
        })
        .collect()
}

/// The requests among these transactions: message 1 of each.
pub fn requests(transactions: &[String]) -> Vec<Vec<u8>> {
    let calls = transactions.iter().filter_map(|one| call_of(one));
    calls
        .filter_map(|call| match call {
            pallet_qkd::Call::open_session { message1, .. } => Some(message1.to_vec()),
            _ => None,
        })
        .collect()
}
