//! A disk that can lose power and can be full.

use std::{
    io,
    sync::{Arc, Mutex},
};

use rand::{Rng, rngs::StdRng};
use redb::StorageBackend;

#[derive(Debug, Default)]
struct Platter {
    /// What the file holds as long as the power is on.
    current: Vec<u8>,
    /// What it holds for certain.
    synced: Vec<u8>,
    /// Writes since the last sync, in order.
    unsynced: Vec<(usize, Vec<u8>)>,
    full: bool,
    syncs: u64,
}

/// A disk; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Mutex<Platter>>);

impl Disk {
    /// What is left if the power goes now: of what was not synced each write is kept, lost or torn
    /// at random. Whoever has this disk open may go on; the other does not know of it.
    pub fn after_power_loss(&self, random: &mut StdRng) -> Self {
        let platter = self.0.lock().unwrap();
        let mut left = platter.synced.clone();
        left.resize(platter.current.len(), 0);
        for (offset, bytes) in &platter.unsynced {
            let kept = match random.random_range(0..3) {
                0 => 0,
                1 => bytes.len(),
                _ => random.random_range(0..=bytes.len()),
            };
            left[*offset..offset + kept].copy_from_slice(&bytes[..kept]);
        }
        let syncs = platter.syncs;
        let platter = Platter { current: left.clone(), synced: left, syncs, ..Platter::default() };
        Self(Arc::new(Mutex::new(platter)))
    }

    pub fn set_full(&self, full: bool) {
        self.0.lock().unwrap().full = full;
    }

    pub fn syncs(&self) -> u64 {
        self.0.lock().unwrap().syncs
    }

    pub fn holds(&self, needle: &[u8]) -> bool {
        self.0.lock().unwrap().current.windows(needle.len()).any(|window| window == needle)
    }

    fn check(&self) -> Result<(), io::Error> {
        let full = self.0.lock().unwrap().full;
        if full { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(()) }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.0.lock().unwrap().current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let offset = offset as usize;
        let platter = self.0.lock().unwrap();
        let bytes = platter.current.get(offset..offset + out.len());
        out.copy_from_slice(bytes.ok_or(io::Error::from(io::ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.check()?;
        let mut platter = self.0.lock().unwrap();
        platter.current.resize(len as usize, 0);
        platter.synced.resize(len as usize, 0);
        platter.unsynced.retain(|(offset, bytes)| offset + bytes.len() <= len as usize);
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        self.check()?;
        let mut platter = self.0.lock().unwrap();
        for (offset, bytes) in std::mem::take(&mut platter.unsynced) {
            platter.synced[offset..offset + bytes.len()].copy_from_slice(&bytes);
        }
        platter.syncs += 1;
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.check()?;
        let offset = offset as usize;
        let mut platter = self.0.lock().unwrap();
        platter.current[offset..offset + data.len()].copy_from_slice(data);
        platter.unsynced.push((offset, data.to_vec()));
        Ok(())
    }
}
