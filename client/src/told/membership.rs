//! Who may do what, and why not.

use crate::{
    membership::{Explanation, Obstacle, OwnedAccount, Part, PendingNaming, Universe},
    text::distance,
};
use qedex_math::policy::PolicyNode;
use qedex_primitives::{AttributeId, Lack};
use std::fmt::Write;

/// What a part asks for.
pub fn wanted(part: &Part<AttributeId, Lack>, universe: &Universe) -> String {
    match part.node {
        PolicyNode::Attribute(attribute) => universe.label(attribute.0),
        PolicyNode::AtLeast { k, of } => format!("{k} of {of}"),
    }
}

/// An explanation for people: the policy as a tree, then what stands in the way.
pub fn told(explanation: &Explanation, universe: &Universe, now: u64) -> String {
    let mut text = String::new();
    for part in &explanation.parts {
        let indent = usize::try_from(part.depth).unwrap_or(0).saturating_mul(2);
        let mark = match (part.holds, part.blocks) {
            (true, _) => "yes",
            (false, true) => "NO ",
            (false, false) => "no ",
        };
        let wanted = wanted(part, universe);
        let met = match part.node {
            PolicyNode::Attribute(_) => String::new(),
            PolicyNode::AtLeast { .. } => format!(", {} held", part.met),
        };
        let _ = writeln!(text, "  {mark} {:indent$}{wanted}{met}", "");
    }
    for obstacle in &explanation.obstacles {
        let _ = writeln!(text, "- {}", sentence(obstacle, universe, now));
    }
    text
}

fn sentence(obstacle: &Obstacle, universe: &Universe, now: u64) -> String {
    match obstacle {
        Obstacle::RoleWithoutPolicy => "the role requires no policy, so it is nobody's".to_owned(),
        Obstacle::UnknownPolicy => "unknown policy".to_owned(),
        Obstacle::Blacklisted { reason, until } => {
            format!("blacklisted: {reason}; ends {}", distance(*until, now))
        }
        Obstacle::NoOwner => "no owner of the account is named (qedex owner)".to_owned(),
        Obstacle::Shut => "the account was shut for good".to_owned(),
        Obstacle::UnknownAttribute { attribute } => format!("unknown attribute {attribute}"),
        Obstacle::MissingCredential { attribute } => {
            format!("{}: missing credential", universe.label(*attribute))
        }
        Obstacle::Expired { attribute, since } => {
            let since = distance(*since, now);
            format!("{}: expired {since}", universe.label(*attribute))
        }
        Obstacle::OutdatedVersion { attribute, held, present } => format!(
            "{}: outdated version: {held} is held, {present} is present",
            universe.label(*attribute)
        ),
    }
}

/// Where a pending naming stands, for people.
pub fn stands(naming: &PendingNaming, now: u64) -> String {
    let consented = if naming.consented { "consented" } else { "no consent" };
    let approved = if naming.approved { ", approved" } else { "" };
    let void = if naming.void { "void; " } else { "" };
    format!("{void}{consented}{approved}; ends {}", distance(naming.expires, now))
}

/// How it stands with an account of an owner, for people.
pub fn state(account: &OwnedAccount) -> &'static str {
    match (account.shut, account.shutting_proposed) {
        (true, _) => "shut",
        (false, true) => "to be shut",
        (false, false) => "open",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_explanation_shows_the_tree_and_says_why() {
        let universe = Universe(vec![]);
        let part =
            |depth, node, holds, blocks, met| Part { depth, node, holds, blocks, met, why: None };
        let explanation = Explanation {
            passes: false,
            policy: Some(1),
            obstacles: vec![
                Obstacle::Blacklisted { reason: "tampering".to_owned(), until: 3_660_000 },
                Obstacle::OutdatedVersion { attribute: 4, held: 0, present: 2 },
                Obstacle::Expired { attribute: 5, since: 0 },
            ],
            parts: vec![
                part(0, PolicyNode::AtLeast { k: 2, of: 2 }, false, true, 1),
                part(1, PolicyNode::Attribute(AttributeId(3)), true, false, 0),
                part(1, PolicyNode::Attribute(AttributeId(4)), false, true, 0),
            ],
        };
        assert_eq!(
            told(&explanation, &universe, 60_000),
            "  NO  2 of 2, 1 held\n  yes   3\n  NO    4\n\
             - blacklisted: tampering; ends in 1 h 0 min\n\
             - 4: outdated version: 0 is held, 2 is present\n\
             - 5: expired 1 min ago\n"
        );
    }

    #[test]
    fn obstacles_have_names_in_json() {
        let outdated = Obstacle::OutdatedVersion { attribute: 4, held: 0, present: 2 };
        assert_eq!(
            serde_json::to_value(outdated).unwrap(),
            json!({ "why": "outdated-version", "attribute": 4, "held": 0, "present": 2 })
        );
        let unknown = serde_json::to_value(Obstacle::UnknownPolicy).unwrap();
        assert_eq!(unknown, json!({ "why": "unknown-policy" }));
    }
}
