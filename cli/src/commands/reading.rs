//! `qedex reading`

use super::options::{Ask, Sign};
use crate::{
    error::Error,
    output::{self, say},
    slots::SlotName,
};
use clap::{Args, Subcommand};
use qedex_client::{
    amounts::parse_wh,
    block::Block,
    calls,
    keys::Keypair,
    metering::{self, Done},
    queries::{self, Limit},
    reading_file::{ReadingFile, parse},
    session::Session,
    told::readings::{corrections, signed, taken_in_words, taken_json},
};
use qedex_math::tariff::SLOTS_PER_DAY;
use qedex_primitives::{Flow, SignedReading, Wh};
use serde_json::json;
use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

/// What to do with readings.
#[derive(Debug, Subcommand)]
pub enum Reading {
    /// Publishes one signed reading, or a JSON array of them in one batch.
    Submit(Submit),
    /// Records what a meter should have read, as an installer who is independent of its owner; nothing
    /// is settled by it.
    Correct(Correct),
    /// Lists the readings of a meter, with what installers say beside them.
    History(History),
}

impl Reading {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Submit(args) => submit(args).await,
            Self::Correct(args) => correct(args).await,
            Self::History(args) => history(args).await,
        }
    }
}

/// Options of `reading submit`.
#[derive(Debug, Args)]
pub struct Submit {
    /// A file with what `meter sign` printed, or a JSON array of that; - is standard input.
    file: PathBuf,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `reading correct`.
#[derive(Debug, Args)]
pub struct Correct {
    /// The meter's number.
    #[arg(long)]
    meter: u32,
    /// The delivery slot: its number, next, or a time such as 14:30.
    #[arg(long)]
    slot: SlotName,
    /// The energy that was generated, in Wh, or with its unit as 1.5kWh.
    #[arg(long, value_name = "WH", value_parser = parse_wh)]
    generated: u64,
    /// The energy that was consumed, in Wh, or with its unit as 1.5kWh.
    #[arg(long, value_name = "WH", value_parser = parse_wh)]
    consumed: u64,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `reading history`.
#[derive(Debug, Args)]
pub struct History {
    /// The meter's number.
    #[arg(long)]
    meter: u32,
    /// The first slot; by default that of 96 slots ago.
    #[arg(long, value_name = "SLOT")]
    from: Option<u64>,
    /// The first slot after them; by default the one under delivery.
    #[arg(long, value_name = "SLOT")]
    until: Option<u64>,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Publishes readings and says what became of each. One refused reading among many is an
/// error only after the others were published.
async fn submit(args: &Submit) -> Result<(), Error> {
    args.by.key()?;
    let readings = read(&args.file)?;
    let (mut session, key) = args.by.begin().await?;
    let genesis = session.chain().genesis();
    let signed: Vec<SignedReading> =
        readings.iter().map(|reading| reading.signed(genesis)).collect::<Result<_, _>>()?;
    Limit::Readings.check(session.at(), signed.len())?;
    let (block, included) = match signed.as_slice() {
        [] => {
            return Err(Error::BadInput("there is no reading in the file".to_owned()));
        }
        [one] => return submit_one(one, &mut session, &key, args.by.json).await,
        many => session.call("the readings", &calls::submit_readings(many), &key).await?,
    };
    told(&block, &included.readings, args.by.json)?;
    let refused = included.readings.iter().filter(|(.., why)| why.is_some()).count();
    if refused > 0 {
        let all = included.readings.len();
        return Err(Error::BadInput(format!("{refused} of {all} readings were refused")));
    }
    Ok(())
}

/// Publishes a reading alone. If it is refused, its transaction fails.
async fn submit_one(
    one: &SignedReading,
    session: &mut Session,
    key: &Keypair,
    json: bool,
) -> Result<(), Error> {
    let what = "the reading";
    let call = calls::submit_reading(one);
    let (block, included) = session.include(what, &call, key).await?;
    let Some(refusal) = included.failure else {
        return told(&block, &included.readings, json);
    };
    if json {
        // The errors of a batch's readings have no pallet before their name.
        let name = refusal.name.strip_prefix("Metering::");
        let why = name.unwrap_or(&refusal.name).to_owned();
        told(&block, &[(one.payload.meter.0, one.payload.slot.0, Some(why))], true)?;
    }
    Err(Error::refused(what.to_owned(), refusal))
}

/// Prints what became of each reading: of which meter, of which slot and, if it was refused, why.
fn told(block: &Block, readings: &[(u32, u64, Option<String>)], json: bool) -> Result<(), Error> {
    if json {
        let results: Vec<_> = readings.iter().map(taken_json).collect();
        return output::json(&json!({ "block": block.number, "readings": results }));
    }
    readings.iter().try_for_each(|one| say!("{}", taken_in_words(one)))
}

/// The signed readings in a file, or in standard input if that is what - names.
pub fn read(path: &Path) -> Result<Vec<ReadingFile>, Error> {
    let failed = |reason| Error::File { path: path.display().to_string(), reason };
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(failed)?;
        bytes
    } else {
        fs::read(path).map_err(failed)?
    };
    let bad = |why: String| Error::BadInput(format!("{}: {why}", path.display()));
    let text = qedex_tables::decode(bytes).map_err(|why| bad(why.to_string()))?;
    parse(&text).map_err(bad)
}

/// Records a correction.
async fn correct(args: &Correct) -> Result<(), Error> {
    let (mut session, key) = args.by.begin().await?;
    let slot = args.slot.to_see(session.at()).await?;
    let flow = Flow { generated: Wh(args.generated), consumed: Wh(args.consumed) };
    let call = metering::record_correction(args.meter, slot, flow);
    let (block, included) = session.call("the correction", &call, &key).await?;
    let recorded = included.meters.iter().find_map(|done| match done {
        Done::Recorded(recorded) => Some(*recorded),
        _ => None,
    });
    let done = recorded.ok_or_else(|| Error::answer("nothing was recorded".to_owned()))?;
    if args.by.json {
        return output::json(&json!({
            "meter": done.meter,
            "slot": done.slot,
            "signed": done.signed,
            "flow": done.flow,
            "block": block.number,
        }));
    }
    let signed = done.signed.map_or("has signed nothing that is on chain".to_owned(), |signed| {
        format!("has signed {} / {}", signed.generated.0, signed.consumed.0)
    });
    say!(
        "block {} records that meter {} generated {} Wh in slot {} and consumed {}; it {signed}",
        block.number,
        done.meter,
        done.flow.generated.0,
        done.slot,
        done.flow.consumed.0
    )?;
    Ok(())
}

/// Lists a meter's readings.
async fn history(args: &History) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let present = queries::present_slot(&at).await?;
    let until = args.until.unwrap_or(present);
    let from = args.from.unwrap_or(until.saturating_sub(SLOTS_PER_DAY));
    if from > until {
        return Err(Error::BadInput(format!("slot {from} is after slot {until}")));
    }
    if !queries::is_meter(&at, args.meter).await? {
        return Err(Error::BadInput(format!("there is no meter {}", args.meter)));
    }
    let all = metering::history(&at, args.meter, from, until).await?;
    if args.ask.json {
        return output::json(&all);
    }
    let mut table = output::table([
        "slot",
        "generated Wh",
        "consumed Wh",
        "what installers say instead, and who",
    ]);
    for reading in &all {
        let [generated, consumed] = signed(reading);
        table.add_row([reading.slot.to_string(), generated, consumed, corrections(reading)]);
    }
    say!("{table}")?;
    Ok(())
}
