//! What the author of a block tells the runtime about the world: the slot, the time, and the last block that
//! it knows to be final.

use qedex_primitives::pov::FINALISED;
use sp_inherents::{Error, InherentData, InherentDataProvider, InherentIdentifier};

/// The slot and the time, by this machine's clock.
pub type SlotAndTime =
    (sp_consensus_aura::inherents::InherentDataProvider, sp_timestamp::InherentDataProvider);

/// What the inherents of other authors are held against.
pub fn slot_and_time(slot_duration: sc_consensus_aura::SlotDuration) -> SlotAndTime {
    let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
    let slot = sp_consensus_aura::inherents::InherentDataProvider::from_timestamp_and_slot_duration(
        *timestamp,
        slot_duration,
    );
    (slot, timestamp)
}

/// The number of the last final block that this node knows: by what most voters say of it, the runtime finds
/// out that finality lags.
pub struct LastFinal(pub u64);

#[async_trait::async_trait]
impl InherentDataProvider for LastFinal {
    async fn provide_inherent_data(&self, data: &mut InherentData) -> Result<(), Error> {
        data.put_data(FINALISED, &self.0)
    }

    /// The runtime holds what it is told against nothing.
    async fn try_handle_error(
        &self,
        _identifier: &InherentIdentifier,
        _error: &[u8],
    ) -> Option<Result<(), Error>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtime_reads_what_the_node_says() {
        let data = futures::executor::block_on(LastFinal(4_711).create_inherent_data()).unwrap();
        assert!(matches!(data.get_data::<u64>(&FINALISED), Ok(Some(4_711))));
    }
}
