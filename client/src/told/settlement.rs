//! The rules of settlement.

use crate::settlement::{Pause, Rules};
use serde_json::{Value, json};

/// The rules, and a pause if there is one, for programs.
pub fn rules_json(rules: &Rules, pause: Option<&Pause>) -> Value {
    json!({
        "offline_share_ppm": rules.offline_share.deconstruct(),
        "defaults_to_exclusion": rules.defaults_to_exclusion,
        "default_share_ppm": rules.default_share.deconstruct(),
        "exclusion_ms": rules.exclusion,
        "shortfall_fee_ppm": rules.shortfall_fee.deconstruct(),
        "draw_chance_ppm": rules.draw_chance.deconstruct(),
        "paused_until": pause.map(|pause| pause.until),
    })
}

/// The same in words, at `now`, in milliseconds since the Unix epoch.
pub fn rules_in_words(rules: &Rules, pause: Option<&Pause>, now: u64) -> String {
    let share = |ppm: u32| format!("{}.{:04} %", ppm / 10_000, ppm % 10_000);
    let runs = match pause {
        Some(pause) => {
            let left = pause.until.saturating_sub(now).div_ceil(1_000);
            format!("settlement is paused, for {left} s more at the most")
        }
        None => "settlement runs".to_owned(),
    };
    format!(
        "share of honest sellers assumed off-line, which sets the bond: {}\n\
         a seller that defaults in {} slots of seven days, and in more than {} of those in which \
         it sells, is excluded for {}.{:02} hours, with all its accounts\n\
         missing energy costs its seller {} of the grid price beside the harm\n\
         who commits is drawn to reveal its bill with a chance of {}\n{runs}",
        share(rules.offline_share.deconstruct()),
        rules.defaults_to_exclusion,
        share(rules.default_share.deconstruct()),
        rules.exclusion / 3_600_000,
        rules.exclusion % 3_600_000 / 36_000,
        share(rules.shortfall_fee.deconstruct()),
        share(rules.draw_chance.deconstruct()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_told_line_by_line_with_the_pause() {
        let rules = Rules::default();
        let words = rules_in_words(&rules, None, 0);
        assert_eq!(words.lines().count(), 5, "{words}");
        assert!(words.ends_with("\nsettlement runs"), "{words}");
        assert!(words.contains("with a chance of 10.0000 %\n"), "{words}");
        let pause = Pause { since: 1_000, until: 5_500 };
        let words = rules_in_words(&rules, Some(&pause), 2_000);
        assert!(words.ends_with("settlement is paused, for 4 s more at the most"), "{words}");
        assert_eq!(rules_json(&rules, Some(&pause))["paused_until"], 5_500);
        assert_eq!(rules_json(&rules, None)["draw_chance_ppm"], 100_000);
    }
}
