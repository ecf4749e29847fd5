//! The attributes of a community by number and by name.

use super::Attribute;
use crate::{At, error::Error};

/// The attributes of the community, by number and by name.
#[derive(Clone, Debug)]
pub struct Universe(pub Vec<Attribute>);

impl Universe {
    /// Asks for all of them.
    pub async fn read(at: &At) -> Result<Self, Error> {
        Ok(Self(super::attributes(at).await?))
    }

    /// The number of the only attribute of this name.
    pub fn number(&self, name: &str) -> Result<u32, String> {
        let named = self.0.iter().filter(|attribute| attribute.name == name);
        let numbers: Vec<u32> = named.map(|attribute| attribute.attribute).collect();
        match numbers.as_slice() {
            [] => Err(format!("no attribute {name:?}")),
            [number] => Ok(*number),
            several => {
                let all: Vec<_> = several.iter().map(u32::to_string).collect();
                let all = all.join(", ");
                Err(format!("several attributes are named {name:?}: {all}; give a number instead"))
            }
        }
    }

    /// The name by which [`Universe::number`] finds an attribute.
    pub fn name(&self, number: u32) -> Option<String> {
        let attribute = self.0.iter().find(|info| info.attribute == number)?;
        (self.number(&attribute.name) == Ok(number)).then(|| attribute.name.clone())
    }

    /// For people: the name, or the number.
    pub fn label(&self, number: u32) -> String {
        self.name(number).unwrap_or_else(|| number.to_string())
    }

    /// For how long credentials of an attribute are issued at most, in milliseconds.
    pub fn term(&self, number: u32) -> u64 {
        self.0.iter().find(|info| info.attribute == number).map_or(0, |info| info.term)
    }

    /// The number that an argument gives by itself or by name.
    pub fn resolve(&self, text: &str) -> Result<u32, Error> {
        // A number has no sign.
        let number = text.parse().ok().filter(|_| !text.starts_with('+'));
        number.map_or_else(|| self.number(text).map_err(Error::BadInput), Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn universe(names: &[&str]) -> Universe {
        let attribute = |(number, name): (usize, &&str)| Attribute {
            attribute: number as u32,
            name: (*name).to_owned(),
            description: String::new(),
            issuer: String::new(),
            version: 0,
            credentials: 0,
            term: 0,
            endings_left: 1,
            voiding_asked_by: None,
        };
        Universe(names.iter().enumerate().map(attribute).collect())
    }

    #[test]
    fn an_attribute_is_named_by_number_or_by_a_name_of_its_own() {
        let universe = universe(&["solar", "twin", "twin"]);
        assert_eq!(universe.resolve("solar").unwrap(), 0);
        assert_eq!(universe.resolve("7").unwrap(), 7);
        for (text, why) in [
            ("twin", "several attributes are named \"twin\": 1, 2;"),
            ("wind", "no attribute \"wind\""),
            ("-1", "no attribute \"-1\""),
            ("+1", "no attribute \"+1\""),
        ] {
            let error = universe.resolve(text).unwrap_err();
            assert!(matches!(error, Error::BadInput(_)), "{text}: {error}");
            assert!(error.to_string().contains(why), "{error}");
            // A policy says the same.
            let quoted = format!("solar or \"{text}\"");
            let fault = crate::formula::parse(&quoted, &|name| universe.number(name));
            assert!(fault.as_ref().is_err_and(|fault| fault.contains(why)), "{fault:?}");
        }
        assert_eq!(universe.label(0), "solar");
        assert_eq!(universe.label(2), "2");
        assert_eq!(universe.label(9), "9");
    }
}
