//! Participants draw keys as SAEs: the operators of the sites enrol them, they accept, and say which key
//! their worker has, where they take frames, and from whom they take requests. What is there already is
//! used.

use super::{AT_ONCE, Speaker};
use futures::{StreamExt, TryStreamExt, stream};
use qedex_client::{
    At, Error,
    calls::{self, EncodedCall},
    keys::{Keypair, account_of},
    market::Account,
    registry::{self, Site},
    session::Session,
};
use qedex_primitives::qkd::{EnrolmentId, SiteId};

/// For how long an SAE is enrolled, in milliseconds: as long as its certificate is good for.
const TERM: u64 = 30 * 24 * 3_600_000;

/// Enrolments in one batch.
const BATCH: usize = 50;

/// A participant that is to draw keys, and those from which it takes requests.
#[derive(Clone)]
pub struct Newcomer {
    /// It.
    pub speaker: Speaker,
    /// From whom it takes requests.
    pub peers: Vec<Account>,
}

/// The enrolment of an SAE, and whether it is accepted.
type Found = Option<(EnrolmentId, bool)>;

/// Enrols everybody, by the keys of the operators of their sites.
///
/// # Errors
///
/// The chain; a site whose operator's key is not among them; an agent of which too little is told; an SAE
/// that is somebody else's.
pub async fn enrol(
    session: &mut Session,
    operators: &[&Keypair],
    newcomers: &[Newcomer],
) -> Result<(), Error> {
    let now = qedex_client::queries::time(session.at()).await?;
    let sites = registry::sites(session.at()).await?;
    let found = enrolments(session.at(), newcomers).await?;
    for key in operators {
        let mut calls = Vec::new();
        for (Newcomer { speaker, .. }, found) in newcomers.iter().zip(&found) {
            let (id, site) = site_of(&sites, operators, speaker)?;
            if found.is_none() && site.operator == account_of(key) {
                let expires = now.saturating_add(TERM);
                let sae = speaker.agent.sae();
                let call = registry::enrol(id.0, sae, speaker.account(), expires);
                calls.push(EncodedCall::of(session.at(), &call)?);
            }
        }
        let mut signed = Vec::new();
        for batch in calls.chunks(BATCH) {
            let call = calls::batch_all(batch.to_vec());
            signed.push(session.sign("enrolling SAEs", &call, key).await?);
        }
        session.send(signed).await?;
    }
    session.settle().await?;
    session.check()?;

    let found = enrolments(session.at(), newcomers).await?;
    let mut signed = Vec::new();
    for (Newcomer { speaker, peers }, found) in newcomers.iter().zip(found) {
        let missing = || Error::Answer(format!("{} was not enrolled", speaker.agent.sae()));
        let (id, accepted) = found.ok_or_else(missing)?;
        let too_little = || {
            let sae = speaker.agent.sae();
            Error::BadInput(format!("the door of {sae} says no worker's key or no address"))
        };
        let worker = speaker.agent.worker().ok_or_else(too_little)?;
        let mail = speaker.agent.mail().ok_or_else(too_little)?;
        let at = session.at();
        let mut calls = Vec::new();
        if !accepted {
            calls.push(EncodedCall::of(at, &registry::accept_sae(id))?);
        }
        calls.push(EncodedCall::of(at, &registry::set_worker(Some(worker)))?);
        calls.push(EncodedCall::of(at, &registry::set_mail(Some(mail)))?);
        calls.push(EncodedCall::of(at, &registry::set_accepts(registry::listed(peers)?))?);
        let what = format!("{} accepts its SAE", speaker.name);
        signed.push(session.sign(what, &calls::batch_all(calls), &speaker.key).await?);
    }
    session.send_all(signed).await?;
    session.settle().await?;
    session.check()
}

fn site_of<'a>(
    sites: &'a [(SiteId, Site)],
    operators: &[&Keypair],
    speaker: &Speaker,
) -> Result<&'a (SiteId, Site), Error> {
    let sae = speaker.agent.sae();
    let name = speaker.agent.site().unwrap_or_default();
    let found =
        sites.iter().find(|(_, site)| registry::site_name(site) == name).ok_or_else(|| {
            Error::BadInput(format!("{sae} is at the site {name:?}, which the chain does not know"))
        })?;
    if operators.iter().any(|key| account_of(key) == found.1.operator) {
        return Ok(found);
    }
    Err(Error::BadInput(format!("nobody here may enrol {sae} at the site {name:?}")))
}

async fn enrolments(at: &At, newcomers: &[Newcomer]) -> Result<Vec<Found>, Error> {
    let look = |speaker: Speaker| async move {
        match registry::enrolment_of(at, speaker.agent.sae()).await? {
            Some((_, enrolment)) if enrolment.account != speaker.account() => Err(Error::BadInput(
                format!("{} is somebody else's than {}'s", speaker.agent.sae(), speaker.name),
            )),
            found => Ok(found.map(|(id, enrolment)| (id, enrolment.accepted))),
        }
    };
    let speakers: Vec<_> = newcomers.iter().map(|newcomer| newcomer.speaker.clone()).collect();
    stream::iter(speakers).map(look).buffered(AT_ONCE).try_collect().await
}
