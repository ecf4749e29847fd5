//! A chain as a test wants it to begin.

use super::*;

pub struct ExtBuilder {
    pub slot_length: Millis,
    pub windows: Windows,
    pub terms: Option<LeaderTerms>,
    pub keys: u64,
}

impl Default for ExtBuilder {
    fn default() -> Self {
        Self {
            slot_length: SLOT_LENGTH,
            windows: Windows::default(),
            terms: Some(TERMS),
            keys: 1_000_000,
        }
    }
}

impl ExtBuilder {
    pub fn terms(mut self, terms: LeaderTerms) -> Self {
        self.terms = Some(terms);
        self
    }

    pub fn keys(mut self, keys: u64) -> Self {
        self.keys = keys;
        self
    }

    fn reset(&self) {
        ShortfallFee::set(Permill::zero());
        OfflineShare::set(Permill::zero());
        TradePrice::set(0);
        RenewalPrice::set(0);
        WorkPaid::take();
        Clocks::take();
        Distrusted::set(Vec::new());
        TestMembership::reset();
        permit_members();
        TestMembership::permit(AGGREGATOR, Role::Aggregate);
        TestMembership::permit(BROKER, Role::Broker);
        Ratings::take();
        MaxGrants::set(2);
        MaxPrincipals::set(3);
        BandOfAll::set(Band::Off);
        MaxBatch::set(10);
        MaxStandingOrders::set(20);
        Keys::set(self.keys);
        KeysUsed::take();
        KeysPromised::take();
        KeyWeight::set(Weight::zero());
        KeysRefused::set(false);
        EscrowRefuses::set(false);
        RefusedBuyers::take();
        Trades::take();
        TradeWeight::set(STEP);
        MaxTicks::set(1_000);
        MaxOrdersPerSlot::set(64);
        MaxOrdersPerAccount::set(3);
        MaxOrderEnergy::set(1_000_000);
        MaxSlotsInFlight::set(20);
        ResultsKept::set(8);
    }

    /// The chain at the moment when the gate of `SLOT`, and no other, has opened.
    pub fn build(self) -> sp_io::TestExternalities {
        self.reset();
        let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
        GenesisConfig::<Test> {
            slot_length: self.slot_length,
            windows: self.windows,
            terms: self.terms.map(market),
            _config: Default::default(),
        }
        .assimilate_storage(&mut storage)
        .unwrap();
        let mut ext = sp_io::TestExternalities::new(storage);
        ext.execute_with(|| {
            System::set_block_number(1);
            for who in MEMBERS.chain([CONSUMER, STRANGER]) {
                Free::insert(who, ENDOWMENT);
            }
            NextSlot::<Test>::put(SLOT);
            poll_at(schedule(SLOT).gate_opens);
        });
        ext
    }

    /// Runs a test and checks the invariants after it.
    pub fn build_and_execute(self, test: impl FnOnce()) {
        self.build().execute_with(|| {
            test();
            Auction::do_try_state().unwrap();
        });
    }
}

/// Runs a test on the default market.
pub fn run(test: impl FnOnce()) {
    ExtBuilder::default().build_and_execute(test);
}
