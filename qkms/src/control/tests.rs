//! The law, its proof, what it chooses, and what a configuration may say.

mod choices;
mod pilot;
mod settings;
mod stability;
mod trial;
