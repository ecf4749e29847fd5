//! The entropy beacon: what this end commits to, and when it reveals it.
//!
//! - The secret of an epoch is `HKDF-Extract(salt, key)` (RFC 5869) of a fresh key of the key service and of 32
//!   bytes of the operating system's. Who knows one of both alone does not know it: neither the key service, nor
//!   whoever knows what the machine draws.
//! - The key is shared with the peer that the chain names, an SAE at the other end of a link, so that a link has
//!   made it. Nothing is configured, and nothing depends on that peer: it does not ask for the key, and without
//!   the salt it would know nothing. A key that no link has made is not taken.
//! - It is stored before the commitment leaves, and says the same whenever it is asked. It is revealed when the
//!   chain takes reveals of this very epoch and has this very commitment, and that it was is stored before.
//! - *A secret that was revealed is not committed to again*: on a fork of the chain where commitments are still
//!   open, others would know it already.
//! - It commits only where its operator wants that: who commits promises to be there half an epoch later, and its
//!   owner loses standing if it is not.
//! - One secret of an epoch is made, and those of other epochs than the one under way and its two neighbours are
//!   wiped: a fork may go back over the end of an epoch.

use super::{Books, Desk, Refusal};
use crate::{
    draw::{Draw, Wanted},
    keys::KEY_BITS,
    record::{Secret, sha256},
    store::{Row, value},
};
use hmac::{Hmac, Mac};
use qedex_primitives::{
    EpochIndex,
    agent::{AccountBytes, BeaconAwaits, BeaconNews, BeaconStep, News},
    beacon::{Commitment, Revealed, committed},
    qkd::SaeId as ChainSae,
};
use qkms::client;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

/// HKDF-Extract (RFC 5869, section 2.2), which is HMAC-SHA-256 under the salt. The salt is filled up with zeros
/// to the block of the hash, as HMAC does itself.
fn extract(salt: &[u8; 32], key: &[u8]) -> Secret {
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(salt).for_each(|(to, from)| *to = *from);
    let mut mac = <Hmac<Sha256> as hmac::digest::KeyInit>::new((&*block).into());
    mac.update(key);
    let mut output = mac.finalize().into_bytes();
    let secret = Secret(Zeroizing::new(output.to_vec()));
    output.as_mut_slice().zeroize();
    secret
}

impl Desk {
    /// What this end says to the beacon.
    pub(super) fn beacon(
        &self,
        books: &mut Books,
        news: &News,
    ) -> Result<Option<BeaconStep>, Refusal> {
        let Some(told) = &news.beacon else { return Ok(None) };
        books.forget_draws(told.epoch);
        books.wanted = None;
        let draw = books.draws.get(&told.epoch).filter(|draw| draw.account == news.account);
        match (&told.awaits, draw) {
            (BeaconAwaits::Commitment { .. }, _) if !self.commits => Ok(None),
            (BeaconAwaits::Commitment { .. }, Some(draw)) => {
                let commitment = Commitment(draw.commitment.into());
                Ok((!draw.revealed).then_some(BeaconStep::Commit(commitment)))
            }
            (BeaconAwaits::Commitment { peer: Some(peer) }, None) => {
                books.want(news.account, told.epoch, peer);
                Ok(None)
            }
            (BeaconAwaits::Reveal, Some(_)) => books.reveal(told),
            _ => Ok(None),
        }
    }

    /// Takes what the key service gave for the secret of an epoch. Nothing is made of it if that epoch does not
    /// want it any more.
    ///
    /// # Errors
    ///
    /// The key service gave no key, or none that can be used; there are no random bytes; the store.
    pub fn drawn(
        &self,
        wanted: &Wanted,
        keys: Result<Vec<client::Key>, client::Error>,
    ) -> Result<(), Refusal> {
        let keys = keys?;
        self.transact(|books| {
            let bytes = usize::try_from(KEY_BITS.div_euclid(8)).map_err(|_| Refusal::State)?;
            if let Some(what) = self.unfit(&keys, 1, bytes)? {
                return Err(Refusal::Keys(what));
            }
            let key = keys.first().ok_or(Refusal::State)?;
            if key.local {
                return Err(Refusal::Keys("a key that no link has made"));
            }
            let genesis = books.general.genesis.ok_or(Refusal::State)?;
            self.take(books, &keys);
            self.recovered(super::jobs::BEACON);
            if books.wanted.take_if(|other| other == wanted).is_none() {
                return Ok(());
            }
            let salt = Zeroizing::new(self.surroundings.random()?);
            let secret = extract(&salt, &key.bytes);
            let commitment = commitment(genesis, wanted, &secret)?;
            let draw = Draw { account: wanted.account, secret, commitment, revealed: false };
            books.put_draw(wanted.epoch, draw);
            Ok(())
        })
    }
}

fn commitment(genesis: [u8; 32], wanted: &Wanted, secret: &Secret) -> Result<[u8; 32], Refusal> {
    let secret = <&[u8; 32]>::try_from(&secret.0[..]).map_err(|_| Refusal::State)?;
    let bytes = committed(genesis.into(), &wanted.account, wanted.epoch, secret);
    Ok(sha256(&*Zeroizing::new(bytes)))
}

impl Books {
    fn put_draw(&mut self, epoch: EpochIndex, draw: Draw) {
        self.changes.push((Row::Draw(epoch), value(&draw)));
        self.draws.insert(epoch, draw);
    }

    /// Wipes the secrets of all epochs but this one and its neighbours.
    fn forget_draws(&mut self, epoch: EpochIndex) {
        let old: Vec<_> =
            self.draws.keys().copied().filter(|other| other.abs_diff(epoch) > 1).collect();
        for epoch in old {
            self.draws.remove(&epoch);
            self.changes.push((Row::Draw(epoch), None));
        }
    }

    fn want(&mut self, account: AccountBytes, epoch: EpochIndex, peer: &ChainSae) {
        // A secret that another account has committed to is not overwritten: it may be revealed yet.
        if self.draws.contains_key(&epoch) {
            return;
        }
        let peer = std::str::from_utf8(peer).ok().and_then(|peer| peer.parse().ok());
        self.wanted = peer.map(|peer| Wanted { account, epoch, peer });
    }

    /// Reveals what the chain has the commitment of, and nothing else.
    fn reveal(&mut self, told: &BeaconNews) -> Result<Option<BeaconStep>, Refusal> {
        let draw = self.draws.get(&told.epoch).ok_or(Refusal::State)?;
        if told.committed != Some(Commitment(draw.commitment.into())) {
            return Ok(None);
        }
        let secret = draw.secret.0[..].try_into().map_err(|_| Refusal::State)?;
        if !draw.revealed {
            let draw = Draw { revealed: true, ..draw.clone() };
            self.put_draw(told.epoch, draw);
        }
        Ok(Some(BeaconStep::Reveal(Revealed(secret))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5869, A.1, its salt filled up with zeros: they do not change an HMAC.
    #[test]
    fn extraction_is_that_of_rfc_5869() {
        let mut salt = [0; 32];
        salt.iter_mut().zip(0..13).for_each(|(to, from)| *to = from);
        let expected = "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5";
        assert_eq!(hex::encode(&extract(&salt, &[0x0b; 22]).0[..]), expected);
    }
}
