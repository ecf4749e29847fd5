//! Keys leave the books: drawn at the master's end, accepted and fetched at the slaves'.
//!
//! A key is *drawn* ([`Books::draw`]) and at the same time *accepted* ([`Books::accept`]) by the
//! other end; when both are durable its master is told, and it is *confirmed*. If the other end
//! refuses or does not answer in time, the master is refused, and the key is *void*: marked so at
//! its owner, given back at the other end, then at its owner. A range that the other end does not
//! hold free then is wasted.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    Books, Direction, Pool, Range, Rejection,
    audits::waits,
    error::BookError,
    ledger::Place,
    record::{KeyNote, KeyRecord, Reservation, Side, State},
};

/// Keys to draw.
#[derive(Debug, Clone)]
pub struct Draw {
    /// The direction that this end owns.
    pub direction: Direction,
    /// The master, an SAE of this site.
    pub master: String,
    /// The slaves that this end serves itself.
    pub slaves: Vec<String>,
    /// An identity for each key.
    pub ids: Vec<Uuid>,
    /// Bytes of each key.
    pub len: u64,
    /// The largest age of the keys' blocks in milliseconds.
    pub max_age: Option<u64>,
}

/// A key that is told to a slave: its identity and its bytes.
pub type Told = (Uuid, Zeroizing<Vec<u8>>);

/// A key that was drawn.
pub struct Drawn {
    /// Its identity and range.
    pub note: KeyNote,
    /// Its bytes.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl Books<'_> {
    /// Draws keys, the oldest block's first.
    ///
    /// # Errors
    ///
    /// [`Rejection::Exhausted`]; [`Rejection::TooOld`] if it is the age that leaves too few;
    /// [`Rejection::RepeatedId`].
    pub fn draw(&mut self, draw: &Draw) -> Result<Vec<Drawn>, BookError> {
        let pool = Pool::Keys(draw.direction);
        for id in &draw.ids {
            if self.has_key(*id)? {
                return Err(Rejection::RepeatedId.into());
            }
        }
        let ranges = self.choose(pool, draw.len, draw.ids.len(), draw.max_age)?;
        let mut drawn = Vec::with_capacity(ranges.len());
        for (id, range) in draw.ids.iter().zip(ranges) {
            if !self.tables.free.take(pool, range)? {
                return Err(BookError::Damaged("a chosen range is not free"));
            }
            drawn.push(Drawn {
                note: KeyNote { id: id.into_bytes(), range },
                bytes: self.read(range)?,
            });
            self.ledger.shift(range.bits(), Place::Stored, Place::Delivered);
            let record = KeyRecord {
                range,
                direction: draw.direction,
                side: Side::Master,
                state: State::Held,
                master: draw.master.clone(),
                slaves: draw.slaves.clone(),
                pending: draw.slaves.clone(),
                drawn: self.now,
            };
            self.enter(*id, &record)?;
            self.tables.open.insert(id.as_u128(), ());
        }
        Ok(drawn)
    }

    fn choose(
        &self,
        pool: Pool,
        len: u64,
        number: usize,
        max_age: Option<u64>,
    ) -> Result<Vec<Range>, BookError> {
        if len == 0 {
            return Err(Rejection::Length.into());
        }
        let mut chosen = Vec::with_capacity(number);
        let mut passed_over = false;
        let above = self.waits_above()?;
        for row in self.tables.free.iter(pool)? {
            let row = row?;
            if row.len < len {
                continue;
            }
            let block = self.block(row.block)?.ok_or(BookError::Damaged("a block is missing"))?;
            let age = self.now.saturating_sub(block.created);
            if block.staged || age > self.ages.key || waits(above, row.block, &block) {
                continue;
            }
            if max_age.is_some_and(|most| age > most) {
                passed_over = true;
                continue;
            }
            let mut offset = row.offset;
            while chosen.len() < number && offset.saturating_add(len) <= row.end() {
                chosen.push(Range { block: row.block, offset, len });
                offset = offset.saturating_add(len);
            }
            if chosen.len() == number {
                return Ok(chosen);
            }
        }
        Err(if passed_over { Rejection::TooOld } else { Rejection::Exhausted }.into())
    }

    /// Accepts a reservation of the other end in the direction that the other end owns.
    ///
    /// # Errors
    ///
    /// [`Rejection::RepeatedId`] or [`Rejection::NotFree`] if a key is not as the owner says.
    pub fn accept(
        &mut self,
        direction: Direction,
        reservation: &Reservation,
    ) -> Result<(), BookError> {
        let pool = Pool::Keys(direction);
        let mut ids = BTreeSet::new();
        for note in &reservation.keys {
            if !ids.insert(note.id) || self.has_key(note.id())? {
                return Err(Rejection::RepeatedId.into());
            }
            let free = self.tables.free.around(pool, note.range)?.is_some();
            if !free || self.is_withheld(note.range.block)? {
                return Err(Rejection::NotFree.into());
            }
        }
        let mut ranges: Vec<Range> = reservation.keys.iter().map(|note| note.range).collect();
        ranges.sort_unstable();
        let overlap =
            |pair: &[Range]| matches!(pair, [a, b] if a.block == b.block && a.end() > b.offset);
        if ranges.windows(2).any(overlap) {
            return Err(Rejection::NotFree.into());
        }
        for note in &reservation.keys {
            self.tables.free.take(pool, note.range)?;
            let record = KeyRecord {
                range: note.range,
                direction,
                side: Side::Slave,
                state: State::Held,
                master: reservation.master.clone(),
                slaves: reservation.slaves.clone(),
                pending: reservation.slaves.clone(),
                drawn: self.now,
            };
            self.enter(note.id(), &record)?;
        }
        Ok(())
    }

