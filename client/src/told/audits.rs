//! Audits of links.

use crate::audits::{
    AuditFailure, AuditFault, AuditOutcome, BeaconSource, Closure, LinkAudits, RoundView,
};
use serde_json::{Value, json};

const fn fault(fault: AuditFault) -> &'static str {
    match fault {
        AuditFault::File => "the file is none, or was altered",
        AuditFault::Keys => "it is of another link, or signed by other keys",
        AuditFault::Records => "its records are not those of an epoch",
        AuditFault::Root => "its records have another root",
        AuditFault::Challenge => "it answers another challenge",
        AuditFault::OtherBlock => "another block was opened",
        AuditFault::Terms => "the ends allowed themselves too much",
        AuditFault::Seed => "a seed served twice",
        AuditFault::Raw => "a raw string is not the one signed for",
        AuditFault::Health => "a raw string fails a health test",
        AuditFault::Messages => "the messages are not those of the raw strings",
        AuditFault::Count => "a number is not that of the raw strings",
        AuditFault::Key => "the key is not that of the raw strings",
        AuditFault::Delivered => "a key of the block was delivered",
        AuditFault::GivenUp => "the key service could not open the block",
    }
}

fn failure(why: AuditFailure) -> String {
    match why {
        AuditFailure::RootsDiffer => "its ends stand for different records".to_owned(),
        AuditFailure::NotPosted(site) => format!("site {} has posted no record", site.0),
        AuditFailure::Found(AuditOutcome::Failed(what)) => fault(what).to_owned(),
        AuditFailure::Found(AuditOutcome::NotOpened) => "the block was not opened".to_owned(),
        AuditFailure::Found(AuditOutcome::Passed) => "it passed".to_owned(),
        AuditFailure::Unheard => "too few have said anything".to_owned(),
    }
}

/// The audit epoch of which something is said.
fn epoch(closed: &Closure) -> String {
    closed.epoch.map_or("an audit epoch".to_owned(), |epoch| format!("audit epoch {}", epoch.0))
}

fn source(source: BeaconSource) -> &'static str {
    match source {
        BeaconSource::Keys => "keys",
        BeaconSource::BlockHash => "a block's hash",
    }
}

fn round(round: &RoundView) -> String {
    let [first, second] = round.posts;
    let Some(fixed) = round.fixed else {
        return format!("posts of its next audit epoch: {first} and {second} at its ends");
    };
    let mut words = format!(
        "audit epoch {}: root {:?}, {} blocks gave a key, posted by {first} and {second}",
        fixed.epoch.0, fixed.root, fixed.keyed
    );
    if let Some(pick) = round.pick {
        let place = pick.place.map_or("none".to_owned(), |place| format!("number {place}"));
        words.push_str(&format!(
            "; of these {place} was picked by epoch {} of the beacon, of {}",
            pick.beacon,
            source(pick.source)
        ));
        let [passed, failed] = round.verdicts;
        words.push_str(&format!("; {passed} say that it passed, {failed} that it did not"));
    }
    words
}

/// Where the audits of a link stand, in words.
pub fn in_words(link: u32, audits: &LinkAudits) -> String {
    let mut words = match &audits.closed {
        None => format!("link {link} is open; {} audits passed in a row", audits.passes),
        Some(closed) => format!(
            "link {link} is closed since epoch {} of the beacon, by {}: {}; {} of {} audits have passed to open it",
            closed.since,
            epoch(closed),
            failure(closed.why),
            audits.passes,
            closed.needed
        ),
    };
    for under_way in &audits.rounds {
        words.push_str(&format!("\n  {}", round(under_way)));
    }
    words
}

fn round_json(round: &RoundView) -> Value {
    let fixed = round.fixed.map(|fixed| {
        json!({ "epoch": fixed.epoch.0, "root": format!("{:?}", fixed.root), "keyed": fixed.keyed })
    });
    let pick = round.pick.map(|pick| {
        let of = source(pick.source);
        json!({ "beacon": pick.beacon, "value": format!("{:?}", pick.value), "source": of, "place": pick.place })
    });
    let [passed, failed] = round.verdicts;
    json!({ "fixed": fixed, "posts": round.posts, "pick": pick, "passed": passed, "failed": failed })
}

/// Where the audits of a link stand, for programs.
pub fn link_json(link: u32, audits: &LinkAudits) -> Value {
    let closed = audits.closed.map(|closed| {
        json!({
            "why": failure(closed.why),
            "epoch": closed.epoch.map(|epoch| epoch.0),
            "since": closed.since,
            "needed": closed.needed,
        })
    });
    let rounds: Vec<_> = audits.rounds.iter().map(round_json).collect();
    json!({
        "link": link,
        "last": audits.last.map(|epoch| epoch.0),
        "passes": audits.passes,
        "closed": closed,
        "rounds": rounds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audits::{Pick, Statement};
    use qedex_primitives::audits::AuditEpoch;

    #[test]
    fn what_was_picked_and_why_a_link_is_closed_is_said() {
        let fixed = Statement { epoch: AuditEpoch(3), root: [5; 32].into(), keyed: 60 };
        let source = BeaconSource::BlockHash;
        let pick = Pick { beacon: 9, value: [6; 32].into(), source, place: Some(59) };
        let under_way =
            RoundView { fixed: Some(fixed), posts: [2, 3], pick: Some(pick), verdicts: [4, 1] };
        let why = AuditFailure::Found(AuditOutcome::Failed(AuditFault::Raw));
        let closed = Closure { why, epoch: Some(AuditEpoch(2)), since: 8, needed: 2 };
        let posted = RoundView { fixed: None, posts: [1, 0], pick: None, verdicts: [0, 0] };
        let audits = LinkAudits {
            last: Some(AuditEpoch(3)),
            passes: 1,
            closed: Some(closed),
            rounds: vec![under_way, posted],
        };
        let words = in_words(7, &audits);
        for part in [
            "link 7 is closed since epoch 8",
            "by audit epoch 2: a raw string is not the one signed for; 1 of 2",
            "number 59 was picked by epoch 9 of the beacon, of a block's hash; 4 say",
            "1 and 0 at its ends",
        ] {
            assert!(words.contains(part), "{part}: {words}");
        }
        let json = link_json(7, &audits);
        assert_eq!(json["closed"]["needed"], 2);
        assert_eq!(json["rounds"][0]["pick"]["place"], 59);
        assert_eq!(json["rounds"][1]["fixed"], Value::Null);
        let open = LinkAudits { closed: None, rounds: vec![], ..audits };
        assert_eq!(in_words(7, &open), "link 7 is open; 1 audits passed in a row");
    }
}
