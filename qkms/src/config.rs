//! The configuration of `qkms serve`: one TOML file, in which no member is unknown.
//!
//! It names the KMEs that this process runs, the links whose ends they hold, and the KMEs of other
//! processes at the other ends. Secrets are files, never members. Relative paths are relative to
//! the file's folder.

use std::{
    collections::BTreeSet,
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use crate::{
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

#[cfg(test)]
mod tests;

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
    #[error("{}: {source}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The cause, with line and column.
        source: Box<toml::de::Error>,
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
    /// Makes everything that is random repeatable; only where `insecure` is true.
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
    /// Host and port of its interface for peers.
    pub address: String,
    /// The SAEs of its site.
    pub saes: Vec<SaeId>,
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
    /// preset's operating point unless `point` is given.
    #[serde(default = "defaults::sifted_bits")]
    pub sifted_bits: u64,
    /// Basis bias, intensities and their probabilities.
    pub point: Option<OperatingPoint>,
    /// Pulses per second; the preset's if nothing is said.
    pub pulse_rate: Option<f64>,
    /// Who listens; for tests and demonstrations.
    pub eavesdropper: Option<Eavesdropper>,
    /// How loss and misalignment wander.
    pub drift: Option<Drift>,
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

mod defaults {
    pub(super) fn sifted_bits() -> u64 {
        1_000_000
    }
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
        let points = self.preset.operating_points();
        let fits = |(bits, _): &&(u64, OperatingPoint)| *bits <= self.sifted_bits;
        let chosen = points.iter().rev().find(fits).or_else(|| points.first());
        let point = self.point.or(chosen.map(|(_, point)| *point));
        LinkParameters {
            device,
            point: point.unwrap_or_else(|| self.preset.finite()),
            km: self.km,
            eve: self.eavesdropper,
            drift: self.drift,
        }
    }

    /// Pulses of a block: as many as give `sifted_bits` on average without an eavesdropper, with the
    /// dead time of the detectors (not paralysable: of n clicks per pulse 1/(1 + n t) are left).
    ///
    /// # Errors
    ///
    /// A link that lets nothing through.
    pub fn pulses(&self) -> Result<u64, ConfigError> {
        let parameters = self.parameters();
        let form = ClosedForm::new(parameters.device, self.km, None)
            .map_err(|error| ConfigError::Meaning(error.to_string()))?;
        let OperatingPoint { probabilities, intensities, .. } = parameters.point;
        let clicks: f64 = probabilities
            .iter()
            .zip(intensities)
            .map(|(probability, mu)| probability * form.gain_and_errors(mu, intensities[0]).0)
            .sum();
        let alive = 1.0 / (1.0 + clicks * parameters.device.dead_pulses() as f64);
        let sifted = form.sifted_x(&parameters.point) * alive;
        let pulses = (self.sifted_bits as f64 / sifted).ceil();
        if !(pulses >= 1.0 && pulses <= 1e15) {
            return Err(wrong("a link's blocks would need more than 10^15 pulses"));
        }
        Ok(pulses as u64)
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
        let config: Self = toml::from_str(text).map_err(|source| ConfigError::Syntax {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
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

    fn check(&self) -> Result<(), ConfigError> {
        if self.seed.is_some() && !self.insecure {
            return Err(wrong("a seed makes every key predictable: it needs `insecure = true`"));
        }
        if self.kme.is_empty() {
            return Err(wrong("no [[kme]] is configured"));
        }
        let (mut kmes, mut saes) = (BTreeSet::new(), BTreeSet::new());
        let all = self.kme.iter().map(|kme| (&kme.id, &kme.saes));
        for (id, own) in all.chain(self.remote.iter().map(|kme| (&kme.id, &kme.saes))) {
            if !kmes.insert(id) {
                return Err(wrong(format!("the KME {id} is configured twice")));
            }
            if let Some(sae) = own.iter().find(|sae| !saes.insert(*sae)) {
                return Err(wrong(format!("the SAE {sae} is configured twice")));
            }
        }
        self.kme.iter().try_for_each(check_keys)?;
        let mut pairs = BTreeSet::new();
        for link in &self.link {
            let (one, other) = (&link.alice, &link.bob);
            if one == other || !pairs.insert((one.min(other), one.max(other))) {
                return Err(wrong(format!("a link from {one} to {other} a second time")));
            }
            self.check_link(link)
                .map_err(|error| wrong(format!("the link from {one} to {other}: {error}")))?;
        }
        Ok(())
    }

    fn check_link(&self, link: &LinkConfig) -> Result<(), ConfigError> {
        let own = [&link.alice, &link.bob].map(|kme| self.runs(kme));
        for kme in [&link.alice, &link.bob] {
            if self.saes_of(kme).is_none() {
                return Err(wrong(format!("{kme} is no [[kme]] and no [[remote]]")));
            }
        }
        match own {
            [false, false] => return Err(wrong("none of its ends is in this process")),
            [true, true] => {}
            [alice, _] => {
                let here = if alice { &link.alice } else { &link.bob };
                let peers = self.kme.iter().find(|kme| kme.id == *here).map(|kme| &kme.peers);
                if !matches!(peers, Some(Some(_))) {
                    return Err(wrong(format!("{here} needs [kme.peers]")));
                }
                if link.quantum.is_none() || link.classical.is_none() {
                    return Err(wrong("two processes need `quantum` and `classical`"));
                }
            }
        }
        let fits = |value: u64, least, most| (least..=most).contains(&value);
        if !fits(link.sifted_bits, 1000, 100_000_000) {
            return Err(wrong("sifted_bits shall be 1,000 to 10^8"));
        }
        if !fits(link.capacity_bits, 16_384, 1 << 36)
            || !fits(link.tag_bits, 4096, 1 << 32)
            || !fits(link.tag_bits_per_block, 4096, link.tag_bits)
        {
            return Err(wrong(
                "capacity_bits shall be 16,384 to 2^36, tag_bits 4,096 to 2^32, and \
                 tag_bits_per_block 4,096 to tag_bits",
            ));
        }
        if !fits(link.patience_ms, 10, 600_000) {
            return Err(wrong("patience_ms shall be 10 to 600,000"));
        }
        link.parameters().check().map_err(wrong)?;
        link.params().check().map_err(wrong)?;
        link.pulses().map(|_| ())
    }
}

fn check_keys(kme: &KmeConfig) -> Result<(), ConfigError> {
    let keys = &kme.keys;
    let sizes = [keys.min_size, keys.size, keys.max_size];
    let fits = sizes.is_sorted()
        && keys.min_size >= 64
        && keys.max_size <= 16_384
        && sizes.iter().all(|size| size % 8 == 0);
    if !fits {
        return Err(wrong(format!(
            "the keys of {}: 64 <= min_size <= size <= max_size <= 16384, multiples of 8",
            kme.id
        )));
    }
    if !(1..=10_000).contains(&keys.max_per_request) || keys.max_additional_slaves > 1000 {
        return Err(wrong(format!(
            "the keys of {}: max_per_request 1 to 10,000, max_additional_slaves 0 to 1,000",
            kme.id
        )));
    }
    if keys.max_age_s == 0 || keys.record_age_s < keys.max_age_s {
        return Err(wrong(format!(
            "the keys of {}: max_age_s is 1 or more, and record_age_s not less",
            kme.id
        )));
    }
    Ok(())
}

fn wrong(what: impl ToString) -> ConfigError {
    ConfigError::Meaning(what.to_string())
}
