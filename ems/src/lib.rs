//! Plans for a site and a market, made off-line before anyone decides.
//!
//! Nothing here knows a chain. Quantities of a plan are real numbers (kWh, kW, QED or another currency), since
//! a plan is advice; what goes to the chain becomes whole watt-hours at the edge, in the command line.
//!
//! | module | question |
//! |---|---|
//! | [`community`] | What could the batteries of a community do, and what do sites reach by themselves? |
//! | [`program`] | What is the least cost under linear rows, with switches? |
//! | [`site`] | What does a site run when, over a day, at the least cost? |
//! | [`response`] | How low does the peak get where a part of the load may move? |
//! | [`game`] | What do a market's members lose to middlemen? |
//! | [`negotiate`] | At which price do a buyer and a seller meet who offer in turn? |

// Plans are computed in floating point, which cannot wrap around. What counts is checked where it is counted.
#![allow(clippy::arithmetic_side_effects)]

pub mod community;
pub mod game;
pub mod negotiate;
pub mod program;
pub mod response;
pub mod site;
