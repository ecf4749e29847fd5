//! The runtime's calls, events and storage, generated from the metadata of the runtime in this
//! repository. A test compares the two.
//!
//! What chain and clients both name is the type of `qedex-primitives` or `qedex-math` itself. Such a type
//! is decoded as it is built here ([`Static`](subxt::utils::Static)): that is sound because every call,
//! storage item, constant, question and event is compared with the node's before it is used.

#![allow(missing_docs, clippy::all, clippy::pedantic)]

/// Generated from `metadata/qedex.scale`.
#[subxt::subxt(
    runtime_metadata_path = "metadata/qedex.scale",
    substitute_type(
        path = "qedex_math::units::Wh",
        with = "::subxt::utils::Static<::qedex_math::Wh>"
    ),
    substitute_type(
        path = "qedex_math::units::PricePerKwh",
        with = "::subxt::utils::Static<::qedex_math::PricePerKwh>"
    ),
    substitute_type(
        path = "qedex_math::policy::PolicyNode<A>",
        with = "::subxt::utils::Static<::qedex_math::policy::PolicyNode<u32>>"
    ),
    substitute_type(
        path = "qedex_math::tariff::Band",
        with = "::subxt::utils::Static<::qedex_primitives::Band>"
    ),
    substitute_type(
        path = "qedex_primitives::calendar::SlotIndex",
        with = "::subxt::utils::Static<::qedex_primitives::SlotIndex>"
    ),
    substitute_type(
        path = "qedex_primitives::calendar::SlotTimes",
        with = "::subxt::utils::Static<::qedex_primitives::SlotTimes>"
    ),
    substitute_type(
        path = "qedex_primitives::calendar::Windows",
        with = "::subxt::utils::Static<::qedex_primitives::Windows>"
    ),
    substitute_type(
        path = "qedex_primitives::market::Side",
        with = "::subxt::utils::Static<::qedex_primitives::Side>"
    ),
    substitute_type(
        path = "qedex_primitives::market::NewOrder",
        with = "::subxt::utils::Static<::qedex_primitives::NewOrder>"
    ),
    substitute_type(
        path = "qedex_primitives::market::LeaderTerms",
        with = "::subxt::utils::Static<::qedex_primitives::LeaderTerms>"
    ),
    substitute_type(
        path = "qedex_primitives::terms::PriceList",
        with = "::subxt::utils::Static<::qedex_primitives::PriceList>"
    ),
    substitute_type(
        path = "qedex_primitives::terms::LeaderLimits",
        with = "::subxt::utils::Static<::qedex_primitives::LeaderLimits>"
    ),
    substitute_type(
        path = "qedex_primitives::terms::KeyAdmission",
        with = "::subxt::utils::Static<::qedex_primitives::KeyAdmission>"
    ),
    substitute_type(
        path = "qedex_primitives::terms::Announcement<A>",
        with = "::subxt::utils::Static<::qedex_primitives::Announcement<crate::market::Account>>"
    ),
    substitute_type(
        path = "qedex_primitives::grant::Grant",
        with = "::subxt::utils::Static<::qedex_primitives::Grant>"
    ),
    substitute_type(
        path = "qedex_primitives::market::ClearingResult",
        with = "::subxt::utils::Static<::qedex_primitives::ClearingResult>"
    ),
    substitute_type(
        path = "qedex_primitives::market::Depth",
        with = "::subxt::utils::Static<::qedex_primitives::Depth>"
    ),
    substitute_type(
        path = "qedex_primitives::market::BookOrder<A>",
        with = "::subxt::utils::Static<::qedex_primitives::BookOrder<crate::market::Account>>"
    ),
    substitute_type(
        path = "qedex_primitives::membership::AttributeId",
        with = "::subxt::utils::Static<::qedex_primitives::AttributeId>"
    ),
    substitute_type(
        path = "qedex_primitives::membership::PolicyId",
        with = "::subxt::utils::Static<::qedex_primitives::PolicyId>"
    ),
    substitute_type(
        path = "qedex_primitives::membership::OwnerId",
        with = "::subxt::utils::Static<::qedex_primitives::OwnerId>"
    ),
    substitute_type(
        path = "qedex_primitives::membership::Role",
        with = "::subxt::utils::Static<::qedex_primitives::Role>"
    ),
    substitute_type(
        path = "qedex_primitives::membership::ExclusionReason",
        with = "::subxt::utils::Static<::qedex_primitives::ExclusionReason>"
    ),
    substitute_type(
        path = "qedex_primitives::membership::Explanation",
        with = "::subxt::utils::Static<::qedex_primitives::Explanation>"
    ),
    substitute_type(
        path = "qedex_primitives::meter::Meter<A>",
        with = "::subxt::utils::Static<::qedex_primitives::Meter<crate::market::Account>>"
    ),
    substitute_type(
        path = "qedex_primitives::metering::MeterId",
        with = "::subxt::utils::Static<::qedex_primitives::MeterId>"
    ),
    substitute_type(
        path = "qedex_primitives::metering::MeterKey",
        with = "::subxt::utils::Static<::qedex_primitives::MeterKey>"
    ),
    substitute_type(
        path = "qedex_primitives::metering::SignedReading",
        with = "::subxt::utils::Static<::qedex_primitives::SignedReading>"
    ),
    substitute_type(
        path = "qedex_primitives::metering::BillError",
        with = "::subxt::utils::Static<::qedex_primitives::BillError>"
    ),
    substitute_type(
        path = "qedex_primitives::metering::ReadingError",
        with = "::subxt::utils::Static<::qedex_primitives::metering::ReadingError>"
    ),
    substitute_type(
        path = "qedex_primitives::metering::Flow",
        with = "::subxt::utils::Static<::qedex_primitives::Flow>"
    ),
    substitute_type(
        path = "qedex_primitives::metering::Totals",
        with = "::subxt::utils::Static<::qedex_primitives::Totals>"
    ),
    substitute_type(
        path = "qedex_primitives::metering::MeterReading<A>",
        with = "::subxt::utils::Static<::qedex_primitives::MeterReading<crate::market::Account>>"
    ),
    substitute_type(
        path = "qedex_primitives::change::ChangeId",
        with = "::subxt::utils::Static<::qedex_primitives::ChangeId>"
    ),
    substitute_type(
        path = "qedex_primitives::change::Change<A>",
        with = "::subxt::utils::Static<::qedex_primitives::Change<crate::market::Account>>"
    ),
    substitute_type(
        path = "qedex_primitives::change::Party",
        with = "::subxt::utils::Static<::qedex_primitives::Party>"
    ),
    substitute_type(
        path = "qedex_primitives::change::PendingChange<A>",
        with = "::subxt::utils::Static<::qedex_primitives::PendingChange<crate::market::Account>>"
    ),
    substitute_type(
        path = "qedex_primitives::metering::DayPar",
        with = "::subxt::utils::Static<::qedex_primitives::DayPar>"
    ),
    substitute_type(
        path = "qedex_primitives::tariff::TariffRule",
        with = "::subxt::utils::Static<::qedex_primitives::TariffRule>"
    ),
    substitute_type(
        path = "qedex_primitives::pov::Reduction",
        with = "::subxt::utils::Static<::qedex_primitives::pov::Reduction>"
    ),
    substitute_type(
        path = "qedex_primitives::reputation::Counts",
        with = "::subxt::utils::Static<::qedex_primitives::reputation::Counts>"
    ),
    substitute_type(
        path = "qedex_primitives::reputation::RememberedRater",
        with = "::subxt::utils::Static<::qedex_primitives::reputation::RememberedRater>"
    ),
    substitute_type(
        path = "qedex_math::trust::Trust",
        with = "::subxt::utils::Static<::qedex_primitives::reputation::Trust>"
    ),
    substitute_type(
        path = "qedex_primitives::settlement::Rules",
        with = "::subxt::utils::Static<::qedex_primitives::settlement::Rules>"
    ),
    substitute_type(
        path = "qedex_primitives::settlement::Book",
        with = "::subxt::utils::Static<::qedex_primitives::settlement::Book>"
    ),
    substitute_type(
        path = "qedex_primitives::settlement::Seller",
        with = "::subxt::utils::Static<::qedex_primitives::Seller>"
    ),
    substitute_type(
        path = "qedex_primitives::settlement::SellingAccount",
        with = "::subxt::utils::Static<::qedex_primitives::settlement::SellingAccount>"
    ),
    substitute_type(
        path = "qedex_primitives::settlement::Pause",
        with = "::subxt::utils::Static<::qedex_primitives::settlement::Pause>"
    ),
    substitute_type(
        path = "qedex_primitives::settlement::Trade<A>",
        with = "::subxt::utils::Static<::qedex_primitives::Trade<crate::market::Account>>"
    ),
    substitute_type(
        path = "qedex_primitives::settlement::TradePage<A>",
        with = "::subxt::utils::Static<::qedex_primitives::settlement::TradePage<crate::market::Account>>"
    ),
    substitute_type(
        path = "qedex_primitives::qkd::SessionId",
        with = "::subxt::utils::Static<::qedex_primitives::qkd::SessionId>"
    ),
    substitute_type(
        path = "qedex_primitives::qkd::SiteId",
        with = "::subxt::utils::Static<::qedex_primitives::qkd::SiteId>"
    ),
    substitute_type(
        path = "qedex_primitives::qkd::LinkId",
        with = "::subxt::utils::Static<::qedex_primitives::qkd::LinkId>"
    ),
    substitute_type(
        path = "qedex_primitives::qkd::BitsPerSecond",
        with = "::subxt::utils::Static<::qedex_primitives::qkd::BitsPerSecond>"
    ),
    substitute_type(
        path = "qedex_primitives::qkd::Site<A>",
        with = "::subxt::utils::Static<::qedex_primitives::qkd::Site<crate::market::Account>>"
    ),
    substitute_type(
        path = "qedex_primitives::qkd::Link<A>",
        with = "::subxt::utils::Static<::qedex_primitives::qkd::Link<crate::market::Account>>"
    ),
    substitute_type(
        path = "qedex_primitives::qkd::AcceptsFrom<A>",
        with = "::subxt::utils::Static<::qedex_primitives::qkd::AcceptsFrom<crate::market::Account>>"
    ),
    substitute_type(
        path = "qedex_primitives::qkd::EnrolmentId",
        with = "::subxt::utils::Static<::qedex_primitives::qkd::EnrolmentId>"
    ),
    substitute_type(
        path = "qedex_primitives::qkd::Enrolment<A>",
        with = "::subxt::utils::Static<::qedex_primitives::qkd::Enrolment<crate::market::Account>>"
    ),
    substitute_type(
        path = "qedex_primitives::qkd::SessionView<A, B>",
        with = "::subxt::utils::Static<::qedex_primitives::qkd::SessionView<crate::market::Account, u32>>"
    ),
    substitute_type(
        path = "qedex_primitives::audits::LinkAudits",
        with = "::subxt::utils::Static<::qedex_primitives::audits::LinkAudits>"
    ),
    substitute_type(
        path = "qedex_primitives::beacon::Epoch",
        with = "::subxt::utils::Static<::qedex_primitives::beacon::Epoch>"
    ),
    substitute_type(
        path = "qedex_primitives::beacon::EpochValue",
        with = "::subxt::utils::Static<::qedex_primitives::beacon::EpochValue>"
    ),
    substitute_type(
        path = "qedex_primitives::beacon::Attendance<A>",
        with = "::subxt::utils::Static<::qedex_primitives::beacon::Attendance<crate::market::Account>>"
    ),
    substitute_type(
        path = "qedex_primitives::keys::KeyLedger",
        with = "::subxt::utils::Static<::qedex_primitives::keys::KeyLedger>"
    ),
    substitute_type(
        path = "qedex_primitives::keys::KeyRules",
        with = "::subxt::utils::Static<::qedex_primitives::keys::KeyRules>"
    ),
    substitute_type(
        path = "qedex_primitives::keys::LinkTerms",
        with = "::subxt::utils::Static<::qedex_primitives::keys::LinkTerms>"
    ),
    substitute_type(
        path = "qedex_primitives::keys::Reservation",
        with = "::subxt::utils::Static<::qedex_primitives::keys::Reservation>"
    ),
    substitute_type(
        path = "qedex_primitives::keys::SlotReservation",
        with = "::subxt::utils::Static<::qedex_primitives::keys::SlotReservation>"
    ),
    substitute_type(
        path = "qedex_primitives::settlement::OpenSlot",
        with = "::subxt::utils::Static<::qedex_primitives::settlement::OpenSlot>"
    ),
    substitute_type(
        path = "qedex_primitives::settlement::Outcome",
        with = "::subxt::utils::Static<::qedex_primitives::Outcome>"
    ),
    substitute_type(
        path = "qedex_primitives::settlement::Amounts",
        with = "::subxt::utils::Static<::qedex_primitives::Amounts>"
    )
)]
pub mod qedex {}

pub use qedex::*;
