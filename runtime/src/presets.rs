//! Genesis presets: a development chain with one validator and a test network with four, each
//! with a small community in it.

use crate::{
    AccountId, AuctionConfig, Balance, BalancesConfig, CouncilConfig, MILLI_QED, MembershipConfig,
    MeteringConfig, PovConfig, QED, QkdConfig, RuntimeGenesisConfig, SessionConfig, SessionKeys,
    SudoConfig,
    configs::money::{CommunityFund, EntropyFund, GridAccount},
};
use alloc::{string::ToString, vec, vec::Vec};
use frame_support::{BoundedVec, build_struct_json_patch};
use pallet_auction::MarketTerms;
use pallet_energy_membership::{GenesisAccount, GenesisAttribute, GenesisCredential};
use pallet_metering::{ConnectionNumber, GenesisMeter, MeterRatings, TariffRule};
use pallet_pov::Rules;
use pallet_qkd::{GenesisLink, GenesisSae, GenesisSite};
use qedex_math::{keys::made_in, policy::PolicyNode};
use qedex_primitives::{
    AttributeId, Band, DayRange, LeaderLimits, LeaderTerms, MeterKey, Millis, Moment, OwnerId,
    PolicyId, PriceList, PricePerKwh, Role, Wh, Windows,
    keys::{KeyRules, LinkTerms},
};
use serde_json::Value;
use sp_authority_discovery::AuthorityId as AuthorityDiscoveryId;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_consensus_grandpa::AuthorityId as GrandpaId;
use sp_core::{Pair, sr25519};
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET, PresetId};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::Permill;

/// The length of a delivery slot in both presets: twelve seconds stand for a quarter of an hour.
pub const TEST_SLOT_LENGTH: Millis = 12_000;

/// The length of a session in both presets: forty seconds of Aura slots stand for five minutes.
pub const TEST_SESSION_SLOTS: u32 = 20;

/// The rules of authoring of both presets: one slot in ten at least and half of them at most, and a
/// window of four delivery slots, so that what meters say shows within minutes. A newcomer votes after two
/// sessions of writing blocks, and who is silent for an hour is dropped.
pub fn authoring_rules() -> Rules {
    Rules { floor: 2, window: 4, probation: 2, patience: 90, ..Rules::default() }
}

/// What each well-known account owns at genesis.
const ENDOWMENT: Balance = 1_000_000 * QED;

/// Genesis credentials last until the year 2100.
const FAR_FUTURE: Moment = 4_102_444_800_000;

/// For how long a credential is issued at most in both presets: a year.
const TERM: Millis = 365 * 24 * 3_600_000;

/// The grid price of each band in both presets, in thousandths of a QED per kWh: off, mid, on.
const GRID_PRICES: [u128; 3] = [300, 320, 350];

/// The price list of a band in both presets.
///
/// The corridor runs from a feed-in price of 0.08 QED/kWh to the band's grid price, in ticks of a
/// thousandth of a QED; the grid takes 0.02. A seller's deposit is 85 % of its energy at the grid
/// price, on-peak, and 80 % in the other bands: more than the largest harm, cap less floor less fee, of a
/// buyer who falls back on the grid, and the shortfall fee, a tenth of the grid price.
pub fn price_list(band: Band) -> PriceList {
    let [off, mid, on] = GRID_PRICES;
    let (cap, percent) = match band {
        Band::Off => (off, 80),
        Band::Mid => (mid, 80),
        Band::On => (on, 85),
    };
    PriceList {
        floor: PricePerKwh(80 * MILLI_QED),
        cap: PricePerKwh(cap.saturating_mul(MILLI_QED)),
        grid_fee: PricePerKwh(20 * MILLI_QED),
        tick: PricePerKwh(MILLI_QED),
        lot: Wh(100),
        least_order: Wh(100),
        deposit_rate: Permill::from_percent(percent),
    }
}

