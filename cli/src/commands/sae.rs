//! `qedex sae`: as which secure application entity (SAE) an account draws keys, and how its sessions reach it.

use super::options::{Ask, Sign};
use crate::{
    accounts::parse_account,
    error::Error,
    output::{self, say},
};
use clap::{Args, Subcommand};
use qedex_client::{
    At,
    market::Account,
    queries,
    registry::{self, Accepts},
    text::{DAY, account_text, distance, parse_bytes32},
    told::registry::{accepts_in_words, accepts_json, enrolment_json, standing},
};
use qedex_primitives::qkd::EnrolmentId;
use serde_json::json;

/// What to do with SAEs.
#[derive(Debug, Subcommand)]
pub enum Sae {
    /// Enrols an SAE at a site of the signer's for an account, which has to accept. A bond is held while the
    /// enrolment is there.
    Enrol(Enrol),
    /// Accepts an enrolment, as its account.
    Accept(Numbered),
    /// Puts the end of an enrolment off, as the operator of its site.
    Renew(Renew),
    /// Removes an enrolment, as its operator or its account; once it has expired, as anyone. Its sessions end.
    Remove(Numbered),
    /// Says with which key the signer's worker signs: the one that its node's keystore has.
    Worker(Worker),
    /// Says which node takes frames and letters for the signer.
    Mail(Mail),
    /// Says from whom the signer takes requests for sessions. Those that are there stay.
    From(From),
    /// Shows as which SAE an account draws keys, and what it says of itself.
    Show(Show),
    /// Lists enrolments.
    List(List),
}

