mod alarms;
mod cutoffs;
mod sources;

use super::{cutoff::*, *};
