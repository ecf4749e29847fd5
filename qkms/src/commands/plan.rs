//! `qkms plan`: what a deployment would give, by formula.

use std::{io::Write, process::ExitCode};

use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use qkms::link::{ClosedForm, Epsilons, Preset};
use serde::Serialize;

mod control;

/// What can be planned.
#[derive(Subcommand)]
pub enum Plan {
    /// Gain, QBER and secret key rates of a link, per pulse
    Link(LinkArgs),
    /// A day of a link under rate-adaptive control and three others: keys not served, pulses, ages of keys
    Control(control::ControlArgs),
}

/// Options of `qkms plan link`.
#[derive(Args)]
pub struct LinkArgs {
    /// Link of the literature
    #[arg(long, value_parser = preset_parser())]
    preset: Preset,
    /// Length of the fibre in km, at least 0
    #[arg(long, value_parser = kilometres, allow_negative_numbers = true)]
    km: f64,
    /// Pulses of a block with a finite key, such as 10000000000 or 1e10, at most 1e18
    #[arg(long, value_name = "N", value_parser = pulses, allow_negative_numbers = true)]
    finite_pulses: Option<f64>,
    /// Bits of a running link's blocks after sifting, on average, 1,000 to 10^8: says what such a link makes
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    sifted_bits: Option<u64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn preset_parser() -> impl TypedValueParser<Value = Preset> {
    PossibleValuesParser::new(Preset::ALL.map(Preset::name)).try_map(|name| name.parse::<Preset>())
}

fn kilometres(given: &str) -> Result<f64, String> {
    let km: f64 = given.parse().map_err(|_| "not a number".to_string())?;
    if km >= 0.0 && km.is_finite() { Ok(km) } else { Err("not a finite number from 0 on".into()) }
}

fn pulses(given: &str) -> Result<f64, String> {
    let pulses: f64 = given.parse().map_err(|_| "not a number".to_string())?;
    if (1.0..=1e18).contains(&pulses) && pulses.fract() == 0.0 {
        Ok(pulses)
    } else {
        Err("not a whole number of pulses from 1 to 1e18".into())
    }
}

/// Rates are secret bits per pulse; below zero they are zero.
#[derive(Serialize)]
struct LinkPlan {
    gain: f64,
    qber: f64,
    rate_asymptotic: f64,
    rate_decoy: f64,
    rate_finite: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    running: Option<RunningPlan>,
}

/// What a link makes that runs with blocks of one size, the dead time of its detectors among it.
#[derive(Serialize)]
struct RunningPlan {
    pulses_per_second: f64,
    seconds_per_block: f64,
    secret_bits_per_block: f64,
    secret_bits_per_second: f64,
}

impl RunningPlan {
    fn new(preset: Preset, link: &ClosedForm, sifted_bits: u64) -> Self {
        let point = preset.operating_point(sifted_bits);
        let pulses_per_second = preset.device().pulse_rate;
        // Pulses at which the detectors are ready give what the closed form says of all.
        let ready = sifted_bits as f64 / link.sifted_x(&point);
        let seconds_per_block = ready / link.alive(&point) / pulses_per_second;
        let secret_bits_per_block = ready * link.rate_finite(&point, ready, Epsilons::default());
        let secret_bits_per_second = secret_bits_per_block / seconds_per_block;
        Self { pulses_per_second, seconds_per_block, secret_bits_per_block, secret_bits_per_second }
    }
}

impl LinkPlan {
    fn new(args: &LinkArgs) -> anyhow::Result<Self> {
        let link = ClosedForm::new(args.preset.device(), args.km, None)?;
        let point = args.preset.asymptotic();
        Ok(Self {
            gain: link.gain(&point),
            qber: link.qber(&point),
            rate_asymptotic: link.rate_asymptotic(&point),
            rate_decoy: link.rate_decoy(&point),
            rate_finite: args
                .finite_pulses
                .map(|pulses| link.rate_finite(&args.preset.finite(), pulses, Epsilons::default())),
            running: args.sifted_bits.map(|bits| RunningPlan::new(args.preset, &link, bits)),
        })
    }

    fn print(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(out, "gain             {:.6e} clicks per pulse of the signal", self.gain)?;
        writeln!(out, "QBER             {:.4} %", 100.0 * self.qber)?;
        writeln!(out, "asymptotic rate  {:.6e} bits per pulse", self.rate_asymptotic)?;
        writeln!(out, "decoy rate       {:.6e} bits per pulse", self.rate_decoy)?;
        if let Some(rate) = self.rate_finite {
            writeln!(out, "finite rate      {rate:.6e} bits per pulse")?;
        }
        if let Some(running) = &self.running {
            writeln!(
                out,
                "running          {:.0} bits a second, in blocks of {:.0} bits every {:.3} s",
                running.secret_bits_per_second,
                running.secret_bits_per_block,
                running.seconds_per_block
            )?;
        }
        Ok(())
    }
}

/// Runs `plan`, writing to `out`.
pub fn run(plan: Plan, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let args = match plan {
        Plan::Link(args) => args,
        Plan::Control(args) => {
            control::control(&args, out)?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let plan = LinkPlan::new(&args)?;
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&plan)?)?;
    } else {
        plan.print(out)?;
    }
    Ok(ExitCode::SUCCESS)
}
