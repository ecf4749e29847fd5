//! Thieves, and what becomes of them.
