//! What is asked of the key service, beside what the worker hears.

use super::{
    AuditedLink, Auditor, Known, judge,
    page::{Audits, Page, PageError, Stand},
};
use qedex_primitives::audits::{
    AuditEpoch, AuditFault, AuditNews, AuditOutcome, EPOCH_RECORDS, LinkNews, PickNews, Statement,
};
use qkms::records::{Ending, Export, Keys, Signed};
use std::{sync::Arc, time::Duration};
use tokio::time::MissedTickBehavior;

/// How often the service is asked while something is awaited.
const TICK: Duration = Duration::from_secs(1);

/// The most outcomes that are kept of a link.
const MAX_KEPT: usize = 8;

/// The records of an epoch, and what they say.
struct Epoch {
    records: Vec<Signed>,
    keys: Keys,
    /// Alice's KME and Bob's.
    ends: [String; 2],
    says: Statement,
}

/// What the records of an export say, if they are all of an epoch.
fn epoch_of(number: u64, export: &Export) -> Result<Option<Epoch>, PageError> {
    let wrong = |error: qkms::records::ExportError| PageError::Content(error.to_string());
    let records = export.check().map_err(wrong)?;
    let whole = records.len() == usize::from(EPOCH_RECORDS)
        && records.iter().all(|signed| signed.record.epoch == number);
    if !whole {
        return Ok(None);
    }
    let keyed = records.iter().filter(|signed| signed.record.ending == Ending::Key).count();
    let says = Statement {
        epoch: AuditEpoch(number),
        root: Signed::root(&records).into(),
        keyed: u8::try_from(keyed).unwrap_or(u8::MAX),
    };
    let keys = export.keys().map_err(wrong)?;
    let ends = [export.alice.clone(), export.bob.clone()];
    Ok(Some(Epoch { records, keys, ends, says }))
}