    /// The other end holds these keys, and their master is told. Keys that are not held are left
    /// as they are; returns the others.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn confirm(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>, BookError> {
        let mut confirmed = Vec::with_capacity(ids.len());
        let mut released = BTreeMap::<u64, u64>::new();
        for id in ids {
            let Some(mut record) = self.held(*id, Side::Master)? else { continue };
            record.state = State::Told;
            self.put_key(*id, &record)?;
            self.tables.open.remove(id.as_u128())?;
            confirmed.push(*id);
            if record.pending.is_empty() {
                *released.entry(record.range.block).or_default() += record.range.len;
            }
        }
        for (block, len) in released {
            self.release_bytes(block, len)?;
        }
        Ok(confirmed)
    }

    /// Confirms what was held when the KME stopped: it may have been told.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn confirm_all(&mut self) -> Result<(), BookError> {
        let open = self.tables.open.range(..)?.map(|row| Ok(Uuid::from_u128(row?.0)));
        let open = open.collect::<Result<Vec<_>, BookError>>()?;
        self.confirm(&open).map(|_| ())
    }

    /// Marks keys whose master was refused.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn mark_void(&mut self, ids: &[Uuid]) -> Result<(), BookError> {
        for id in ids {
            let Some(mut record) = self.held(*id, Side::Master)? else { continue };
            record.state = State::Voiding;
            self.put_key(*id, &record)?;
            self.ledger.shift(record.range.bits(), Place::Delivered, Place::Stored);
        }
        Ok(())
    }

    /// The keys that are marked void, to be given back at the other end.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn voids(&self) -> Result<Vec<KeyNote>, BookError> {
        let mut notes = Vec::new();
        for row in self.tables.open.range(..)? {
            let id = Uuid::from_u128(row?.0);
            if let Some(record) = self.key(id)?.filter(|record| record.state == State::Voiding) {
                notes.push(KeyNote { id: id.into_bytes(), range: record.range });
            }
        }
        Ok(notes)
    }

    /// Gives back keys at the slaves' end unless one was told, and says of each whether its range
    /// is free now.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn void(
        &mut self,
        direction: Direction,
        notes: &[KeyNote],
    ) -> Result<Vec<bool>, BookError> {
        let pool = Pool::Keys(direction);
        notes
            .iter()
            .map(|note| {
                if let Some(record) = self.held(note.id(), Side::Slave)?
                    && record.direction == direction
                {
                    self.leave(note.id(), &record)?;
                    self.tables.free.give(pool, record.range)?;
                }
                Ok(self.tables.free.around(pool, note.range)?.is_some())
            })
            .collect()
    }

    /// Ends a key that was marked void: back into the pool if the other end holds it `free`,
    /// wasted otherwise.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn settle_void(&mut self, id: Uuid, free: bool) -> Result<(), BookError> {
        let record = self.key(id)?.filter(|record| record.state == State::Voiding);
        let Some(record) = record else { return Ok(()) };
        self.leave(id, &record)?;
        self.tables.open.remove(id.as_u128())?;
        if free {
            self.tables.free.give(Pool::Keys(record.direction), record.range)
        } else {
            self.discard(record.range, Place::Wasted)
        }
    }

    /// Tells keys to a slave of this end.
    ///
    /// # Errors
    ///
    /// [`Rejection::NotNamed`] if the caller was not named for one that is known;
    /// [`Rejection::NotFound`] with those that are unknown, told to it, expired, not confirmed or
    /// of another master.
    pub fn fetch(
        &mut self,
        caller: &str,
        master: &str,
        ids: &[Uuid],
    ) -> Result<Vec<Told>, BookError> {
        let mut missing = Vec::new();
        let mut found = Vec::new();
        for id in ids {
            match self.key(*id)? {
                Some(record) if !record.slaves.iter().any(|slave| slave == caller) => {
                    return Err(Rejection::NotNamed.into());
                }
                Some(record) if record.master == master && self.tellable(&record, caller) => {
                    found.push((*id, record));
                }
                _ => missing.push(*id),
            }
        }
        if !missing.is_empty() {
            return Err(Rejection::NotFound(missing).into());
        }
        let mut told = Vec::with_capacity(found.len());
        for (id, mut record) in found {
            told.push((id, self.read(record.range)?));
            record.pending.retain(|slave| slave != caller);
            if record.state == State::Held {
                record.state = State::Told;
                self.ledger.shift(record.range.bits(), Place::Stored, Place::Delivered);
            }
            self.put_key(id, &record)?;
            if record.pending.is_empty() {
                self.release(record.range)?;
            }
        }
        Ok(told)
    }

    fn tellable(&self, record: &KeyRecord, caller: &str) -> bool {
        let state = match record.side {
            Side::Master => record.state == State::Told,
            Side::Slave => matches!(record.state, State::Held | State::Told),
        };
        let young = self.now.saturating_sub(record.drawn) <= self.ages.key;
        state && young && record.pending.iter().any(|slave| slave == caller)
    }

    fn held(&self, id: Uuid, side: Side) -> Result<Option<KeyRecord>, BookError> {
        Ok(self.key(id)?.filter(|record| record.side == side && record.state == State::Held))
    }

    pub(super) fn enter(&mut self, id: Uuid, record: &KeyRecord) -> Result<(), BookError> {
        self.put_key(id, record)?;
        self.tables.due.insert((record.drawn.saturating_add(self.ages.key), id.as_u128()), ());
        Ok(())
    }

    fn leave(&mut self, id: Uuid, record: &KeyRecord) -> Result<(), BookError> {
        self.remove_key(id)?;
        self.tables.due.remove((record.drawn.saturating_add(self.ages.key), id.as_u128()))
    }
}
