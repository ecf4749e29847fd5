//! Meters, and what is to be changed of them.

use crate::metering::{Assignment, Demand, Installer, Pending, Wanted, party_text};

/// What is to be changed, in words.
pub fn wanted(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Register { account, key, is_connection, connection, ratings } => format!(
            "a new meter {} connection {connection}\nof {account}\n{} {}\n{} Wh out, {} Wh in",
            if *is_connection { "at" } else { "behind" },
            key.scheme.name(),
            key.key,
            ratings.out.0,
            ratings.into.0
        ),
        Wanted::Rotate { meter, key } => {
            format!("another key of meter {meter}\n{} {}", key.scheme.name(), key.key)
        }
        Wanted::Transfer { meter, account } => format!("meter {meter} goes to\n{account}"),
        Wanted::Rate { meter, ratings } => {
            format!("meter {meter} is rated for {} Wh out, {} Wh in", ratings.out.0, ratings.into.0)
        }
        Wanted::Decommission { meter } => format!("the service of meter {meter} ends"),
    }
}

/// Whose word a change waits for, and for how long.
pub fn waits(pending: &Pending, now: u64) -> String {
    let parties: Vec<_> = pending.awaits.iter().map(|party| party_text(*party)).collect();
    let left = |moment: u64| moment.saturating_sub(now) / 60_000;
    let mut text = parties.join("\n");
    if let Some(party) = pending.council {
        text.push_str(&format!("\nthe council stands for {}", party_text(party)));
    }
    match left(pending.expires) {
        0 => text.push_str("\nexpired"),
        minutes => text.push_str(&format!("\nfor {minutes} minutes")),
    }
    text
}

/// From which slot to before which an assignment holds.
pub fn slots(assignment: &Assignment) -> String {
    let until = assignment.until.map_or(String::new(), |until| format!("\nto before {until}"));
    format!("from {}{until}", assignment.from)
}

/// Who answers for a meter, and who installed it.
pub fn people(assignment: &Assignment) -> String {
    let by = |installer: &Installer| installer.account.clone();
    let second =
        assignment.second.as_ref().map_or(String::new(), |second| format!("\nand {}", by(second)));
    format!("{}\ninstalled by {}{second}", assignment.account, by(&assignment.installer))
}

/// The table that `plan par --load` reads.
pub fn csv(load: &[Demand]) -> String {
    let rows = load.iter().map(|demand| format!("\n{},{}", demand.slot, demand.wh));
    std::iter::once("slot,wh".to_owned()).chain(rows).collect()
}
