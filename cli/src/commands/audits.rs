//! `qedex keys audits`: whose word of the key services was looked into, and what was found.

use super::options::Ask;
use crate::{
    error::Error,
    output::{self, say},
};
use qedex_client::{
    audits, registry,
    told::audits::{in_words, link_json},
};

/// Shows where the audits of all links stand.
pub async fn show(ask: &Ask) -> Result<(), Error> {
    let at = ask.at().await?;
    let mut all = Vec::new();
    for (link, _) in registry::links(&at).await? {
        if let Some(audits) = audits::of_link(&at, link.0).await? {
            all.push((link.0, audits));
        }
    }
    if ask.json {
        let all: Vec<_> = all.iter().map(|(link, audits)| link_json(*link, audits)).collect();
        return output::json(&all);
    }
    if all.is_empty() {
        return say!("nobody has posted a record of a link");
    }
    for (link, audits) in &all {
        say!("{}", in_words(*link, audits))?;
    }
    Ok(())
}
