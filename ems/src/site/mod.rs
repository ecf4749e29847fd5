//! The dispatch of one site over a day.