/// Within what a leader chooses in both presets: a tenth of the keys at least; a key covers one to two
/// kWh.
pub fn leader_limits() -> LeaderLimits {
    LeaderLimits {
        least_share: Permill::from_percent(10),
        least_wh_per_key: Wh(1_000),
        most_wh_per_key: Wh(2_000),
    }
}

/// The terms of an off-peak slot in both presets for which nothing was announced.
pub fn leader_terms() -> LeaderTerms {
    price_list(Band::Off).with_keys(leader_limits().least_wh_per_key)
}

/// What the council sets at genesis in both presets.
pub fn market_terms() -> MarketTerms {
    MarketTerms {
        off: price_list(Band::Off),
        mid: price_list(Band::Mid),
        on: price_list(Band::On),
        limits: leader_limits(),
    }
}

/// The rule of the tariff bands of both presets.
///
/// A community of 100 consumes some 33 to 41 kWh in a quarter-hour of a summer's noon: on-peak
/// begins at 36. Mid-peak are seven to nine in the morning and five to nine in the evening.
pub fn tariff_rule() -> TariffRule {
    let range = |from, until| DayRange { from, until };
    TariffRule {
        threshold: Wh(36_000),
        look_back: 4,
        mid: BoundedVec::truncate_from(vec![range(28, 36), range(68, 84)]),
    }
}

/// The attributes of the community, in the order of their numbers.
fn attributes() -> Vec<GenesisAttribute<AccountId>> {
    let issuer = Sr25519Keyring::Alice.to_account_id();
    [
        ("prosumer", "Consumes, and may produce, electricity in this community"),
        ("solar", "Owns a photovoltaic plant in this community"),
        ("battery", "Owns a battery in this community"),
        ("meter-installer", "Installs and seals meters"),
        ("broker", "Trades for others"),
        ("validator", "Writes blocks"),
        ("aggregator", "Leads the community's market"),
        ("key-service", "Runs a key service"),
    ]
    .into_iter()
    .map(|(name, description)| GenesisAttribute {
        name: name.to_string(),
        description: description.to_string(),
        issuer: issuer.clone(),
        term: TERM,
    })
    .collect()
}

/// The policies of the community, in the order of their numbers.
fn policies() -> Vec<Vec<PolicyNode<AttributeId>>> {
    let attribute = |id| PolicyNode::Attribute(AttributeId(id));
    vec![
        vec![attribute(0)],
        // A prosumer with a plant or a battery.
        vec![
            attribute(0),
            attribute(1),
            attribute(2),
            PolicyNode::AtLeast { k: 1, of: 2 },
            PolicyNode::AtLeast { k: 2, of: 2 },
        ],
        vec![attribute(3)],
        vec![attribute(4)],
        vec![attribute(5)],
        vec![attribute(6)],
        vec![attribute(7)],
    ]
}

fn roles() -> Vec<(Role, PolicyId)> {
    vec![
        (Role::Trade, PolicyId(0)),
        (Role::Sell, PolicyId(1)),
        (Role::InstallMeters, PolicyId(2)),
        (Role::Broker, PolicyId(3)),
        (Role::Validate, PolicyId(4)),
        (Role::Aggregate, PolicyId(5)),
        (Role::ServeKeys, PolicyId(6)),
    ]
}

/// The prosumers that are there from the first block on.
const PROSUMERS: [Sr25519Keyring; 3] =
    [Sr25519Keyring::Dave, Sr25519Keyring::Eve, Sr25519Keyring::Ferdie];

/// The accounts that have an owner from the first block on: each is a legal person's of its own.
const OWNED: [Sr25519Keyring; 6] = [
    Sr25519Keyring::Alice,
    Sr25519Keyring::Bob,
    Sr25519Keyring::Charlie,
    Sr25519Keyring::Dave,
    Sr25519Keyring::Eve,
    Sr25519Keyring::Ferdie,
];

fn accounts() -> Vec<GenesisAccount<AccountId>> {
    let owned = |keyring: Sr25519Keyring| GenesisAccount {
        account: keyring.to_account_id(),
        owner: OwnerId(keyring.to_raw_public()),
    };
    OWNED.into_iter().map(owned).collect()
}