impl Auditor {
    /// Asks what is awaited until `stop` is ready.
    pub async fn keep_going(self: Arc<Self>, stop: impl Future<Output = ()>) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = self.wake.notified() => {},
                _ = ticks.tick() => {},
            }
            let news = self.state().news.clone();
            let Some(news) = news else { continue };
            tokio::select! {
                () = &mut stop => return,
                () = self.look(&news) => {},
            }
        }
    }

    /// Looks for what is awaited of each link.
    async fn look(&self, news: &AuditNews) {
        let stands = match self.page.stands().await {
            Ok(stands) => stands,
            Err(error) => {
                tracing::warn!(%error, "audits have to wait");
                return;
            }
        };
        for told in &news.links {
            let Some(own) = self.settings.links.iter().find(|own| own.link == told.link.0) else {
                continue;
            };
            let mut here = stands.iter().filter(|at| at.kme == own.kme && at.peer == own.peer);
            let Some(stand) = here.next() else {
                tracing::warn!(kme = own.kme, peer = own.peer, "the key service has no such link");
                continue;
            };
            if let Err(error) = self.look_at(told, own, stand).await {
                tracing::warn!(%error, link = own.link, "audits of a link have to wait");
            }
        }
    }

    async fn look_at(
        &self,
        told: &LinkNews,
        own: &AuditedLink,
        stand: &Stand,
    ) -> Result<(), PageError> {
        for pick in &told.picks {
            if !self.has_found(own, pick) {
                self.open(own, pick, stand).await?;
            }
        }
        if told.posts {
            self.read_next(told, own, stand).await?;
        }
        Ok(())
    }

    /// Reads the records of the epoch that is awaited, once it is whole.
    async fn read_next(
        &self,
        told: &LinkNews,
        own: &AuditedLink,
        stand: &Stand,
    ) -> Result<(), PageError> {
        let number = match (told.last, &stand.audits) {
            (Some(last), _) => last.0.saturating_add(1),
            (None, Audits::Next { epoch, .. }) => *epoch,
            (None, Audits::None) => return Ok(()),
        };
        let ready = self.with(own, |known| known.ready.map(|says| says.epoch));
        if ready == Some(AuditEpoch(number)) {
            return Ok(());
        }
        if let Some(epoch) = self.records(own, number, stand).await? {
            self.with(own, |known| known.ready = Some(epoch.says));
        }
        Ok(())
    }

    /// The records of an epoch at this end; none before it is whole.
    async fn records(
        &self,
        own: &AuditedLink,
        number: u64,
        stand: &Stand,
    ) -> Result<Option<Epoch>, PageError> {
        let size = u64::from(EPOCH_RECORDS);
        let from = number.saturating_mul(size);
        if stand.next < from.saturating_add(size) {
            return Ok(None);
        }
        let export = self.page.records(&own.kme, &own.peer, from).await?;
        let Some(epoch) = epoch_of(number, &export)? else { return Ok(None) };
        let mut names = [own.kme.as_str(), own.peer.as_str()];
        if stand.end != "alice" {
            names.reverse();
        }
        let keys = self.with(own, |known| *known.keys.get_or_insert(epoch.keys));
        if keys != epoch.keys || epoch.ends != names {
            let what = "records of another link, or signed by other keys than before";
            return Err(PageError::Content(what.into()));
        }
        Ok(Some(epoch))
    }

    /// Has a block opened, and looks into it.
    async fn open(
        &self,
        own: &AuditedLink,
        pick: &PickNews,
        stand: &Stand,
    ) -> Result<(), PageError> {
        let number = pick.says.epoch.0;
        let Some(epoch) = self.records(own, number, stand).await? else { return Ok(()) };
        let [alice, bob] = epoch.ends.each_ref().map(String::as_str);
        if stand.end == "alice" && self.page.token_file.is_some() {
            self.challenge(own, pick, stand, [alice, bob]).await?;
        }
        if pick.place.is_none() {
            // Nothing gave a key, and nothing is to be opened.
            let same = epoch.says == pick.says;
            let fault = AuditOutcome::Failed(AuditFault::Count);
            self.note(own, pick, if same { AuditOutcome::Passed } else { fault });
            return Ok(());
        }
        let files = own
            .files
            .map_or_else(|| self.page.clone(), |address| Page { address, token_file: None });
        if let Some(bytes) = files.file(alice, bob, number).await? {
            let (pick, Epoch { keys, records, .. }) = (*pick, epoch);
            let work = move || judge(&bytes, &pick, keys, &records);
            if let Ok(outcome) = tokio::task::spawn_blocking(work).await {
                self.note(own, &pick, outcome);
            }
        } else if is_given_up(&stand.audits, number) {
            self.note(own, pick, AuditOutcome::Failed(AuditFault::GivenUp));
        }
        Ok(())
    }

    /// Hands in what the chain picked by. A service that was not there in time still waits for what picks
    /// a block of an earlier epoch, which is over on the chain: it gets the same value, which nobody knew either.
    async fn challenge(
        &self,
        own: &AuditedLink,
        pick: &PickNews,
        stand: &Stand,
        ends: [&str; 2],
    ) -> Result<(), PageError> {
        let (number, challenge) = (pick.says.epoch.0, pick.challenge.0);
        let (mut epoch, mut root) = (number, pick.says.root.0);
        if let Audits::Next { epoch: due, .. } = stand.audits
            && due < number
        {
            let Some(earlier) = self.records(own, due, stand).await? else { return Ok(()) };
            (epoch, root) = (due, earlier.says.root.0);
        }
        self.page.challenge(ends, epoch, root, challenge).await?;
        Ok(())
    }

    fn with<A>(&self, own: &AuditedLink, change: impl FnOnce(&mut Known) -> A) -> A {
        change(self.state().links.entry(own.link).or_default())
    }

    fn has_found(&self, own: &AuditedLink, pick: &PickNews) -> bool {
        self.with(own, |known| known.found.contains_key(&key(pick)))
    }

    fn note(&self, own: &AuditedLink, pick: &PickNews, outcome: AuditOutcome) {
        tracing::info!(link = own.link, epoch = pick.says.epoch.0, ?outcome, "a block was audited");
        self.with(own, |known| {
            known.found.insert(key(pick), outcome);
            while known.found.len() > MAX_KEPT {
                known.found.pop_first();
            }
        });
    }
}

fn key(pick: &PickNews) -> (Statement, [u8; 32]) {
    (pick.says, pick.challenge.0)
}

/// Whether the service says that it could not open the block of this epoch, or is not audited any more.
fn is_given_up(audits: &Audits, epoch: u64) -> bool {
    match audits {
        Audits::None => true,
        Audits::Next { failed, .. } => failed.contains(&epoch),
    }
}
