//! The entropy beacon.

use crate::{
    At,
    beacon::{self, Attendance, BeaconSource, Epoch, EpochPart, EpochValue},
    error::Error,
    market::Account,
    text::account_text,
};
use serde_json::{Value, json};

/// An epoch that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its number.
    pub epoch: u64,
    /// Its value.
    pub value: EpochValue,
    /// Who took part.
    pub attendance: Attendance<Account>,
}

/// An epoch that has ended, while it is kept.
pub async fn ended_epoch(at: &At, epoch: u64) -> Result<Option<Ended>, Error> {
    let value = beacon::value(at, epoch).await?;
    let attendance = beacon::attendance(at, epoch).await?;
    let both = value.zip(attendance);
    Ok(both.map(|(value, attendance)| Ended { epoch, value, attendance }))
}

/// The epoch that is under way, in one line and one for each account that takes part.
pub fn in_words(epoch: &Epoch, committed: &[(Account, bool)], now: u64) -> String {
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

/// Of what a value was made.
pub fn source(value: &EpochValue) -> &'static str {
    match value.source {
        BeaconSource::Keys => "keys",
        BeaconSource::BlockHash => "block hash",
    }
}

/// Who withheld, and whether it was missed: nobody is to blame where too few authors could have included it.
pub fn withheld(attendance: &Attendance<Account>) -> String {
    let why = if attendance.spanned { "missed" } else { "nobody's fault" };
    let one = |who: &Account| format!("{} ({why})", account_text(*who));
    attendance.withheld.iter().map(|(who, _)| one(who)).collect::<Vec<_>>().join("\n")
}

/// The epoch that is under way, for programs.
pub fn epoch_json(epoch: &Epoch, committed: &[(Account, bool)]) -> Value {
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

/// An epoch that has ended, for programs.
pub fn ended_json(ended: &Ended) -> Value {
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
        let keys = ended(BeaconSource::Keys, 2, true);
        assert_eq!(source(&keys.value), "keys");
        assert!(withheld(&keys.attendance).ends_with("(missed)"));
        let few = ended(BeaconSource::BlockHash, 1, false);
        assert_eq!(source(&few.value), "block hash");
        assert!(withheld(&few.attendance).ends_with("(nobody's fault)"));
        let json = ended_json(&ended(BeaconSource::BlockHash, 1, true));
        assert_eq!(json["value"], format!("0x{}", "07".repeat(32)));
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
