//! Where keys come from.

use qkms::{
    client::{Client, Error, Key, KeyRequest},
    kme::service::{Figures, SaeId},
};
use std::{future::Future, ops::RangeInclusive};
use uuid::Uuid;

/// Bits of each key of a handshake, and of that of an AEAD letter.
pub(crate) const KEY_BITS: u32 = 256;

/// What draws keys as the agent's SAE: its key service.
///
/// A call that fails may have drawn keys all the same. They are lost: a key is told once.
pub trait KeySource: Send + Sync + 'static {
    /// Draws so many fresh keys of so many bits each, to be shared with `peer`.
    fn draw(
        &self,
        peer: &SaeId,
        number: usize,
        bits: u32,
    ) -> impl Future<Output = Result<Vec<Key>, Error>> + Send;

    /// How many bits a key that is shared with `peer` may have.
    fn sizes(
        &self,
        peer: &SaeId,
    ) -> impl Future<Output = Result<RangeInclusive<u64>, Error>> + Send;

    /// What the service says of the quantum link to the site of `peer`: nothing if it has no words for that, or
    /// there is no such link.
    fn figures(&self, peer: &SaeId) -> impl Future<Output = Result<Option<Figures>, Error>> + Send;

    /// Fetches the keys of these names, which `peer` has drawn, in their order.
    fn collect(
        &self,
        peer: &SaeId,
        ids: &[Uuid],
    ) -> impl Future<Output = Result<Vec<Key>, Error>> + Send;
}

impl KeySource for Client {
    async fn draw(&self, peer: &SaeId, number: usize, bits: u32) -> Result<Vec<Key>, Error> {
        let number = u32::try_from(number).ok();
        let request = KeyRequest { number, size: Some(bits), ..KeyRequest::default() };
        self.enc_keys(peer, &request).await
    }

    async fn sizes(&self, peer: &SaeId) -> Result<RangeInclusive<u64>, Error> {
        let status = self.status(peer).await?;
        Ok(status.min_key_size..=status.max_key_size)
    }

    async fn figures(&self, peer: &SaeId) -> Result<Option<Figures>, Error> {
        Ok(self.status(peer).await?.figures())
    }

    async fn collect(&self, peer: &SaeId, ids: &[Uuid]) -> Result<Vec<Key>, Error> {
        self.dec_keys(peer, ids).await
    }
}

/// Whether the same request may succeed later. A key that was refused once is never told: asking again
/// only costs.
pub(crate) fn may_pass(error: &Error) -> bool {
    matches!(error, Error::Unavailable(_) | Error::Timeout | Error::Connection(_))
}
