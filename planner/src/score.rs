//! `qedex plan score`

use crate::{error::Error, tables::whole_wh};
use clap::{Args, ValueEnum, value_parser};
use qedex_client::amounts::parse_price;
use qedex_math::{
    PricePerKwh, Wh,
    score::{generation_score, net_export, saving_score},
};
use serde::Serialize;

/// Options of `plan score`.
#[derive(Debug, Args)]
pub struct Score {
    /// Energy generated in the slot, in Wh.
    #[arg(long, value_name = "WH", value_parser = whole_wh)]
    generated_wh: u64,
    /// Energy consumed in the slot, in Wh.
    #[arg(long, value_name = "WH", value_parser = whole_wh)]
    consumed_wh: u64,
    /// The validator's standing in parts per million.
    #[arg(long, value_name = "PPM", value_parser = value_parser!(u32).range(..=1_000_000))]
    standing_ppm: u32,
    /// The slot's tariff band: it says which of the two scores counts.
    #[arg(long)]
    band: TariffBand,
    /// The price in the slot's band, in QED per kWh.
    #[arg(long, value_name = "PRICE", value_parser = price)]
    band_price: PricePerKwh,
    /// The price off-peak, in QED per kWh.
    #[arg(long, value_name = "PRICE", value_parser = price)]
    off_price: PricePerKwh,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// A price above zero.
fn price(text: &str) -> Result<PricePerKwh, String> {
    match parse_price(text).map_err(|reason| reason.to_string())? {
        PricePerKwh(0) => Err("a price must not be zero".to_owned()),
        price => Ok(price),
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TariffBand {
    /// Demand is low: generation counts.
    Off,
    /// Demand is expected to be high: saving counts.
    Mid,
    /// Demand is high: saving counts.
    On,
}

#[derive(Serialize)]
struct Scores {
    /// What the net export is worth, for off-peak slots.
    generation_score: u64,
    /// What the saving is worth, for mid- and on-peak slots.
    saving_score: u64,
}

/// Prints both scores of one slot.
pub fn run(args: &Score) -> Result<(), Error> {
    let (generated, consumed) = (Wh(args.generated_wh), Wh(args.consumed_wh));
    let scores = Scores {
        generation_score: generation_score(args.standing_ppm, net_export(generated, consumed)),
        saving_score: saving_score(args.standing_ppm, consumed, args.band_price, args.off_price),
    };
    let counts = |yes: bool| if yes { "  counts in this band" } else { "" };
    let off = matches!(args.band, TariffBand::Off);
    let lines = format!(
        "generation {:>13}{}\nsaving     {:>13}{}",
        scores.generation_score,
        counts(off),
        scores.saving_score,
        counts(!off),
    );
    super::print(args.json, &scores, &lines)
}
