//! Who listens on a simulated link, and how that changes while it runs: for trying out what follows.

use std::sync::{Arc, Mutex, PoisonError};

use crate::link::{Eavesdropper, ParameterError};

/// A place on the fibre at which somebody may listen, from the next block on.
#[derive(Debug, Clone, Default)]
pub struct Tap(Arc<Mutex<Option<Eavesdropper>>>);

impl Tap {
    /// One at which this one listens at first, if anybody.
    pub fn new(eve: Option<Eavesdropper>) -> Self {
        Self(Arc::new(Mutex::new(eve)))
    }

    /// Who listens.
    pub fn eve(&self) -> Option<Eavesdropper> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets somebody listen, or nobody.
    ///
    /// # Errors
    ///
    /// A share outside of [0, 1]; nothing has changed.
    pub fn set(&self, eve: Option<Eavesdropper>) -> Result<(), ParameterError> {
        eve.map_or(Ok(()), |eve| eve.check())?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = eve;
        Ok(())
    }
}
