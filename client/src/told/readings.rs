//! Readings of meters.

use crate::metering::{Flow, History};
use serde_json::{Value, json};

/// What became of a reading that was published: of which meter, of which slot and, if it was refused, why.
pub type Taken = (u32, u64, Option<String>);

/// What became of a reading, for programs.
pub fn taken_json((meter, slot, why): &Taken) -> Value {
    json!({ "meter": meter, "slot": slot, "accepted": why.is_none(), "error": why })
}

/// What became of a reading, in words.
pub fn taken_in_words((meter, slot, why): &Taken) -> String {
    let result = why.as_ref().map_or("accepted".to_owned(), |why| format!("refused: {why}"));
    format!("meter {meter}, slot {slot}: {result}")
}

/// What a meter signed that it generated and consumed, in Wh.
pub fn signed(reading: &History) -> [String; 2] {
    match reading.signed {
        Some(Flow { generated, consumed }) => [generated, consumed].map(|wh| wh.0.to_string()),
        None => ["-", "-"].map(str::to_owned),
    }
}

/// What installers say instead, a line each.
pub fn corrections(reading: &History) -> String {
    let corrections = reading.corrections.iter().map(|one| {
        let Flow { generated, consumed } = one.flow;
        format!("{} / {}: {}", generated.0, consumed.0, one.installer)
    });
    corrections.collect::<Vec<_>>().join("\n")
}
