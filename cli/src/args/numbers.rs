//! Numbers on the command line are written alike in every command.
//!
//! None of them is below zero. One that has a minus sign is refused as a bad value of its option, not as
//! an option that there is none of; one that has a plus sign is refused as it is in files.

use crate::slots::SlotName;
use clap::{Arg, ArgMatches, Command, error::ErrorKind};
use qedex_client::share::Share;
use qedex_math::{PricePerKwh, Wh};
use std::any::TypeId;

/// `command`, with what looks like a negative number taken for a value, in every command within it too.
pub fn with_negative_values(command: Command) -> Command {
    command.allow_negative_numbers(true).mut_subcommands(with_negative_values)
}

/// Whether the argument's values are numbers.
pub fn is_number(argument: &Arg) -> bool {
    let value = argument.get_value_parser().type_id();
    [
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<u128>(),
        TypeId::of::<f64>(),
        TypeId::of::<Share>(),
        TypeId::of::<PricePerKwh>(),
        TypeId::of::<Wh>(),
        TypeId::of::<SlotName>(),
    ]
    .iter()
    .any(|number| value == *number)
}

/// Refuses a number with a plus sign among what was read.
pub fn refuse_plus_signs(command: &mut Command, read: &ArgMatches) -> Result<(), clap::Error> {
    if let Some((name, read)) = read.subcommand()
        && let Some(inner) = command.find_subcommand_mut(name)
    {
        return refuse_plus_signs(inner, read);
    }
    let signed = command.get_arguments().find_map(|argument| {
        let mut values = read.try_get_raw(argument.get_id().as_str()).ok()??;
        let value = values.find(|value| value.as_encoded_bytes().starts_with(b"+"))?;
        is_number(argument).then(|| {
            let value = value.to_string_lossy();
            format!("invalid value '{value}' for '{argument}': a number has no sign")
        })
    });
    match signed {
        Some(message) => Err(command.error(ErrorKind::ValueValidation, message)),
        None => Ok(()),
    }
}
