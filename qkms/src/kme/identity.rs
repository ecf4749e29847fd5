//! The identities of new keys.

use uuid::Uuid;

use super::seed::Seed;
use crate::pool::{BookError, Books};

/// Identities for new keys: random after the time, so that the records of one moment lie beside each
/// other in the store; or repeatable with a seed.
pub(crate) fn ids(
    books: &mut Books<'_>,
    seed: Option<&Seed>,
    usage: &str,
    number: usize,
) -> Result<Vec<Uuid>, BookError> {
    let Some(seed) = seed else {
        return Ok((0..number).map(|_| Uuid::now_v7()).collect());
    };
    let first = books.count_keys(number as u64)?;
    Ok((first..).take(number).map(|count| seed.uuid(usage, count)).collect())
}
