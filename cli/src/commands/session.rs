//! `qedex session`: sessions under keys of a key service, and what is said in them.

use super::options::{Ask, Sign};
use crate::{
    accounts::parse_account,
    error::Error,
    output::{self, say},
};
use clap::{Args, Subcommand, ValueEnum};
use qedex_client::{
    agent::{self, Agent, Sent, Text, Wish},
    keys::account_of,
    market::Account,
    qkd,
    text::account_text,
    told::sessions::{await_open, in_json, sae_of, shown, stage},
};
use qedex_primitives::qkd::SessionId;
use serde_json::json;
use std::{
    io::Read,
    path::PathBuf,
    time::{Duration, Instant},
};
use zeroize::Zeroizing;

/// The longest text, in bytes.
const MAX_TEXT_BYTES: u64 = 16_384;

/// What to do with sessions.
#[derive(Debug, Subcommand)]
pub enum Session {
    /// Opens a session with another account: draws a key, asks on the chain, and waits until both ends have
    /// computed the same. Costs the fee of all three steps, and a deposit while the session is there.
    Open(Open),
    /// Says something in an open session. It goes from agent to agent, sealed, and not over the chain.
    Send(Send),
    /// Prints what the other end has said, up to 64 texts; the agent forgets them then.
    Receive(Receive),
    /// Shows a session, or all sessions of an account, as the chain has them.
    Status(Status),
    /// Closes a session, at this agent and on the chain. The deposit goes back to who opened it.
    Close(Close),
}

/// The agent of the signer's SAE.
#[derive(Debug, Args)]
pub(super) struct Beside {
    /// The agent's door, a file that its node writes: qkd/SAE.json in the folder of the node's chain.
    #[arg(long, value_name = "FILE", env = "QEDEX_AGENT")]
    agent: PathBuf,
}

impl Beside {
    pub(super) fn agent(&self) -> Result<Agent, Error> {
        let path = self.agent.display();
        let file = |reason| Error::File { path: path.to_string(), reason };
        let text = Zeroizing::new(std::fs::read_to_string(&self.agent).map_err(file)?);
        // What is wrong with it is not shown: it holds a token.
        Agent::behind(&text).ok_or_else(|| Error::BadInput(format!("{path} is no agent's door")))
    }
}

/// By what both ends make sure of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// HMAC-SHA-256 with HKDF: one key of 256 bits.
    Hmac,
    /// One-time Poly1305: four keys of 256 bits.
    OneTime,
}

impl Suite {
    const fn of_agents(self) -> agent::Suite {
        match self {
            Self::Hmac => agent::Suite::Hmac,
            Self::OneTime => agent::Suite::OneTime,
        }
    }
}

/// Options of `session open`.
#[derive(Debug, Args)]
pub struct Open {
    /// With whom.
    #[arg(value_name = "ACCOUNT", value_parser = parse_account)]
    peer: Account,
    /// By what both ends make sure of each other.
    #[arg(long, value_enum, default_value_t = Suite::Hmac)]
    suite: Suite,
    /// For how many seconds to wait until it is open.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    wait: u64,
    #[command(flatten)]
    beside: Beside,
    /// Who signs: the account of the agent's SAE.
    #[command(flatten)]
    by: Sign,
}

/// Options of `session send`.
#[derive(Debug, Args)]
pub struct Send {
    /// The session's number on the chain.
    session: u64,
    /// What to say, 1 to 16,384 bytes; - reads it from standard input, where no list of processes shows it.
    text: String,
    #[command(flatten)]
    beside: Beside,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Options of `session receive`.
#[derive(Debug, Args)]
pub struct Receive {
    /// The session's number on the chain.
    session: u64,
    /// The agent keeps the texts, and hands them out again.
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    beside: Beside,
    /// Prints JSON, with texts in base64.
    #[arg(long)]
    json: bool,
}

/// Options of `session status`.
#[derive(Debug, Args)]
pub struct Status {
    /// The session's number on the chain.
    #[arg(required_unless_present = "account", conflicts_with = "account")]
    session: Option<u64>,
    /// All sessions of this account.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    account: Option<Account>,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Options of `session close`.
#[derive(Debug, Args)]
pub struct Close {
    /// The session's number on the chain.
    session: u64,
    #[command(flatten)]
    beside: Beside,
    /// Who signs: either end.
    #[command(flatten)]
    by: Sign,
}

impl Session {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Open(args) => open(args).await,
            Self::Send(args) => send(args).await,
            Self::Receive(args) => receive(args).await,
            Self::Status(args) => status(args).await,
            Self::Close(args) => close(args).await,
        }
    }
}

