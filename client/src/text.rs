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
}
