//! What a configuration's members must be to each other.

use std::collections::BTreeSet;

use super::{Config, ConfigError, KmeConfig, LinkConfig, wrong};
use crate::records::EPOCH;

impl Config {
    /// Refuses what contradicts itself or is out of range.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
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
        self.check_routes()
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
                let there = if alice { &link.bob } else { &link.alice };
                let remote = self.remote.iter().find(|remote| remote.id == *there);
                if remote.is_some_and(|remote| remote.address.is_none()) {
                    return Err(wrong(format!("{there} needs an `address`")));
                }
                if link.quantum.is_none() || link.classical.is_none() {
                    return Err(wrong("two processes need `quantum` and `classical`"));
                }
            }
        }
        let fits = |value: u64, least, most| (least..=most).contains(&value);
        if !fits(link.size(), 1000, 100_000_000) {
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
        self.check_audits(link)
    }

    /// No key of an audited link expires before its epoch is whole, at the rate of the device.
    fn check_audits(&self, link: &LinkConfig) -> Result<(), ConfigError> {
        let alike = link.pulses()? as f64 / link.parameters().device.pulse_rate;
        let block = match link.control()? {
            Some((_, pilot, _)) => pilot.longest_at_most_rate(),
            None => alike,
        };
        let epoch = block * EPOCH as f64;
        let ends = self.kme.iter().filter(|kme| link.end_of(&kme.id).is_some());
        let mut ages = ends.map(|kme| (&kme.id, kme.keys.max_age_s));
        match ages.find(|(_, age)| link.audits && epoch >= *age as f64) {
            Some((id, age)) => Err(wrong(format!(
                "audits: {EPOCH} blocks take {epoch:.0} s at the full pulse rate, and keys of {id} expire after \
                 max_age_s = {age}, before their epoch is whole; take smaller blocks, a larger max_age_s, or no \
                 audits"
            ))),
            None => Ok(()),
        }
    }
}

fn check_keys(kme: &KmeConfig) -> Result<(), ConfigError> {
    let keys = &kme.keys;
    let sizes = [keys.min_size, keys.size, keys.max_size];
    let fits = sizes.is_sorted()
        && keys.min_size >= 64
        && keys.max_size <= 16_384
        && sizes.iter().all(|size| size.is_multiple_of(8));
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
