//! Accounts as people name them, and the book of addresses in which they keep names.
//!
//! The book is a TOML file, `name = "address"` a line, at `QEDEX_ACCOUNTS` or else
//! `$XDG_CONFIG_HOME/qedex/accounts.toml` (`~/.config/qedex/accounts.toml`).

use qedex_client::{
    keys,
    market::Account,
    text::{parse_address, parse_bytes32},
};
use std::{collections::BTreeMap, env, fs, io::ErrorKind, path::PathBuf};

/// Names an account: its address, its 32 bytes in hexadecimal, a well-known one such as //Dave, or a name
/// of the book.
pub fn parse_account(text: &str) -> Result<Account, String> {
    match text {
        _ if text.starts_with("//") => {
            let key = keys::from_suri(text).map_err(|_| format!("{text:?} is no account"))?;
            Ok(keys::account_of(&key))
        }
        _ if text.starts_with("0x") => {
            parse_bytes32(text).map_err(|why| format!("{text:?}: {why}"))
        }
        _ if is_name(text) => match Book::read()?.find(text)? {
            Some(account) => Ok(account),
            None => parse_address(text),
        },
        _ => parse_address(text),
    }
}

/// Whether a text may be a name: it begins with a letter and is shorter than any address.
fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(char::is_alphabetic)
        && letters.all(|letter| letter.is_alphanumeric() || "-_.".contains(letter))
        && text.len() < 40
}

/// The book: addresses by name.
struct Book {
    path: Option<PathBuf>,
    addresses: BTreeMap<String, String>,
}

impl Book {
    /// The user's book; an empty one where there is none.
    fn read() -> Result<Self, String> {
        let Some(path) = path() else {
            return Ok(Self { path: None, addresses: BTreeMap::new() });
        };
        let shown = path.display();
        let addresses = match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|why| format!("{shown}: {why}"))?,
            // A book that was named has to be there.
            Err(why)
                if why.kind() == ErrorKind::NotFound && env::var_os("QEDEX_ACCOUNTS").is_none() =>
            {
                BTreeMap::new()
            }
            Err(why) => return Err(format!("{shown}: {why}")),
        };
        Ok(Self { path: Some(path), addresses })
    }

    fn find(&self, name: &str) -> Result<Option<Account>, String> {
        let Some(address) = self.addresses.get(name) else {
            return Ok(None);
        };
        let shown = self.path.as_deref().unwrap_or("the book".as_ref()).display();
        let account =
            if address.starts_with("0x") { parse_bytes32(address) } else { parse_address(address) };
        account.map(Some).map_err(|why| format!("{name:?} in {shown}: {why}"))
    }
}

fn path() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    env::var_os("QEDEX_ACCOUNTS").map(PathBuf::from).or_else(|| {
        let config = absolute("XDG_CONFIG_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".config")));
        config.map(|folder| folder.join("qedex/accounts.toml"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use qedex_client::text::account_text;

    #[test]
    fn an_account_is_read_in_three_ways() {
        let dave = keys::account_of(&keys::from_suri("//Dave").unwrap());
        let address = account_text(dave);
        assert!(address.starts_with('5'), "ss58 prefix 42");
        let hex = format!("0x{}", hex::encode(dave));
        for text in ["//Dave", &address, &hex] {
            assert_eq!(parse_account(text), Ok(dave), "{text}");
        }
        let mut wrong = address;
        wrong.pop();
        for text in [&wrong, "Dave", "0x12", ""] {
            assert!(parse_account(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_is_looked_up_and_a_wrong_entry_is_named_with_its_file() {
        let book = Book {
            path: Some("accounts.toml".into()),
            addresses: toml::from_str(
                "eve = \"5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw\"\nbad = \"5HG\"",
            )
            .unwrap(),
        };
        let eve = keys::account_of(&keys::from_suri("//Eve").unwrap());
        assert_eq!(book.find("eve"), Ok(Some(eve)));
        assert_eq!(book.find("adam"), Ok(None));
        let why = book.find("bad").unwrap_err();
        assert!(why.contains("bad") && why.contains("accounts.toml"), "{why}");
    }
}
