//! A peer's connection that lasts as long as the peer's certificate does.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use rustls_pki_types::{CertificateDer, UnixTime};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Interval, MissedTickBehavior, interval},
};

use super::service::KmeId;
use crate::tls::{ClientCheck, Peer, clients::Admission};

/// A connection whose other side has proven to be a KME. It is checked at the start and once in a
/// while against the revocation list of that moment and the certificate's validity; reading fails
/// with `PermissionDenied` when it holds no longer.
pub struct Admitted<S> {
    stream: S,
    check: Arc<ClientCheck>,
    admission: Admission,
    recheck: Interval,
}

impl<S> Admitted<S> {
    /// Admits the owner of the certificate chain that `stream` was set up with, if it is a KME;
    /// checks again every `recheck`.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` for every other party, and for a certificate that has been revoked.
    pub fn new(
        stream: S,
        chain: &[CertificateDer<'_>],
        check: &Arc<ClientCheck>,
        recheck: Duration,
    ) -> io::Result<(KmeId, Self)> {
        let admission = check.admit(chain).map_err(|error| refused(error.to_string()))?;
        let Peer::Kme(peer) = admission.named().clone() else {
            return Err(refused("the certificate is not a KME's"));
        };
        let mut recheck = interval(recheck);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let admitted = Self { stream, check: Arc::clone(check), admission, recheck };
        admitted.look()?;
        Ok((peer, admitted))
    }

    fn look(&self) -> io::Result<()> {
        if let Err(error) = self.check.reload() {
            tracing::error!(%error, "the revocation list was not re-read; the last one stays");
        }
        match self.admission.peer(UnixTime::now()) {
            Some(_) => Ok(()),
            None => Err(refused("the certificate has expired or was revoked")),
        }
    }
}

fn refused(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

impl<S: AsyncRead + Unpin> AsyncRead for Admitted<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.recheck.poll_tick(context).is_ready() {
            this.look()?;
        }
        Pin::new(&mut this.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Admitted<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
