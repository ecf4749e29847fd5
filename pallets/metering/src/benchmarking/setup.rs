//! What the benchmarks find in storage.

use crate::*;
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec,
    traits::{Consideration, Get},
};
use frame_system::pallet_prelude::BlockNumberFor;
use qedex_primitives::{
    Calendar, DayRange, Membership, MeterId, MeterKey, MeterSignature, OwnerId, ReadingPayload,
    Role, SlotIndex,
    tariff::{MAX_LOOK_BACK, MAX_MID_RANGES},
};
use sp_core::{ConstU32, crypto::KeyTypeId, sr25519};
use sp_io::{crypto, hashing::blake2_256};
use sp_runtime::traits::Zero;

/// The kind under which the keystore keeps the meters' keys.
const METER_KEYS: KeyTypeId = KeyTypeId(*b"metr");

/// The slot that the benchmarks read.
pub(super) const SLOT: SlotIndex = SlotIndex(1_000_000);

/// Ratings of a gigawatt-hour.
pub(super) const RATINGS: MeterRatings = MeterRatings { out: MAX_RATING, into: MAX_RATING };

/// The owner behind an account, which is named if it has none yet.
pub(super) fn owner_of<T: Config>(account: &T::AccountId) -> OwnerId {
    if T::Membership::owner_of(account).is_none() {
        T::Membership::grant(account, Role::InstallMeters);
    }
    T::Membership::owner_of(account).unwrap_or(OwnerId([0; 32]))
}

/// The longest number of a connection that ends with this number.
pub(super) fn connection(number: u32) -> ConnectionNumber {
    let mut digits = [b'0'; 33];
    let mut left = number;
    for digit in digits.iter_mut().rev() {
        *digit = digit.saturating_add((left % 10) as u8);
        left /= 10;
    }
    ConnectionNumber(BoundedVec::truncate_from(digits.to_vec()))
}

/// An account that may install meters, at the greatest cost of finding out.
pub(super) fn installer<T: Config>(name: &'static str) -> T::AccountId {
    let installer: T::AccountId = account(name, 0, 0);
    T::Membership::grant(&installer, Role::InstallMeters);
    T::Bond::ensure_successful(&installer, Pallet::<T>::footprint());
    T::Bond::ensure_successful(&installer, Pallet::<T>::change_footprint());
    installer
}

/// Puts a meter at a connection into storage, with an assignment that has no end.
pub(super) fn put_meter<T: Config>(
    account: &T::AccountId,
    key: MeterKey,
    ratings: MeterRatings,
) -> MeterId {
    let owner = owner_of::<T>(account);
    let id = MeterId(NextMeter::<T>::mutate(|next| {
        let id = *next;
        *next = next.saturating_add(1);
        id
    }));
    Pallet::<T>::remember(id, key);
    ConnectionsOf::<T>::mutate(owner, |meters| {
        let _ = meters.try_push(id);
    });
    let installer = Installer { account: account.clone(), owner: Some(owner) };
    let assignment = Assignment {
        account: account.clone(),
        owner,
        key,
        ratings,
        installer: installer.clone(),
        second: Some(installer),
        from: SlotIndex(0),
        until: None,
    };
    let number = connection(id.0);
    MeterAt::<T>::insert(&number, id);
    let assignments = BoundedVec::truncate_from(alloc::vec![assignment]);
    Meters::<T>::insert(id, Meter { kind: MeterKind::Connection(number), assignments });
    id
}

/// Lets a meter have had as many assignments as are kept, and all of them be over but the last: the
/// oldest of an owner with a full list, from which it has to go.
pub(super) fn give_history<T: Config>(id: MeterId) {
    let former: T::AccountId = account("former owner", 0, 0);
    let owner = owner_of::<T>(&former);
    for number in 1..T::MaxConnectionsPerOwner::get() {
        put_meter::<T>(&former, fresh_key(number.saturating_add(100)), RATINGS);
    }
    ConnectionsOf::<T>::mutate(owner, |meters| {
        let _ = meters.try_push(id);
    });
    Meters::<T>::mutate(id, |entry| {
        let Some(meter) = entry else { return };
        let Some(latest) = meter.latest().cloned() else { return };
        meter.assignments = BoundedVec::truncate_from(
            (0..MAX_ASSIGNMENTS)
                .map(|number| {
                    let mut one = latest.clone();
                    if number == 0 {
                        (one.account, one.owner) = (former.clone(), owner);
                    }
                    let next = number.saturating_add(1);
                    one.from = SlotIndex(u64::from(number));
                    one.until = (next < MAX_ASSIGNMENTS).then_some(SlotIndex(u64::from(next)));
                    one
                })
                .collect(),
        );
    });
    T::Calendar::set_now(T::Calendar::schedule(SLOT).delivery_starts);
}

