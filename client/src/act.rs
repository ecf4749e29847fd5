//! Acts: calls that somebody makes by one's own right, as Root, or as the council.

use super::{
    calls::{self, EncodedCall},
    council::{Acted, Proposal},
    keys::Keypair,
    session::Session,
};
use crate::error::Error;
use subxt::tx::Payload;

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
    /// Signs, sends and awaits a call as [`Session::call`] does, or proposes it.
    pub async fn act(
        &mut self,
        what: &str,
        call: &impl Payload,
        key: &Keypair,
        by: Authority,
    ) -> Result<Acted, Error> {
        match by {
            Authority::Signer => {
                let done = self.call(what, call, key).await?;
                Ok(Acted::Done(Box::new(done)))
            }
            Authority::Root => {
                let call = calls::sudo(EncodedCall::of(self.at(), call)?);
                let (block, included) = self.call(what, &call, key).await?;
                match included.refusals.first() {
                    None => Ok(Acted::Done(Box::new((block, included)))),
                    Some(refusal) => {
                        Err(Error::Refused { what: what.to_owned(), refusal: refusal.clone() })
                    }
                }
            }
            Authority::Council => {
                let call = EncodedCall::of(self.at(), call)?;
                let proposal = Proposal::decode(self.at(), call.into_bytes()).await?;
                self.propose(what, &proposal, key).await
            }
        }
    }
}
