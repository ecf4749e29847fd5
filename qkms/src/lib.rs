//! A quantum key distribution service: from photon to delivered key.
