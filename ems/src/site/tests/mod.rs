mod bad_input;
mod equations;
mod instances;
mod shortages;
mod small;

use super::*;
use crate::program::Limits;
use std::time::Duration;

/// What `plan site` takes without options, but for more time: the checks may run beside others.
const LIMITS: Limits = Limits { time: Duration::from_secs(600), gap: 1e-3 };

/// The same to the last digit.
const EXACT: Limits = Limits { gap: 0.0, ..LIMITS };

fn read(text: &str) -> Site {
    serde_json::from_str(text).unwrap()
}

fn summer() -> Site {
    read(include_str!("../../../../data/cche/cche-summer.json"))
}

fn winter() -> Site {
    read(include_str!("../../../../data/cche/cche-winter.json"))
}

/// A site of `steps` hours with a grid and a load alone, at the prices of the first hours in turn.
fn bare(buy: &[f64], sell: &[f64], load: f64) -> Site {
    let text = format!(
        r#"{{"hours": {}, "dt_h": 1, "price_buy": {buy:?}, "price_sell": {sell:?},
            "grid": {{"import_max": 100, "export_max": 100}}, "load_e": {:?}}}"#,
        buy.len(),
        vec![load; buy.len()]
    );
    read(&text)
}
