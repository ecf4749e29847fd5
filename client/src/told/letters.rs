//! Letters under keys of a key service.

use crate::{At, market::Account, qkd, text::account_text};
use serde_json::Value;

/// Bytes in hexadecimal, with 0x.
pub fn in_hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// An account, as the agent writes it.
pub fn account(value: &Value) -> Option<Account> {
    let bytes = hex::decode(value.as_str()?.strip_prefix("0x")?).ok()?;
    bytes.try_into().ok()
}

/// What somebody else has written, so that it neither moves the cursor nor looks like the head of a letter.
pub fn plain(text: &str) -> String {
    let shown = text.replace('\n', "\n  ");
    let mark =
        |letter: char| if letter.is_control() && letter != '\n' { '\u{FFFD}' } else { letter };
    shown.chars().map(mark).collect()
}

/// A letter that was written here, as the agent tells of it: number, to whom, purpose, slot, trade, seal, state.
pub fn sent(letter: &Value) -> [String; 7] {
    let text = |name: &str| match &letter[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let state = match letter["reason"].as_str() {
        Some(why) => format!("{}: {why}", text("state")),
        None => text("state"),
    };
    let to = account(&letter["to"]).map_or_else(|| text("to"), account_text);
    let [purpose, slot, trade, seal] = ["purpose", "slot", "trade", "seal"].map(text);
    [text("number"), to, purpose, slot, trade, seal, state]
}

/// A letter that came, with what is to be said in front of it.
pub fn received(letter: &Value, from: Account, warning: Option<String>, text: &[u8]) -> String {
    let about = |name: &str| letter[name].to_string();
    let mut lines = vec![format!(
        "from {}, purpose {}, slot {}, trade {}:",
        account_text(from),
        about("purpose"),
        about("slot"),
        about("trade")
    )];
    lines.extend(warning);
    lines.push(plain(&String::from_utf8_lossy(text)));
    lines.join("\n  ")
}

/// What the chain says of who wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writer {
    /// The account draws keys as that SAE.
    Proven,
    /// It does not: as this one, if as any.
    Other(Option<String>),
    /// The chain did not answer.
    Unknown(String),
}

impl Writer {
    /// Asks the chain.
    pub async fn look_up(at: &At, from: Account, from_sae: &str) -> Self {
        match qkd::sae_of(at, from).await {
            Ok(found) => {
                let sae = found.map(|(_, it)| String::from_utf8_lossy(&it.sae).into_owned());
                if sae.as_deref() == Some(from_sae) { Self::Proven } else { Self::Other(sae) }
            }
            Err(error) => Self::Unknown(error.to_string()),
        }
    }

    /// For programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Other(_) => "other-sae",
            Self::Unknown(_) => "unknown",
        }
    }

    /// What to say in front of a letter, if anything.
    pub fn warning(&self, from_sae: &str) -> Option<String> {
        match self {
            Self::Proven => None,
            Self::Other(Some(sae)) => Some(format!(
                "NOT PROVEN: {from_sae} wrote it, and the chain has this account draw keys as {sae}"
            )),
            Self::Other(None) => Some(format!(
                "NOT PROVEN: {from_sae} wrote it, and the chain has this account draw no keys"
            )),
            Self::Unknown(why) => Some(format!("NOT PROVEN: the chain was not asked: {why}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_chain_does_not_say_of_a_writer_is_said() {
        assert_eq!(Writer::Proven.warning("sae-dave"), None);
        let other = Writer::Other(Some("sae-eve".into()));
        let none = Writer::Other(None);
        let unknown = Writer::Unknown("gone".into());
        for (writer, word) in [(other, "as sae-eve"), (none, "no keys"), (unknown, "gone")] {
            let warning = writer.warning("sae-dave").unwrap();
            assert!(warning.starts_with("NOT PROVEN") && warning.contains(word), "{warning}");
            assert_ne!(writer.name(), "proven");
        }
    }

    #[test]
    fn a_text_neither_moves_the_cursor_nor_looks_like_a_letter() {
        assert_eq!(
            plain("1200 Wh\nfrom \u{1b}[2JDave\r"),
            "1200 Wh\n  from \u{FFFD}[2JDave\u{FFFD}"
        );
    }

    #[test]
    fn an_account_is_read_as_the_agent_writes_it() {
        assert_eq!(account(&json!(in_hex(&[7; 32]))), Some([7; 32]));
        for wrong in [json!("07"), json!("0x07"), json!(7), Value::Null] {
            assert_eq!(account(&wrong), None);
        }
    }
}
