//! `qedex policy`

use super::{super::options::role, Administer, Ask, Universe, parse_account, table};
use crate::{
    error::Error,
    output::{self, say},
};
use clap::{Args, Subcommand};
use qedex_client::{
    amounts, formula,
    market::Account,
    membership::{self, Change, Role},
    queries::{self, Limit},
    text::{account_text, owner_text},
    told::membership::{told, wanted},
};
use qedex_math::policy::PolicyNode;
use serde_json::json;

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
        "policy {policy} ({formula}) is created in block {}; {} are held for it",
        block.number,
        amounts::money(bond)
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
        vec![policy.to_string(), text(nodes), roles.join(", "), amounts::in_qed(*bond)]
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
