//! How much a block takes.

use frame_support::{
    parameter_types,
    weights::{Weight, constants::WEIGHT_REF_TIME_PER_SECOND},
};
use sp_runtime::Perbill;

/// The share of a block that transactions of users may take.
const NORMAL_DISPATCH_RATIO: Perbill = Perbill::from_percent(75);

/// The largest block, in bytes.
const MAX_BLOCK_LENGTH: u32 = 5 * 1024 * 1024;

parameter_types! {
    /// At most one second of computation in a block of two seconds.
    pub BlockWeights: frame_system::limits::BlockWeights =
        frame_system::limits::BlockWeights::with_sensible_defaults(
            Weight::from_parts(WEIGHT_REF_TIME_PER_SECOND, u64::MAX),
            NORMAL_DISPATCH_RATIO,
        );
    /// At most five mebibytes a block.
    pub BlockLength: frame_system::limits::BlockLength =
        frame_system::limits::BlockLength::builder()
            .max_length(MAX_BLOCK_LENGTH)
            .modify_max_length_for_class(
                frame_support::dispatch::DispatchClass::Normal,
                |length| *length = NORMAL_DISPATCH_RATIO.mul_floor(MAX_BLOCK_LENGTH),
            )
            .build();
}
