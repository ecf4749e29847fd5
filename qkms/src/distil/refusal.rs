//! Blocks that an end refuses before it has told anything of them.

use super::{
    Params,
    auth::{Channel, Direction, TagKeys},
    outcome::{Accounts, Error, Outcome, Reason},
    session::Session,
    transport::Transport,
    wire::Message,
};

/// Refuses block `number` of `pulses` pulses at Alice's end: answers Bob's announcement by `reason`,
/// unless he has refused it as well. In place of [`alice`](super::alice()).
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
    params.check()?;
    let channel = Channel::open(number, Direction::AliceToBob, transport, keys)?;
    let mut session = Session::new(channel, Accounts::new(params, pulses));
    match session.receive()? {
        Message::Detections { clicks, .. } => {
            session.accounts.detections = clicks.len() as u64;
            session.discard(reason)
        }
        Message::Discard(reason) => Ok(session.discarded(reason)),
        _ => Err(session.unexpected()),
    }
}

/// Refuses block `number` of `pulses` pulses at Bob's end, in place of an announcement. In place of
/// [`bob`](super::bob()).
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
    params.check()?;
    let channel = Channel::open(number, Direction::BobToAlice, transport, keys)?;
    Session::new(channel, Accounts::new(params, pulses)).discard(reason)
}
