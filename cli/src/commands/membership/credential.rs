//! `qedex credential`

use super::{
    Administer, Ask, DAY, MOST_DAYS, Sign, Universe, days, distance, parse_account, table,
};
use crate::{
    error::Error,
    output::{self, say},
};
use clap::{Args, Subcommand};
use qedex_client::{
    amounts::in_qed,
    block::Transaction,
    calls::NewCredential,
    market::Account,
    membership::{self, Change},
    queries::{self, Limit},
    text::account_text,
};
use serde_json::json;
use std::collections::BTreeSet;

/// What to do with credentials.
#[derive(Debug, Subcommand)]
pub enum Credential {
    /// Issues or renews credentials of one attribute, as its issuer: all of them or none. By --council
    /// the council does it, by --sudo Root.
    Issue(Issue),
    /// After the revocation of an attribute, lifts credentials to its present version, as its issuer;
    /// by --council the council does it, by --sudo Root.
    Reissue(Reissue),
    /// Revokes one, as the attribute's issuer; by --council the council does it, by --sudo Root. Of an
    /// attribute that a role needs, one in twenty owners a day.
    Revoke {
        /// Which.
        #[command(flatten)]
        one: One,
        /// Who signs.
        #[command(flatten)]
        sign: Administer,
    },
    /// Removes one that has expired. Anyone may.
    Clear {
        /// Which.
        #[command(flatten)]
        one: One,
        /// Who signs.
        #[command(flatten)]
        sign: Sign,
    },
    /// Lists those on record, whether they hold or not, and the owner behind each holder.
    List(List),
}

/// Options of `credential issue`.
#[derive(Debug, Args)]
pub struct Issue {
    /// The attribute's number or name.
    #[arg(long)]
    attribute: String,
    /// Who gets one; may be given up to a hundred times.
    #[arg(long, required = true, value_name = "ACCOUNT", value_parser = parse_account)]
    who: Vec<Account>,
    /// For how many days, at most the attribute's term and 36500; for the attribute's term if neither
    /// this nor --expires is given.
    #[arg(long, value_parser = days())]
    days: Option<u64>,
    /// Until when instead, in milliseconds since the Unix epoch; at most 36500 days (100 years) after
    /// the chain's time.
    #[arg(long, value_name = "MILLISECONDS", conflicts_with = "days")]
    expires: Option<u64>,
    /// Who signs.
    #[command(flatten)]
    sign: Administer,
}

/// Options of `credential reissue`.
#[derive(Debug, Args)]
pub struct Reissue {
    /// The attribute's number or name.
    #[arg(long)]
    attribute: String,
    /// Whose; may be given more than once.
    #[arg(long, required_unless_present = "all", value_name = "ACCOUNT", value_parser = parse_account)]
    who: Vec<Account>,
    /// Everybody's whose credential is outdated and has not expired.
    #[arg(long, conflicts_with = "who")]
    all: bool,
    /// Who signs.
    #[command(flatten)]
    sign: Administer,
}

/// One credential.
#[derive(Debug, Args)]
pub struct One {
    /// The attribute's number or name.
    #[arg(long)]
    attribute: String,
    /// Whose.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    who: Account,
}

/// Options of `credential list`.
#[derive(Debug, Args)]
pub struct List {
    /// Of this account alone.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    who: Option<Account>,
    /// Of this attribute alone, by number or name.
    #[arg(long)]
    attribute: Option<String>,
    /// Which node.
    #[command(flatten)]
    ask: Ask,
}

impl Credential {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Issue(args) => issue(args).await,
            Self::Reissue(args) => reissue(args).await,
            Self::Revoke { one, sign } => revoke(one, sign).await,
            Self::Clear { one, sign } => clear(one, sign).await,
            Self::List(args) => list(args).await,
        }
    }
}

/// Refuses accounts among which there is one twice.
pub(super) fn each_once(accounts: &[Account]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    match accounts.iter().find(|account| !seen.insert(**account)) {
        None => Ok(()),
        Some(twice) => Err(Error::BadInput(format!("{} is named twice", account_text(*twice)))),
    }
}

