//! What both runs of the protocol share: the channel with messages for bytes, and the books.

use super::{
    Params,
    auth::{self, Channel, Direction, TagKeys},
    estimate,
    outcome::{Accounts, Discarded, Error, Outcome, Reason, SecretBlock},
    transport::Transport,
    verify,
    wire::Message,
};
use crate::{
    bits::Bits,
    link::{Bound, NoKey},
};

/// One party's end of one block.
pub(super) struct Session<'a> {
    channel: Channel<'a>,
    pub accounts: Accounts,
}

impl<'a> Session<'a> {
    /// Opens block `block` of `pulses` pulses at the end that sends in direction `outgoing`.
    pub fn open(
        block: u64,
        pulses: u64,
        outgoing: Direction,
        params: &Params,
        transport: &'a mut dyn Transport,
        keys: &'a mut dyn TagKeys,
    ) -> Result<Self, Error> {
        params.check()?;
        let channel = Channel::open(block, outgoing, transport, keys)?;
        Ok(Self { channel, accounts: Accounts::new(params, pulses) })
    }

    pub fn block(&self) -> u64 {
        self.channel.block()
    }

    pub fn send(&mut self, message: &Message) -> Result<(), Error> {
        self.note_seeds(message);
        self.channel.send(message.encode())?;
        self.accounts.tag_bits = self.channel.tag_bits();
        Ok(())
    }

    pub fn receive(&mut self) -> Result<Message, Error> {
        let message = self.channel.receive()?;
        self.accounts.tag_bits = self.channel.tag_bits();
        let message = Message::decode(&message).map_err(|error| self.malformed(error.0))?;
        self.note_seeds(&message);
        Ok(message)
    }

    fn note_seeds(&mut self, message: &Message) {
        let [shuffles, verification, toeplitz] = &mut self.accounts.seeds;
        match message {
            Message::Blocks { seed, .. } => *shuffles = *seed,
            Message::Amplify { verification_key, seed, .. } => {
                *verification = *verification_key;
                toeplitz.iter_mut().zip(&*seed.to_bytes()).for_each(|(kept, byte)| *kept = *byte);
            }
            _ => {}
        }
    }

    /// The error of a message that no honest peer sends.
    pub fn malformed(&self, what: &'static str) -> Error {
        Error::Malformed { block: self.block(), what }
    }

    /// The error of a message that is not due.
    pub fn unexpected(&self) -> Error {
        self.malformed("a message that is not due")
    }

    /// Tells the peer that there will be no key. The reason is part of the error if it cannot be told.
    pub fn discard(mut self, reason: Reason) -> Result<Outcome, Error> {
        match self.send(&Message::Discard(reason)) {
            Ok(()) => Ok(self.discarded(reason)),
            Err(cause) => Err(Error::Untold { reason, cause: Box::new(cause) }),
        }
    }

    /// The peer told so.
    pub fn discarded(self, reason: Reason) -> Outcome {
        let (block, accounts, _) = self.close(0);
        Outcome::Discarded(Discarded { block, reason, accounts })
    }

    /// Both have a key of `length` bits.
    pub fn key(self, bits: Bits, length: u64) -> Outcome {
        let (block, accounts, messages) = self.close(length);
        Outcome::Key(SecretBlock { block, bits, accounts, messages })
    }

    fn close(self, length: u64) -> (u64, Accounts, Vec<u8>) {
        let (block, accounts) = (self.block(), self.accounts);
        let messages = self.channel.into_messages();
        let transcript = auth::digest(&messages);
        (block, Accounts { length, transcript, ..accounts }, messages)
    }

    /// Books `errors` by intensity, and returns the QBER in X.
    pub fn corrected(&mut self, errors: [u64; 3]) -> f64 {
        self.accounts.counts.m_x = Some(errors);
        let n_x = self.accounts.counts.n_x.iter().sum();
        estimate::ratio(errors.iter().sum(), n_x)
    }

    /// The secret length of a string of `bits` bits after all that was told, 0 if there is none.
    pub fn measure(&mut self, params: &Params, before: &Bound, bits: usize) -> Result<u64, Error> {
        let tag_bits = verify::tag_bits(params.epsilons.correctness, bits);
        let tag_bits = tag_bits.ok_or_else(|| Error::Parameter("no tag serves eps_cor".into()))?;
        let accounts = &mut self.accounts;
        accounts.verification_bits = tag_bits;
        accounts.leak = estimate::leak(params, before, accounts.parities, tag_bits);
        let bound = match estimate::bound(params, &accounts.counts, accounts.leak) {
            Ok(bound) | Err(NoKey::TooShort(bound)) => bound,
            Err(error) => return Err(error.into()),
        };
        accounts.bound = Some(bound);
        Ok(bound.length)
    }
}
