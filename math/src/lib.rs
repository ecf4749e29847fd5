//! Pure arithmetic of Q-EnergyDEX.
//!
//! Everything in this crate is integer arithmetic without storage, without I/O and without
//! FRAME, so that the runtime, the command line and the tests compute with the very same
//! functions. Each module names the units, ranges and rounding of what it takes and gives.
//! No function panics, whatever it is given.
//!
//! | module | question |
//! |---|---|
//! | [`policy`] | Do these attributes satisfy this formula, and which are wanting? |
//! | [`clearing`] | How much is traded, at what price, and who with whom? |
//! | [`stackelberg`] | Which price is the leader's best, given how followers answer? |
//! | [`deposit`] | What is held for an order, and for a part of it? |
//! | [`admission`] | How many keys does a slot get, and how many should it? |
//! | [`keys`] | How many keys are there, by what several say, and how many are the market's? |
//! | [`allotment`] | Which trades does the delivered energy serve? |
//! | [`outcome`] | Who gets what at the end of a trade? |
//! | [`load`] | How uneven is a day's load? |
//! | [`tariff`] | Is a slot off-peak, mid-peak or on-peak? |
//! | [`standing`] | What do the ratings of an account amount to? |
//! | [`finality`] | How many voters can be done without, and who may come and go? |
//! | [`schedule`] | Who writes how many blocks, and in which order? |
//! | [`score`] | What has a validator earned by generating and saving? |
//! | [`tenure`] | How many have held something for long, and how many may lose it in a day? |
//! | [`trust`] | How much does one participant trust another? |

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

pub mod admission;
pub mod allotment;
pub mod clearing;
pub mod conduct;
pub mod deposit;
pub mod finality;
pub mod keys;
pub mod load;
pub mod outcome;
pub mod policy;
mod ratio;
pub mod schedule;
pub mod score;
pub mod stackelberg;
pub mod standing;
pub mod tariff;
pub mod tenure;
pub mod trust;
pub mod units;

pub use units::{PricePerKwh, Wh};
