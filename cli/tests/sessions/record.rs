//! What nodes and agents have answered, kept to be searched.

use serde_json::Value;
use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    sync::Mutex,
};

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nodes, over JSON-RPC.
    Rpc,
    /// The same, of what stands there in hexadecimal the bytes: text in a state is found so.
    Decoded,
    /// Agents.
    Agents,
    /// Nodes, to Prometheus.
    Metrics,
}

/// All sources.
pub const SOURCES: [Source; 4] = [Source::Rpc, Source::Decoded, Source::Agents, Source::Metrics];

/// A file for each source, to which every answer goes.
pub struct Record {
    files: [(PathBuf, Mutex<File>); 4],
}

impl Record {
    pub fn new(folder: &Path) -> Self {
        let files = SOURCES.map(|source| {
            let path = folder.join(format!("{source:?}.answers"));
            let file = OpenOptions::new().create(true).append(true).open(&path).expect("a file");
            (path, Mutex::new(file))
        });
        Self { files }
    }

    pub fn path(&self, source: Source) -> &Path {
        &self.files[source as usize].0
    }

    /// Keeps an answer.
    pub fn keep(&self, source: Source, what: &str, answer: &[u8]) {
        let mut file = self.files[source as usize].1.lock().expect("nobody panics meanwhile");
        let line = [what.as_bytes(), b": ", answer, b"\n"].concat();
        file.write_all(&line).expect("a writable file");
    }

    /// Keeps what stands in an answer in hexadecimal.
    pub fn keep_decoded(&self, what: &str, answer: &Value) {
        match answer {
            Value::String(text) => {
                if let Some(Ok(bytes)) = text.strip_prefix("0x").map(hex::decode) {
                    self.keep(Source::Decoded, what, &bytes);
                }
            }
            Value::Array(all) => all.iter().for_each(|one| self.keep_decoded(what, one)),
            Value::Object(all) => all.values().for_each(|one| self.keep_decoded(what, one)),
            _ => {}
        }
    }
}
