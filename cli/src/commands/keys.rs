//! `qedex keys`: how many keys there are for the market, by what is reported of links.

use super::{
    audits,
    beacon::{self, Beacon},
    options::{Administer, Ask},
};
use crate::{
    error::Error,
    output::{self, say},
};
use clap::{ArgGroup, Args, Subcommand};
use qedex_client::{
    ledger::{self, KeyRules, LinkTerms, LinkView, Permill, SlotReservation},
    share::{Share, percent},
    told::keys::{end_in_words, in_words, rules_in_words},
};
use serde_json::json;
use subxt::tx::Payload;

/// What to do with the ledger of keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Shows by what rules keys bound the market, its links, and what slots are promised.
    Show(Ask),
    /// Shows the epoch of the entropy beacon that is under way, who has committed, and of the latest epochs the
    /// value, whether it is of keys or a block's hash, and who withheld a reveal.
    Beacon(Beacon),
    /// Shows where the audits of links stand: records that were fixed, blocks that were picked, what was found, and
    /// why a link is closed.
    Audits(Ask),
    /// Changes by what rules keys bound the market (for the council, by --council, or Root, by --sudo). What
    /// is not named stays as it is.
    Rules(Rules),
    /// Makes a link one of the market's, or changes as what it counts (for the council, by --council, or
    /// Root, by --sudo).
    Admit(Admit),
    /// Takes a link out of the market (for the council, by --council, or Root, by --sudo).
    Dismiss(Dismiss),
    /// Opens a link that its audits have closed, and begins these anew (for the council, by --council, or Root, by
    /// --sudo).
    Reopen(Dismiss),
}

/// Options of `keys rules`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whether").args(["bind", "unbind"]))]
pub struct Rules {
    /// From now on a slot may use keys that exist, and no others.
    #[arg(long)]
    bind: bool,
    /// From now on each slot has the council's allotment, with no key behind it.
    #[arg(long)]
    unbind: bool,
    /// The market's share of each link's keys, in percent; sessions draw on the rest.
    #[arg(long, value_name = "PERCENT")]
    share: Option<Share>,
    /// How many owners have to report at an end, from 1 to 16.
    #[arg(long)]
    quorum: Option<u32>,
    /// For how many epochs after its own a report counts, at most 96.
    #[arg(long, value_name = "EPOCHS")]
    stale_after: Option<u32>,
    /// Who signs.
    #[command(flatten)]
    sign: Administer,
}

/// Options of `keys admit`.
#[derive(Debug, Args)]
pub struct Admit {
    /// The link's number, as `site list` shows it.
    link: u32,
    /// The most keys of 256 bits that it makes in an epoch, at most what its operators declare.
    #[arg(long, value_name = "KEYS")]
    per_epoch: u64,
    /// With more bit errors than this, in percent, an end is unhealthy.
    #[arg(long, value_name = "PERCENT")]
    most_qber: Share,
    /// Who signs.
    #[command(flatten)]
    sign: Administer,
}

/// Options of `keys dismiss` and `keys reopen`.
#[derive(Debug, Args)]
pub struct Dismiss {
    /// The link's number.
    link: u32,
    /// Who signs.
    #[command(flatten)]
    sign: Administer,
}

impl Keys {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Show(ask) => show(ask).await,
            Self::Beacon(args) => beacon::show(args).await,
            Self::Audits(ask) => audits::show(ask).await,
            Self::Rules(args) => rules(args).await,
            Self::Admit(args) => admit(args).await,
            Self::Dismiss(args) => {
                let call = ledger::dismiss(args.link);
                args.tell(&call, |block| {
                    format!("is not the market's any more from block {block} on")
                })
                .await
            }
            Self::Reopen(args) => {
                let call = qedex_client::audits::reopen(args.link);
                args.tell(&call, |block| {
                    format!("is open from block {block} on, and its audits begin anew")
                })
                .await
            }
        }
    }
}

async fn show(ask: &Ask) -> Result<(), Error> {
    let at = ask.at().await?;
    let ledger = ledger::ledger(&at).await?;
    let slots = ledger::reservations(&at).await?;
    if ask.json {
        return output::json(&json!({ "ledger": ledger, "slots": slots }));
    }
    say!("{}", in_words(&ledger))?;
    if !ledger.links.is_empty() {
        say!("{}", links_table(&ledger.links))?;
    }
    if !slots.is_empty() {
        say!("{}", slots_table(&slots))?;
    }
    Ok(())
}

