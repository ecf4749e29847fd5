//! One file a topic.

mod attribution;
mod gaming;
mod scores;
mod sets;
