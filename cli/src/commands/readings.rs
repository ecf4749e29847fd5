//! `qedex meter` and `qedex reading`

use super::{open, print_json};
use crate::{
    args::{MeterPublicKey, SignReading, SubmitReadings},
    error::Error,
};
use qedex_client::{
    Chain,
    block::Block,
    calls,
    keys::{self, Keypair, MeterKeys},
    meter::{Reading, SignedReading},
    metering::Key,
    queries::Most,
    reading_file::{ReadingFile, parse},
    session::Session,
};
use qedex_math::Wh;
use serde_json::json;
use std::{fs, io::Read, path::Path};

/// Prints a signed reading.
pub async fn sign(args: &SignReading) -> Result<(), Error> {
    let key = MeterKeys::from_suri(args.secret.scheme, &args.secret.meter_suri)?;
    let genesis = match args.node.genesis {
        Some(genesis) => genesis,
        None => Chain::connect(&args.node.url, None).await?.genesis(),
    };
    let reading = Reading {
        meter: args.meter,
        slot: args.slot,
        generated: Wh(args.generated),
        consumed: Wh(args.consumed),
    };
    print_json(&ReadingFile::of(genesis, &reading.sign(genesis, &key)))
}

/// Prints the public key of a meter's secret, for whoever registers the meter.
pub fn key(args: &MeterPublicKey) -> Result<(), Error> {
    let keys = MeterKeys::from_suri(args.secret.scheme, &args.secret.meter_suri)?;
    let key = Key::new(args.secret.scheme, keys.public());
    if args.json {
        return print_json(&key);
    }
    println!("{}", key.key);
    Ok(())
}

/// Publishes readings and says what became of each. One refused reading among many is an
/// error only after the others were published.
pub async fn submit(args: &SubmitReadings) -> Result<(), Error> {
    let key = keys::from_suri(&args.suri)?;
    let readings = read(&args.file)?;
    let mut session = open(&args.node).await?;
    let genesis = session.chain().genesis();
    let signed: Vec<SignedReading> =
        readings.iter().map(|reading| reading.signed(genesis)).collect::<Result<_, _>>()?;
    Most::Readings.check(session.at(), signed.len())?;
    let (block, included) = match signed.as_slice() {
        [] => {
            return Err(Error::BadInput("there is no reading in the file".to_owned()));
        }
        [one] => return submit_one(one, &mut session, &key, args.json).await,
        many => session.call("the readings", &calls::submit_readings(many), &key).await?,
    };
    told(&block, &included.readings, args.json)?;
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
        told(&block, &[(one.reading.meter, one.reading.slot, Some(why))], true)?;
    }
    Err(Error::refused(what.to_owned(), refusal))
}

/// Prints what became of each reading: of which meter, of which slot and, if it was refused, why.
fn told(block: &Block, readings: &[(u32, u64, Option<String>)], json: bool) -> Result<(), Error> {
    if json {
        let results: Vec<_> = readings
            .iter()
            .map(|(meter, slot, why)| {
                json!({ "meter": meter, "slot": slot, "accepted": why.is_none(), "error": why })
            })
            .collect();
        return print_json(&json!({ "block": block.number, "readings": results }));
    }
    for (meter, slot, why) in readings {
        let result = why.as_ref().map_or("accepted".to_owned(), |why| format!("refused: {why}"));
        println!("meter {meter}, slot {slot}: {result}");
    }
    Ok(())
}

/// The signed readings in a file, or in standard input if that is what - names.
pub fn read(path: &Path) -> Result<Vec<ReadingFile>, Error> {
    let failed = |reason| Error::File { path: path.display().to_string(), reason };
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        text
    } else {
        fs::read_to_string(path).map_err(failed)?
    };
    parse(&text).map_err(|why| Error::BadInput(format!("{}: {why}", path.display())))
}
