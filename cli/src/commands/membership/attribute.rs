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
};
use serde_json::json;

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
            Self::Bump { attribute, take_back: true, sign } => take_back(attribute, sign).await,
            Self::Bump { attribute, take_back: false, sign } => bump(attribute, sign).await,
            Self::SetTerm { attribute, days, sign } => set_term(attribute, *days, sign).await,
            Self::AllowEndings { attribute, owners, sign } => {
                allow_endings(attribute, *owners, sign).await
            }
            Self::SetIssuer { attribute, issuer, sign } => {
                set_issuer(attribute, *issuer, sign).await
            }
            Self::Remove { attribute, sign } => remove(attribute, sign).await,
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

async fn take_back(attribute: &str, sign: &Administer) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let universe = Universe::read(session.at()).await?;
    let attribute = universe.resolve(attribute)?;
    let act = membership::withdraw_voiding(attribute);
    let Some((block, _)) = sign.act(&mut session, "the withdrawal", &act).await? else {
        return Ok(());
    };
    if sign.json() {
        return output::json(&json!({ "attribute": attribute, "block": block.number }));
    }
    say!("nobody asks to void {} from block {} on", universe.label(attribute), block.number)?;
    Ok(())
}

async fn set_term(attribute: &str, days: u64, sign: &Administer) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let universe = Universe::read(session.at()).await?;
    let attribute = universe.resolve(attribute)?;
    let term = days.saturating_mul(DAY);
    let act = membership::set_term(attribute, term);
    let Some((block, _)) = sign.act(&mut session, "the new term", &act).await? else {
        return Ok(());
    };
    if sign.json() {
        let result = json!({ "attribute": attribute, "term": term, "block": block.number });
        return output::json(&result);
    }
    let label = universe.label(attribute);
    say!("{label} is issued for {days} days at most from block {} on", block.number)?;
    Ok(())
}

async fn allow_endings(attribute: &str, owners: u32, sign: &Administer) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let universe = Universe::read(session.at()).await?;
    let attribute = universe.resolve(attribute)?;
    let act = membership::allow_endings(attribute, owners);
    let Some((block, _)) = sign.act(&mut session, "the permission", &act).await? else {
        return Ok(());
    };
    if sign.json() {
        let result = json!({ "attribute": attribute, "owners": owners, "block": block.number });
        return output::json(&result);
    }
    say!(
        "block {}: the issuer of {} may end credentials of {owners} owners more within a week",
        block.number,
        universe.label(attribute)
    )?;
    Ok(())
}

async fn set_issuer(attribute: &str, issuer: Account, sign: &Administer) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let universe = Universe::read(session.at()).await?;
    let attribute = universe.resolve(attribute)?;
    let act = membership::set_issuer(attribute, issuer);
    let Some((block, _)) = sign.act(&mut session, "the new issuer", &act).await? else {
        return Ok(());
    };
    let issuer = qedex_client::text::account_text(issuer);
    if sign.json() {
        return output::json(&json!({
            "attribute": attribute,
            "issuer": issuer,
            "block": block.number,
        }));
    }
    say!("{issuer} issues {} from block {} on", universe.label(attribute), block.number)?;
    Ok(())
}

async fn remove(attribute: &str, sign: &Administer) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let universe = Universe::read(session.at()).await?;
    let attribute = universe.resolve(attribute)?;
    let act = membership::remove_attribute(attribute);
    let Some((block, _)) = sign.act(&mut session, "the removal", &act).await? else {
        return Ok(());
    };
    if sign.json() {
        return output::json(&json!({ "attribute": attribute, "block": block.number }));
    }
    say!("{} is removed in block {}", universe.label(attribute), block.number)?;
    Ok(())
}
