//! Two ends, their keys, and sessions between them.

use q_sah::*;
use zeroize::Zeroizing;

pub const SUITES: [Suite; 2] = [Suite::Hmac, Suite::OneTime];

pub const GENESIS: GenesisHash = GenesisHash([0x11; 32]);

pub fn meter() -> End {
    End { account: AccountId([0xaa; 32]), sae: SaeId::new("sae-meter").unwrap() }
}

pub fn broker() -> End {
    End { account: AccountId([0xbb; 32]), sae: SaeId::new("sae-broker-1").unwrap() }
}

pub fn ends() -> Ends {
    Ends::new(GENESIS, meter(), broker()).unwrap()
}

/// The same two, the other way round.
pub fn reversed(ends: &Ends) -> Ends {
    Ends::new(ends.genesis(), ends.to().clone(), ends.from().clone()).unwrap()
}

/// The key of this name; a service delivers the same to both ends.
pub fn key(id: u8) -> Key {
    key_of(id, id)
}

/// The bytes of one key under the name of another.
pub fn key_of(id: u8, bytes: u8) -> Key {
    sized(id, bytes, KEY_BYTES)
}

/// A key of so many bytes.
pub fn sized(id: u8, bytes: u8, length: usize) -> Key {
    let bytes =
        (0..length).map(|place| bytes.wrapping_mul(31).wrapping_add((place as u8).wrapping_mul(7)));
    Key::new(KeyId([id; 16]), Zeroizing::new(bytes.collect()))
}

/// The keys of a session, the first of this name.
pub fn keys(suite: Suite, id: u8) -> Keys {
    match suite {
        Suite::Hmac => Keys::hmac(key(id)).unwrap(),
        Suite::OneTime => Keys::one_time([0, 1, 2, 3].map(|more| key(id + more))).unwrap(),
    }
}

pub fn open(suite: Suite, id: u8, number: u64) -> Initiator<Opened> {
    let nonce = Nonce([id.wrapping_add(100); 32]);
    Initiator::open(ends(), keys(suite, id), Number(number), nonce).unwrap()
}

pub fn numbers() -> Numbers {
    Numbers::of(meter().account)
}

pub fn answer(message1: &[u8], suite: Suite, id: u8) -> Result<Responder, Error> {
    answer_noting(message1, suite, id, &mut numbers())
}

pub fn answer_noting(
    message1: &[u8],
    suite: Suite,
    id: u8,
    numbers: &mut Numbers,
) -> Result<Responder, Error> {
    let nonce = Nonce([id.wrapping_add(200); 32]);
    Ok(Responder::answer(ends(), message1, keys(suite, id), nonce, numbers)?)
}

/// A session after message 2.
pub fn both(suite: Suite, id: u8, number: u64) -> (Initiator<Confirmed>, Responder) {
    let a = open(suite, id, number);
    let b = answer(a.message1(), suite, id).unwrap();
    (a.confirm(b.message2()).unwrap(), b)
}

/// Both ends of an open session.
pub fn session(suite: Suite, id: u8) -> (Session, Session) {
    let (a, b) = both(suite, id, 1);
    let b = b.finish(a.message3()).unwrap();
    (a.into_session(), b)
}

/// All that differs from these bytes by a bit, a cut, or something more at the end.
pub fn altered(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let flipped = (0..bytes.len() * 8).map(|bit| {
        let mut other = bytes.to_vec();
        other[bit / 8] ^= 1 << (bit % 8);
        other
    });
    let cut = (0..bytes.len()).map(|length| bytes[..length].to_vec());
    let headless = (1..=bytes.len()).map(|first| bytes[first..].to_vec());
    let longer = (1..=64)
        .flat_map(move |more| [0, 0xff].map(|byte| [bytes, &vec![byte; more][..]].concat()));
    flipped.chain(cut).chain(headless).chain(longer)
}

/// The error of a refusal; what was kept is dropped.
pub fn refused<T, K>(result: Result<T, Refused<K>>) -> Error {
    match result {
        Ok(_) => panic!("it was taken"),
        Err(refused) => refused.error,
    }
}
