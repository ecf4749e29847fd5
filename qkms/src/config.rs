//! The configuration of `qkms serve`: one TOML file, in which no member is unknown.
//!
//! It names the KMEs that this process runs, the links whose ends they hold, and the KMEs of other
//! processes at the other ends. Secrets are files, never members. Relative paths are relative to
//! the file's folder.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use crate::{
    control::{self, Choices, Pilot, Proof, settings::Controlled},
    distil,
    kme::{
        KeyLimits, door,
        link::Capacity,
        service::{KmeId, SaeId},
    },
    link::{ClosedForm, Drift, Eavesdropper, Epsilons, LinkParameters, OperatingPoint, Preset},
    pool::{End, books::Ages},
    {etsi014, operation},
};

mod check;
mod route;
mod syntax;
#[cfg(test)]
mod tests;

pub use route::RouteConfig;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It is no TOML, or has a member that is unknown, missing or of another type.
    #[error("{}, {place}: {what}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, member and section.
        place: String,
        /// What is wrong there.
        what: String,
    },
    /// Its members contradict each other or are out of range.
    #[error("{0}")]
    Meaning(String),
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Allows what makes keys predictable. Status tells every client.
    #[serde(default)]
    pub insecure: bool,
    /// Makes everything that is random repeatable; only where `insecure` is true. How a block is made is as
    /// repeatable where its link is not controlled.
    pub seed: Option<u64>,
    /// Metrics and the status page.
    pub operation: Option<operation::Settings>,
    /// The KMEs of this process.
    pub kme: Vec<KmeConfig>,
    /// The KMEs of other processes.
    #[serde(default)]
    pub remote: Vec<RemoteConfig>,
    /// The links.
    #[serde(default)]
    pub link: Vec<LinkConfig>,
    /// The ways between sites that no link joins.
    #[serde(default)]
    pub route: Vec<RouteConfig>,
}

/// A KME of this process.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KmeConfig {
    /// Its identity.
    pub id: KmeId,
    /// The folder of its stores; made if it is missing, for its owner alone.
    pub store: PathBuf,
    /// The SAEs of its site.
    pub saes: Vec<SaeId>,
    /// What requests may ask for.
    #[serde(default)]
    pub keys: KeyConfig,
    /// The interface for SAEs.
    pub etsi014: etsi014::Settings,
    /// The interface for peer KMEs; needed if one is in another process.
    pub peers: Option<door::Settings>,
}

/// What requests may ask for, and ages.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeyConfig {
    /// Bits of a key if a request says nothing.
    pub size: u64,
    /// The least size in bits, 64 or more.
    pub min_size: u64,
    /// The largest size in bits, 16,384 or less.
    pub max_size: u64,
    /// The most keys in one request.
    pub max_per_request: u64,
    /// The most slaves beside the one in the path.
    pub max_additional_slaves: u64,
    /// Seconds after which a key that nobody drew, and one that no slave fetched, expires.
    pub max_age_s: u64,
    /// Seconds for which the record of a key is kept, without its bits; `max_age_s` or more.
    pub record_age_s: u64,
}

impl Default for KeyConfig {
    fn default() -> Self {
        Self {
            size: 256,
            min_size: 64,
            max_size: 16_384,
            max_per_request: 128,
            max_additional_slaves: 8,
            max_age_s: 86_400,
            record_age_s: 7 * 86_400,
        }
    }
}

impl KeyConfig {
    /// As the KME takes them.
    pub fn limits(&self) -> KeyLimits {
        KeyLimits {
            key_size: self.size,
            min_key_size: self.min_size,
            max_key_size: self.max_size,
            max_key_per_request: self.max_per_request,
            max_sae_id_count: self.max_additional_slaves,
        }
    }

    /// As the books take them.
    pub fn ages(&self) -> Ages {
        Ages {
            key: self.max_age_s.saturating_mul(1000),
            record: self.record_age_s.saturating_mul(1000),
        }
    }
}

/// A KME of another process.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteConfig {
    /// Its identity.
    pub id: KmeId,
    /// Host and port of its interface for peers; needed if a link leads there.
    pub address: Option<String>,
    /// The SAEs of its site.
    pub saes: Vec<SaeId>,
    /// The public key by which it signs what is relayed, in hexadecimal (`qkms relay-key`); needed if
    /// a route of a KME of this process leads there.
    pub relay_key: Option<String>,
}