impl Issue {
    /// When the credentials of an attribute of this term expire, at `now` by the chain's time.
    fn end(&self, now: u64, term: u64) -> Result<u64, Error> {
        let latest = now.saturating_add(MOST_DAYS.saturating_mul(DAY));
        let lasts = self.days.map_or(term, |days| days.saturating_mul(DAY));
        match self.expires {
            None => Ok(now.saturating_add(lasts)),
            Some(expires) if expires <= latest => Ok(expires),
            Some(expires) => Err(Error::BadInput(format!(
                "a credential expires at most {MOST_DAYS} days after the chain's time, which is \
                 {latest} ms since the Unix epoch at present; {expires} is later"
            ))),
        }
    }
}

async fn issue(args: &Issue) -> Result<(), Error> {
    each_once(&args.who)?;
    let mut session = args.sign.open().await?;
    Limit::Credentials.check(session.at(), args.who.len())?;
    let universe = Universe::read(session.at()).await?;
    let attribute = universe.resolve(&args.attribute)?;
    let expires = args.end(queries::time(session.at()).await?, universe.term(attribute))?;
    let all: Vec<NewCredential> = args.who.iter().map(|who| (*who, expires)).collect();
    let act = membership::issue_batch(attribute, &all);
    let Some((block, _)) = args.sign.act(&mut session, "the issue", &act).await? else {
        return Ok(());
    };
    if args.sign.json() {
        return output::json(&json!({
            "attribute": attribute,
            "accounts": args.who.iter().map(|who| account_text(*who)).collect::<Vec<_>>(),
            "expires": expires,
            "block": block.number,
        }));
    }
    say!(
        "{} credentials of {} are issued in block {} and expire {}",
        args.who.len(),
        universe.label(attribute),
        block.number,
        distance(expires, block.time)
    )?;
    Ok(())
}

/// What became of each account's credential.
fn results(included: &Transaction) -> impl Iterator<Item = (Account, Option<String>)> {
    included.changes.iter().filter_map(|change| match change {
        Change::Reissue(who, refusal) => Some((*who, refusal.clone())),
        _ => None,
    })
}

async fn reissue(args: &Reissue) -> Result<(), Error> {
    each_once(&args.who)?;
    let mut session = args.sign.open().await?;
    let universe = Universe::read(session.at()).await?;
    let attribute = universe.resolve(&args.attribute)?;
    let batch = Limit::Credentials.number(session.at())?.max(1);
    let who = if args.all {
        let now = queries::time(session.at()).await?;
        let on_record = membership::credentials(session.at(), &universe.0, None, now).await?;
        on_record
            .into_iter()
            .filter(|one| one.attribute == attribute && !one.holds && now < one.expires)
            .map(|one| one.account)
            .collect()
    } else {
        args.who.clone()
    };
    let mut all = Vec::new();
    for batch in who.chunks(batch) {
        let act = membership::reissue(attribute, batch);
        if let Some((_, included)) = args.sign.act(&mut session, "the re-issue", &act).await? {
            all.extend(results(&included));
        }
    }
    if all.is_empty() && !who.is_empty() {
        // It waits for the council's votes, as has been said.
        return Ok(());
    }
    let refused = all.iter().filter(|(_, refusal)| refusal.is_some()).count();
    if args.sign.json() {
        let each: Vec<_> = all
            .iter()
            .map(|(who, refusal)| {
                json!({
                    "account": account_text(*who),
                    "reissued": refusal.is_none(),
                    "error": refusal,
                })
            })
            .collect();
        output::json(&json!({ "attribute": attribute, "credentials": each }))?;
    } else {
        for (who, refusal) in &all {
            let result =
                refusal.as_ref().map_or("re-issued".to_owned(), |why| format!("refused: {why}"));
            say!("{}: {result}", account_text(*who))?;
        }
    }
    if refused > 0 {
        let of = all.len();
        return Err(Error::BadInput(format!("{refused} of {of} credentials were not re-issued")));
    }
    Ok(())
}

