//! `qedex`: the command line of Q-EnergyDEX for prosumers and operators.
//!
//! - [`community`], [`strategy`]: who takes part in the main job, and what they do;
//! - [`market`], [`ledger`], [`report`]: what happened, whether it was right, and its figures;
//! - [`opening`]: what sellers open to their buyers, as private files;
//! - [`chain`]: all that knows how to speak with a node;
//! - [`formula`]: policies as people write them; [`output`]: what is printed;
//! - [`plan`]: what can be known without a node;
//! - [`mod@play`]: the main job; [`commands`]: everything else.

mod args;
mod commands;
mod error;
mod output;
mod plan;
mod store;

use args::{Cli, Command, Meter, Order, ReadingCommand};
use error::Error;
use std::process::ExitCode;

/// The command did its work, and found that something that must hold does not.
const BROKEN: u8 = 1;

/// The command could not do its work.
const FAILED: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::read(std::env::args_os()).unwrap_or_else(|error| error.exit());
    let done = match &cli.command {
        Command::Play(args) => play(args).await,
        Command::Status(args) => commands::status(args).await.map(|()| ExitCode::SUCCESS),
        Command::Order(Order::Place(args)) => {
            commands::place(args).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Order(Order::Amend(args)) => {
            commands::amend(args).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Order(Order::Batch(args)) => {
            commands::batch(args).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Order(Order::Standing(args)) => {
            commands::standing(args).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Market(command) => commands::market(command).await.map(|()| ExitCode::SUCCESS),
        Command::Order(Order::Cancel(args)) => {
            commands::cancel(args).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Meter(command) => meter(command).await.map(|()| ExitCode::SUCCESS),
        Command::Reading(ReadingCommand::Submit(args)) => {
            commands::submit(args).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Reading(ReadingCommand::Correct(args)) => {
            commands::metering::correct(args).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Reading(ReadingCommand::History(args)) => {
            commands::metering::history(args).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Trade(command) => command.run().await.map(|found| match found {
            commands::Found::Right => ExitCode::SUCCESS,
            commands::Found::Wrong => ExitCode::from(BROKEN),
        }),
        Command::Attribute(command) => command.run().await.map(|()| ExitCode::SUCCESS),
        Command::Credential(command) => command.run().await.map(|()| ExitCode::SUCCESS),
        Command::Policy(command) => command.run().await.map(|()| ExitCode::SUCCESS),
        Command::Role(command) => command.run().await.map(|()| ExitCode::SUCCESS),
        Command::Blacklist(command) => command.run().await.map(|()| ExitCode::SUCCESS),
        Command::Council(command) => command.run().await.map(|()| ExitCode::SUCCESS),
        Command::Tariff(command) => command.run().await.map(|()| ExitCode::SUCCESS),
        Command::Validator(command) => command.run().await.map(|()| ExitCode::SUCCESS),
        Command::Plan(command) => plan::run(command).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(FAILED)
    })
}

/// What a meter does, and what is done with one.
async fn meter(command: &Meter) -> Result<(), Error> {
    use commands::metering;
    match command {
        Meter::Key(args) => commands::key(args),
        Meter::Sign(args) => commands::sign(args).await,
        Meter::Register(args) => metering::register(args).await,
        Meter::Rotate(args) => metering::rotate(args).await,
        Meter::Transfer(args) => metering::transfer(args).await,
        Meter::Decommission(args) => metering::decommission(args).await,
        Meter::Remove(args) => metering::remove(args).await,
        Meter::List(args) => metering::list(args).await,
        Meter::Flow(args) => metering::flow(args).await,
        Meter::Totals(args) => metering::totals(args).await,
        Meter::Load(args) => metering::load(args).await,
        Meter::Band(args) => metering::band(args).await,
        Meter::Par(args) => metering::par(args).await,
    }
}

/// Plays, shows the figures and writes them where they are wanted.
async fn play(args: &args::Play) -> Result<ExitCode, Error> {
    if let Some(path) = &args.json {
        ensure_folder(path)?;
    }
    let script = qedex_play::play::Script {
        url: args.node.url.clone(),
        genesis: args.node.genesis,
        data: args.data.clone(),
        from: args.from.clone(),
        slots: usize::from(args.slots),
        seed: args.seed,
        shares: args.shares(),
    };
    let figures = qedex_play::play::play(&script).await?;
    println!("{figures}");
    for failed in &figures.transactions.failed {
        eprintln!("a transaction failed: {failed}");
    }
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&figures);
        let json = json.map_err(|e| Error::answer(e.to_string()))?;
        std::fs::write(path, json)
            .map_err(|reason| Error::File { path: path.display().to_string(), reason })?;
    }
    let broken = figures.broken();
    if broken.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("broken: {}", broken.join(", "));
    Ok(ExitCode::from(BROKEN))
}

/// Refuses a file in a folder that does not exist, before minutes are spent on its content.
fn ensure_folder(path: &std::path::Path) -> Result<(), Error> {
    let named = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = named.unwrap_or(std::path::Path::new("."));
    std::fs::read_dir(folder)
        .map(|_| ())
        .map_err(|reason| Error::File { path: path.display().to_string(), reason })
}
