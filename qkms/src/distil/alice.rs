//! Alice's run of the protocol: she knows what was sent, corrects nothing, and decides on the
//! length.

use super::{
    Params,
    auth::{Direction, TAG_BYTES, TagKeys},
    cascade::{Responder, SEED_BYTES, Shape},
    entropy::{self, Entropy},
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
    link::{AliceBlock, Bound},
};

/// Distils `block`, number `number`, at Alice's end.
///
/// Numbers are the same at both ends and are not used again under the same tag keys. `entropy`
/// chooses shuffles, the verification key and the Toeplitz seed.
///
/// # Errors
///
/// An [`Error`] if the channel, the peer or a source failed. The block is lost then, and the two
/// sources of tag keys have to be brought in step.
pub fn alice(
    number: u64,
    block: AliceBlock,
    params: &Params,
    transport: &mut dyn Transport,
    keys: &mut dyn TagKeys,
    entropy: &mut dyn Entropy,
) -> Result<Outcome, Error> {
    let mut session =
        Session::open(number, block.pulses, Direction::AliceToBob, params, transport, keys)?;
    let sifted = match sift(&mut session, block)? {
        Ok(sifted) => sifted,
        // Bob waits for her to say whether she has a graver reason.
        Err(reason) => return session.discard(reason),
    };
    let before = match estimate::judge(params, &sifted.counts)? {
        Ok(bound) => bound,
        Err(reason) => return session.discard(reason),
    };
    session.accounts.bound = Some(before);
    let errors = match answer_all(&mut session, &sifted, entropy)? {
        Ok(errors) => errors,
        Err(reason) => return Ok(session.discarded(reason)),
    };
    if errors.iter().zip(&sifted.counts.n_x).any(|(errors, all)| errors > all) {
        return Err(session.malformed("more errors than bits"));
    }
    if session.corrected(errors) > params.limits.qber {
        return session.discard(Reason::Qber);
    }
    amplify(session, params, &before, &sifted.key, entropy)
}

/// Answers Bob's announcement, unless he refuses the block.
fn sift(session: &mut Session<'_>, block: AliceBlock) -> Result<Result<Sifted, Reason>, Error> {
    let (pulses, clicks) = match session.receive()? {
        Message::Detections { pulses, clicks } => (pulses, clicks),
        Message::Discard(reason) => return Ok(Err(reason)),
        _ => return Err(session.unexpected()),
    };
    let sifted = sift::alice(&block, pulses, &clicks);
    let (sifted, answer) = sifted.map_err(|error| session.malformed(error.0))?;
    session.accounts.detections = clicks.len() as u64;
    session.accounts.counts = sifted.counts;
    session.send(&answer)?;
    Ok(Ok(sifted))
}

/// Tells parities until Bob has found his errors, and returns how many they were.
fn answer_all(
    session: &mut Session<'_>,
    sifted: &Sifted,
    entropy: &mut dyn Entropy,
) -> Result<Result<[u64; 3], Reason>, Error> {
    let levels = Shape::first_levels(estimate::qber_z(&sifted.counts));
    let seed = *entropy::draw::<SEED_BYTES>(entropy)?;
    let bits = sifted.key.len();
    let Some(shape) = Shape::new(bits, levels, seed) else {
        return Err(session.malformed("more detections than a block may have"));
    };
    // More than any correction within the QBER limit takes, and more than leaves a key.
    let most = 2 * bits as u64 + 4096;
    let responder = Responder::new(shape, &sifted.key, most);
    let mut responder = responder.map_err(|error| session.malformed(error.0))?;
    let parities = responder.blocks().map_err(|error| session.malformed(error.0))?;
    session.send(&Message::Blocks { levels: levels.map(|level| level as u8), seed, parities })?;
    loop {
        session.accounts.parities = responder.disclosed();
        match session.receive()? {
            Message::Ask(questions) => {
                let answer = responder.answer(&questions);
                let answer = answer.map_err(|error| session.malformed(error.0))?;
                session.send(&Message::Answer(answer))?;
            }
            Message::Corrected(errors) => return Ok(Ok(errors)),
            Message::Discard(reason) => return Ok(Err(reason)),
            _ => return Err(session.unexpected()),
        }
    }
}

/// Fixes the length, and makes the key if Bob finds his string the same.
fn amplify(
    mut session: Session<'_>,
    params: &Params,
    before: &Bound,
    string: &Bits,
    entropy: &mut dyn Entropy,
) -> Result<Outcome, Error> {
    let length = session.measure(params, before, string.len())?;
    // Her last message and Bob's take a tag each.
    if length <= session.accounts.tag_bits + 2 * 8 * TAG_BYTES as u64 {
        return session.discard(Reason::CostExceedsLength);
    }
    let verification_key = *entropy::draw(entropy)?;
    let tag = verify::tag(&verification_key, string, session.accounts.verification_bits);
    let bits = string.len() + length as usize - 1;
    let mut bytes = vec![0; bits.div_ceil(8)];
    entropy.fill(&mut bytes)?;
    let seed = Bits::from_bytes(&bytes, bits).unwrap_or_default();
    let key = toeplitz::hash(&seed, string, length as usize);
    session.send(&Message::Amplify { verification_key, tag, length, seed })?;
    match (session.receive()?, key) {
        (Message::Accept, Some(bits)) => Ok(session.key(bits, length)),
        (Message::Discard(reason), _) => Ok(session.discarded(reason)),
        _ => Err(session.unexpected()),
    }
}
