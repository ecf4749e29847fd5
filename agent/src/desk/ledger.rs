//! What this end reports of links for the ledger of keys, as its key service says it.
//!
//! - The chain names the links: those of the market at whose end the account draws keys. For each the key service is
//!   asked once an epoch, within that epoch, by the status that it gives of an SAE at the other end.
//! - *Nothing is made up*: a service that has no words for what is asked, or gives numbers that cannot be, is not
//!   reported of, and neither is one that does not answer.
//! - Report and commitment leave together, so that they are one transaction. What is late holds the other one up
//!   for half of the time that the chain takes them, and no longer.

use super::{Books, Desk, Refusal, jobs::LEDGER};
use qedex_primitives::{
    EpochIndex, Moment,
    agent::{BeaconStep, LinkNews, News},
    keys::LinkReport,
    qkd::LinkId,
};
use qkms::kme::service::{Figures, SaeId};
use std::collections::BTreeMap;

/// What is known of links in an epoch.
#[derive(Clone, Debug)]
pub(super) struct Survey {
    epoch: EpochIndex,
    /// The chain's time when they were first asked for.
    since: Moment,
    /// Those that the latest news wanted.
    links: Vec<LinkNews>,
    /// What the key service said, and nothing where it has nothing to say.
    found: BTreeMap<LinkId, Option<LinkReport>>,
}

impl Survey {
    fn new(epoch: EpochIndex, since: Moment) -> Self {
        Self { epoch, since, links: Vec::new(), found: BTreeMap::new() }
    }
}

/// What is reported of a link; nothing without a bit error rate, or of numbers that cannot be.
fn report(link: LinkId, figures: &Figures) -> Option<LinkReport> {
    let Figures { stored_keys, delivered_keys, made_keys, qber_ppm, sound } = *figures;
    let qber_ppm = qber_ppm?;
    let (stored, drawn, made) = (stored_keys, delivered_keys, made_keys);
    let report = LinkReport { link, stored, made, drawn, qber_ppm, healthy: sound };
    if !report.is_sound() {
        tracing::warn!(link = link.0, "the key service says what cannot be of a link");
        return None;
    }
    Some(report)
}

impl Desk {
    /// Takes what the key service has said of links for an epoch. Those of another one than that of the latest
    /// news are not taken.
    ///
    /// # Errors
    ///
    /// The store.
    pub fn surveyed(
        &self,
        epoch: EpochIndex,
        answers: &[(LinkId, Option<Figures>)],
    ) -> Result<(), Refusal> {
        self.transact(|books| {
            if let Some(survey) = books.survey.as_mut().filter(|survey| survey.epoch == epoch) {
                for (link, figures) in answers {
                    let said = figures.as_ref().and_then(|figures| report(*link, figures));
                    survey.found.insert(*link, said);
                }
            }
            if books.unasked().is_none() {
                self.recovered(LEDGER);
            }
            Ok(())
        })
    }
}

impl Books {
    /// Of which links the key service was not asked yet, each with an SAE at its other end.
    pub(super) fn unasked(&self) -> Option<(EpochIndex, Vec<(LinkId, SaeId)>)> {
        let survey = self.survey.as_ref()?;
        let unasked = survey.links.iter().filter(|asked| !survey.found.contains_key(&asked.link));
        let links = unasked.filter_map(|asked| {
            let peer = std::str::from_utf8(&asked.peer).ok()?.parse().ok()?;
            Some((asked.link, peer))
        });
        let links: Vec<_> = links.collect();
        (!links.is_empty()).then_some((survey.epoch, links))
    }

    /// What leaves now of what is said to the beacon, and what is reported of links beside.
    pub(super) fn together(
        &mut self,
        news: &News,
        beacon: Option<BeaconStep>,
    ) -> (Option<BeaconStep>, Vec<LinkReport>) {
        let Some(told) = &news.ledger else {
            // Of news in parts only the first one says what is awaited.
            if news.beacon.is_some()
                && let Some(survey) = &mut self.survey
            {
                survey.links.clear();
            }
            return (beacon, Vec::new());
        };
        let survey = self.survey.take().filter(|survey| survey.epoch == told.epoch);
        let mut survey = survey.unwrap_or_else(|| Survey::new(told.epoch, news.now));
        survey.links.clone_from(&told.links);
        let time = told.until.saturating_sub(survey.since);
        let is_late = news.now >= survey.since.saturating_add(time.div_euclid(2));
        let found: Vec<_> =
            survey.links.iter().filter_map(|asked| survey.found.get(&asked.link)).collect();
        let lacks_reports = found.len() < survey.links.len();
        let reports = found.into_iter().flatten().copied().collect();
        self.survey = Some(survey);
        if (lacks_reports || self.wanted.is_some()) && !is_late {
            return (beacon.filter(|step| !matches!(step, BeaconStep::Commit(_))), Vec::new());
        }
        (beacon, reports)
    }
}
