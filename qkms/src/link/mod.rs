//! The link: source, fibre, detectors and eavesdroppers of decoy-state BB84, by formula and event
//! by event.

pub mod closed_form;
pub mod drift;
pub mod eve;
pub mod events;
pub mod finite;
pub mod preset;

mod block;
mod channel;
mod parameter;
mod sampler;
mod wire;

pub use block::{AliceBlock, Basis, BobBlock, Choice, Detection, OutOfOrder};
pub use closed_form::{ClosedForm, DecoyBounds};
pub use drift::Drift;
pub use eve::Eavesdropper;
pub use events::{Link, LinkError, LinkParameters};
pub use finite::{Bound, Counts, Epsilons, NoKey, binary_entropy, key_length};
pub use parameter::ParameterError;
pub use preset::{Device, Model, OperatingPoint, Preset, VacuumWeak};
pub use wire::DecodeError;

#[cfg(test)]
mod golden;