async fn revoke(one: &One, sign: &Administer) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let universe = Universe::read(session.at()).await?;
    let attribute = universe.resolve(&one.attribute)?;
    let act = membership::revoke(one.who, attribute);
    let Some((block, _)) = sign.act(&mut session, "the revocation", &act).await? else {
        return Ok(());
    };
    let label = universe.label(attribute);
    one.taken(attribute, &label, "revoked", block.number, sign.json())
}

async fn clear(one: &One, sign: &Sign) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let universe = Universe::read(session.at()).await?;
    let attribute = universe.resolve(&one.attribute)?;
    let act = membership::remove_lapsed(one.who, attribute);
    let (block, _) = sign.act(&mut session, "the removal", &act).await?;
    let label = universe.label(attribute);
    one.taken(attribute, &label, "removed", block.number, sign.json)
}

impl One {
    /// Says that it is no longer there.
    fn taken(
        &self,
        attribute: u32,
        label: &str,
        how: &str,
        block: u64,
        json: bool,
    ) -> Result<(), Error> {
        let who = account_text(self.who);
        if json {
            return output::json(
                &json!({ "attribute": attribute, "account": who, "block": block }),
            );
        }
        say!("the credential of {who} of {label} is {how} in block {block}")?;
        Ok(())
    }
}

async fn list(args: &List) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let universe = Universe::read(&at).await?;
    let now = queries::time(&at).await?;
    let mut all = membership::credentials(&at, &universe.0, args.who, now).await?;
    if let Some(attribute) = &args.attribute {
        let attribute = universe.resolve(attribute)?;
        all.retain(|one| one.attribute == attribute);
    }
    if args.ask.json {
        return output::json(&all);
    }
    let header = [
        "account, and the owner behind it",
        "attribute",
        "version",
        "expires",
        "holds",
        "bond, QED",
    ];
    let rows = all.into_iter().map(|one| {
        vec![
            [Some(account_text(one.account)), one.owner]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("\n"),
            universe.label(one.attribute),
            one.version.to_string(),
            distance(one.expires, now),
            if one.holds { "yes" } else { "no" }.to_owned(),
            in_qed(one.bond),
        ]
    });
    say!("{}", table(&header, rows))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};

    /// The chain's time.
    const NOW: u64 = 1_700_000_000_000;
    /// The attribute's term.
    const TERM: u64 = 30 * 86_400_000;

    fn end(until: &[&str]) -> Result<u64, Error> {
        let issue = ["qedex", "credential", "issue", "--attribute", "solar"];
        let by = ["--who", "//Eve", "--suri", "//Alice"];
        let cli = Cli::read([&issue[..], &by, until].concat()).unwrap();
        let Command::Credential(Credential::Issue(issue)) = cli.command else {
            panic!("credential issue")
        };
        issue.end(NOW, TERM)
    }

    #[test]
    fn a_credential_expires_within_a_hundred_years() {
        let latest = NOW + 36_500 * 86_400_000;
        assert_eq!(end(&["--days", "36500"]).unwrap(), latest);
        assert_eq!(end(&["--expires", &latest.to_string()]).unwrap(), latest);
        assert_eq!(end(&["--expires", "1"]).unwrap(), 1);
        assert_eq!(end(&[]).unwrap(), NOW + TERM, "for the term if nothing else is said");
        for later in [latest + 1, u64::MAX] {
            let error = end(&["--expires", &later.to_string()]).unwrap_err();
            let said = error.to_string();
            assert!(matches!(error, Error::BadInput(_)), "{said}");
            for part in ["at most 36500 days", &latest.to_string(), &later.to_string()] {
                assert!(said.contains(part), "{said}");
            }
        }
    }

    #[test]
    fn how_long_a_credential_holds_at_most_is_told_by_the_help() {
        let help = ["qedex", "credential", "issue", "--help"];
        let help = Cli::read(help).unwrap_err().to_string();
        assert_eq!(help.matches(&MOST_DAYS.to_string()).count(), 2, "{help}");
    }
}
