//! How values are sealed at rest.
//!
//! XChaCha20-Poly1305 under the store's own key, with a random nonce of 24 bytes in front and the name of
//! the value's row as associated data: a value that was moved to another row does not open. Who has both
//! the key file and the store has everything.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use qkms::pool::cipher::StoreKey;
use sha2::Sha256;
use std::{fmt, io};
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 24;

/// A value cannot be sealed, or is none that was sealed here for its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value of the store was not sealed by its key for its row")]
pub struct Foreign;

/// What seals the values of a store. Its key is wiped on drop and not shown.
pub struct Sealer {
    key: StoreKey,
    cipher: XChaCha20Poly1305,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealer(..)")
    }
}

impl Sealer {
    /// Seals under a key.
    pub fn new(key: StoreKey) -> Self {
        let cipher = XChaCha20Poly1305::new(key.expose().into());
        Self { key, cipher }
    }

    /// Seals the value of the row `name`.
    ///
    /// # Errors
    ///
    /// The operating system gives no random bytes.
    pub fn seal(&self, name: &[u8], value: &[u8]) -> io::Result<Vec<u8>> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(io::Error::other)?;
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: value, aad: name })
            .map_err(|_| io::Error::other(Foreign))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Opens what was sealed for the row `name`.
    ///
    /// # Errors
    ///
    /// [`Foreign`].
    pub fn open_value(&self, name: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Foreign> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or(Foreign)?;
        let payload = Payload { msg: sealed, aad: name };
        let value = self.cipher.decrypt(XNonce::from_slice(nonce), payload);
        value.map(Zeroizing::new).map_err(|_| Foreign)
    }

    /// By what bytes are known again, which tells nothing of them to who has not the store's key.
    pub fn fingerprint(&self, label: u8, bytes: &[u8]) -> [u8; 32] {
        // HMAC fills a short key up to its block with zeros.
        let mut block = Zeroizing::new([0; 64]);
        block.iter_mut().zip(self.key.expose()).for_each(|(to, from)| *to = *from);
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
        mac.update(b"qedex/agent/fingerprint");
        mac.update(&[label]);
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }
}
