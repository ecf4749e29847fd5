//! What the market's games earn, played through the whole runtime: blocks with their inherents,
//! signed transactions, clearing, meters, settlement and reputation.
//!
//! `docs/games.md` shows the tables and says what they assume. With `QEDEX_BLESS=1`, and one test
//! at a time, the tests write them there.

mod attacks;
mod beacon;
mod document;
mod drawing;
mod filling;
mod honesty;
mod household;
mod keys;
mod month;
mod parameters;
mod pauses;
pub mod round;
mod thieves;
pub mod world;