fn credentials(validators: &[Sr25519Keyring]) -> Vec<GenesisCredential<AccountId>> {
    let credential = |keyring: Sr25519Keyring, attribute| GenesisCredential {
        who: keyring.to_account_id(),
        attribute: AttributeId(attribute),
        expires: FAR_FUTURE,
    };
    let mut all = vec![
        credential(Sr25519Keyring::Bob, 3),
        // The second installer, without whom the first one changes no meter.
        credential(Sr25519Keyring::Alice, 3),
        credential(Sr25519Keyring::Charlie, 4),
        credential(Sr25519Keyring::Charlie, 6),
        credential(Sr25519Keyring::Alice, 7),
        credential(Sr25519Keyring::Bob, 7),
    ];
    for prosumer in PROSUMERS {
        all.push(credential(prosumer, 0));
        all.push(credential(prosumer, 1));
    }
    all.extend(validators.iter().map(|validator| credential(*validator, 5)));
    all
}

/// One meter for each prosumer of genesis, and one for each validator that is none, in this order.
/// A meter's key is derived from the owner's as `//meter`, and the number of its connection is the
/// owner's name in capitals after `QEDEX`.
fn meters(validators: &[Sr25519Keyring]) -> Vec<GenesisMeter<AccountId>> {
    let others = validators.iter().copied().filter(|keyring| !PROSUMERS.contains(keyring));
    PROSUMERS
        .into_iter()
        .chain(others)
        .filter_map(|keyring| {
            let seed = keyring.to_seed();
            let pair = sr25519::Pair::from_string(&alloc::format!("{seed}//meter"), None).ok()?;
            let number = alloc::format!("QEDEX{}", seed.trim_start_matches('/').to_uppercase());
            Some(GenesisMeter {
                account: keyring.to_account_id(),
                key: MeterKey::Sr25519(pair.public()),
                connection: ConnectionNumber::try_from(number).ok()?,
                ratings: MeterRatings { out: Wh(10_000), into: Wh(10_000) },
                installer: Sr25519Keyring::Bob.to_account_id(),
            })
        })
        .collect()
}

/// The rate of keys that is declared for the link between both sites, in bits per second: what the simulated one
/// makes at most (`qkms plan link --preset snspd --km 10 --sifted-bits 1000000`), rounded up.
const LINK_RATE: u64 = 2_000_000;

/// As what it counts: it makes as many keys in an epoch of two delivery slots as is declared, and is unhealthy
/// with more than 11 % of bit errors, where no key is secret any more.
fn link_terms() -> LinkTerms {
    let epoch = TEST_SLOT_LENGTH.saturating_mul(2);
    LinkTerms { most_keys_per_epoch: made_in(LINK_RATE, epoch), most_qber_ppm: 110_000 }
}

/// By what rules keys bound the market of both presets: **they do not**. These chains are there for trying
/// out, with and without a key service, and each site has one SAE, so that one reporter is a quorum. What is
/// reported of the link is counted and shown all the same. The council binds the market by `set_key_rules`.
pub fn key_rules() -> KeyRules {
    KeyRules { bound: false, quorum: 1, ..KeyRules::default() }
}

/// The sites of the key services, numbered from 0: one of Alice's and one of Bob's.
fn key_services() -> Vec<GenesisSite<AccountId>> {
    [(Sr25519Keyring::Alice, "west"), (Sr25519Keyring::Bob, "east")]
        .into_iter()
        .map(|(keyring, name)| GenesisSite {
            operator: keyring.to_account_id(),
            name: name.to_string(),
        })
        .collect()
}