/// A quantum link.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkConfig {
    /// The KME at the transmitter. It leads.
    pub alice: KmeId,
    /// The KME at the receiver.
    pub bob: KmeId,
    /// The devices.
    pub preset: Preset,
    /// The length of the fibre in km.
    pub km: f64,
    /// Bits that a block is to have after sifting, on average, 1,000 to 10^8. It chooses the
    /// preset's operating point unless `point` is given. If nothing is said, 10^6, or what control
    /// chooses up to that.
    pub sifted_bits: Option<u64>,
    /// Basis bias, intensities and their probabilities.
    pub point: Option<OperatingPoint>,
    /// Pulses per second, the most if the link is controlled; the preset's if nothing is said.
    pub pulse_rate: Option<f64>,
    /// Who listens; for tests and demonstrations.
    pub eavesdropper: Option<Eavesdropper>,
    /// How loss and misalignment wander.
    pub drift: Option<Drift>,
    /// What chooses operating point and pulse rate of each block. If nothing is said the link is controlled
    /// with the defaults, as far as its pools and its fibre allow.
    pub control: Option<control::Settings>,
    /// The QBER and phase error from which on a block closes the link.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// Failure probabilities of each block's key.
    #[serde(default)]
    pub epsilons: EpsilonsConfig,
    /// The file with the first key for tags, the same at both ends, for its owner alone.
    pub first_key: PathBuf,
    /// Bits of key that are kept for each direction.
    #[serde(default = "defaults::capacity_bits")]
    pub capacity_bits: u64,
    /// Bits of tag key that are kept for each direction.
    #[serde(default = "defaults::tag_bits")]
    pub tag_bits: u64,
    /// Bits of tag key of each direction that one block may use.
    #[serde(default = "defaults::tag_bits_per_block")]
    pub tag_bits_per_block: u64,
    /// Whether one block of each epoch is opened for an audit, by a challenge for which the keys of the
    /// epoch wait. The same at both ends. Refused if the 64 blocks of an epoch take `max_age_s` or longer at
    /// the full pulse rate.
    #[serde(default)]
    pub audits: bool,
    /// Milliseconds in which the peer KME has to answer.
    #[serde(default = "defaults::patience_ms")]
    pub patience_ms: u64,
    /// Where Bob's end listens for what the fibre carries; needed if the ends are two processes.
    pub quantum: Option<SocketAddr>,
    /// Where Bob's end listens for classical messages; likewise.
    pub classical: Option<SocketAddr>,
}

/// See [`distil::Limits`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Largest QBER.
    pub qber: f64,
    /// Largest bound on the phase error rate.
    pub phase_error: f64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        let distil::Limits { qber, phase_error } = distil::Limits::default();
        Self { qber, phase_error }
    }
}

/// See [`Epsilons`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EpsilonsConfig {
    /// Secrecy.
    pub secrecy: f64,
    /// Correctness.
    pub correctness: f64,
}

impl Default for EpsilonsConfig {
    fn default() -> Self {
        let Epsilons { secrecy, correctness } = Epsilons::default();
        Self { secrecy, correctness }
    }
}

/// Bits of a block after sifting if nothing is said.
const SIFTED_BITS: u64 = 1_000_000;

mod defaults {
    pub(super) fn capacity_bits() -> u64 {
        1 << 24
    }
    pub(super) fn tag_bits() -> u64 {
        1 << 19
    }
    pub(super) fn tag_bits_per_block() -> u64 {
        1 << 17
    }
    pub(super) fn patience_ms() -> u64 {
        5000
    }
}

impl LinkConfig {
    /// What the link is made of.
    pub fn parameters(&self) -> LinkParameters {
        let mut device = self.preset.device();
        if let Some(rate) = self.pulse_rate {
            device.pulse_rate = rate;
        }
        LinkParameters {
            device,
            point: self.point.unwrap_or_else(|| self.preset.operating_point(self.size())),
            km: self.km,
            eve: self.eavesdropper,
            drift: self.drift,
        }
    }

    /// Pulses of a block: as many as give `sifted_bits` on average without an eavesdropper, with the
    /// [dead time](ClosedForm::alive) of the detectors.
    ///
    /// # Errors
    ///
    /// A link that lets nothing through.
    pub fn pulses(&self) -> Result<u64, ConfigError> {
        let parameters = self.parameters();
        let form = ClosedForm::new(parameters.device, self.km, None)
            .map_err(|error| ConfigError::Meaning(error.to_string()))?;
        let sifted = form.sifted_x(&parameters.point) * form.alive(&parameters.point);
        let pulses = (self.size() as f64 / sifted).ceil();
        if !(1.0..=1e15).contains(&pulses) {
            return Err(wrong("a link's blocks would need more than 10^15 pulses"));
        }
        Ok(pulses as u64)
    }

