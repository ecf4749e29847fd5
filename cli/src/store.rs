//! Openings as private files: of mode 0600 in folders of mode 0700.
//!
//! An opening is on disk before its commitment is sent, and a file that exists is never written
//! again.

use crate::error::Error;
use qedex_client::{
    H256,
    meter::Bill,
    opening::{MAX_FILE, Opening},
    text::{account_text, owner_text},
};
use qedex_primitives::OwnerId;
use std::{
    env,
    fs::{self, DirBuilder, File},
    io::{ErrorKind, Read, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Reads the opening in a file.
pub fn read(path: &Path) -> Result<Opening, Error> {
    find(path)?.ok_or_else(|| failed(path, ErrorKind::NotFound.into()))
}

/// Reads the opening in a file, if there is one.
fn find(path: &Path) -> Result<Option<Opening>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(reason) if reason.kind() == ErrorKind::NotFound => return Ok(None),
        Err(reason) => return Err(failed(path, reason)),
    };
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE));
    file.take(MAX_FILE as u64).read_to_end(&mut text).map_err(|reason| failed(path, reason))?;
    match Opening::from_json(&text) {
        Ok(opening) => Ok(Some(opening)),
        Err(why) => Err(Error::BadInput(format!("{}: {why}", path.display()))),
    }
}

/// Writes an opening to a new file that only its owner may read. Whether it did: a file that exists
/// stays as it is.
pub fn write(opening: &Opening, path: &Path) -> Result<bool, Error> {
    write_new(path, &opening.to_json()?).map_err(|reason| failed(path, reason))
}

/// Writes a file all at once: what is there after a power cut is nothing or all of it. Whether it
/// did: a file that exists stays as it is.
fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<bool> {
    let named = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = named.unwrap_or(Path::new("."));
    // Of mode 0600 from the beginning.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(error.error),
    }
    File::open(folder)?.sync_all()?;
    Ok(true)
}

/// Makes a folder that only its owner may enter; one that exists stays as it is. What was made is
/// there after a power cut.
pub fn private_folder(path: &Path) -> Result<(), Error> {
    let make = || {
        let missing: Vec<_> = path.ancestors().take_while(|one| !one.exists()).collect();
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        for parent in missing.iter().filter_map(|made| made.parent()) {
            let parent = Some(parent).filter(|one| !one.as_os_str().is_empty());
            File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(())
    };
    make().map_err(|reason| failed(path, reason))
}

fn failed(path: &Path, reason: std::io::Error) -> Error {
    Error::File { path: path.display().to_string(), reason }
}

/// Where a seller keeps its openings: an owner's are found by whichever of its accounts signs.
#[derive(Clone, Debug)]
pub struct Store(PathBuf);

impl Store {
    /// The store in `folder` or, if none is named, in the user's data folder.
    pub fn at(folder: Option<&Path>) -> Result<Self, Error> {
        if let Some(folder) = folder {
            return Ok(Self(folder.to_owned()));
        }
        let absolute =
            |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let data = absolute("XDG_DATA_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".local/share")));
        let data = data.ok_or_else(|| {
            Error::BadInput("neither XDG_DATA_HOME nor HOME is set: give --store".to_owned())
        })?;
        Ok(Self(data.join("qedex/openings")))
    }

    /// The file of one opening: in a folder for each chain, by slot and owner. That of an opening
    /// from before owners sold is named by the seller's account, if it is there.
    pub fn file(&self, genesis: H256, owner: OwnerId, slot: u64) -> PathBuf {
        let folder = self.0.join(hex::encode(genesis.0));
        let old = folder.join(format!("{slot}-{}.json", account_text(owner.0)));
        if old.exists() { old } else { folder.join(format!("{slot}-{}.json", owner_text(owner))) }
    }

    /// The opening that is kept for an owner and slot, if there is one.
    pub fn find(&self, genesis: H256, owner: OwnerId, slot: u64) -> Result<Option<Opening>, Error> {
        let path = self.file(genesis, owner, slot);
        let Some(opening) = find(&path)? else {
            return Ok(None);
        };
        if (opening.genesis, opening.owner, opening.slot) != (genesis, owner, slot) {
            return Err(Error::BadInput(format!(
                "{} holds the opening of another chain, owner or slot",
                path.display()
            )));
        }
        Ok(Some(opening))
    }

    /// The opening that is kept for this owner and slot.
    pub fn load(&self, genesis: H256, owner: OwnerId, slot: u64) -> Result<Opening, Error> {
        self.find(genesis, owner, slot)?
            .ok_or_else(|| failed(&self.file(genesis, owner, slot), ErrorKind::NotFound.into()))
    }

    /// Keeps an opening of `bill` and gives it back: one with a fresh nonce, or the one that is kept
    /// already. One with another bill is kept and is an error.
    pub fn keep(
        &self,
        genesis: H256,
        owner: OwnerId,
        slot: u64,
        bill: &Bill,
    ) -> Result<Opening, Error> {
        let path = self.file(genesis, owner, slot);
        if !fs::exists(&path).map_err(|reason| failed(&path, reason))? {
            private_folder(path.parent().unwrap_or(&self.0))?;
            write(&Opening::new(genesis, owner, slot, bill.clone())?, &path)?;
        }
        // Whoever wrote it: what is on disk counts.
        let kept = self.load(genesis, owner, slot)?;
        if kept.bill != *bill {
            return Err(Error::BadInput(format!(
                "{} holds the opening of another bill of this slot, and is not overwritten",
                path.display()
            )));
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests;
