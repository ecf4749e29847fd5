//! How epochs pass, and what becomes of them.

use crate::{
    Attendances, BarredUntil, Commitments, CommittedBy, Config, CurrentEpoch, EpochValues, Event,
    Pallet, RevealAuthors, WeightInfo,
};
use alloc::vec::Vec;
use core::cmp::min;
use frame_support::{BoundedVec, traits::Get, weights::Weight};
use qedex_primitives::{
    BeaconSource, BlockAuthors, Calendar, EntropyFallback, EpochIndex, Millis, Misses, Moment,
    OwnerId,
    beacon::{self, Attendance, Entry, Epoch, EpochPart, EpochValue, MIN_OWNERS, Revealed},
};
use sp_core::H256;
use sp_io::hashing::sha2_256;
use sp_runtime::traits::Convert;

/// Who withheld a reveal, with the owner behind the account.
type Withheld<T> = (<T as frame_system::Config>::AccountId, OwnerId);

/// An account by its 32 bytes, with what it committed to.
type Row<T> = ([u8; 32], <T as frame_system::Config>::AccountId, Entry);

impl<T: Config> Pallet<T> {
    /// The number of the epoch that is under way, or of the first one before that has begun. It never goes
    /// back, and stands still where the chain does.
    pub fn current_epoch() -> EpochIndex {
        CurrentEpoch::<T>::get().map_or(0, |epoch| epoch.index)
    }

    /// How long an epoch is planned to take: at least two milliseconds, at most two delivery slots.
    pub fn epoch_length() -> Millis {
        let most = T::Calendar::slot_length().saturating_mul(2);
        min(T::EpochLength::get(), most).max(2)
    }

    /// For how many epochs a withheld reveal bars: for no more than are kept.
    pub fn barred_epochs() -> EpochIndex {
        min(T::BarredEpochs::get(), T::KeptEpochs::get()).into()
    }

    /// Lets the epoch pass, at the beginning of a block. The time is the parent's.
    pub(crate) fn pass_epoch() -> Weight {
        let now = T::Calendar::now();
        let Some(epoch) = CurrentEpoch::<T>::get() else {
            // The first block knows no time yet.
            if now > 0 {
                Self::begin_epoch(0, now);
            }
            return T::WeightInfo::each_block();
        };
        match epoch.part {
            EpochPart::Commit if now >= epoch.until => return Self::open_reveals(epoch, now),
            EpochPart::Commit => {}
            EpochPart::Reveal => return Self::pass_reveals(epoch, now),
        }
        T::WeightInfo::each_block()
    }

    fn begin_epoch(index: EpochIndex, now: Moment) {
        let length = Self::epoch_length();
        let passed = now.checked_rem(length).unwrap_or_default();
        let end = now.saturating_sub(passed).saturating_add(length);
        let half = end.saturating_sub(length.div_euclid(2));
        // What is left of one that begins in its second half is halved.
        let left = end.saturating_sub(now);
        let until = if half > now { half } else { end.saturating_sub(left.div_euclid(2)) };
        let epoch = Epoch { index, part: EpochPart::Commit, until, end, opened: 0, block: None };
        CurrentEpoch::<T>::put(epoch);
    }

    fn open_reveals(mut epoch: Epoch, now: Moment) -> Weight {
        let half = Self::epoch_length().div_euclid(2);
        epoch.part = EpochPart::Reveal;
        epoch.opened = now;
        epoch.until = if epoch.end > now { epoch.end } else { now.saturating_add(half) };
        CurrentEpoch::<T>::put(epoch);
        Self::deposit_event(Event::RevealsOpened {
            epoch: epoch.index,
            commitments: Commitments::<T>::count(),
        });
        T::WeightInfo::each_block().saturating_add(Self::fix_roots(epoch.index))
    }

    /// A block behind the one with which reveals opened.
    fn pass_reveals(mut epoch: Epoch, now: Moment) -> Weight {
        let mut block = epoch.block;
        if block.is_none() {
            block = Some(T::Fallback::entropy());
            epoch.block = block;
            CurrentEpoch::<T>::put(epoch);
        }
        if now >= epoch.until {
            return Self::close_epoch(epoch, block.unwrap_or_default(), now);
        }
        Self::note_author();
        T::WeightInfo::each_block()
    }

    /// Notes who may include reveals in this block, until f + 1 authors could have.
    fn note_author() {
        let Some(author) = T::Authors::author() else { return };
        let mut authors = RevealAuthors::<T>::get();
        if Self::is_spanned(&authors) || authors.contains(&author) {
            return;
        }
        // More than there is room for would be needed then, and nobody is to blame.
        if authors.try_push(author).is_ok() {
            RevealAuthors::<T>::put(authors);
        }
    }

