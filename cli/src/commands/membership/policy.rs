//! `qedex policy`

use super::{super::options::role, Administer, Ask, Universe, distance, parse_account, table};
use crate::{
    error::Error,
    output::{self, say},
};
use clap::{Args, Subcommand};
use qedex_client::{
    amounts::{self, qed},
    formula,
    market::Account,
    membership::{self, Change, Explanation, Obstacle, Part, Role},
    queries::{self, Limit},
    text::{account_text, owner_text},
};
use qedex_math::policy::PolicyNode;
use qedex_primitives::{AttributeId, Lack};
use serde_json::json;
use std::fmt::Write;

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Creates one. Anyone may, for a bond; by --council or --sudo it carries none.
    Create {
        /// The formula, such as "prosumer and (solar or battery)" or "2 of (a, b, c)", over names or
        /// numbers of attributes.
        formula: String,
        /// Who signs.
        #[command(flatten)]
        sign: Administer,
    },
    /// Removes one that no role requires, and returns its bond.
    Remove {
        /// Its number.
        policy: u32,
        /// Who signs: who created it; by --council the council does it, by --sudo Root.
        #[command(flatten)]
        sign: Administer,
    },
    /// Lists them with their formulas.
    List(Ask),
    /// Says whether an account passes and, if not, which part fails and why.
    Explain(Explain),
}

/// Options of `policy explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Which account.
    #[arg(long, value_parser = parse_account)]
    account: Account,
    /// Which policy, or the policy of which role.
    #[command(flatten)]
    of: Of,
    /// Which node.
    #[command(flatten)]
    ask: Ask,
}

/// A policy, by its number or by a role that requires it.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Of {
    /// The policy's number.
    #[arg(long)]
    policy: Option<u32>,
    /// The role.
    #[arg(long, value_parser = role())]
    role: Option<Role>,
}

impl Policy {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Create { formula, sign } => create(formula, sign).await,
            Self::Remove { policy, sign } => remove(*policy, sign).await,
            Self::List(ask) => list(ask).await,
            Self::Explain(args) => explain(args).await,
        }
    }
}

async fn create(text: &str, sign: &Administer) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let universe = Universe::read(session.at()).await?;
    let nodes = formula::parse(text, &|name| universe.number(name))
        .map_err(|fault| Error::BadInput(format!("the policy: {fault}")))?;
    Limit::PolicyNodes.check(session.at(), nodes.len())?;
    let act = membership::create_policy(&nodes);
    let Some((block, included)) = sign.act(&mut session, "the policy", &act).await? else {
        return Ok(());
    };
    let made = included.changes.iter().find_map(|change| match change {
        Change::PolicyCreated(policy, bond) => Some((*policy, *bond)),
        _ => None,
    });
    let (policy, bond) = made.ok_or_else(|| Error::answer("no policy was created".to_owned()))?;
    let formula = formula::print(&nodes, &|number| universe.name(number));
    if sign.json() {
        return output::json(&json!({
            "policy": policy,
            "formula": formula,
            "bond": amounts::json(bond),
            "block": block.number,
        }));
    }
    say!(
        "policy {policy} ({formula}) is created in block {}; {} QED are held for it",
        block.number,
        qed(bond, 4)
    )?;
    Ok(())
}

async fn remove(policy: u32, sign: &Administer) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let act = membership::remove_policy(policy);
    let Some((block, _)) = sign.act(&mut session, "the removal", &act).await? else {
        return Ok(());
    };
    if sign.json() {
        return output::json(&json!({ "policy": policy, "block": block.number }));
    }
    say!("policy {policy} is removed in block {}", block.number)?;
    Ok(())
}

async fn list(ask: &Ask) -> Result<(), Error> {
    let at = ask.at().await?;
    let universe = Universe::read(&at).await?;
    let mut roles = Vec::new();
    for role in Role::ALL {
        roles.push((role, membership::policy_of(&at, role).await?));
    }
    let all = membership::policies(&at).await?;
    let required = |policy: u32| {
        let by = roles.iter().filter(|(_, required)| *required == Some(policy));
        by.map(|(role, _)| membership::role_name(*role)).collect::<Vec<_>>()
    };
    let text = |nodes: &[PolicyNode<u32>]| formula::print(nodes, &|number| universe.name(number));
    if ask.json {
        let all: Vec<_> = all
            .iter()
            .map(|(policy, nodes, bond)| {
                json!({
                    "policy": policy,
                    "formula": text(nodes),
                    "roles": required(*policy),
                    "bond": amounts::json(*bond),
                })
            })
            .collect();
        return output::json(&all);
    }
    let rows = all.iter().map(|(policy, nodes, bond)| {
        let roles = required(*policy);
        vec![policy.to_string(), text(nodes), roles.join(", "), qed(*bond, 4)]
    });
    say!("{}", table(&["number", "formula", "required to", "bond, QED"], rows))?;
    Ok(())
}

async fn explain(args: &Explain) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let universe = Universe::read(&at).await?;
    let now = queries::time(&at).await?;
    let explanation = match (args.of.policy, args.of.role) {
        (Some(policy), _) => membership::explain_policy(&at, args.account, policy).await?,
        (None, Some(role)) => membership::explain_role(&at, args.account, role).await?,
        (None, None) => return Err(Error::BadInput("neither policy nor role".to_owned())),
    };
    let owner = membership::owner(&at, args.account).await?;
    if args.ask.json {
        let parts: Vec<_> = explanation
            .parts
            .iter()
            .map(|part| {
                json!({
                    "depth": part.depth,
                    "part": wanted(part, &universe),
                    "holds": part.holds,
                    "blocks": part.blocks,
                })
            })
            .collect();
        return output::json(&json!({
            "account": account_text(args.account),
            "owner": owner.map(owner_text),
            "policy": explanation.policy,
            "passes": explanation.passes,
            "obstacles": explanation.obstacles,
            "parts": parts,
        }));
    }
    let what = match (explanation.policy, args.of.role) {
        (_, Some(role)) => format!("for the role {}", membership::role_name(role)),
        (policy, None) => format!("policy {}", policy.unwrap_or_default()),
    };
    let verdict = if explanation.passes { "passes" } else { "fails" };
    say!("{} {verdict} {what}", account_text(args.account))?;
    if let Some(owner) = owner {
        say!("  the owner behind it is {}", owner_text(owner))?;
    }
    say!("{}", told(&explanation, &universe, now).trim_end())
}

/// What a part asks for.
fn wanted(part: &Part<AttributeId, Lack>, universe: &Universe) -> String {
    match part.node {
        PolicyNode::Attribute(attribute) => universe.label(attribute.0),
        PolicyNode::AtLeast { k, of } => format!("{k} of {of}"),
    }
}

/// An explanation for people: the policy as a tree, then what stands in the way.
fn told(explanation: &Explanation, universe: &Universe, now: u64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

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
