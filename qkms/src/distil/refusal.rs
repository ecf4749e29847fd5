//! Blocks that an end refuses before it has told anything of them.
//!
//! Bob refuses in place of his announcement, and Alice answers; she refuses in her answer to it. So each has
//! heard the other when the block ends, and both name one reason: where a refusal that
//! [closes the link](Reason::closes_link) meets one that does not, the one that does.

use super::{
    Params,
    auth::{Direction, TagKeys},
    outcome::{Error, Outcome, Reason},
    session::Session,
    transport::Transport,
    wire::Message,
};

/// Refuses block `number` of `pulses` pulses at Alice's end: answers Bob's announcement by `reason`,
/// and his refusal by the graver of both reasons. In place of [`alice`](super::alice()).
///
/// # Errors
///
/// As those of [`alice`](super::alice()).
pub fn refuse_as_alice(
    number: u64,
    pulses: u64,
    reason: Reason,
    params: &Params,
    transport: &mut dyn Transport,
    keys: &mut dyn TagKeys,
) -> Result<Outcome, Error> {
    let mut session =
        Session::open(number, pulses, Direction::AliceToBob, params, transport, keys)?;
    match session.receive()? {
        Message::Detections { clicks, .. } => {
            session.accounts.detections = clicks.len() as u64;
            session.discard(reason)
        }
        Message::Discard(theirs) => session.discard(graver(reason, theirs)),
        _ => Err(session.unexpected()),
    }
}

/// Refuses block `number` of `pulses` pulses at Bob's end, in place of an announcement, and takes the reason
/// of Alice's answer. In place of [`bob`](super::bob()).
///
/// # Errors
///
/// As those of [`bob`](super::bob()).
pub fn refuse_as_bob(
    number: u64,
    pulses: u64,
    reason: Reason,
    params: &Params,
    transport: &mut dyn Transport,
    keys: &mut dyn TagKeys,
) -> Result<Outcome, Error> {
    let mut session =
        Session::open(number, pulses, Direction::BobToAlice, params, transport, keys)?;
    let untold = |cause| Error::Untold { reason, cause: Box::new(cause) };
    session.send(&Message::Discard(reason)).map_err(untold)?;
    match session.receive().map_err(untold)? {
        Message::Discard(theirs) if graver(theirs, reason) == theirs => {
            Ok(session.discarded(theirs))
        }
        _ => Err(untold(session.unexpected())),
    }
}

/// The reason of both ends, of which the second has refused first.
fn graver(own: Reason, first: Reason) -> Reason {
    if own.closes_link() && !first.closes_link() { own } else { first }
}
