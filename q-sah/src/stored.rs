//! States as bytes, for an end that may stop between any two steps.

use crate::{Error, bytes::Reader, schedule::PROTOCOL};
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// Room for any state but the SAEs' names: a vector that grows leaves its old bytes behind.
const ROOM: usize = 1024;

/// What a stored state is of.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Opened = 1,
    Confirmed = 2,
    Responder = 3,
    Session = 4,
}

/// Begins a state.
pub(crate) fn begin(kind: Kind) -> Zeroizing<Vec<u8>> {
    let mut bytes = Vec::with_capacity(ROOM);
    bytes.extend(PROTOCOL);
    bytes.push(kind as u8);
    Zeroizing::new(bytes)
}

/// Reads a whole state of this kind; whatever is wrong with it is [`Error::State`].
pub(crate) fn read<T>(
    kind: Kind,
    bytes: &[u8],
    rest: impl FnOnce(&mut Reader<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut reader = Reader::new(bytes);
    let head = reader.slice(PROTOCOL.len()).is_ok_and(|head| head == PROTOCOL)
        && reader.byte().is_ok_and(|byte| byte == kind as u8);
    let state = if head { rest(&mut reader) } else { Err(Error::State) };
    state.and_then(|state| reader.end().map(|()| state)).map_err(|_| Error::State)
}
