//! Whom to trust.

use crate::{
    amounts,
    reputation::{Counts, RememberedRater, Trust, TrustDeposit},
    text::owner_text,
};
use serde_json::{Value, json};

/// Millionths as a decimal number.
pub fn millionths(count: u64) -> String {
    format!("{}.{:06}", count / 1_000_000, count % 1_000_000)
}

/// What a standing counts, for programs.
pub fn counted(counts: Counts) -> Value {
    json!({ "kept_millionths": counts.kept, "missed_millionths": counts.missed })
}

/// Who rated, for programs.
pub fn rater_json(rater: &RememberedRater) -> Value {
    json!({
        "owner": owner_text(rater.rater),
        "ratings": counted(rater.ratings),
        "experience_millionths": rater.experience,
    })
}

/// A trust deposit, for programs.
pub fn deposit_json(deposit: TrustDeposit) -> Value {
    json!({
        "amount": amounts::json(deposit.amount),
        "locked_until": deposit.locked_until,
        "ppm": deposit.ppm,
    })
}

/// How far somebody is trusted, for programs.
pub fn trust_json(trust: Trust) -> Value {
    json!({
        "direct_ppm": trust.direct_ppm,
        "indirect_ppm": trust.indirect_ppm,
        "trust_ppm": trust.trust_ppm,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn millionths_are_printed_exactly() {
        assert_eq!(millionths(0), "0.000000");
        assert_eq!(millionths(1_500_001), "1.500001");
        assert_eq!(millionths(u64::MAX), "18446744073709.551615");
    }
}