/// Fills the list of an owner, so that all of it must be looked at to find room: its meters are over,
/// and had as many assignments as are kept.
pub(super) fn fill_list<T: Config>(account: &T::AccountId) {
    let owner = owner_of::<T>(account);
    for number in 0..T::MaxConnectionsPerOwner::get() {
        put_meter::<T>(account, fresh_key(number.saturating_add(200)), RATINGS);
    }
    T::Calendar::set_now(T::Calendar::schedule(SLOT).delivery_starts);
    for over in ConnectionsOf::<T>::get(owner) {
        Meters::<T>::mutate(over, |entry| {
            let Some(meter) = entry else { return };
            let Some(latest) = meter.latest().cloned() else { return };
            meter.assignments = BoundedVec::truncate_from(
                (0..MAX_ASSIGNMENTS)
                    .map(|number| {
                        let mut one = latest.clone();
                        let from = u64::from(over.0.saturating_mul(MAX_ASSIGNMENTS))
                            .saturating_add(number.into());
                        one.from = SlotIndex(from);
                        one.until = Some(one.from.next());
                        one
                    })
                    .collect(),
            );
        });
    }
}

/// A meter of an owner that has as many connections as it can have.
pub(super) fn crowded_meter<T: Config>(account: &T::AccountId) -> MeterId {
    for number in 1..T::MaxConnectionsPerOwner::get() {
        put_meter::<T>(account, fresh_key(number), RATINGS);
    }
    put_meter::<T>(account, fresh_key(0), RATINGS)
}

/// Gives a meter as many more keys as are remembered; the first ones are forgotten.
pub(super) fn fill_keys<T: Config>(id: MeterId) {
    let present = Meters::<T>::get(id).and_then(|meter| meter.latest().map(|latest| latest.key));
    for number in 0..MAX_KEYS {
        Pallet::<T>::remember(id, fresh_key(number.saturating_add(1_000)));
    }
    if let Some(key) = present {
        Pallet::<T>::remember(id, key);
    }
}

/// A key that no meter has.
pub(super) fn fresh_key(number: u32) -> MeterKey {
    let seed = ("fresh", number).using_encoded(blake2_256);
    MeterKey::Sr25519(sr25519::Public::from_raw(seed))
}

/// A key that no meter has and with which a meter could sign.
pub(super) fn sound_key() -> MeterKey {
    MeterKey::Sr25519(crypto::sr25519_generate(METER_KEYS, None))
}

/// Files a change beside as many others as its installer may have.
pub(super) fn put_change<T: Config>(
    by: &T::AccountId,
    change: Change<T::AccountId>,
) -> (ChangeId, sp_core::H256) {
    let owner = owner_of::<T>(by);
    let filed_by = Person { account: by.clone(), owner };
    let filed = Pallet::<T>::do_propose(filed_by, change);
    assert!(filed.is_ok());
    let id = ChangeId(NextChange::<T>::get().saturating_sub(1));
    fill_changes::<T>(owner);
    let hash = PendingChanges::<T>::get(id).map(|pending| pending.hash);
    (id, hash.unwrap_or_default())
}

/// Lets an owner's installers have as many changes pending as they can have.
pub(super) fn fill_changes<T: Config>(owner: OwnerId) {
    ChangesOf::<T>::mutate(owner, |list| {
        let mut number = u32::MAX;
        while list.try_push(ChangeId(number)).is_ok() {
            number = number.saturating_sub(1);
        }
    });
}

/// Lets a change lack one word alone: that of the second installer.
pub(super) fn confirm_by_owners<T: Config>(id: ChangeId, owners: &[&T::AccountId]) {
    let hash = PendingChanges::<T>::get(id).map(|pending| pending.hash).unwrap_or_default();
    for owner in owners {
        assert!(Pallet::<T>::do_confirm((*owner).clone(), id, hash).is_ok());
    }
}

/// A rule of the bands that looks at as many slots as it can.
pub(super) fn widest_rule() -> TariffRule {
    TariffRule {
        threshold: Wh(1),
        look_back: MAX_LOOK_BACK,
        mid: BoundedVec::truncate_from(
            (0..MAX_MID_RANGES as u8)
                .map(|n| DayRange { from: n, until: n.saturating_add(1) })
                .collect(),
        ),
    }
}

