//! `qedex attribute`

use super::{
    Administer, Ask, DAY, Universe, days, distance, parse_account, parse_text, parse_words, table,
};
use crate::{
    error::Error,
    output::{self, say},
};
use clap::Subcommand;
use qedex_client::{
    market::Account,
    membership::{self, Change},
    text::account_text,
};
use serde_json::{Value, json};
use subxt::tx::Payload;

/// What to do with attributes.
#[derive(Debug, Subcommand)]
pub enum Attribute {
    /// Lists them with their issuers and versions.
    List(Ask),
    /// Registers one (for the council, by --council, or Root, by --sudo).
    Register {
        /// Its short name, at most 32 bytes.
        #[arg(long, value_parser = parse_words::<32>)]
        name: String,
        /// What it means, at most 256 bytes.
        #[arg(long, default_value = "", value_parser = parse_text::<256>)]
        description: String,
        /// Who issues credentials of it.
        #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
        issuer: Account,
        /// For how many days a credential of it is issued at most.
        #[arg(long, default_value_t = 365, value_parser = days())]
        days: u64,
        /// Who signs.
        #[command(flatten)]
        sign: Administer,
    },
    /// Revokes it as a whole: every credential of it is void at once.
    ///
    /// Where a role needs it, that takes the issuer and the council: the first asks, and the second's
    /// call within a week does it.
    Bump {
        /// Its number or name.
        attribute: String,
        /// Takes one's request back.
        #[arg(long)]
        take_back: bool,
        /// Who signs: the issuer; by --council the council does it, by --sudo Root.
        #[command(flatten)]
        sign: Administer,
    },
    /// Sets for how long its credentials are issued at most (for the council, by --council, or Root, by
    /// --sudo).
    SetTerm {
        /// Its number or name.
        attribute: String,
        /// For how many days.
        #[arg(long, value_parser = days())]
        days: u64,
        /// Who signs.
        #[command(flatten)]
        sign: Administer,
    },
    /// Lets its issuer end credentials of more owners, within a week, than one in twenty a day (for the
    /// council, by --council, or Root, by --sudo).
    AllowEndings {
        /// Its number or name.
        attribute: String,
        /// Of how many.
        #[arg(long)]
        owners: u32,
        /// Who signs.
        #[command(flatten)]
        sign: Administer,
    },
    /// Replaces its issuer (for the council, by --council, or Root, by --sudo).
    SetIssuer {
        /// Its number or name.
        attribute: String,
        /// Who issues credentials of it from now on.
        #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
        issuer: Account,
        /// Who signs.
        #[command(flatten)]
        sign: Administer,
    },
    /// Removes it when it is not in use (for the council, by --council, or Root, by --sudo).
    Remove {
        /// Its number or name.
        attribute: String,
        /// Who signs.
        #[command(flatten)]
        sign: Administer,
    },
}

impl Attribute {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::List(ask) => list(ask).await,
            Self::Register { name, description, issuer, days, sign } => {
                register(name, description, *issuer, *days, sign).await
            }
            Self::Bump { attribute, take_back: false, sign } => bump(attribute, sign).await,
            Self::Bump { attribute, take_back: true, sign } => {
                let words = |label: &str, block| {
                    format!("nobody asks to void {label} from block {block} on")
                };
                let call = membership::withdraw_voiding;
                change((attribute, sign), "the withdrawal", call, &[], words).await
            }
            Self::SetTerm { attribute, days, sign } => {
                let term = days.saturating_mul(DAY);
                let words = |label: &str, block| {
                    format!("{label} is issued for {days} days at most from block {block} on")
                };
                let call = |attribute| membership::set_term(attribute, term);
                let more = [("term", term.into())];
                change((attribute, sign), "the new term", call, &more, words).await
            }
            Self::AllowEndings { attribute, owners, sign } => {
                let words = |label: &str, block| {
                    format!(
                        "block {block}: the issuer of {label} may end credentials of {owners} owners more \
                         within a week"
                    )
                };
                let call = |attribute| membership::allow_endings(attribute, *owners);
                let more = [("owners", (*owners).into())];
                change((attribute, sign), "the permission", call, &more, words).await
            }
            Self::SetIssuer { attribute, issuer, sign } => {
                let who = account_text(*issuer);
                let words =
                    |label: &str, block| format!("{who} issues {label} from block {block} on");
                let call = |attribute| membership::set_issuer(attribute, *issuer);
                let more = [("issuer", who.clone().into())];
                change((attribute, sign), "the new issuer", call, &more, words).await
            }
            Self::Remove { attribute, sign } => {
                let words = |label: &str, block| format!("{label} is removed in block {block}");
                let call = membership::remove_attribute;
                change((attribute, sign), "the removal", call, &[], words).await
            }
        }
    }
}