/// Options of `sae enrol`.
#[derive(Debug, Args)]
pub struct Enrol {
    /// The SAE's identity at its key service, 1 to 128 bytes.
    sae: String,
    /// The number of the site.
    #[arg(long)]
    site: u32,
    /// For which account.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    who: Account,
    /// For how many days from the chain's time on.
    #[arg(long)]
    days: u32,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of what is done to one enrolment.
#[derive(Debug, Args)]
pub struct Numbered {
    /// The number of the enrolment, as `sae list` shows it.
    enrolment: u32,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `sae renew`.
#[derive(Debug, Args)]
pub struct Renew {
    /// The number of the enrolment, as `sae list` shows it.
    enrolment: u32,
    /// For how many days from the chain's time on; more than there are left.
    #[arg(long)]
    days: u32,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `sae worker`.
#[derive(Debug, Args)]
pub struct Worker {
    /// The sr25519 public key, 0x and 64 hexadecimal digits; `qedex-node key insert --key-type qsah` puts the
    /// secret one into the node's keystore.
    #[arg(value_name = "HEX", value_parser = parse_bytes32, required_unless_present = "none")]
    key: Option<[u8; 32]>,
    /// It has none any more.
    #[arg(long, conflicts_with = "key")]
    none: bool,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `sae mail`.
#[derive(Debug, Args)]
pub struct Mail {
    /// The node's address, such as /ip4/192.0.2.1/tcp/30340 or /dns/node.example/tcp/30340.
    #[arg(required_unless_present = "none")]
    address: Option<String>,
    /// No node does any more.
    #[arg(long, conflicts_with = "address")]
    none: bool,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `sae from`.
#[derive(Debug, Args)]
#[group(id = "whom", required = true, multiple = false, args = ["anyone", "nobody", "who"])]
pub struct From {
    /// Everybody who may open sessions.
    #[arg(long)]
    anyone: bool,
    /// Nobody. The signer may still open sessions.
    #[arg(long)]
    nobody: bool,
    /// This account; may be given up to 64 times.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    who: Vec<Account>,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `sae show`.
#[derive(Debug, Args)]
pub struct Show {
    /// Which account.
    #[arg(value_name = "ACCOUNT", value_parser = parse_account)]
    who: Account,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Options of `sae list`.
#[derive(Debug, Args)]
pub struct List {
    /// At this site alone.
    #[arg(long)]
    site: Option<u32>,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

impl Sae {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Enrol(args) => enrol(args).await,
            Self::Accept(args) => {
                let call = registry::accept_sae(EnrolmentId(args.enrolment));
                args.done(&call, "is accepted").await
            }
            Self::Renew(args) => renew(args).await,
            Self::Remove(args) => {
                let call = registry::remove_sae(EnrolmentId(args.enrolment));
                args.done(&call, "is removed, and its sessions have ended").await
            }
            Self::Worker(args) => {
                let call = registry::set_worker(args.key);
                told(&args.by, "the worker's key", &call, args.none).await
            }
            Self::Mail(args) => {
                let call = registry::set_mail(args.address.as_deref());
                told(&args.by, "the address for mail", &call, args.none).await
            }
            Self::From(args) => {
                let call = registry::set_accepts(args.accepts()?);
                told(&args.by, "from whom requests are taken", &call, false).await
            }
            Self::Show(args) => show(args).await,
            Self::List(args) => list(args).await,
        }
    }
}

impl From {
    fn accepts(&self) -> Result<Accepts, Error> {
        Ok(match (self.anyone, self.nobody) {
            (true, _) => Accepts::Anyone,
            (_, true) => Accepts::Nobody,
            _ => registry::listed(&self.who)?,
        })
    }
}

impl Numbered {
    async fn done(&self, call: &impl subxt::tx::Payload, outcome: &str) -> Result<(), Error> {
        let what = format!("enrolment {}", self.enrolment);
        let (block, _) = self.by.call(&what, call).await?;
        if self.by.json {
            return output::json(&json!({ "enrolment": self.enrolment, "block": block.number }));
        }
        say!("{what} {outcome}, in block {}", block.number)
    }
}

/// Sends what the signer says of itself.
async fn told(
    by: &Sign,
    what: &str,
    call: &impl subxt::tx::Payload,
    removed: bool,
) -> Result<(), Error> {
    let (block, _) = by.call(what, call).await?;
    if by.json {
        return output::json(&json!({ "block": block.number }));
    }
    say!("{what} is {} in block {}", if removed { "removed" } else { "on record" }, block.number)
}

/// The moment so many days after the chain's time.
async fn after(at: &At, days: u32) -> Result<u64, Error> {
    let now = queries::time(at).await?;
    Ok(now.saturating_add(u64::from(days).saturating_mul(DAY)))
}

async fn enrol(args: &Enrol) -> Result<(), Error> {
    let (mut session, key) = args.by.begin().await?;
    let expires = after(session.at(), args.days).await?;
    let call = registry::enrol(args.site, &args.sae, args.who, expires);
    let (block, _) = session.call("the enrolment", &call, &key).await?;
    let all = registry::enrolments(session.at()).await?;
    let new = all.into_iter().find(|(_, one)| one.sae[..] == *args.sae.as_bytes());
    let (id, _) = new.ok_or_else(|| Error::BadInput("the enrolment is gone again".into()))?;
    if args.by.json {
        return output::json(&json!({
            "enrolment": id.0,
            "sae": args.sae,
            "site": args.site,
            "account": account_text(args.who),
            "expires": expires,
            "block": block.number,
        }));
    }
    say!(
        "enrolment {} of {} at site {} waits for {}, in block {}",
        id.0,
        args.sae,
        args.site,
        account_text(args.who),
        block.number
    )
}

async fn renew(args: &Renew) -> Result<(), Error> {
    let (mut session, key) = args.by.begin().await?;
    let expires = after(session.at(), args.days).await?;
    let call = registry::renew_sae(EnrolmentId(args.enrolment), expires);
    let what = format!("enrolment {}", args.enrolment);
    let (block, _) = session.call(&what, &call, &key).await?;
    if args.by.json {
        return output::json(&json!({
            "enrolment": args.enrolment,
            "expires": expires,
            "block": block.number,
        }));
    }
    say!("{what} lasts for {} days from now on, by block {}", args.days, block.number)
}

async fn show(args: &Show) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let now = queries::time(&at).await?;
    let mut ours = registry::enrolments(&at).await?;
    ours.retain(|(_, one)| one.account == args.who);
    let profile = registry::profile(&at, args.who).await?;
    let worker = profile.worker.map(|key| format!("0x{}", hex::encode(key)));
    if args.ask.json {
        return output::json(&json!({
            "enrolments": ours.iter().map(|(id, one)| enrolment_json(*id, one)).collect::<Vec<_>>(),
            "worker": worker,
            "mail": profile.mail,
            "takes_requests_from": accepts_json(&profile.accepts),
        }));
    }
    if ours.is_empty() {
        say!("{} draws keys as no SAE", account_text(args.who))?;
    }
    for (id, one) in &ours {
        let standing = standing(one, now);
        say!(
            "enrolment {}: {} at site {}, {standing}, expires {}",
            id.0,
            String::from_utf8_lossy(&one.sae),
            one.site.0,
            distance(one.expires, now)
        )?;
    }
    say!("worker's key: {}", worker.as_deref().unwrap_or("none"))?;
    say!("mail: {}", profile.mail.as_deref().unwrap_or("none"))?;
    say!("takes requests from {}", accepts_in_words(&profile.accepts))
}

async fn list(args: &List) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let now = queries::time(&at).await?;
    let mut all = registry::enrolments(&at).await?;
    all.retain(|(_, one)| args.site.is_none_or(|site| one.site.0 == site));
    if args.ask.json {
        return output::json(
            &all.iter().map(|(id, one)| enrolment_json(*id, one)).collect::<Vec<_>>(),
        );
    }
    if all.is_empty() {
        return say!("there are no enrolments");
    }
    let mut rows = output::table(["enrolment", "SAE", "site", "accepted", "expires", "account"]);
    for (id, one) in &all {
        rows.add_row([
            id.0.to_string(),
            String::from_utf8_lossy(&one.sae).into_owned(),
            one.site.0.to_string(),
            if one.accepted { "yes" } else { "no" }.to_owned(),
            distance(one.expires, now),
            account_text(one.account),
        ]);
    }
    say!("{rows}")
}
