//! Sessions under keys of a key service.

use crate::{
    At, Chain,
    error::Error,
    market::Account,
    qkd::{self, View},
    text::account_text,
};
use qedex_primitives::qkd::{SessionEnd, SessionStage};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// As which SAE an account draws keys; it has to.
pub async fn sae_of(at: &At, account: Account, whose: &str) -> Result<String, Error> {
    let (_, enrolment) = qkd::sae_of(at, account).await?.ok_or_else(|| {
        Error::BadInput(format!("{whose}, {}, draws keys as no SAE", account_text(account)))
    })?;
    Ok(String::from_utf8_lossy(&enrolment.sae).into_owned())
}

/// Waits until a session is open. Returns it, and since which block.
pub async fn await_open(
    chain: &Chain,
    from: Account,
    number: u64,
    patience: Duration,
) -> Result<(View, u32), Error> {
    let deadline = Instant::now().checked_add(patience);
    loop {
        let at = chain.now().await?;
        let all = qkd::sessions_of(&at, from).await?;
        let ours = |view: &View| view.session.from.account == from && view.session.number == number;
        let view = all.into_iter().find(ours);
        let stage = view.as_ref().map(|view| (&view.session.stage, view.ended));
        match stage {
            Some((SessionStage::Open { since, .. }, None)) => {
                let since = *since;
                return view.map(|view| (view, since)).ok_or_else(gone);
            }
            Some((_, Some(why))) => {
                return Err(Error::Agent(format!("the session {}", in_words(why))));
            }
            None => return Err(gone()),
            Some((_, None)) => {}
        }
        if deadline.is_none_or(|deadline| Instant::now() >= deadline) {
            return Err(Error::Agent(format!(
                "the session is not open after {} s; qedex session status shows how far it is",
                patience.as_secs()
            )));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn gone() -> Error {
    Error::Agent("the session is not on the chain any more".into())
}

const fn in_words(end: SessionEnd) -> &'static str {
    match end {
        SessionEnd::NotAccepted => "was not answered in time",
        SessionEnd::NotConfirmed => "was not confirmed in time",
        SessionEnd::Expired => "has expired",
        SessionEnd::SaeRemoved => "has ended: an end draws keys by its SAE no more",
    }
}

/// What somebody else wrote, as it may be shown on a terminal: no character of it moves the cursor or
/// begins a line.
pub fn shown(text: &[u8]) -> String {
    let escaped = |letter: char| {
        if letter.is_control() { letter.escape_default().to_string() } else { letter.to_string() }
    };
    String::from_utf8_lossy(text).chars().map(escaped).collect()
}

/// Where a session stands, in words.
pub fn stage(view: &View) -> String {
    match (view.ended, &view.session.stage) {
        (Some(why), _) => in_words(why).to_owned(),
        (None, SessionStage::Requested { until, .. }) => format!("asked for, until block {until}"),
        (None, SessionStage::Accepted { until, .. }) => format!("answered, until block {until}"),
        (None, SessionStage::Open { since, .. }) => format!("open since block {since}"),
    }
}

/// A session, for programs.
pub fn in_json(view: &View) -> Value {
    let session = &view.session;
    json!({
        "session": view.id.0,
        "from": account_text(session.from.account),
        "to": account_text(session.to.account),
        "suite": session.suite,
        "number": session.number,
        "expires": session.expires,
        "is_open": view.ended.is_none() && matches!(session.stage, SessionStage::Open { .. }),
        "stage": stage(view),
    })
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_a_peer_writes_stays_on_its_line() {
        assert_eq!(shown("1200 Wh at noon, für E.".as_bytes()), "1200 Wh at noon, für E.");
        assert_eq!(shown(b"x\n6: I accept"), "x\\n6: I accept");
        assert_eq!(shown(b"\x1b[2J\r\x07"), "\\u{1b}[2J\\r\\u{7}");
        assert_eq!(shown(&[0xff]), "\u{fffd}");
    }
}
