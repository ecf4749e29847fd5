//! Audits of links, as the chain tells of them.

use super::{At, api, reads::ask};
use crate::error::Error;
use qedex_primitives::qkd::LinkId;
pub use qedex_primitives::{
    BeaconSource,
    audits::{
        AuditFailure, AuditFault, AuditOutcome, Closure, LinkAudits, Pick, RoundView, Statement,
    },
};
use subxt::{tx::Payload, utils::Static};

/// Where the audits of a link stand; none if nothing was ever posted of it.
pub async fn of_link(at: &At, link: u32) -> Result<Option<LinkAudits>, Error> {
    let question = api::runtime_apis().audit_api().link_audits(Static(LinkId(link)));
    Ok(ask(at, question).await?.map(|audits| audits.0))
}

/// The call that opens a link which audits have closed, and begins its audits anew.
pub fn reopen(link: u32) -> impl Payload {
    api::tx().qkd().reopen_link(Static(LinkId(link)))
}
