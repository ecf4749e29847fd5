//! Bob's run of the protocol: he knows what was seen, and corrects it into what was sent.

use super::{
    Params,
    auth::{Direction, TagKeys},
    cascade::{Corrector, Shape},
    estimate,
    outcome::{Error, Outcome, Reason},
    session::Session,
    sift::{self, Sifted},
    toeplitz,
    transport::Transport,
    verify,
    wire::Message,
};
use crate::{
    bits::Bits,
    link::{BobBlock, Bound},
};

/// Distils `block`, number `number`, at Bob's end. See [`alice`](super::alice()).
pub fn bob(
    number: u64,
    block: BobBlock,
    params: &Params,
    transport: &mut dyn Transport,
    keys: &mut dyn TagKeys,
) -> Result<Outcome, Error> {
    let mut session =
        Session::open(number, block.pulses, Direction::BobToAlice, params, transport, keys)?;
    let sifted = match sift(&mut session, block)? {
        Ok(sifted) => sifted,
        Err(reason) => return Ok(session.discarded(reason)),
    };
    let corrector = match begin(&mut session, &sifted)? {
        Ok(corrector) => corrector,
        Err(reason) => return Ok(session.discarded(reason)),
    };
    let before = match estimate::judge(params, &sifted.counts)? {
        Ok(bound) => bound,
        Err(reason) => return session.discard(reason),
    };
    session.accounts.bound = Some(before);
    let most = params.limits.qber * sifted.key.len() as f64;
    let corrected = match correct(&mut session, corrector, most)? {
        Some(corrected) => corrected,
        None => return session.discard(Reason::Qber),
    };
    let errors = sifted.errors(&corrected);
    session.corrected(errors);
    session.send(&Message::Corrected(errors))?;
    amplify(session, params, &before, &corrected)
}

/// Announces his clicks and keeps those that Alice says, unless she refuses the block.
fn sift(session: &mut Session<'_>, block: BobBlock) -> Result<Result<Sifted, Reason>, Error> {
    session.send(&sift::announce(&block))?;
    session.accounts.detections = block.detections.len() as u64;
    let (kept, low, high, z_bits) = match session.receive()? {
        Message::Sifted { kept, intensity_low, intensity_high, z_bits } => {
            (kept, intensity_low, intensity_high, z_bits)
        }
        Message::Discard(reason) => return Ok(Err(reason)),
        _ => return Err(session.unexpected()),
    };
    let sifted = sift::bob(&block, &kept, [&low, &high], &z_bits);
    let sifted = sifted.map_err(|error| session.malformed(error.0))?;
    session.accounts.counts = sifted.counts;
    Ok(Ok(sifted))
}

/// Alice's first parities, unless she discards the block.
fn begin(session: &mut Session<'_>, sifted: &Sifted) -> Result<Result<Corrector, Reason>, Error> {
    match session.receive()? {
        Message::Blocks { levels, seed, parities } => {
            let shape = Shape::new(sifted.key.len(), levels.map(u32::from), seed);
            let shape = shape.ok_or_else(|| session.unexpected())?;
            let corrector = Corrector::new(shape, sifted.key.clone(), &parities);
            Ok(Ok(corrector.map_err(|error| session.malformed(error.0))?))
        }
        Message::Discard(reason) => Ok(Err(reason)),
        _ => Err(session.unexpected()),
    }
}

/// Asks until no odd part is left. `None` once more than `most` bits are wrong.
fn correct(
    session: &mut Session<'_>,
    mut corrector: Corrector,
    most: f64,
) -> Result<Option<Bits>, Error> {
    loop {
        session.accounts.parities = corrector.received();
        if corrector.errors() as f64 > most {
            return Ok(None);
        }
        let questions = corrector.questions();
        if questions.is_empty() {
            return Ok(Some(corrector.finish()));
        }
        session.send(&Message::Ask(questions.to_vec()))?;
        let Message::Answer(parities) = session.receive()? else {
            return Err(session.unexpected());
        };
        corrector.answers(&parities).map_err(|error| session.malformed(error.0))?;
    }
}

/// Compares strings with Alice and makes the key if they are the same.
fn amplify(
    mut session: Session<'_>,
    params: &Params,
    before: &Bound,
    string: &Bits,
) -> Result<Outcome, Error> {
    let longest = session.measure(params, before, string.len())?;
    let (verification_key, theirs, length, seed) = match session.receive()? {
        Message::Amplify { verification_key, tag, length, seed } => {
            (verification_key, tag, length, seed)
        }
        Message::Discard(reason) => return Ok(session.discarded(reason)),
        _ => return Err(session.unexpected()),
    };
    if length > longest {
        return Err(session.malformed("a length above the bound"));
    }
    // The tag is public: no need for a comparison in constant time.
    let tag = verify::tag(&verification_key, string, session.accounts.verification_bits);
    if tag != theirs {
        return session.discard(Reason::Verification);
    }
    let Some(bits) = toeplitz::hash(&seed, string, length as usize) else {
        return Err(session.malformed("a Toeplitz seed of another length"));
    };
    session.send(&Message::Accept)?;
    Ok(session.key(bits, length))
}
