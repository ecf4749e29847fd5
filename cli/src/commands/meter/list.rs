//! `qedex meter list`

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
};

/// Options of `meter list`.
#[derive(Debug, Args)]
pub struct List {
    /// Those that this account owns, owned or will own.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    owner: Option<Account>,
    /// This one alone.
    #[arg(long)]
    meter: Option<u32>,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Lists meters.
pub async fn list(args: &List) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let mut all = metering::meters(&at).await?;
    if let Some(owner) = args.owner.map(account_text) {
        all.retain(|meter| {
            let known = [Some(&meter.current), meter.previous.as_ref()];
            known.into_iter().flatten().any(|a| a.owner == owner)
        });
    }
    if let Some(number) = args.meter {
        all.retain(|meter| meter.meter == number);
        if all.is_empty() {
            return Err(Error::BadInput(format!("there is no meter {number}")));
        }
    }
    if args.ask.json {
        return output::json(&all);
    }
    let mut table = output::table([
        "meter",
        "capacity Wh",
        "slots",
        "owner, and who installed and registered it",
        "key",
    ]);
    for meter in &all {
        let assignments = [Some(&meter.current), meter.previous.as_ref()];
        for (place, assignment) in assignments.into_iter().flatten().enumerate() {
            // Who registered the meter stands once, with what holds at present or will.
            let meter_of = (place == 0).then_some(meter);
            table.add_row([
                meter.meter.to_string(),
                meter.capacity.to_string(),
                slots(assignment),
                people(assignment, meter_of),
                format!("{}\n{}", assignment.key.scheme.name(), assignment.key.key),
            ]);
        }
    }
    say!("{table}")?;
    Ok(())
}

fn slots(assignment: &Assignment) -> String {
    let until = assignment.until.map_or(String::new(), |until| format!("\nto before {until}"));
    format!("from {}{until}", assignment.from)
}

fn people(assignment: &Assignment, meter: Option<&Meter>) -> String {
    let registered =
        meter.map_or(String::new(), |meter| format!("\nregistered by {}", meter.registered_by));
    format!("{}\ninstalled by {}{registered}", assignment.owner, assignment.installer)
}
