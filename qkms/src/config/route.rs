//! Routes: ways between sites that no link joins.

use serde::Deserialize;

use super::{Config, ConfigError, RemoteConfig, wrong};
use crate::{kme::service::KmeId, records::PublicKey, relay::routes};

/// A way along which the keys of its ends are relayed, in both directions. All sites of it have
/// the same route in their configurations; those between are trusted with the keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteConfig {
    /// The KMEs from one end to the other, 3 to [`MAX_SITES`](crate::relay::MAX_SITES), each joined
    /// to the next by a link.
    pub path: Vec<KmeId>,
}

impl RouteConfig {
    /// The other end, if a KME is an end.
    pub fn far_end(&self, kme: &KmeId) -> Option<&KmeId> {
        let (first, last) = (self.path.first()?, self.path.last()?);
        if first == kme {
            Some(last)
        } else if last == kme {
            Some(first)
        } else {
            None
        }
    }
}

impl RemoteConfig {
    /// The public key by which it signs what is relayed, if it is given and is one.
    pub fn relay_key(&self) -> Option<PublicKey> {
        let mut key = PublicKey::default();
        hex::decode_to_slice(self.relay_key.as_ref()?, &mut key).ok()?;
        Some(key)
    }
}

impl Config {
    pub(super) fn check_routes(&self) -> Result<(), ConfigError> {
        let keys = self.remote.iter().filter(|remote| remote.relay_key.is_some());
        if let Some(remote) = keys.into_iter().find(|remote| remote.relay_key().is_none()) {
            return Err(wrong(format!("the relay_key of {}: 64 hexadecimal digits", remote.id)));
        }
        let mut ends = std::collections::BTreeSet::new();
        for route in &self.route {
            let names: Vec<&str> = route.path.iter().map(KmeId::as_str).collect();
            let named = |error: &dyn std::fmt::Display| {
                wrong(format!("the route {}: {error}", names.join(" - ")))
            };
            routes::check(&route.path).map_err(|error| named(&error))?;
            self.check_route(route).map_err(|error| named(&error))?;
            let pair = route.path.first().zip(route.path.last());
            if pair.is_some_and(|(one, other)| !ends.insert((one.min(other), one.max(other)))) {
                return Err(named(&"a second one between its ends"));
            }
        }
        Ok(())
    }

    fn check_route(&self, route: &RouteConfig) -> Result<(), ConfigError> {
        let linked = |one: &KmeId, other: &KmeId| {
            self.link.iter().any(|link| link.end_of(one).is_some_and(|(_, peer)| peer == other))
        };
        let own = |kme: &&KmeId| self.runs(kme);
        if !route.path.iter().any(|kme| self.runs(kme)) {
            return Err(wrong("none of its KMEs is in this process"));
        }
        for pair in route.path.windows(2) {
            if let [one, other] = pair
                && [one, other].iter().any(own)
                && !linked(one, other)
            {
                return Err(wrong(format!("there is no link from {one} to {other}")));
            }
        }
        for end in route.path.first().into_iter().chain(route.path.last()).filter(own) {
            let Some(far) = route.far_end(end) else { continue };
            if linked(end, far) {
                return Err(wrong(format!("a link joins {end} and {far}")));
            }
            if self.saes_of(far).is_none() {
                return Err(wrong(format!("{far} is no [[kme]] and no [[remote]]")));
            }
            let remote = self.remote.iter().find(|remote| remote.id == *far);
            if remote.is_some_and(|remote| remote.relay_key.is_none()) {
                return Err(wrong(format!("{far} needs a `relay_key`")));
            }
        }
        Ok(())
    }
}
