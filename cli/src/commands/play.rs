//! `qedex play`

use super::{Found, options::Node};
use crate::{
    error::Error,
    output::{note, say},
};
use clap::{Args, builder::ArgPredicate};
use qedex_client::share::Share;
use qedex_play::{
    community::{Start, Zone},
    play::{self, Script},
    strategy::Shares,
};
use std::path::PathBuf;

/// Options of `play`.
#[derive(Debug, Args)]
pub struct Play {
    /// Which node.
    #[command(flatten)]
    node: Node,
    /// How many quarter-hours to play.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    slots: u16,
    /// The first quarter-hour, as 2016-07-11T11:00 or, on the first day of the latest week, 11:00. With --data it
    /// is that week's first unless given.
    #[arg(long, default_value = "2016-07-11T11:00")]
    #[arg(default_value_if("data", ArgPredicate::IsPresent, None))]
    from: Option<Start>,
    /// The seed of limit prices, arrival and cheating.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Writes the figures to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Reads the community's data from this directory instead of the built-in copy: a CSV file with a column
    /// participant, and any number of weeks, which have a column time.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The zone of the data's times where these are local, such as Europe/Berlin.
    #[arg(long, requires = "data")]
    zone: Option<Zone>,
    /// Opens sessions between participants by the agents whose doors are in this folder, and has them tell each
    /// other their readings: qkd in the folder of a development node's chain.
    #[arg(long, value_name = "FOLDER")]
    agents: Option<PathBuf>,
    /// Binds the market by keys that are reported, and has somebody listen on the link from which they come:
    /// after the quarter-hours asked for one more is played while the link is closed, and one when it is open
    /// again.
    #[arg(long, requires = "agents")]
    eavesdropper: bool,
    /// Percent of the participants who commit privately instead of publishing where they sell.
    #[arg(long, default_value = "20", value_name = "PERCENT")]
    private_share: Share,
    /// Percent of the offers that are under-delivered by half.
    #[arg(long, default_value = "10", value_name = "PERCENT")]
    cheat_share: Share,
    /// Percent of the offers for which the seller neither commits nor publishes.
    #[arg(long, default_value = "5", value_name = "PERCENT")]
    silent_share: Share,
    /// Percent of the offers for which the seller commits, and neither opens nor reveals its bill.
    #[arg(long, default_value = "2", value_name = "PERCENT")]
    hiding_share: Share,
}

impl Play {
    /// The shares of the community that do this and that.
    const fn shares(&self) -> Shares {
        Shares {
            private: self.private_share.ppm(),
            under_delivered: self.cheat_share.ppm(),
            silent: self.silent_share.ppm(),
            hiding: self.hiding_share.ppm(),
        }
    }

    /// Plays, shows the figures and writes them where they are wanted.
    pub async fn run(&self) -> Result<Found, Error> {
        if let Some(path) = &self.json {
            ensure_folder(path)?;
        }
        let script = Script {
            node: self.node.endpoint(),
            data: self.data.clone(),
            zone: self.zone.clone(),
            from: self.from,
            slots: usize::from(self.slots),
            seed: self.seed,
            shares: self.shares(),
            agents: self.agents.clone(),
            eavesdropper: self.eavesdropper,
        };
        let figures = play::play(&script).await?;
        say!("{figures}")?;
        for failed in &figures.transactions.failed {
            note!("a transaction failed: {failed}");
        }
        let sessions = figures.sessions.iter();
        for trouble in sessions.flat_map(|sessions| &sessions.texts.troubles) {
            note!("{trouble}");
        }
        if let Some(path) = &self.json {
            let json = serde_json::to_string_pretty(&figures)?;
            std::fs::write(path, json)
                .map_err(|reason| Error::File { path: path.display().to_string(), reason })?;
        }
        let broken = figures.broken();
        if broken.is_empty() {
            return Ok(Found::Right);
        }
        note!("broken: {}", broken.join(", "));
        Ok(Found::Wrong)
    }
}

/// Refuses a file in a folder that does not exist, before minutes are spent on its content.
fn ensure_folder(path: &std::path::Path) -> Result<(), Error> {
    let named = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = named.unwrap_or(std::path::Path::new("."));
    std::fs::read_dir(folder)
        .map(|_| ())
        .map_err(|reason| Error::File { path: path.display().to_string(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        play: Play,
    }

    #[test]
    fn the_main_job_has_defaults_for_everything() {
        let play = Alone::try_parse_from(["play"]).unwrap().play;
        assert_eq!((play.slots, play.seed), (8, 1));
        assert_eq!(play.from.map(|from| from.to_string()).as_deref(), Some("2016-07-11T11:00"));
        assert_eq!(play.shares(), Shares::default());
    }

    #[test]
    fn data_of_one_s_own_is_played_from_its_beginning() {
        let play = Alone::try_parse_from(["play", "--data", "here"]).unwrap().play;
        assert_eq!(play.from, None);
        let zone = ["play", "--data", "here", "--zone", "Europe/Berlin", "--from", "11:00"];
        let play = Alone::try_parse_from(zone).unwrap().play;
        assert_eq!(play.from.map(|from| from.to_string()).as_deref(), Some("11:00"));
        assert_eq!(play.zone.map(|zone| zone.to_string()).as_deref(), Some("Europe/Berlin"));
        assert!(Alone::try_parse_from(["play", "--zone", "Europe/Berlin"]).is_err());
    }
}