/// Who draws keys, and at which site: two prosumers of two owners. An SAE is called as its account after
/// `sae-`, the key of its worker is derived from the account's as `//worker`, and a development node takes its
/// mail.
fn saes() -> Vec<GenesisSae<AccountId>> {
    [(Sr25519Keyring::Dave, 0, 30_350), (Sr25519Keyring::Eve, 1, 30_351)]
        .into_iter()
        .filter_map(|(keyring, site, port)| {
            let seed = keyring.to_seed();
            let worker =
                sr25519::Pair::from_string(&alloc::format!("{seed}//worker"), None).ok()?;
            Some(GenesisSae {
                account: keyring.to_account_id(),
                sae: alloc::format!("sae-{}", seed.trim_start_matches('/').to_lowercase()),
                site,
                expires: FAR_FUTURE,
                worker: Some(worker.public()),
                mail: Some(alloc::format!("/ip4/127.0.0.1/tcp/{port}")),
            })
        })
        .collect()
}

/// The session keys of a well-known account.
fn session_keys(keyring: Sr25519Keyring) -> Option<SessionKeys> {
    let seed = keyring.to_seed();
    let name = seed.trim_start_matches('/');
    let grandpa = Ed25519Keyring::iter().find(|key| key.to_string() == name)?;
    Some(SessionKeys {
        aura: AuraId::from(keyring.public()),
        grandpa: GrandpaId::from(grandpa.public()),
        authority_discovery: AuthorityDiscoveryId::from(keyring.public()),
    })
}

fn genesis(validators: &[Sr25519Keyring], sudo: Option<AccountId>) -> Value {
    let funds = [GridAccount::get(), EntropyFund::get(), CommunityFund::get()];
    let balances = Sr25519Keyring::well_known()
        .map(|keyring| (keyring.to_account_id(), ENDOWMENT))
        .chain(funds.into_iter().map(|fund| (fund, QED)))
        .collect();
    let keys = validators
        .iter()
        .filter_map(|keyring| {
            let who = keyring.to_account_id();
            session_keys(*keyring).map(|keys| (who.clone(), who, keys))
        })
        .collect();
    let council = [Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie];
    build_struct_json_patch!(RuntimeGenesisConfig {
        balances: BalancesConfig { balances },
        pov: PovConfig {
            session_slots: TEST_SESSION_SLOTS,
            rules: authoring_rules(),
            // A development chain begins with one voter, who may be the last one.
            least_voters: u32::try_from(validators.len())
                .unwrap_or(u32::MAX)
                .min(pallet_pov::DEFAULT_LEAST_VOTERS),
        },
        session: SessionConfig { keys },
        council: CouncilConfig {
            members: council.iter().map(|keyring| keyring.to_account_id()).collect(),
        },
        sudo: SudoConfig { key: sudo },
        membership: MembershipConfig {
            attributes: attributes(),
            policies: policies(),
            roles: roles(),
            registrar: Some(Sr25519Keyring::Alice.to_account_id()),
            accounts: accounts(),
            credentials: credentials(validators),
        },
        metering: MeteringConfig { meters: meters(validators), tariff: Some(tariff_rule()) },
        auction: AuctionConfig {
            slot_length: TEST_SLOT_LENGTH,
            windows: Windows::default(),
            terms: Some(market_terms()),
        },
        qkd: QkdConfig {
            sites: key_services(),
            links: vec![GenesisLink { sites: [0, 1], rate: LINK_RATE, market: Some(link_terms()) }],
            saes: saes(),
            keys: key_rules(),
        },
    })
}

/// The preset of this name as a JSON patch of the default genesis.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
    let alice = Sr25519Keyring::Alice;
    let patch = match id.as_ref() {
        DEV_RUNTIME_PRESET => genesis(&[alice], Some(alice.to_account_id())),
        LOCAL_TESTNET_RUNTIME_PRESET => genesis(
            &[alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie, Sr25519Keyring::Dave],
            None,
        ),
        _ => return None,
    };
    serde_json::to_vec(&patch).ok()
}

/// The names of all presets.
pub fn preset_names() -> Vec<PresetId> {
    vec![PresetId::from(DEV_RUNTIME_PRESET), PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET)]
}
