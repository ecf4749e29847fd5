//! What an agent hears of the beacon, and what of its answer is brought to the chain.

use super::{Client, Fault, add};
use crate::{
    AcceptedBy, Call, Commitments, Config, CurrentEpoch, Enrolments, Links, Pallet, WORKER_KEYS,
};
use alloc::{collections::BTreeSet, vec::Vec};
use frame_system::offchain::SubmitTransaction;
use qedex_primitives::{
    Calendar, EpochIndex,
    agent::{BeaconAwaits, BeaconNews, BeaconStep, WorkerCounts},
    beacon::{EpochPart, EpochWork},
    qkd::{SaeId, SiteId, WorkerSignature},
};
use sp_runtime::traits::Convert;

/// The most links, and the most enrolments, that are looked at to find a peer.
const MAX_LOOKED_AT: usize = 1_024;

impl<T: Config> Pallet<T> {
    /// The epoch that is under way, as it is for this account.
    pub(super) fn beacon_news(account: &T::AccountId) -> Option<BeaconNews> {
        let epoch = CurrentEpoch::<T>::get()?;
        let entry = Commitments::<T>::get(account);
        let awaits = match (epoch.part, &entry) {
            (EpochPart::Commit, _) if Self::check_commit(account, epoch.index).is_ok() => {
                BeaconAwaits::Commitment { peer: Self::peer_for(account, epoch.index) }
            }
            (EpochPart::Reveal, Some(entry)) if entry.secret.is_none() => BeaconAwaits::Reveal,
            _ => BeaconAwaits::Nothing,
        };
        let committed = entry.map(|entry| entry.commitment);
        Some(BeaconNews { epoch: epoch.index, committed, awaits })
    }

    /// The SAE of another account with which this one may share a key that a link has made: at a site to
    /// which an agreed link leads from its own. Each epoch has another one's turn, so that one at which no key
    /// is to be had costs one epoch.
    fn peer_for(account: &T::AccountId, epoch: EpochIndex) -> Option<SaeId> {
        let own = AcceptedBy::<T>::get(account).and_then(Enrolments::<T>::get)?.site;
        let links = Links::<T>::iter_values().take(MAX_LOOKED_AT).filter(|link| link.agreed);
        let far: BTreeSet<SiteId> = links
            .filter_map(|link| match link.sites {
                [one, other] if one == own => Some(other),
                [one, other] if other == own => Some(one),
                _ => None,
            })
            .collect();
        let now = T::Calendar::now();
        let mut peers: Vec<SaeId> = Enrolments::<T>::iter_values()
            .take(MAX_LOOKED_AT)
            .filter(|other| other.accepted && other.expires > now && far.contains(&other.site))
            .map(|other| other.sae)
            .collect();
        peers.sort();
        let turn = epoch.checked_rem(u64::try_from(peers.len()).ok()?)?;
        peers.into_iter().nth(usize::try_from(turn).ok()?)
    }

    /// Brings what an agent says to the chain, if it is what the chain waits for.
    pub(super) fn bring_beacon(
        client: &Client<T>,
        told: Option<&BeaconNews>,
        said: BeaconStep,
        counts: &mut WorkerCounts,
    ) -> Result<(), Fault> {
        let BeaconNews { epoch, committed, awaits } = told.ok_or(Fault::Foreign)?;
        let work = match (said, awaits) {
            (BeaconStep::Commit(commitment), BeaconAwaits::Commitment { .. }) => {
                EpochWork::Commit { commitment }
            }
            (BeaconStep::Reveal(secret), BeaconAwaits::Reveal)
                if *committed == Some(Self::commitment_of(&client.account, *epoch, &secret)) =>
            {
                EpochWork::Reveal { secret }
            }
            _ => return Err(Fault::Foreign),
        };
        let account = T::AccountBytes::convert(client.account.clone());
        let signed = work.signing_bytes(Self::genesis(), &account, *epoch);
        let signature = sp_io::crypto::sr25519_sign(WORKER_KEYS, &client.key.0, &signed)
            .ok_or(Fault::NoSignature)?;
        let (part, signature) = (work.part(), WorkerSignature(signature));
        let call =
            Call::bring_epoch { who: client.account.clone(), epoch: *epoch, work, signature };
        let transaction = T::create_authorized_transaction(call.into());
        // The pool refuses what it has already, and what the chain has meanwhile.
        match SubmitTransaction::<T, Call<T>>::submit_transaction(transaction) {
            Ok(()) => add(&mut counts.brought),
            Err(()) => {
                add(&mut counts.refused);
                log::debug!(target: "runtime::qkd", "the pool takes no {part:?} of epoch {epoch}");
            }
        }
        Ok(())
    }
}
