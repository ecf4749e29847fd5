//! `qedex meter list` and `show`

use crate::{
    accounts::parse_account,
    commands::options::Ask,
    error::Error,
    output::{self, say},
};
use clap::Args;
use qedex_client::{
    market::Account,
    metering::{self, Assignment, Meter},
    text::account_text,
    told::meters::{people, slots},
};

/// Options of `meter list`.
#[derive(Debug, Args)]
pub struct List {
    /// Those for which this account answers, answered or will answer.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    owner: Option<Account>,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Options of `meter show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The meter's number.
    #[arg(long)]
    meter: u32,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Lists meters, with what holds of each last.
pub async fn list(args: &List) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let mut all = metering::meters(&at).await?;
    if let Some(owner) = args.owner.map(account_text) {
        all.retain(|meter| meter.assignments.iter().any(|one| one.account == owner));
    }
    if args.ask.json {
        return output::json(&all);
    }
    let mut table = output::table([
        "meter",
        "connection",
        "Wh out / in",
        "slots",
        "who answers for it, and who installed it",
        "key",
    ]);
    for meter in &all {
        if let Some(latest) = meter.assignments.last() {
            table.add_row(row(meter, latest));
        }
    }
    say!("{table}")?;
    Ok(())
}

/// Shows a meter with all assignments that are kept.
pub async fn show(args: &Show) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let all = metering::meters(&at).await?;
    let meter = all.into_iter().find(|meter| meter.meter == args.meter);
    let meter =
        meter.ok_or_else(|| Error::BadInput(format!("there is no meter {}", args.meter)))?;
    if args.ask.json {
        return output::json(&meter);
    }
    let mut table = output::table([
        "meter",
        "connection",
        "Wh out / in",
        "slots",
        "who answers for it, and who installed it",
        "key",
    ]);
    for assignment in meter.assignments.iter().rev() {
        table.add_row(row(&meter, assignment));
    }
    say!("{table}")?;
    Ok(())
}

fn row(meter: &Meter, assignment: &Assignment) -> [String; 6] {
    let place = if meter.is_connection { "at" } else { "behind" };
    [
        meter.meter.to_string(),
        format!("{place} {}", meter.connection),
        format!("{} / {}", assignment.ratings.out.0, assignment.ratings.into.0),
        slots(assignment),
        people(assignment),
        format!("{}\n{}", assignment.key.scheme.name(), assignment.key.key),
    ]
}
