//! Acts: calls that somebody does by one's own right, as Root, or as the council.

use super::{
    api,
    calls::Inner,
    council::{Acted, Proposal},
    keys::Keypair,
    session::Session,
};
use crate::error::Error;
use subxt::tx::Payload;

/// A call as a transaction of its own, and as the content of another one.
pub struct Act<P> {
    direct: P,
    pub(crate) inner: Inner,
}

impl<P> Act<P> {
    /// Both forms of one call.
    pub(crate) const fn new(direct: P, inner: Inner) -> Self {
        Self { direct, inner }
    }

    /// The call as a transaction of its own.
    pub const fn direct(&self) -> &P {
        &self.direct
    }
}

/// By whose right an act is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The signer's own.
    Signer,
    /// Root's, by the holder of the sudo key.
    Root,
    /// The council's, if enough of it agree with the signer, who is a member.
    Council,
}

impl Session {
    /// Signs, sends and awaits an act as [`Session::call`] does, or proposes it.
    pub async fn act(
        &mut self,
        what: &str,
        act: Act<impl Payload>,
        key: &Keypair,
        by: Authority,
    ) -> Result<Acted, Error> {
        match by {
            Authority::Signer => {
                let done = self.call(what, &act.direct, key).await?;
                Ok(Acted::Done(Box::new(done)))
            }
            Authority::Root => {
                let call = api::tx().sudo().sudo(act.inner);
                let (block, included) = self.call(what, &call, key).await?;
                match included.refusals.first() {
                    None => Ok(Acted::Done(Box::new((block, included)))),
                    Some(refusal) => {
                        Err(Error::Refused { what: what.to_owned(), refusal: refusal.clone() })
                    }
                }
            }
            Authority::Council => {
                let proposal = Proposal::of(self.at(), &act.inner).await?;
                self.propose(what, &proposal, key).await
            }
        }
    }
}
