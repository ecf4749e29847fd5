//! `qedex letter`: one text under one key, from agent to agent.

use super::{
    options::{Ask, Node},
    session::Beside,
};
use crate::{
    accounts::parse_account,
    error::Error,
    output::{self, say},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use clap::{Args, Subcommand, ValueEnum};
use qedex_client::{
    market::Account,
    registry,
    text::account_text,
    told::{
        letters::{Writer, account, in_hex, plain, received, sent},
        sessions::sae_of,
    },
};
use serde_json::json;
use std::collections::BTreeMap;

/// What to do with letters.
#[derive(Debug, Subcommand)]
pub enum Letter {
    /// Writes a letter to another account: draws a key, seals the text under it, and has the agent deliver
    /// it. It costs a key and no fee, and nothing of it is on the chain.
    Send(Send),
    /// Shows the letters that were written here, and how many came.
    List(List),
    /// Prints the letters that came, and keeps them no longer. Whether the chain has the writer's account
    /// draw keys as the SAE that wrote is looked up, and said of each.
    Receive(Receive),
}

/// How a letter is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Seal {
    /// ChaCha20-Poly1305: one key of 256 bits.
    Aead,
    /// One-time pad and one-time tag: one key 32 bytes longer than the text.
    OneTime,
}

/// Options of `letter send`.
#[derive(Debug, Args)]
pub struct Send {
    /// To whom.
    #[arg(value_name = "ACCOUNT", value_parser = parse_account)]
    to: Account,
    /// What to say, 1 to 16,384 bytes.
    text: String,
    /// Who writes: the account of the agent's SAE.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    from: Account,
    /// How it is sealed.
    #[arg(long, value_enum, default_value_t = Seal::Aead)]
    seal: Seal,
    /// What it is for: a number that both ends agree on, up to 255.
    #[arg(long, default_value_t = 0)]
    purpose: u8,
    /// The number of the delivery slot that it is about.
    #[arg(long, default_value_t = 0)]
    slot: u64,
    /// The number of the trade that it is about.
    #[arg(long, default_value_t = 0)]
    trade: u64,
    /// A UUID by which to ask again: the same one writes no second letter.
    #[arg(long, value_name = "UUID")]
    request: Option<String>,
    #[command(flatten)]
    beside: Beside,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Options of `letter list`.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    beside: Beside,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Options of `letter receive`.
#[derive(Debug, Args)]
pub struct Receive {
    #[command(flatten)]
    beside: Beside,
    /// Which node.
    #[command(flatten)]
    node: Node,
    /// Prints JSON, with texts in base64.
    #[arg(long)]
    json: bool,
}

impl Letter {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Send(args) => send(args).await,
            Self::List(args) => list(args).await,
            Self::Receive(args) => receive(args).await,
        }
    }
}

async fn send(args: &Send) -> Result<(), Error> {
    let agent = args.beside.agent()?;
    let chain = args.ask.node.connect().await?;
    let genesis = chain.genesis();
    let at = chain.now().await?;
    let ours = sae_of(&at, args.from, "the writer").await?;
    if ours != agent.sae() {
        return Err(Error::BadInput(format!(
            "the writer draws keys as {ours}, and the agent as {}",
            agent.sae()
        )));
    }
    let mail = registry::profile(&at, args.to).await?.mail.ok_or_else(|| {
        Error::BadInput(format!("the chain has no mail address of {}", account_text(args.to)))
    })?;
    let mut letter = json!({
        "from": in_hex(&args.from),
        "to": in_hex(&args.to),
        "to_sae": sae_of(&at, args.to, "the reader").await?,
        "mail": mail,
        "genesis": in_hex(&genesis.0),
        "purpose": args.purpose,
        "slot": args.slot,
        "trade": args.trade,
        "seal": match args.seal { Seal::Aead => "aead", Seal::OneTime => "one-time" },
        "text": BASE64_STANDARD.encode(&args.text),
    });
    if let Some(request) = &args.request {
        letter["request"] = json!(request);
    }
    let said = agent.write_letter(&letter).await?;
    if args.ask.json {
        return output::json(&said);
    }
    let number = &said["number"];
    match (said["state"].as_str(), said["reason"].as_str()) {
        (Some("delivered"), _) => say!("the reader's node has taken letter {number}"),
        (_, Some(why)) => say!("letter {number} waits for the reader's node: {why}"),
        (_, None) => say!("letter {number} waits for the reader's node"),
    }
}

async fn list(args: &List) -> Result<(), Error> {
    let agent = args.beside.agent()?;
    let said = agent.letters().await?;
    if args.json {
        return output::json(&said);
    }
    let columns = ["number", "to", "purpose", "slot", "trade", "seal", "state"];
    let mut table = output::table(columns);
    for letter in said["sent"].as_array().into_iter().flatten() {
        table.add_row(sent(letter));
    }
    say!("{table}")?;
    let received = &said["received"];
    say!("{} came, of which {} wait: qedex letter receive", received["in_all"], received["waiting"])
}

async fn receive(args: &Receive) -> Result<(), Error> {
    let agent = args.beside.agent()?;
    // Before: letters are handed out once.
    let at = args.node.connect().await?.now().await?;
    let mut said = agent.receive_letters().await?;
    let mut writers: BTreeMap<(Account, String), Writer> = BTreeMap::new();
    let mut shown = Vec::new();
    for letter in said["letters"].as_array_mut().into_iter().flatten() {
        let from = account(&letter["from"]);
        let sae = letter["from_sae"].as_str().map(str::to_owned);
        let text = letter["text"].as_str().map(|text| BASE64_STANDARD.decode(text));
        let (Some(from), Some(sae), Some(Ok(text))) = (from, sae, text) else {
            return Err(Error::Agent("the agent hands out what is no letter".into()));
        };
        let key = (from, sae);
        if !writers.contains_key(&key) {
            writers.insert(key.clone(), Writer::look_up(&at, from, &key.1).await);
        }
        let Some(writer) = writers.get(&key) else { continue };
        letter["writer"] = json!(writer.name());
        shown.push(received(letter, from, writer.warning(&plain(&key.1)), &text));
    }
    if args.json {
        return output::json(&said);
    }
    if shown.is_empty() {
        return say!("nothing has come");
    }
    for letter in shown {
        say!("{letter}")?;
    }
    Ok(())
}