    /// Whether one of these authors at least does what it should.
    fn is_spanned(authors: &[T::AccountId]) -> bool {
        u32::try_from(authors.len()).unwrap_or(u32::MAX) > T::Authors::bearable()
    }

    /// Ends an epoch: its value is written down, and the next one begins.
    fn close_epoch(epoch: Epoch, block: H256, now: Moment) -> Weight {
        let index = epoch.index;
        let spanned = Self::is_spanned(&RevealAuthors::<T>::take());
        let mut rows: Vec<Row<T>> = Commitments::<T>::drain()
            .map(|(who, entry)| (T::AccountBytes::convert(who.clone()), who, entry))
            .collect();
        rows.sort_by_key(|row| row.0);
        let (mut secrets, mut revealed, mut withheld) = (Vec::new(), Vec::new(), Vec::new());
        for (bytes, who, entry) in rows {
            CommittedBy::<T>::remove(entry.owner);
            match entry.secret {
                Some(secret) => {
                    secrets.push((bytes, secret));
                    revealed.push(who);
                }
                None => withheld.push((who, entry.owner)),
            }
        }
        let committed = revealed.len().saturating_add(withheld.len());
        let (value, source) = Self::valued(index, &secrets, block);
        let closed = EpochValue { value, source, opened: epoch.opened, closed: now };
        EpochValues::<T>::insert(index, closed);
        Self::deposit_event(Event::EpochEnded {
            epoch: index,
            value,
            source,
            revealed: u32::try_from(revealed.len()).unwrap_or(u32::MAX),
            withheld: u32::try_from(withheld.len()).unwrap_or(u32::MAX),
        });
        for (who, owner) in &withheld {
            Self::note_withheld(index, who, *owner, spanned);
        }
        let attendance = Attendance {
            revealed: BoundedVec::truncate_from(revealed),
            withheld: BoundedVec::truncate_from(withheld),
            spanned,
        };
        Attendances::<T>::insert(index, attendance);
        let audits = Self::pass_audits(index, value, source);
        let next = index.saturating_add(1);
        let forgotten = Self::forget_epoch(next);
        Self::begin_epoch(next, now);
        let most = u32::try_from(committed.max(forgotten)).unwrap_or(u32::MAX);
        let weight = T::WeightInfo::each_block().saturating_add(T::WeightInfo::close_epoch(most));
        weight.saturating_add(audits)
    }

    /// The value of an epoch, and where it comes from. One account of an owner has committed, so that as
    /// many owners have revealed as accounts have.
    fn valued(
        epoch: EpochIndex,
        secrets: &[([u8; 32], Revealed)],
        block: H256,
    ) -> (H256, BeaconSource) {
        let genesis = Self::genesis();
        let before = epoch.checked_sub(1).and_then(EpochValues::<T>::get);
        let before = before.map(|before| before.value).unwrap_or_default();
        let (bytes, source) = if secrets.len() >= MIN_OWNERS {
            (beacon::value(genesis, before, epoch, secrets), BeaconSource::Keys)
        } else {
            (beacon::fallback(genesis, before, epoch, block), BeaconSource::BlockHash)
        };
        (H256(sha2_256(&bytes)), source)
    }

    fn note_withheld(epoch: EpochIndex, who: &T::AccountId, owner: OwnerId, missed: bool) {
        let barred_until = missed.then(|| {
            T::Misses::record_miss(owner);
            let until = epoch.saturating_add(1).saturating_add(Self::barred_epochs());
            BarredUntil::<T>::insert(owner, until);
            until
        });
        Self::deposit_event(Event::RevealWithheld { epoch, who: who.clone(), owner, barred_until });
    }

    /// Forgets the epoch that is too old when `next` begins, and who was barred by it. Says how many those
    /// were.
    fn forget_epoch(next: EpochIndex) -> usize {
        let Some(old) =
            next.checked_sub(T::KeptEpochs::get().into()).and_then(|n| n.checked_sub(1))
        else {
            return 0;
        };
        EpochValues::<T>::remove(old);
        let Some(attendance): Option<Attendance<T::AccountId>> = Attendances::<T>::take(old) else {
            return 0;
        };
        let withheld: &[Withheld<T>] = &attendance.withheld;
        for (_, owner) in withheld {
            if BarredUntil::<T>::get(owner).is_some_and(|until| until <= next) {
                BarredUntil::<T>::remove(owner);
            }
        }
        withheld.len()
    }
}
