//! `qedex keys beacon`: the random value that owners of keys make, epoch by epoch, and who takes part.

use super::options::Ask;
use crate::{
    error::Error,
    output::{self, say},
};
use clap::Args;
use qedex_client::{
    At,
    beacon::{self, Attendance, BeaconSource, Epoch, EpochPart, EpochValue},
    market::Account,
    queries,
    text::account_text,
};
use serde_json::{Value, json};

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

/// An epoch that has ended.
struct Ended {
    epoch: u64,
    value: EpochValue,
    attendance: Attendance<Account>,
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

async fn ended_epoch(at: &At, epoch: u64) -> Result<Option<Ended>, Error> {
    let value = beacon::value(at, epoch).await?;
    let attendance = beacon::attendance(at, epoch).await?;
    let both = value.zip(attendance);
    Ok(both.map(|(value, attendance)| Ended { epoch, value, attendance }))
}

/// The epoch that is under way, in one line and one for each account that takes part.
fn in_words(epoch: &Epoch, committed: &[(Account, bool)], now: u64) -> String {
    let half = match epoch.part {
        EpochPart::Commit => "commitments and reports are taken",
        EpochPart::Reveal => "reveals are taken",
    };
    let seconds = epoch.until.saturating_sub(now).div_ceil(1_000);
    let mut words = format!(
        "epoch {}: {half} for {seconds} s more; {} committed",
        epoch.index,
        match committed.len() {
            1 => "one has".to_owned(),
            number => format!("{number} have"),
        }
    );
    for (who, revealed) in committed {
        let state = if *revealed { "has revealed" } else { "has committed" };
        words.push_str(&format!("\n  {} {state}", account_text(*who)));
    }
    words
}

fn source(value: &EpochValue) -> &'static str {
    match value.source {
        BeaconSource::Keys => "keys",
        BeaconSource::BlockHash => "block hash",
    }
}

/// Who withheld, and whether it was missed: nobody is to blame where too few authors could have included it.
fn withheld(attendance: &Attendance<Account>) -> String {
    let why = if attendance.spanned { "missed" } else { "nobody's fault" };
    let one = |who: &Account| format!("{} ({why})", account_text(*who));
    attendance.withheld.iter().map(|(who, _)| one(who)).collect::<Vec<_>>().join("\n")
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

fn epoch_json(epoch: &Epoch, committed: &[(Account, bool)]) -> Value {
    let committed: Vec<_> = committed
        .iter()
        .map(|(who, revealed)| json!({ "account": account_text(*who), "revealed": revealed }))
        .collect();
    let part = match epoch.part {
        EpochPart::Commit => "commit",
        EpochPart::Reveal => "reveal",
    };
    json!({ "index": epoch.index, "part": part, "until": epoch.until, "committed": committed })
}

fn ended_json(ended: &Ended) -> Value {
    let Ended { epoch, value, attendance } = ended;
    let revealed: Vec<_> = attendance.revealed.iter().map(|who| account_text(*who)).collect();
    let withheld = attendance.withheld.iter();
    let withheld: Vec<_> = withheld
        .map(|(who, _)| json!({ "account": account_text(*who), "missed": attendance.spanned }))
        .collect();
    json!({
        "epoch": epoch,
        "value": format!("{:?}", value.value),
        "source": source(value),
        "opened": value.opened,
        "closed": value.closed,
        "revealed": revealed,
        "withheld": withheld,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use qedex_primitives::OwnerId;

    const WHO: Account = [1; 32];

    fn ended(source: BeaconSource, revealed: usize, spanned: bool) -> Ended {
        let value = EpochValue { value: [7; 32].into(), source, opened: 1, closed: 2 };
        let revealed = vec![WHO; revealed].try_into().unwrap();
        let withheld = vec![([2; 32], OwnerId([3; 32]))].try_into().unwrap();
        Ended { epoch: 4, value, attendance: Attendance { revealed, withheld, spanned } }
    }

    #[test]
    fn the_source_is_said_and_who_is_to_blame() {
        let shown =
            table(&[ended(BeaconSource::Keys, 2, true), ended(BeaconSource::BlockHash, 1, false)]);
        for words in ["keys", "block hash", "(missed)", "(nobody's fault)", &"07".repeat(32)] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        let json = ended_json(&ended(BeaconSource::BlockHash, 1, true));
        assert_eq!(
            (json["source"].as_str(), json["epoch"].as_u64()),
            (Some("block hash"), Some(4))
        );
        assert_eq!(json["withheld"][0]["missed"], true);
        assert_eq!(json["revealed"], json!([account_text(WHO)]));
    }

    #[test]
    fn who_has_committed_and_who_has_revealed_is_said() {
        let (part, until) = (EpochPart::Reveal, 12_500);
        let epoch = Epoch { index: 9, part, until, end: until, opened: 1, block: None };
        let words = in_words(&epoch, &[(WHO, true), ([2; 32], false)], 10_000);
        assert!(words.starts_with("epoch 9: reveals are taken for 3 s more; 2 have"), "{words}");
        assert!(words.contains("has revealed") && words.ends_with("has committed"), "{words}");
    }
}
