//! `qedex owner`

use super::{Administer, Ask, Sign, parse_account, parse_bytes32, table};
use crate::{
    error::Error,
    output::{self, say},
};
use clap::{Args, Subcommand};
use qedex_client::{
    At,
    block::{Block, Transaction},
    market::Account,
    membership::{self, Change},
    meter::Nonce,
    queries,
    text::{account_text, owner_text},
    told::membership::{stands, state},
};
use qedex_primitives::OwnerId;
use serde_json::json;

/// What to do with owners: who stands behind which account.
#[derive(Debug, Subcommand)]
pub enum Owner {
    /// Files, as the registrar, whose an account is. It waits a week for consent.
    Name(Name),
    /// Consents, as the account, to be the owner's that the registrar has filed. That is final.
    Consent {
        /// The owner: 32 bytes in hexadecimal. owner show tells what was filed.
        #[arg(value_parser = parse_bytes32)]
        owner: [u8; 32],
        /// Joins the accounts that the owner has; without it, the account is its first one.
        #[arg(long)]
        joins: bool,
        /// Who signs: the account itself.
        #[command(flatten)]
        sign: Sign,
    },
    /// Approves, as an account of the owner, that another one joins it. That is final.
    Join {
        /// Which account joins.
        #[arg(value_parser = parse_account)]
        account: Account,
        /// Who signs: an account already there; by --council the council does it, where all of them
        /// are shut.
        #[command(flatten)]
        sign: Administer,
    },
    /// Withdraws a pending naming as the registrar, refuses it as the account or an account of the owner,
    /// or clears it when it is void.
    Withdraw {
        /// Whose.
        #[arg(value_parser = parse_account)]
        account: Account,
        /// Who signs.
        #[command(flatten)]
        sign: Sign,
    },
    /// Shows an account's owner with its accounts and what is pending; without an account, the
    /// registrar and all namings that are pending.
    Show {
        /// Whose.
        #[arg(value_parser = parse_account)]
        account: Option<Account>,
        /// Which node.
        #[command(flatten)]
        ask: Ask,
    },
    /// Shuts an account for good: the registrar proposes it, and by --council the council does it.
    Shut {
        /// Which.
        #[arg(value_parser = parse_account)]
        account: Account,
        /// Takes the proposal back, as the registrar.
        #[arg(long)]
        take_back: bool,
        /// Who signs.
        #[command(flatten)]
        sign: Administer,
    },
    /// Says who names owners (for the council, by --council, or Root, by --sudo).
    SetRegistrar {
        /// Who.
        #[arg(value_parser = parse_account)]
        account: Account,
        /// Who signs.
        #[command(flatten)]
        sign: Administer,
    },
}

/// Options of `owner name`.
#[derive(Debug, Args)]
pub struct Name {
    /// Whose owner is named.
    #[arg(value_parser = parse_account)]
    account: Account,
    /// The owner: 32 bytes in hexadecimal; a new one, at random, if none is given.
    #[arg(long, value_name = "HEX", value_parser = parse_bytes32)]
    owner: Option<[u8; 32]>,
    /// The owner of this account instead, which the named one joins.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account, conflicts_with = "owner")]
    with: Option<Account>,
    /// Who signs: the registrar.
    #[command(flatten)]
    sign: Sign,
}

impl Owner {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Name(args) => name(args).await,
            Self::Consent { owner, joins, sign } => consent(OwnerId(*owner), *joins, sign).await,
            Self::Join { account, sign } => join(*account, sign).await,
            Self::Withdraw { account, sign } => withdraw(*account, sign).await,
            Self::Show { account: Some(account), ask } => show(*account, ask).await,
            Self::Show { account: None, ask } => show_all(ask).await,
            Self::Shut { account, take_back, sign } => shut(*account, *take_back, sign).await,
            Self::SetRegistrar { account, sign } => set_registrar(*account, sign).await,
        }
    }
}

/// The owner that is to be named.
async fn chosen(args: &Name, at: &At) -> Result<OwnerId, Error> {
    match (args.owner, args.with) {
        (Some(owner), _) => Ok(OwnerId(owner)),
        (None, None) => Ok(OwnerId(*Nonce::random()?.bytes())),
        (None, Some(with)) => {
            let owner = membership::owner(at, with).await?;
            let nobody = || format!("no owner of {} is named", account_text(with));
            owner.ok_or_else(|| Error::BadInput(nobody()))
        }
    }
}

async fn name(args: &Name) -> Result<(), Error> {
    let mut session = args.sign.open().await?;
    let owner = chosen(args, session.at()).await?;
    let joins = !membership::accounts_of(session.at(), owner).await?.is_empty();
    let act = membership::name_owner(args.account, owner);
    let (block, _) = args.sign.act(&mut session, "the naming", &act).await?;
    let (account, owner) = (account_text(args.account), owner_text(owner));
    if args.sign.json {
        return output::json(&json!({
            "account": account,
            "owner": owner,
            "joins": joins,
            "block": block.number,
        }));
    }
    say!("block {}: {account} is to be an account of {owner}", block.number)?;
    if joins {
        say!("it consents with: qedex owner consent {owner} --joins")?;
        say!("an account of the owner approves with: qedex owner join {account}")?;
    } else {
        say!("it consents with: qedex owner consent {owner}")?;
    }
    Ok(())
}

/// Whether an account has its owner by this transaction.
fn is_named(included: &Transaction, account: Account) -> bool {
    included
        .changes
        .iter()
        .any(|change| matches!(change, Change::OwnerNamed(named, _) if *named == account))
}

