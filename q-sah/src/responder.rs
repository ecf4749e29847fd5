//! B, who answers.

use crate::{
    Ends, Error, Keys, Message1, Message2, Nonce, Numbers, Refused, Session, Verdict,
    schedule::{Schedule, Tag},
    stored::{self, Kind},
};
use alloc::vec::Vec;
use core::fmt;
use zeroize::Zeroizing;

/// B's end of a handshake, after message 2 and before message 3. It has no session to speak in yet.
///
/// ```compile_fail,E0599
/// # fn early(responder: q_sah::Responder) -> q_sah::Session {
/// responder.into_session()
/// # }
/// ```
pub struct Responder {
    ends: Ends,
    message1: Message1,
    message2: Vec<u8>,
    /// The message 3 that is awaited.
    third: Tag,
    session: Session,
}

impl Responder {
    /// Answers a message 1 whose keys were drawn, and notes its number. Keys and S are wiped. Store
    /// both the new state and the numbers, in one step, before message 2 leaves.
    ///
    /// # Errors
    ///
    /// Those of [`Message1::parse`] and of [`Numbers::judge`]; [`Error::Account`] if the message is not
    /// from `ends.from()` to `ends.to()`; [`Error::Suite`] and [`Error::Kid`] if the keys are not those
    /// it names; [`Error::Answered`] if it was answered before; [`Error::Mac`] if it is not authentic.
    /// The numbers stay as they were then, and the keys can serve the true message.
    pub fn answer(
        ends: Ends,
        message1: &[u8],
        keys: Keys,
        nonce: Nonce,
        numbers: &mut Numbers,
    ) -> Result<Self, Refused<Keys>> {
        Self::compute(ends, message1, &keys, nonce, numbers)
            .map_err(|error| Refused::new(error, keys))
    }

    fn compute(
        ends: Ends,
        message1: &[u8],
        keys: &Keys,
        nonce: Nonce,
        numbers: &mut Numbers,
    ) -> Result<Self, Error> {
        let message1 = Message1::parse(message1)?;
        ends.check(message1.from(), message1.to())?;
        if message1.suite() != keys.suite() {
            return Err(Error::Suite);
        }
        if !keys.ids().eq(message1.keys().iter().copied()) {
            return Err(Error::Kid);
        }
        if numbers.judge(&message1)? == Verdict::Again {
            return Err(Error::Answered);
        }
        let schedule = Schedule::new(&ends, keys)?;
        let t1 = message1.text();
        schedule.first(&ends, t1).check(message1.tag())?;

        let third = schedule.third(&ends, t1, &nonce.0);
        let mut message2 = Message2::write(nonce, &third);
        let (id, [theirs, ours]) = schedule.traffic(t1, &message2);
        let tag = schedule.second(&ends, t1, &message2);
        message2.extend(tag.as_bytes());
        numbers.accept(&message1);
        let session = Session::new(message1.suite(), id, ours, theirs);
        Ok(Self { ends, message1, message2, third, session })
    }

    /// Who speaks with whom.
    pub fn ends(&self) -> &Ends {
        &self.ends
    }

    /// The message 1 that was answered.
    pub fn message1(&self) -> &Message1 {
        &self.message1
    }

    /// Message 2, as often as it takes.
    pub fn message2(&self) -> &[u8] {
        &self.message2
    }

    /// The answer to a message 1 that came again.
    ///
    /// # Errors
    ///
    /// [`Error::OtherSession`] if it is not the one that was answered here.
    pub fn again(&self, message1: &[u8]) -> Result<&[u8], Error> {
        let same = self.message1.as_bytes() == message1;
        if same { Ok(&self.message2) } else { Err(Error::OtherSession) }
    }

    /// Takes message 3.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if it is cut or extended, [`Error::Mac`] if it is not A's. This end then waits
    /// as before.
    pub fn finish(self, message3: &[u8]) -> Result<Session, Refused<Self>> {
        let length = message3.len() == self.third.as_bytes().len();
        let checked = if length { self.third.check(message3) } else { Err(Error::Length) };
        match checked {
            Ok(()) => Ok(self.session),
            Err(error) => Err(Refused::new(error, self)),
        }
    }

    /// To be stored under a key of the caller's. These bytes are as secret as the session.
    pub fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = stored::begin(Kind::Responder);
        self.ends.write_to(&mut bytes);
        self.session.write_to(&mut bytes);
        bytes.extend(self.third.as_bytes());
        bytes.extend(&self.message2);
        bytes.extend(self.message1.as_bytes());
        bytes
    }

    /// What was stored.
    ///
    /// # Errors
    ///
    /// [`Error::State`] if that was something else.
    pub fn from_secret_bytes(bytes: &[u8]) -> Result<Self, Error> {
        stored::read(Kind::Responder, bytes, |reader| {
            let ends = Ends::read_from(reader)?;
            let session = Session::read_from(reader)?;
            let suite = session.suite();
            let third = Tag::of(reader.slice(suite.tag_bytes())?);
            let message2 = reader.slice(Message2::length(suite))?.to_vec();
            let message1 = Message1::parse(reader.all_but(0)?)?;
            ends.check(message1.from(), message1.to())?;
            let promised = Message2::parse(suite, &message2)?.confirmation;
            if message1.suite() != suite || promised != third.commitment() {
                return Err(Error::State);
            }
            Ok(Self { ends, message1, message2, third, session })
        })
    }
}

impl fmt::Debug for Responder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Responder(..)")
    }
}