async fn open(args: &Open) -> Result<(), Error> {
    let agent = args.beside.agent()?;
    let key = args.by.key()?;
    let from = account_of(&key);
    let chain = args.by.node.connect().await?;
    let at = chain.now().await?;
    let ours = sae_of(&at, from, "the signer").await?;
    if ours != agent.sae() {
        return Err(Error::BadInput(format!(
            "the signer draws keys as {ours}, and the agent as {}",
            agent.sae()
        )));
    }
    let to_sae = sae_of(&at, args.peer, "the other end").await?;
    let suite = args.suite.of_agents();
    let wish = Wish {
        from,
        to: args.peer,
        to_sae: &to_sae,
        suite,
        last_number: qkd::last_number(&at, from).await?,
        genesis: chain.genesis(),
    };
    let asked = agent.ask(&wish).await?;
    let began = Instant::now();
    let call = qkd::open_session(args.peer, &asked.message1);
    let (block, _) = args.by.call("the request", &call).await?;
    let opened = await_open(&chain, from, asked.number, Duration::from_secs(args.wait)).await?;
    let (view, since) = opened;
    let (id, blocks) = (view.id.0, u64::from(since).saturating_sub(block.number));
    let seconds = began.elapsed().as_secs_f64();
    if args.by.json {
        return output::json(&json!({
            "session": id,
            "number": asked.number,
            "suite": suite.name(),
            "key_IDs": asked.key_ids,
            "requested_in_block": block.number,
            "open_since_block": since,
        }));
    }
    say!(
        "session {id} with {} is open since block {since}: {blocks} blocks after its request, {seconds:.1} s \
         after it was signed",
        account_text(args.peer)
    )
}

async fn send(args: &Send) -> Result<(), Error> {
    let agent = args.beside.agent()?;
    let text = if args.text == "-" { read_text()? } else { args.text.clone().into_bytes() };
    let sent = agent.send(args.session, text).await?;
    if args.json {
        return output::json(&sent);
    }
    match sent {
        Sent { counter, queued: 0 } => say!("the other end has taken it, as number {counter}"),
        Sent { counter, .. } => say!("it waits for the other end, as number {counter}"),
    }
}

/// A text from standard input, of which no more is read than one has and a byte.
fn read_text() -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let read = std::io::stdin().take(MAX_TEXT_BYTES.saturating_add(1)).read_to_end(&mut text);
    read.map_err(|reason| Error::File { path: "standard input".to_owned(), reason })?;
    Ok(text)
}

async fn receive(args: &Receive) -> Result<(), Error> {
    let agent = args.beside.agent()?;
    let texts = agent.receive(args.session, 0).await?;
    if args.json {
        output::json(&json!({ "texts": texts }))?;
    } else {
        print(&texts)?;
    }
    // The agent keeps them until somebody has read them.
    if let Some(last) = texts.last().filter(|_| !args.keep && output::was_read()) {
        agent.receive(args.session, last.counter.saturating_add(1)).await?;
    }
    Ok(())
}

fn print(texts: &[Text]) -> Result<(), Error> {
    if texts.is_empty() {
        return say!("nothing has come");
    }
    for text in texts {
        say!("{}: {}", text.counter, shown(&text.bytes))?;
    }
    Ok(())
}

async fn status(args: &Status) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let views = match (args.session, args.account) {
        (Some(id), _) => {
            let view = qkd::session(&at, SessionId(id)).await?;
            vec![view.ok_or_else(|| Error::BadInput(format!("there is no session {id}")))?]
        }
        (None, Some(account)) => qkd::sessions_of(&at, account).await?,
        (None, None) => Vec::new(),
    };
    if args.ask.json {
        return output::json(&views.iter().map(in_json).collect::<Vec<_>>());
    }
    let mut table = output::table(["session", "from", "to", "suite", "stage"]);
    for view in &views {
        let session = &view.session;
        let suite = if session.suite == 1 { "hmac" } else { "one-time" };
        table.add_row([
            view.id.0.to_string(),
            account_text(session.from.account),
            account_text(session.to.account),
            suite.to_owned(),
            stage(view),
        ]);
    }
    say!("{table}")
}

async fn close(args: &Close) -> Result<(), Error> {
    let agent = args.beside.agent()?;
    let call = qkd::close_session(SessionId(args.session));
    let (block, _) = args.by.call("the end of the session", &call).await?;
    // Gone from the chain it carries nothing; what the agent has of it is wiped now, not in two minutes.
    agent.wipe(args.session).await?;
    if args.by.json {
        return output::json(&json!({ "session": args.session, "block": block.number }));
    }
    say!("session {} is closed in block {}", args.session, block.number)
}