async fn list(ask: &Ask) -> Result<(), Error> {
    let Universe(attributes) = Universe::read(&ask.at().await?).await?;
    if ask.json {
        return output::json(&attributes);
    }
    let header = [
        "number",
        "name",
        "version",
        "on record",
        "term, days",
        "to end today",
        "issuer",
        "meaning",
    ];
    let rows = attributes.into_iter().map(|attribute| {
        vec![
            attribute.attribute.to_string(),
            attribute.name,
            attribute.version.to_string(),
            attribute.credentials.to_string(),
            attribute.term.div_euclid(DAY).to_string(),
            attribute.endings_left.to_string(),
            attribute.issuer,
            attribute.description,
        ]
    });
    say!("{}", table(&header, rows))?;
    Ok(())
}

async fn register(
    name: &str,
    description: &str,
    issuer: Account,
    days: u64,
    sign: &Administer,
) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let term = days.saturating_mul(DAY);
    let act = membership::register_attribute(name, description, issuer, term);
    let Some((block, included)) = sign.act(&mut session, "the registration", &act).await? else {
        return Ok(());
    };
    let number = included.changes.iter().find_map(|change| match change {
        Change::AttributeRegistered(number) => Some(*number),
        _ => None,
    });
    let attribute =
        number.ok_or_else(|| Error::answer("no attribute was registered".to_owned()))?;
    if sign.json() {
        return output::json(&json!({ "attribute": attribute, "block": block.number }));
    }
    say!("attribute {attribute} ({name}) is registered in block {}", block.number)?;
    Ok(())
}

async fn bump(attribute: &str, sign: &Administer) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let universe = Universe::read(session.at()).await?;
    let attribute = universe.resolve(attribute)?;
    let act = membership::bump_version(attribute);
    let Some((block, included)) = sign.act(&mut session, "the revocation", &act).await? else {
        return Ok(());
    };
    let version = included.changes.iter().find_map(|change| match change {
        Change::AttributeRevoked(version) => Some(*version),
        _ => None,
    });
    let asked = included.changes.iter().find_map(|change| match change {
        Change::VoidingAsked(until) => Some(*until),
        _ => None,
    });
    if sign.json() {
        return output::json(&json!({
            "attribute": attribute,
            "version": version,
            "asked_until": asked,
            "block": block.number,
        }));
    }
    let label = universe.label(attribute);
    match asked {
        None => say!("all credentials of {label} are void from block {} on", block.number)?,
        Some(until) => say!(
            "block {}: to void {label} takes the issuer and the council; the other half's attribute \
             bump does it, at the latest {}",
            block.number,
            distance(until, block.time)
        )?,
    }
    Ok(())
}

/// Does what `call` says to an attribute, and tells it: to people in `words`, of what the attribute is called and
/// of the block; to programs by its number, by `more` and by the block.
async fn change<C: Payload>(
    (attribute, sign): (&str, &Administer),
    what: &str,
    call: impl FnOnce(u32) -> C,
    more: &[(&str, Value)],
    words: impl FnOnce(&str, u64) -> String,
) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let universe = Universe::read(session.at()).await?;
    let attribute = universe.resolve(attribute)?;
    let Some((block, _)) = sign.act(&mut session, what, &call(attribute)).await? else {
        return Ok(());
    };
    if !sign.json() {
        return say!("{}", words(&universe.label(attribute), block.number));
    }
    let mut said = json!({ "attribute": attribute });
    for (name, value) in more {
        said[*name] = value.clone();
    }
    said["block"] = block.number.into();
    output::json(&said)
}