    /// Bits of a block after sifting, where control does not choose it.
    pub fn size(&self) -> u64 {
        self.sifted_bits.unwrap_or(SIFTED_BITS)
    }

    /// What control may choose, and control itself with the proof that it is stable; none if the link is
    /// not controlled: because the file says so, or because it says nothing and no block that gives
    /// a key fits between the marks.
    ///
    /// # Errors
    ///
    /// What the file says of control cannot be.
    pub fn control(&self) -> Result<Option<(Choices, Pilot, Proof)>, ConfigError> {
        let settings = self.control.clone().unwrap_or_default();
        if !settings.enabled {
            return Ok(None);
        }
        let own = [(self.size(), self.parameters().point)];
        let points = match (self.point, self.sifted_bits) {
            (None, None) => {
                let all = self.preset.operating_points();
                // Larger blocks take much memory: 32 bytes a detection at either end. They have to be named.
                let small = all.partition_point(|(size, _)| *size <= SIFTED_BITS);
                if settings.sizes.is_some() { all } else { all.get(..small).unwrap_or(all) }
            }
            _ => &own,
        };
        let link = Controlled {
            parameters: self.parameters(),
            points,
            epsilons: self.params().epsilons,
            capacity: self.capacity_bits.saturating_mul(2),
        };
        match settings.pilot(&link) {
            Ok(controlled) => Ok(Some(controlled)),
            Err(_) if self.control.is_none() => Ok(None),
            Err(error) => Err(wrong(error)),
        }
    }

    /// What both parties agree on.
    pub fn params(&self) -> distil::Params {
        let EpsilonsConfig { secrecy, correctness } = self.epsilons;
        let LimitsConfig { qber, phase_error } = self.limits;
        distil::Params {
            point: self.parameters().point,
            epsilons: Epsilons { secrecy, correctness },
            limits: distil::Limits { qber, phase_error },
        }
    }

    /// How much is kept.
    pub fn capacity(&self) -> Capacity {
        Capacity {
            keys: self.capacity_bits / 8,
            tags: self.tag_bits / 8,
            lease: self.tag_bits_per_block / 8,
        }
    }

    /// How long the peer may take to answer.
    pub fn patience(&self) -> Duration {
        Duration::from_millis(self.patience_ms)
    }

    /// The end that a KME holds, and the KME at the other one.
    pub fn end_of(&self, kme: &KmeId) -> Option<(End, &KmeId)> {
        if self.alice == *kme {
            Some((End::Alice, &self.bob))
        } else if self.bob == *kme {
            Some((End::Bob, &self.alice))
        } else {
            None
        }
    }
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// [`ConfigError`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let mut config = Self::parse(&text, path)?;
        config.resolve(path.parent().unwrap_or(Path::new("")));
        Ok(config)
    }

    /// Checks a text; `path` is what errors name.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Syntax`] or [`ConfigError::Meaning`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config: Self =
            toml::from_str(text).map_err(|error| syntax::told(text, path, &error))?;
        config.check()?;
        Ok(config)
    }

    /// Whether this process runs a KME.
    pub fn runs(&self, kme: &KmeId) -> bool {
        self.kme.iter().any(|own| own.id == *kme)
    }

    /// The SAEs of a KME's site.
    pub fn saes_of(&self, kme: &KmeId) -> Option<&[SaeId]> {
        let own = self.kme.iter().find(|own| own.id == *kme).map(|own| own.saes.as_slice());
        let remote = || self.remote.iter().find(|other| other.id == *kme);
        own.or_else(|| remote().map(|other| other.saes.as_slice()))
    }

    fn resolve(&mut self, folder: &Path) {
        let resolve = |path: &mut PathBuf| *path = folder.join(&*path);
        for kme in &mut self.kme {
            resolve(&mut kme.store);
            let etsi014 = &mut kme.etsi014;
            [&mut etsi014.certificate, &mut etsi014.key, &mut etsi014.client_ca]
                .into_iter()
                .chain(&mut etsi014.revocation_list)
                .for_each(resolve);
            if let Some(peers) = &mut kme.peers {
                [&mut peers.certificate, &mut peers.key, &mut peers.ca]
                    .into_iter()
                    .chain(&mut peers.revocation_list)
                    .for_each(resolve);
            }
        }
        self.link.iter_mut().for_each(|link| resolve(&mut link.first_key));
    }
}

fn wrong(what: impl ToString) -> ConfigError {
    ConfigError::Meaning(what.to_string())
}
