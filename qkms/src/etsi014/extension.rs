//! The vendor extensions of a request for keys.
//!
//! `extension_mandatory` and `extension_optional` are arrays of objects whose members are name and
//! value of an option. This KME knows two:
//!
//! | name | value | meaning |
//! |---|---|---|
//! | `qkms_route` | `"direct"` or `"any"` | `direct`: over one quantum link between the two sites and nothing else, so neither relayed nor made in the site itself |
//! | `qkms_max_age_s` | integer, 1 to 4294967295 | the key's block was made at most that many seconds before its delivery |
//!
//! A mandatory option of another name, or with another value, is not *supported*; one that is known
//! and that no key in the pool satisfies could not be *met*: each has the standard's own text.
//! Optional ones are ignored where they are unknown. An option named twice in the same array is a
//! malformed request, whether it is known or not.

use std::{collections::BTreeSet, fmt, time::Duration};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::kme::service::{Options, Route};

/// Name of the option that limits the route.
pub const ROUTE: &str = "qkms_route";
/// Name of the option that limits the age of a key, in seconds.
pub const MAX_AGE: &str = "qkms_max_age_s";

/// The options of one array, in the order of the request.
#[derive(Debug, Default)]
pub struct Extensions(Vec<(String, Value)>);

/// The options of a mandatory array that this KME does not support.
#[derive(Debug, PartialEq)]
pub struct Unsupported(pub Vec<Value>);

impl Extensions {
    /// The options as mandatory ones.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] with each option whose name or value is not known.
    pub fn mandatory(self) -> Result<Options, Unsupported> {
        let (options, unknown) = self.sort();
        if unknown.is_empty() { Ok(options) } else { Err(Unsupported(unknown)) }
    }

    /// The options as optional ones: those that are not known are left out.
    pub fn optional(self) -> Options {
        self.sort().0
    }

    fn sort(self) -> (Options, Vec<Value>) {
        let mut options = Options::default();
        let mut unknown = Vec::new();
        for (name, value) in self.0 {
            match (name.as_str(), &value) {
                (ROUTE, Value::String(route)) if route == "direct" => {
                    options.route = Some(Route::Direct);
                }
                (ROUTE, Value::String(route)) if route == "any" => {
                    options.route = Some(Route::Any);
                }
                (MAX_AGE, Value::Number(seconds))
                    if seconds.as_u64().is_some_and(|s| (1..=u32::MAX.into()).contains(&s)) =>
                {
                    options.max_age = seconds.as_u64().map(Duration::from_secs);
                }
                _ => unknown.push(Value::Object(Map::from_iter([(name, value)]))),
            }
        }
        (options, unknown)
    }
}

impl<'de> Deserialize<'de> for Extensions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let objects = Vec::<Members>::deserialize(deserializer)?;
        let members: Vec<_> = objects.into_iter().flat_map(|object| object.0).collect();
        let mut names = BTreeSet::new();
        if let Some((name, _)) = members.iter().find(|(name, _)| !names.insert(name.as_str())) {
            return Err(de::Error::custom(format_args!("option {name:?} is named twice")));
        }
        Ok(Self(members))
    }
}

/// One object's members, repeated ones included.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of extension options")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