/// Says whether it has taken effect, or for whom it waits.
fn agreed(
    account: Account,
    (block, included): &(Block, Transaction),
    waits_for: &str,
    json: bool,
) -> Result<(), Error> {
    let named = is_named(included, account);
    let account = account_text(account);
    if json {
        return output::json(&json!({
            "account": account,
            "named": named,
            "block": block.number,
        }));
    }
    if named {
        say!("block {}: the owner of {account} is named, for good", block.number)?;
    } else {
        say!("block {}: the naming of {account} waits for {waits_for}", block.number)?;
    }
    Ok(())
}

async fn consent(owner: OwnerId, joins: bool, sign: &Sign) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let account = qedex_client::keys::account_of(&sign.key()?);
    let there = membership::accounts_of(session.at(), owner).await?;
    if !joins && !there.is_empty() {
        let there: Vec<_> = there.iter().map(|one| account_text(one.account)).collect();
        let there = there.join(", ");
        return Err(Error::BadInput(format!(
            "the owner has accounts: {there}; if you know them for yours, say --joins"
        )));
    }
    let act = membership::consent_owner(owner, joins);
    let done = sign.act(&mut session, "the consent", &act).await?;
    agreed(account, &done, "an account that is there", sign.json)
}

async fn join(account: Account, sign: &Administer) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let act = membership::approve_account(account);
    let Some(done) = sign.act(&mut session, "the approval", &act).await? else {
        return Ok(());
    };
    agreed(account, &done, "the account's own consent", sign.json())
}

async fn withdraw(account: Account, sign: &Sign) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let act = membership::end_naming(account);
    let (block, _) = sign.act(&mut session, "the withdrawal", &act).await?;
    say_done(account, "no naming is pending any more", block.number, sign.json)
}

/// Says what is so of an account from a block on.
fn say_done(account: Account, what: &str, block: u64, json: bool) -> Result<(), Error> {
    let account = account_text(account);
    if json {
        return output::json(&json!({ "account": account, "block": block }));
    }
    say!("{account}: {what}, from block {block} on")?;
    Ok(())
}

async fn shut(account: Account, take_back: bool, sign: &Administer) -> Result<(), Error> {
    if take_back && !sign.by_signer() {
        let what = "the registrar takes it back, and neither the council nor Root";
        return Err(Error::BadInput(what.to_owned()));
    }
    let mut session = sign.open().await?;
    let (done, what) = if take_back {
        let act = membership::withdraw_shutting(account);
        (sign.act(&mut session, "the withdrawal", &act).await?, "it is not proposed for shutting")
    } else if sign.by_signer() {
        let act = membership::propose_shutting(account);
        let done = sign.act(&mut session, "the proposal", &act).await?;
        (done, "its shutting is proposed, and waits for the council")
    } else {
        let act = membership::shut_account(account);
        (sign.act(&mut session, "the shutting", &act).await?, "it is shut for good")
    };
    match done {
        Some((block, _)) => say_done(account, what, block.number, sign.json()),
        None => Ok(()),
    }
}

async fn set_registrar(account: Account, sign: &Administer) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let act = membership::set_registrar(account);
    match sign.act(&mut session, "the new registrar", &act).await? {
        Some((block, _)) => say_done(account, "it names owners", block.number, sign.json()),
        None => Ok(()),
    }
}

async fn show(account: Account, ask: &Ask) -> Result<(), Error> {
    let at = ask.at().await?;
    let owner = membership::owner(&at, account).await?;
    let pending = membership::pending_naming(&at, account).await?;
    let of = owner.or(pending.as_ref().map(|naming| naming.owner));
    let accounts = match of {
        Some(owner) => membership::accounts_of(&at, owner).await?,
        None => Vec::new(),
    };
    if ask.json {
        return output::json(&json!({
            "account": account_text(account),
            "owner": owner.map(owner_text),
            "pending": pending,
            "accounts": accounts,
        }));
    }
    let now = queries::time(&at).await?;
    let account = account_text(account);
    match (owner, &pending) {
        (Some(owner), _) => say!("{account} is an account of {}", owner_text(owner))?,
        (None, Some(naming)) => {
            let owner = owner_text(naming.owner);
            say!("{account} is to be an account of {owner}: {}", stands(naming, now))?;
        }
        (None, None) => say!("no owner of {account} is named")?,
    }
    if !accounts.is_empty() {
        let rows =
            accounts.iter().map(|one| vec![account_text(one.account), state(one).to_owned()]);
        say!("{}", table(&["accounts of the owner", ""], rows))?;
    }
    Ok(())
}

async fn show_all(ask: &Ask) -> Result<(), Error> {
    let at = ask.at().await?;
    let registrar = membership::registrar(&at).await?.map(account_text);
    let pending = membership::pending_namings(&at).await?;
    if ask.json {
        return output::json(&json!({ "registrar": registrar, "pending": pending }));
    }
    match registrar {
        Some(registrar) => say!("{registrar} names owners")?,
        None => say!("nobody names owners until the council says who")?,
    }
    let now = queries::time(&at).await?;
    let rows = pending.iter().map(|naming| {
        let who = format!("{}\n{}", account_text(naming.account), owner_text(naming.owner));
        vec![who, stands(naming, now)]
    });
    say!("{}", table(&["account, and the owner that it is to have", "pending"], rows))?;
    Ok(())
}