/// Fills the day of `slot`, all but the slot itself, and the day before it.
pub(super) fn fill_days<T: Config>(slot: SlotIndex) {
    use qedex_math::tariff::{SLOTS_PER_DAY, day_of, slot_of_day};
    for place in 0..SLOTS_PER_DAY {
        let day = day_of(slot.0);
        for day in [day.saturating_sub(1), day] {
            if (day, place) != (day_of(slot.0), u64::from(slot_of_day(slot.0))) {
                DayLoads::<T>::mutate(day, |load| {
                    let _ = load.try_insert(place as u8, Some(Wh(1)));
                });
            }
        }
    }
    OldestDay::<T>::put(0);
}

/// Lets the demands of the slots before `slot` not be noted yet, as after an outage.
pub(super) fn forget_demands<T: Config>(slot: SlotIndex) {
    use qedex_math::tariff::{day_of, slot_of_day};
    for back in 0..32 {
        let slot = slot.0.saturating_sub(back);
        DayLoads::<T>::mutate(day_of(slot), |load| load.remove(&slot_of_day(slot)));
        SlotTotals::<T>::insert(SlotIndex(slot), Totals::default());
    }
}

/// Gives the owner of an account as many connections as it can have, of which none has a reading, and
/// each lets as much out.
pub(crate) fn connect_silently<T: Config>(account: &T::AccountId, out: Wh) {
    let owner = owner_of::<T>(account);
    let present = ConnectionsOf::<T>::decode_len(owner).unwrap_or(0) as u32;
    let ratings = MeterRatings { out: out.min(MAX_RATING), into: MAX_RATING };
    for number in present..T::MaxConnectionsPerOwner::get() {
        let seed = (account, number).using_encoded(blake2_256);
        put_meter::<T>(account, MeterKey::Sr25519(sr25519::Public::from_raw(seed)), ratings);
    }
}

/// Makes `delivered(account, slot)` be `energy` at the greatest cost: over as many connections as an
/// owner can have.
pub(crate) fn deliver_worst_case<T: Config>(account: &T::AccountId, slot: SlotIndex, energy: Wh) {
    connect_silently::<T>(account, MAX_RATING);
    let owner = owner_of::<T>(account);
    OwnerTotals::<T>::insert(
        slot,
        owner,
        Totals {
            generated: energy,
            consumed: Wh::ZERO,
            surplus: energy,
            readings: Pallet::<T>::active_connections(&owner, slot),
        },
    );
}

/// A valid reading of a new connection of a new account. Opens the reading window.
///
/// # Panics
/// Without a keystore, which the benchmark tools provide.
pub(super) fn signed_reading<T: Config>(number: u32) -> SignedReading {
    let account: T::AccountId = account("owner", number, 0);
    // The owner's id alone counts, and to name a thousand takes time.
    let owner = OwnerId(("owner", number).using_encoded(blake2_256));
    let signed = reading_of::<T>(&whitelisted_caller());
    Meters::<T>::mutate(signed.payload.meter, |entry| {
        if let Some(one) = entry.as_mut().and_then(|meter| meter.assignments.last_mut()) {
            (one.account, one.owner) = (account, owner);
        }
    });
    signed
}

/// The same of a new connection of this account's owner.
pub(super) fn reading_of<T: Config>(account: &T::AccountId) -> SignedReading {
    let key = crypto::sr25519_generate(METER_KEYS, None);
    let payload = ReadingPayload {
        meter: put_meter::<T>(account, MeterKey::Sr25519(key), RATINGS),
        slot: SLOT,
        generated: MAX_RATING,
        consumed: MAX_RATING,
    };
    let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
    let signature = crypto::sr25519_sign(METER_KEYS, &key, &payload.signing_bytes(genesis));
    T::Calendar::set_now(T::Calendar::schedule(SLOT).commitments_until);
    SignedReading { payload, signature: MeterSignature::Sr25519(signature.unwrap_or_default()) }
}

/// As many corrections of a reading as are kept but one, by installers of owners of their own.
pub(super) fn corrections<T: Config>(
    by: &T::AccountId,
) -> BoundedVec<Correction<T::AccountId>, ConstU32<MAX_CORRECTIONS>> {
    let one = |number: u32| Correction {
        flow: Default::default(),
        by: Person { account: by.clone(), owner: OwnerId([number as u8; 32]) },
        at: 0,
    };
    BoundedVec::truncate_from((1..MAX_CORRECTIONS).map(one).collect())
}
