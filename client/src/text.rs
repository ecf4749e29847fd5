//! How people read and write accounts and owners.

use crate::market::Account;
use qedex_primitives::OwnerId;
use sp_core::crypto::{AccountId32 as Public, Ss58Codec};
use subxt::utils::AccountId32;

/// An account as people read and write it.
pub fn account_text(account: Account) -> String {
    AccountId32(account).to_string()
}

/// An owner as people read and write it: 32 bytes in hexadecimal.
pub fn owner_text(owner: OwnerId) -> String {
    format!("0x{}", hex::encode(owner.0))
}

/// An owner from what [`owner_text`] makes of it.
pub fn parse_owner(text: &str) -> Result<OwnerId, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let mut id = [0; 32];
    match hex::decode_to_slice(digits, &mut id) {
        Ok(()) => Ok(OwnerId(id)),
        Err(_) => Err(format!("{text:?} is no owner: 32 bytes in hexadecimal")),
    }
}

/// The prefix of this chain's addresses (SS58).
pub const SS58_PREFIX: u16 = 42;

/// An account by its address on this chain.
///
/// # Errors
/// What is no address, and an address of another network: the same key may be somebody's there whom
/// the writer did not mean here.
pub fn parse_address(text: &str) -> Result<Account, String> {
    let (public, format) =
        Public::from_ss58check_with_version(text).map_err(|_| format!("{text:?} is no account"))?;
    let account: Account = public.into();
    match u16::from(format) {
        SS58_PREFIX => Ok(account),
        other => Err(format!(
            "{text} is an address of another network (prefix {other}, not {SS58_PREFIX}); the same key \
             is {} here",
            account_text(account)
        )),
    }
}

/// 32 bytes in hexadecimal, with or without 0x.
///
/// # Errors
/// What is wrong with it.
pub fn parse_bytes32(text: &str) -> Result<[u8; 32], String> {
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).map_err(|e| e.to_string())?;
    let length = bytes.len();
    bytes.try_into().map_err(|_| format!("32 bytes are expected, and these are {length}"))
}

/// A day in milliseconds.
pub const DAY: u64 = 24 * 3_600_000;

/// A moment for people: days, hours and minutes from `now`, or since.
pub fn distance(moment: u64, now: u64) -> String {
    let minutes = moment.abs_diff(now) / 60_000;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    let long = match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    };
    if moment >= now { format!("in {long}") } else { format!("{long} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

    #[test]
    fn an_owner_is_read_as_it_is_written() {
        let owner = OwnerId([0xa7; 32]);
        assert_eq!(parse_owner(&owner_text(owner)), Ok(owner));
        assert_eq!(parse_owner(&"a7".repeat(32)), Ok(owner));
        for wrong in ["", "0x", "a7", BOB, &"a7".repeat(33), &"zz".repeat(32)] {
            assert!(parse_owner(wrong).unwrap_err().contains("no owner"), "{wrong}");
        }
    }

    #[test]
    fn an_address_of_another_network_is_refused_and_named() {
        let bob = parse_address(BOB).unwrap();
        assert_eq!(account_text(bob), BOB);
        let there = "14E5nqKAp3oAJcmzgZhUD2RcptBeUBScxKHgJKU4HPNcKVf3";
        let refused = parse_address(there).unwrap_err();
        assert!(refused.contains("prefix 0") && refused.contains(BOB), "{refused}");
        for wrong in ["", "Bob", &BOB[1..], &BOB.replace('F', "G")] {
            assert!(parse_address(wrong).unwrap_err().contains("no account"), "{wrong}");
        }
    }

    #[test]
    fn bytes_are_32_in_hexadecimal() {
        let text = "07".repeat(32);
        assert_eq!(parse_bytes32(&text), Ok([7; 32]));
        assert_eq!(parse_bytes32(&format!("0x{text}")), Ok([7; 32]));
        for (bad, why) in [
            ("", "these are 0"),
            ("0x01", "32 bytes are expected, and these are 1"),
            (&text[1..], "Odd number of digits"),
            (&text.replace('7', "g"), "Invalid character"),
        ] {
            let said = parse_bytes32(bad).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn moments_are_told_as_distances() {
        assert_eq!(distance(90_000, 30_000), "in 1 min");
        assert_eq!(distance(0, 3_600_000 + 120_000), "1 h 2 min ago");
        assert_eq!(distance(26 * 3_600_000, 0), "in 1 d 2 h");
    }
}
