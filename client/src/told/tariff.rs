//! The rule by which slots get their tariff band.

use crate::metering::TariffRule;
use qedex_math::tariff::DayRange;
use serde_json::{Value, json};

/// Two numbers in decimal digits and nothing else, with a dash between them.
pub fn parse_range(text: &str) -> Result<DayRange, String> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    };
    let bad = || format!("{text:?} is no range of slots of the day, such as 28-36");
    let (from, until) = text.split_once('-').ok_or_else(bad)?;
    let (from, until) = number(from).zip(number(until)).ok_or_else(bad)?;
    Ok(DayRange { from, until })
}

/// When a slot of the day begins, where a slot is a quarter-hour.
fn time(slot_of_day: u8) -> String {
    format!("{:02}:{:02}", slot_of_day / 4, slot_of_day % 4 * 15)
}

/// The rule for programs.
pub fn in_json(rule: &TariffRule) -> Value {
    let range = |range: &DayRange| {
        json!({
            "from": range.from,
            "until": range.until,
            "from_time": time(range.from),
            "until_time": time(range.until),
        })
    };
    json!({
        "threshold": rule.threshold.0,
        "look_back": rule.look_back,
        "mid": rule.mid.iter().map(range).collect::<Vec<_>>(),
    })
}

/// The rule for people.
pub fn in_words(rule: Option<&TariffRule>) -> String {
    let Some(rule) = rule else {
        return "no rule: off-peak throughout".to_owned();
    };
    let ranges: Vec<_> = rule
        .mid
        .iter()
        .map(|range| {
            format!(
                "from slot {} of the day to before {} ({} to {} UTC in quarter-hours)",
                range.from,
                range.until,
                time(range.from),
                time(range.until)
            )
        })
        .collect();
    let mid = if ranges.is_empty() {
        "never mid-peak".to_owned()
    } else {
        format!("else mid-peak {}", ranges.join(" and "))
    };
    format!(
        "on-peak from {} Wh on, in the mean of the {} latest closed slots; {mid}; else off-peak",
        rule.threshold.0, rule.look_back
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use qedex_math::Wh;

    #[test]
    fn a_range_is_two_numbers() {
        let range = |from, until| DayRange { from, until };
        assert_eq!(parse_range("28-36"), Ok(range(28, 36)));
        assert_eq!(parse_range("0-96"), Ok(range(0, 96)));
        for bad in ["28", "28-", "-36", "+1-2", "1-2-3", "1 - 2", "7:00-9:00", "1-256"] {
            assert!(parse_range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rule_is_told_in_slots_and_in_times() {
        let rule = TariffRule {
            threshold: Wh(36_000),
            look_back: 4,
            mid: vec![parse_range("28-36").unwrap(), parse_range("69-96").unwrap()]
                .try_into()
                .unwrap(),
        };
        assert_eq!(
            in_words(Some(&rule)),
            "on-peak from 36000 Wh on, in the mean of the 4 latest closed slots; else mid-peak from \
             slot 28 of the day to before 36 (07:00 to 09:00 UTC in quarter-hours) and from slot 69 \
             of the day to before 96 (17:15 to 24:00 UTC in quarter-hours); else off-peak"
        );
        let rule = TariffRule { mid: Default::default(), ..rule };
        assert!(in_words(Some(&rule)).contains("never mid-peak"));
        assert!(in_words(None).contains("no rule"));
    }
}
