//! `qedex status`

use super::options::Ask;
use crate::{
    error::Error,
    output::{self, say},
};
use qedex_client::told::status::{in_words, status};

/// Shows the chain, the terms of the next slot to trade in, and the present slots.
pub async fn run(ask: &Ask) -> Result<(), Error> {
    let chain = ask.node.connect().await?;
    let (status, band) = status(&chain).await?;
    if ask.json {
        return output::json(&status);
    }
    let mut table = output::table::<[&str; 0]>([]);
    table.add_rows(in_words(&status, band));
    say!("{table}")
}
