//! `qedex role`

use super::{super::options::role, Administer, Ask, Universe, table};
use crate::{
    error::Error,
    output::{self, say},
};
use clap::Subcommand;
use qedex_client::{
    formula,
    membership::{self, Role as Which},
};
use serde_json::json;

/// What to do with roles.
#[derive(Debug, Subcommand)]
pub enum Role {
    /// Lists them with the policies that they require.
    List(Ask),
    /// Makes one require another policy (for the council, by --council, or Root, by --sudo).
    Set {
        /// Which role.
        #[arg(value_parser = role())]
        role: Which,
        /// The number of the policy.
        policy: u32,
        /// Who signs.
        #[command(flatten)]
        sign: Administer,
    },
}

impl Role {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::List(ask) => list(ask).await,
            Self::Set { role, policy, sign } => set(*role, *policy, sign).await,
        }
    }
}

async fn list(ask: &Ask) -> Result<(), Error> {
    let at = ask.at().await?;
    let universe = Universe::read(&at).await?;
    let policies = membership::policies(&at).await?;
    let mut all = Vec::new();
    for role in Which::ALL {
        let policy = membership::policy_of(&at, role).await?;
        let formula = policies
            .iter()
            .find(|(number, ..)| Some(*number) == policy)
            .map(|(_, nodes, _)| formula::print(nodes, &|number| universe.name(number)));
        all.push((role, policy, formula));
    }
    if ask.json {
        let all: Vec<_> = all
            .iter()
            .map(|(role, policy, formula)| {
                json!({ "role": membership::role_name(*role), "policy": policy, "formula": formula })
            })
            .collect();
        return output::json(&all);
    }
    let rows = all.into_iter().map(|(role, policy, formula)| {
        vec![
            membership::role_name(role).to_owned(),
            policy.map_or("none".to_owned(), |policy| policy.to_string()),
            formula.unwrap_or_else(|| "nobody's".to_owned()),
        ]
    });
    say!("{}", table(&["role", "policy", "formula"], rows))?;
    Ok(())
}

async fn set(role: Which, policy: u32, sign: &Administer) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let act = membership::set_role(role, policy);
    let Some((block, _)) = sign.act(&mut session, "the role", &act).await? else {
        return Ok(());
    };
    if sign.json() {
        return output::json(
            &json!({ "role": membership::role_name(role), "policy": policy, "block": block.number }),
        );
    }
    say!(
        "{} requires policy {policy} from block {} on",
        membership::role_name(role),
        block.number
    )?;
    Ok(())
}
