//! `qedex site`: where key services deliver keys, and the links between these places.

use super::options::{Ask, Sign};
use crate::{
    error::Error,
    output::{self, say},
};
use clap::{Args, Subcommand};
use qedex_client::{
    keys::account_of,
    registry,
    text::account_text,
    told::registry::{link_in_words, link_json, site_json},
};
use serde_json::json;

/// What to do with sites of key services.
#[derive(Debug, Subcommand)]
pub enum Site {
    /// Registers a site, for the role serve-keys. A bond is held while it is there.
    Register(Register),
    /// Removes a site of the signer's at which no link ends and no SAE is enrolled. The bond comes back.
    Remove(Numbered),
    /// Registers a link from a site of the signer's to another one; whoever runs that one has to agree. A
    /// bond is held while it is there.
    Link(NewLink),
    /// Stands for a link that somebody else registered to a site of the signer's.
    Agree(Numbered),
    /// Removes a link that ends at a site of the signer's.
    Unlink(Numbered),
    /// Lists sites and links.
    List(Ask),
}

/// Options of `site register`.
#[derive(Debug, Args)]
pub struct Register {
    /// What it is called, at most 64 bytes.
    name: String,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of what is done to one site or one link.
#[derive(Debug, Args)]
pub struct Numbered {
    /// Its number, as `site list` shows it.
    number: u32,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `site link`.
#[derive(Debug, Args)]
pub struct NewLink {
    /// The number of the signer's site.
    own: u32,
    /// The number of the other one.
    other: u32,
    /// The rate of keys that is declared, in bits per second.
    #[arg(long, value_name = "BITS")]
    rate: u64,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

impl Site {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Register(args) => register(args).await,
            Self::Remove(args) => {
                let call = registry::remove_site(args.number);
                args.done("site", &call, "is removed; its bond is back").await
            }
            Self::Link(args) => link(args).await,
            Self::Agree(args) => {
                let call = registry::agree_link(args.number);
                args.done("link", &call, "is agreed").await
            }
            Self::Unlink(args) => {
                let call = registry::remove_link(args.number);
                args.done("link", &call, "is removed; its bond is back").await
            }
            Self::List(ask) => list(ask).await,
        }
    }
}

impl Numbered {
    async fn done(
        &self,
        kind: &str,
        call: &impl subxt::tx::Payload,
        outcome: &str,
    ) -> Result<(), Error> {
        let what = format!("{kind} {}", self.number);
        let (block, _) = self.by.call(&what, call).await?;
        if self.by.json {
            return output::json(&json!({ kind: self.number, "block": block.number }));
        }
        say!("{what} {outcome}, in block {}", block.number)
    }
}

async fn register(args: &Register) -> Result<(), Error> {
    let (mut session, key) = args.by.begin().await?;
    let call = registry::register_site(&args.name);
    let (block, _) = session.call("the site", &call, &key).await?;
    let ours = account_of(&key);
    let sites = registry::sites(session.at()).await?;
    let mut newest = sites.iter().rev();
    let site =
        newest.find(|(_, site)| site.operator == ours && registry::site_name(site) == args.name);
    let number = site.map(|(id, _)| id.0);
    let number = number.ok_or_else(|| Error::BadInput("the site is gone again".into()))?;
    if args.by.json {
        return output::json(&json!({ "site": number, "name": args.name, "block": block.number }));
    }
    say!("site {number} is {:?}, registered in block {}", args.name, block.number)
}

async fn link(args: &NewLink) -> Result<(), Error> {
    let (mut session, key) = args.by.begin().await?;
    let call = registry::register_link(args.own, args.other, args.rate);
    let (block, _) = session.call("the link", &call, &key).await?;
    let links = registry::links(session.at()).await?;
    let link = links
        .iter()
        .rev()
        .find(|(_, link)| link.sites.map(|site| site.0) == [args.own, args.other]);
    let link = link.ok_or_else(|| Error::BadInput("the link is gone again".into()))?;
    if args.by.json {
        let mut said = link_json(link);
        said["block"] = block.number.into();
        return output::json(&said);
    }
    say!("{}, registered in block {}", link_in_words(link), block.number)
}

async fn list(ask: &Ask) -> Result<(), Error> {
    let at = ask.at().await?;
    let sites = registry::sites(&at).await?;
    let links = registry::links(&at).await?;
    if ask.json {
        return output::json(&json!({
            "sites": sites.iter().map(site_json).collect::<Vec<_>>(),
            "links": links.iter().map(link_json).collect::<Vec<_>>(),
        }));
    }
    if sites.is_empty() {
        return say!("there are no sites");
    }
    let mut rows = output::table(["site", "name", "links", "SAEs", "operator"]);
    for (id, site) in &sites {
        rows.add_row([
            id.0.to_string(),
            registry::site_name(site),
            site.links.to_string(),
            site.saes.to_string(),
            account_text(site.operator),
        ]);
    }
    say!("{rows}")?;
    for link in &links {
        say!("{}", link_in_words(link))?;
    }
    Ok(())
}