fn links_table(links: &[LinkView]) -> String {
    let mut rows = output::table([
        "link",
        "first end: stored of made, by owners",
        "second end",
        "keys",
        "promised",
        "left",
    ]);
    for link in links {
        let end = |at: usize| end_in_words(link.ends.as_ref().and_then(|ends| ends.get(at)));
        rows.add_row([
            link.link.0.to_string(),
            end(0),
            end(1),
            link.keys.to_string(),
            link.promised.to_string(),
            link.left.to_string(),
        ]);
    }
    rows.to_string()
}

fn slots_table(slots: &[SlotReservation]) -> String {
    let mut rows = output::table(["slot", "keys", "state", "behind them"]);
    for SlotReservation { slot, reservation } in slots {
        let state = if reservation.settled { "used" } else { "promised" };
        let behind = if reservation.backed { "keys" } else { "nothing" };
        rows.add_row([
            slot.0.to_string(),
            reservation.keys.to_string(),
            state.to_owned(),
            behind.to_owned(),
        ]);
    }
    rows.to_string()
}

impl Dismiss {
    /// Does `call` to the link, and says so in `words`, of the block.
    async fn tell(&self, call: &impl Payload, words: impl Fn(u64) -> String) -> Result<(), Error> {
        let mut session = self.sign.open().await?;
        let Some((block, _)) = self.sign.act(&mut session, "the link", call).await? else {
            return Ok(());
        };
        if self.sign.json() {
            return output::json(&json!({ "link": self.link, "block": block.number }));
        }
        say!("link {} {}", self.link, words(block.number))
    }
}

impl Rules {
    /// The rules with what is named in place of what is there.
    fn changed(&self, now: KeyRules) -> KeyRules {
        KeyRules {
            bound: (now.bound || self.bind) && !self.unbind,
            market_share: self
                .share
                .as_ref()
                .map_or(now.market_share, |share| Permill::from_parts(share.ppm())),
            quorum: self.quorum.unwrap_or(now.quorum),
            stale_after: self.stale_after.unwrap_or(now.stale_after),
        }
    }
}

async fn rules(args: &Rules) -> Result<(), Error> {
    let mut session = args.sign.open().await?;
    let rules = args.changed(ledger::ledger(session.at()).await?.rules);
    let act = ledger::set_rules(rules);
    let Some((block, _)) = args.sign.act(&mut session, "the rules of keys", &act).await? else {
        return Ok(());
    };
    if args.sign.json() {
        return output::json(&json!({ "rules": rules, "block": block.number }));
    }
    say!("in slots whose gate opens after block {}: {}", block.number, rules_in_words(&rules))
}

async fn admit(args: &Admit) -> Result<(), Error> {
    let terms =
        LinkTerms { most_keys_per_epoch: args.per_epoch, most_qber_ppm: args.most_qber.ppm() };
    let mut session = args.sign.open().await?;
    let act = ledger::admit(args.link, terms);
    let Some((block, _)) = args.sign.act(&mut session, "the link", &act).await? else {
        return Ok(());
    };
    if args.sign.json() {
        return output::json(&json!({ "link": args.link, "terms": terms, "block": block.number }));
    }
    say!(
        "link {} is the market's from block {} on: {} keys an epoch at most, unhealthy above {} of bit errors",
        args.link,
        block.number,
        terms.most_keys_per_epoch,
        percent(terms.most_qber_ppm)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;

    fn changed(options: &[&str], now: KeyRules) -> KeyRules {
        let words = ["qedex", "keys", "rules", "--suri", "//Alice"];
        let cli = Cli::try_parse_from([&words[..], options].concat()).unwrap();
        match cli.command {
            Command::Keys(Keys::Rules(rules)) => rules.changed(now),
            _ => panic!("keys rules"),
        }
    }

    #[test]
    fn what_is_not_named_stays() {
        let now = KeyRules::default();
        let bound = KeyRules { bound: true, ..now };
        assert_eq!(changed(&[], now), now);
        assert_eq!(changed(&["--bind"], now), bound);
        assert_eq!(changed(&["--quorum", "3"], bound), KeyRules { quorum: 3, ..bound });
        let share = Permill::from_parts(125_000);
        let unbound = KeyRules { market_share: share, ..now };
        assert_eq!(changed(&["--unbind", "--share", "12.5"], bound), unbound);
    }
}
