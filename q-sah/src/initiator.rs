//! A, who opens a session.

use crate::{
    Ends, Error, Keys, Message1, Message2, Nonce, Number, Refused, Session,
    schedule::{Schedule, Tag},
    stored::{self, Kind},
};
use alloc::vec::Vec;
use core::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A after message 1, waiting for message 2.
pub struct Opened {
    message1: Message1,
    schedule: Schedule,
}

/// A after message 2: message 3 can go, and the session is ready.
pub struct Confirmed {
    message3: Tag,
    session: Session,
}

/// A's end of a handshake. What it can do next its state says: there is no message 3 before message 2.
///
/// ```compile_fail,E0599
/// # fn skips(initiator: q_sah::Initiator<q_sah::Opened>) {
/// initiator.message3();
/// # }
/// ```
///
/// Nor is a second message 2 taken.
///
/// ```compile_fail,E0599
/// # fn twice(initiator: q_sah::Initiator<q_sah::Confirmed>, message2: &[u8]) {
/// initiator.confirm(message2);
/// # }
/// ```
pub struct Initiator<S> {
    ends: Ends,
    state: S,
}

impl<S> Initiator<S> {
    /// Who speaks with whom.
    pub fn ends(&self) -> &Ends {
        &self.ends
    }
}

impl Initiator<Opened> {
    /// Opens a session under fresh keys, with a number higher than all that `ends.from()` ever used.
    /// Store it before message 1 leaves.
    ///
    /// # Errors
    ///
    /// [`Error::Number`] if the number is zero.
    pub fn open(
        ends: Ends,
        keys: Keys,
        number: Number,
        nonce: Nonce,
    ) -> Result<Self, Refused<Keys>> {
        let opened = Schedule::new(&ends, &keys).and_then(|schedule| {
            let mut bytes = Message1::write(&ends, &keys, number, nonce);
            let tag = schedule.first(&ends, &bytes);
            bytes.extend(tag.as_bytes());
            Ok(Opened { message1: Message1::parse(&bytes)?, schedule })
        });
        match opened {
            Ok(state) => Ok(Self { ends, state }),
            Err(error) => Err(Refused::new(error, keys)),
        }
    }

    /// Message 1, as often as it takes.
    pub fn message1(&self) -> &[u8] {
        self.state.message1.as_bytes()
    }

    /// Takes message 2. Keys and S are wiped. Store the new state before message 3 leaves.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if it is cut or extended, [`Error::Mac`] if it is not B's answer to this
    /// message 1, [`Error::Confirmation`] if B computed another message 3. This end then waits as
    /// before.
    pub fn confirm(self, message2: &[u8]) -> Result<Initiator<Confirmed>, Refused<Self>> {
        match self.read(message2) {
            Ok(state) => Ok(Initiator { ends: self.ends, state }),
            Err(error) => Err(Refused::new(error, self)),
        }
    }

    fn read(&self, message2: &[u8]) -> Result<Confirmed, Error> {
        let Opened { message1, schedule } = &self.state;
        let second = Message2::parse(message1.suite(), message2)?;
        schedule.second(&self.ends, message1.text(), second.text).check(second.tag)?;
        let message3 = schedule.third(&self.ends, message1.text(), &second.nonce.0);
        if !bool::from(message3.commitment().ct_eq(&second.confirmation)) {
            return Err(Error::Confirmation);
        }
        let (id, [ours, theirs]) = schedule.traffic(message1.text(), second.text);
        Ok(Confirmed { message3, session: Session::new(message1.suite(), id, ours, theirs) })
    }

    /// To be stored under a key of the caller's. These bytes are as secret as the keys.
    pub fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = stored::begin(Kind::Opened);
        self.ends.write_to(&mut bytes);
        self.state.schedule.write_to(&mut bytes);
        bytes.extend(self.state.message1.as_bytes());
        bytes
    }

    /// What was stored.
    ///
    /// # Errors
    ///
    /// [`Error::State`] if that was something else, or its message 1 does not follow from the rest.
    pub fn from_secret_bytes(bytes: &[u8]) -> Result<Self, Error> {
        stored::read(Kind::Opened, bytes, |reader| {
            let ends = Ends::read_from(reader)?;
            let secrets = reader.slice(Schedule::BYTES)?;
            let message1 = Message1::parse(reader.all_but(0)?)?;
            ends.check(message1.from(), message1.to())?;
            let schedule = Schedule::read_from(message1.suite(), secrets)?;
            schedule.first(&ends, message1.text()).check(message1.tag())?;
            Ok(Self { ends, state: Opened { message1, schedule } })
        })
    }
}

impl Initiator<Confirmed> {
    /// Message 3, as often as it takes.
    pub fn message3(&self) -> &[u8] {
        self.state.message3.as_bytes()
    }

    /// The session. Keep it until the chain says that message 3 was taken, and then go on with
    /// [`into_session`](Self::into_session).
    pub fn session(&self) -> &Session {
        &self.state.session
    }

    /// Leaves the handshake.
    pub fn into_session(self) -> Session {
        self.state.session
    }

    /// To be stored under a key of the caller's. These bytes are as secret as the session.
    pub fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = stored::begin(Kind::Confirmed);
        self.ends.write_to(&mut bytes);
        self.state.session.write_to(&mut bytes);
        bytes.extend(self.state.message3.as_bytes());
        bytes
    }

    /// What was stored.
    ///
    /// # Errors
    ///
    /// [`Error::State`] if that was something else.
    pub fn from_secret_bytes(bytes: &[u8]) -> Result<Self, Error> {
        stored::read(Kind::Confirmed, bytes, |reader| {
            let ends = Ends::read_from(reader)?;
            let session = Session::read_from(reader)?;
            let message3 = Tag::of(reader.slice(session.suite().tag_bytes())?);
            Ok(Self { ends, state: Confirmed { message3, session } })
        })
    }
}

impl<S> fmt::Debug for Initiator<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Initiator(..)")
    }
}
