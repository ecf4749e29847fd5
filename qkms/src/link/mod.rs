//! The link: source, fibre, detectors and eavesdroppers of decoy-state BB84, by formula and event
//! by event.
//!
//! - A [`Preset`] names a [`Device`] of the literature, with intensities for keys without end
//!   ([`VacuumWeak`]) and for finite ones ([`OperatingPoint`]).
//! - [`ClosedForm`] computes gains, error rates and key rates per pulse: for planning, and as the
//!   yardstick of the events.
//! - [`Link`] sends blocks of pulses, event by event. Alice's and Bob's data leave it as two values,
//!   [`AliceBlock`] and [`BobBlock`]; nobody but an audit sees both. Bob's may go to another process,
//!   [encoded](BobBlock::encode), over a connection that stands for the fibre.
//! - [`key_length`] says how much of a block is secret, by the block's own counts and never by the
//!   model: neither [`ClosedForm`] nor [`Link`] has a part in it.
//! - An [`Eavesdropper`] may be switched on; loss and misalignment may [`Drift`].
//!
//! Lengths are in km, rates per pulse, transmittances and probabilities in [0, 1], intensities in
//! mean photons per pulse.

pub mod closed_form;
pub mod drift;
pub mod eve;
pub mod events;
pub mod finite;
pub mod preset;
pub mod setup;

mod block;
mod channel;
mod parameter;
mod sampler;
mod wire;

pub use block::{AliceBlock, Basis, BobBlock, Choice, Detection, OutOfOrder};
pub use closed_form::{ClosedForm, DecoyBounds};
pub use drift::Drift;
pub use eve::Eavesdropper;
pub use events::{Link, LinkError};
pub use finite::{Bound, Counts, Epsilons, NoKey, binary_entropy, key_length};
pub use parameter::ParameterError;
pub use preset::{Device, Model, OperatingPoint, Preset, VacuumWeak};
pub use setup::LinkParameters;
pub use wire::DecodeError;

#[cfg(test)]
mod golden;
