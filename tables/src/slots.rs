//! An axis of numbers: of slots, or of whatever follows each other.

use std::ops::RangeInclusive;

/// What numbers count, and what is to be said where one is missing.
#[derive(Clone, Copy, Debug)]
pub struct Numbered<'w> {
    /// What one is called: `slot`.
    pub one: &'w str,
    /// A sentence without its end, of what was to be written in its row.
    pub left_out: &'w str,
}

/// Slots in which something flows.
pub const SLOTS: Numbered<'static> =
    Numbered { one: "slot", left_out: "A slot in which nothing flowed is written with 0" };

/// The first and the last of `slots`, each of which is a slot's number and the line that it stands in; in
/// any order, none twice and none left out in between.
///
/// # Errors
/// Without a slot, and if one comes twice or is missing: which, and in which lines.
pub fn contiguous(
    of: Numbered<'_>,
    slots: impl IntoIterator<Item = (u64, usize)>,
) -> Result<RangeInclusive<u64>, String> {
    let Numbered { one: name, left_out } = of;
    let mut slots: Vec<(u64, usize)> = slots.into_iter().collect();
    slots.sort_unstable();
    let (Some(first), Some(last)) = (slots.first().copied(), slots.last().copied()) else {
        return Err(format!("there is no {name}"));
    };
    for pair in slots.windows(2) {
        let &[(one, line), (next, other)] = pair else { continue };
        if one == next {
            return Err(format!("{name} {one} comes twice, in lines {line} and {other}"));
        }
    }
    let missing =
        last.0.saturating_sub(first.0).saturating_add(1).saturating_sub(slots.len() as u64);
    for pair in slots.windows(2) {
        let &[(one, _), (next, _)] = pair else { continue };
        let expected = one.saturating_add(1);
        if next != expected {
            let more = match missing {
                1 => String::new(),
                _ => format!("; of {name}s {} to {}, {missing} are missing", first.0, last.0),
            };
            return Err(format!(
                "{name} {expected} is missing: {name} {next} follows {name} {one}{more}. {left_out}"
            ));
        }
    }
    Ok(first.0..=last.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(slots: &[u64]) -> Result<RangeInclusive<u64>, String> {
        contiguous(SLOTS, slots.iter().copied().zip(2..))
    }

    #[test]
    fn slots_may_come_in_any_order() {
        assert_eq!(of(&[7, 5, 6]), Ok(5..=7));
        assert_eq!(of(&[u64::MAX, u64::MAX - 1]), Ok(u64::MAX - 1..=u64::MAX));
        assert_eq!(of(&[]), Err("there is no slot".to_owned()));
    }

    #[test]
    fn what_is_numbered_is_called_by_its_name() {
        let steps = Numbered { one: "step", left_out: "Each step has its prices" };
        let of = |numbers: &[u64]| contiguous(steps, numbers.iter().copied().zip(2..)).unwrap_err();
        assert_eq!(
            of(&[5, 7]),
            "step 6 is missing: step 7 follows step 5. Each step has its prices"
        );
        assert_eq!(of(&[5, 5]), "step 5 comes twice, in lines 2 and 3");
        assert_eq!(of(&[]), "there is no step");
    }

    #[test]
    fn a_slot_that_comes_twice_is_named_with_both_lines() {
        assert_eq!(of(&[3, 4, 3]), Err("slot 3 comes twice, in lines 2 and 4".to_owned()));
    }

    #[test]
    fn a_slot_that_is_missing_is_named() {
        let hole = of(&[0, 24, 48]).unwrap_err();
        assert!(hole.starts_with("slot 1 is missing: slot 24 follows slot 0; "), "{hole}");
        assert!(hole.contains("of slots 0 to 48, 46 are missing"), "{hole}");
        let one = of(&[1, 3]).unwrap_err();
        assert!(one.starts_with("slot 2 is missing: slot 3 follows slot 1. "), "{one}");
    }
}
