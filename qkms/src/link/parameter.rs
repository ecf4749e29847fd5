//! What a parameter outside of its range is answered with.

/// A parameter outside of its range, with the rule that it breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct ParameterError(pub(super) &'static str);

/// Refuses with `rule` what does not hold; a comparison with NaN does not.
pub(super) fn ensure(holds: bool, rule: &'static str) -> Result<(), ParameterError> {
    if holds { Ok(()) } else { Err(ParameterError(rule)) }
}
