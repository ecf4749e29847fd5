//! `qedex keys beacon`: the random value that owners of keys make, epoch by epoch, and who takes part.

use super::options::Ask;
use crate::{
    error::Error,
    output::{self, say},
};
use clap::Args;
use qedex_client::{
    beacon, queries,
    told::beacon::{Ended, ended_epoch, ended_json, epoch_json, in_words, source, withheld},
};
use serde_json::json;

/// Options of `keys beacon`.
#[derive(Debug, Args)]
pub struct Beacon {
    /// How many epochs that have ended to show, the latest ones; the chain keeps 128.
    #[arg(long, value_name = "NUMBER", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=128))]
    epochs: u32,
    /// Which node, and how to print.
    #[command(flatten)]
    ask: Ask,
}

/// Shows the epoch that is under way, and the latest that have ended.
pub async fn show(args: &Beacon) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let Some((current, committed)) = beacon::epoch(&at).await? else {
        return if args.ask.json {
            output::json(&json!({ "epoch": null, "ended": [] }))
        } else {
            say!("no epoch has begun yet")
        };
    };
    let first = current.index.saturating_sub(args.epochs.into());
    let mut ended = Vec::new();
    for epoch in (first..current.index).rev() {
        ended.extend(ended_epoch(&at, epoch).await?);
    }
    if args.ask.json {
        let ended: Vec<_> = ended.iter().map(ended_json).collect();
        return output::json(&json!({ "epoch": epoch_json(&current, &committed), "ended": ended }));
    }
    say!("{}", in_words(&current, &committed, queries::time(&at).await?))?;
    if ended.is_empty() { Ok(()) } else { say!("{}", table(&ended)) }
}

fn table(ended: &[Ended]) -> String {
    let mut rows = output::table(["epoch", "value", "of", "revealed", "withheld"]);
    for Ended { epoch, value, attendance } in ended {
        rows.add_row([
            epoch.to_string(),
            format!("{:?}", value.value),
            source(value).to_owned(),
            attendance.revealed.len().to_string(),
            withheld(attendance),
        ]);
    }
    rows.to_string()
}
