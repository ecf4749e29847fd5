//! A disk in memory that can break in the middle of a write.

use redb::{Database, StorageBackend};
use std::{
    io,
    sync::{Arc, Mutex},
};

use crate::{seal::Sealer, store::Store};
use qkms::pool::cipher::StoreKey;

#[derive(Debug, Default)]
struct Platter {
    bytes: Vec<u8>,
    /// So many operations it does before it breaks.
    left: Option<u32>,
}

/// A disk; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Mutex<Platter>>);

impl Disk {
    /// Breaks after so many more operations; never if nothing is said.
    pub fn break_after(&self, left: Option<u32>) {
        self.0.lock().unwrap().left = left;
    }

    /// Whether these bytes are somewhere on it.
    pub fn holds(&self, needle: &[u8]) -> bool {
        let platter = self.0.lock().unwrap();
        platter.bytes.windows(needle.len()).any(|window| window == needle)
    }

    /// What is on it.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().bytes.clone()
    }

    /// The store on it, sealed under a key of seven times seven.
    pub fn store(&self) -> Store {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, [49; 32]).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, mode).unwrap();
        let sealer = Sealer::new(StoreKey::open(&path).unwrap());
        let disk = self.clone();
        let opener = move || {
            let made =
                Database::builder().set_cache_size(1 << 20).create_with_backend(disk.clone());
            made.map_err(crate::store::StoreError::new)
        };
        Store::over(Box::new(opener), sealer).unwrap()
    }

    fn operate(&self) -> io::Result<()> {
        let left = &mut self.0.lock().unwrap().left;
        match left {
            Some(0) => Err(io::Error::from(io::ErrorKind::StorageFull)),
            Some(more) => {
                *more -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let offset = offset as usize;
        let platter = self.0.lock().unwrap();
        let bytes = platter.bytes.get(offset..offset + out.len());
        out.copy_from_slice(bytes.ok_or(io::Error::from(io::ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.operate()?;
        self.0.lock().unwrap().bytes.resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.operate()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.operate()?;
        let offset = offset as usize;
        self.0.lock().unwrap().bytes[offset..offset + data.len()].copy_from_slice(data);
        Ok(())
    }
}
