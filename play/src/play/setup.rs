//! Before the first slot: everybody gets funds, credentials and a meter, and grants a broker. What is
//! there already is used.

use super::cast::{Cast, Member};
use crate::keys::Leaders;
use futures::{StreamExt, TryStreamExt, stream};
use qedex_client::{
    At, Error,
    calls::{self, EncodedCall},
    grants::{self, Grant},
    keys::{Scheme, account_of},
    market::{Corridor, Plancks},
    metering, queries,
    session::{Session, Signed},
};
use qedex_primitives::{OwnerId, PricePerKwh};

/// What a participant starts with: many times what a day's bids can hold.
const FUNDS: Plancks = 100_000_000_000_000;

/// Below this, a participant is brought up to its funds again.
const LOW_FUNDS: Plancks = FUNDS / 2;

/// Credentials last thirty days beyond the play.
const CREDENTIAL_LIFE: u64 = 30 * 24 * 3_600_000;

/// What everybody lets the broker do: buy and sell at any price of `corridor`, until `expires`, for as much
/// in a slot as its meter can read, at `highest`, the highest grid price of any band.
fn grant(member: &Member, corridor: &Corridor, highest: PricePerKwh, expires: u64) -> Grant {
    Grant {
        buy_up_to: Some(corridor.cap),
        sell_from: Some(corridor.floor),
        expires,
        budget: highest.cost_ceil(member.capacity).unwrap_or(Plancks::MAX),
    }
}

/// Whether one grant lets a broker do at least what another one does.
fn covers(one: &Grant, other: &Grant) -> bool {
    one.buy_up_to >= other.buy_up_to
        && one.sell_from.is_some_and(|least| Some(least) <= other.sell_from)
        && one.expires >= other.expires
        && one.budget >= other.budget
}

/// Calls in one batch.
const BATCH: usize = 50;

/// Queries under way at the same time.
const AT_ONCE: usize = 32;

/// What a participant has already.
struct Record {
    funds: Plancks,
    missing_attributes: Vec<u32>,
    meter: Option<u32>,
    has_broker: bool,
}

/// Makes everybody of `cast` ready to trade until `horizon` milliseconds from now, and gives
/// the cast back with its meters' numbers.
pub async fn prepare(
    session: &mut Session,
    leaders: &Leaders,
    mut cast: Cast,
    (corridor, highest): (&Corridor, PricePerKwh),
    horizon: u64,
) -> Result<Cast, Error> {
    let now = queries::time(session.at()).await?;
    let until = now.saturating_add(horizon);
    let wanted = |member: &Member, until| grant(member, corridor, highest, until);
    let records = look(session.at(), leaders, &cast, until, |member| wanted(member, until)).await?;

    let registrar = by_registrar(session, leaders, &cast, &records, until).await?;
    session.send(registrar).await?;
    // Who gets a meter must be known.
    session.settle().await?;
    check(session)?;
    let installer = by_installer(session, leaders, &cast, &records).await?;
    session.send(installer).await?;
    session.settle().await?;
    check(session)?;

    let mut by_participants = Vec::new();
    for (member, record) in cast.members.iter().zip(&records) {
        if !record.has_broker {
            let what = format!("{} names its broker", member.name);
            let grant = wanted(member, until.saturating_add(CREDENTIAL_LIFE));
            let call = grants::grant(account_of(&leaders.broker), grant);
            by_participants.push(session.sign(what, &call, &member.keys.account).await?);
        }
    }
    session.send_all(by_participants).await?;
    session.settle().await?;
    check(session)?;

    for (member, record) in cast.members.iter_mut().zip(records) {
        let key = account_of(&member.keys.meter);
        member.meter = match record.meter {
            Some(meter) => meter,
            None => queries::meter_by_key(session.at(), key).await?.ok_or_else(|| {
                Error::Answer(format!("the meter of {} was not registered", member.name))
            })?,
        };
    }
    Ok(cast)
}

/// Set-up must succeed as a whole: nothing that follows could be right otherwise.
fn check(session: &Session) -> Result<(), Error> {
    match session.tally().failed.first() {
        None => Ok(()),
        Some(failed) => Err(Error::Answer(format!("set-up failed: {failed}"))),
    }
}

async fn look(
    at: &At,
    leaders: &Leaders,
    cast: &Cast,
    until: u64,
    wanted: impl Fn(&Member) -> Grant,
) -> Result<Vec<Record>, Error> {
    let broker = account_of(&leaders.broker);
    let wanted = &wanted;
    let look_at = |member: Member| async move {
        let mut missing_attributes = Vec::new();
        for attribute in &member.attributes {
            if !queries::has_credential(at, member.account, *attribute, until).await? {
                missing_attributes.push(*attribute);
            }
        }
        Ok(Record {
            funds: queries::free_balance(at, member.account).await?,
            missing_attributes,
            meter: queries::meter_by_key(at, account_of(&member.keys.meter)).await?,
            has_broker: grants::grants_of(at, member.account)
                .await?
                .iter()
                .any(|(who, grant)| *who == broker && covers(grant, &wanted(&member))),
        })
    };
    stream::iter(cast.members.clone()).map(look_at).buffered(AT_ONCE).try_collect().await
}

/// Funds and credentials.
async fn by_registrar(
    session: &mut Session,
    leaders: &Leaders,
    cast: &Cast,
    records: &[Record],
    until: u64,
) -> Result<Vec<Signed>, Error> {
    let mut signed = Vec::new();
    let transfers: Vec<_> = cast
        .members
        .iter()
        .zip(records)
        .filter(|(_, record)| record.funds < LOW_FUNDS)
        .map(|(member, record)| {
            let call = calls::transfer(member.account, FUNDS.saturating_sub(record.funds));
            EncodedCall::of(session.at(), &call)
        })
        .collect::<Result<_, _>>()?;
    for batch in in_batches(transfers) {
        let call = calls::batch_all(batch);
        signed.push(session.sign("funding the participants", &call, &leaders.registrar).await?);
    }
    let expires = until.saturating_add(CREDENTIAL_LIFE);
    for attribute in [super::cast::PROSUMER, super::cast::SOLAR, super::cast::BATTERY] {
        let missing: Vec<calls::NewCredential> = cast
            .members
            .iter()
            .zip(records)
            .filter(|(_, record)| record.missing_attributes.contains(&attribute))
            // Each participant is a legal person of its own: its account names its owner.
            .map(|(member, _)| (member.account, expires, OwnerId(member.account)))
            .collect();
        for batch in missing.chunks(BATCH) {
            let what = format!("issuing credentials of attribute {attribute}");
            let call = calls::issue_batch(attribute, batch);
            signed.push(session.sign(what, &call, &leaders.registrar).await?);
        }
    }
    Ok(signed)
}

/// Meters.
async fn by_installer(
    session: &mut Session,
    leaders: &Leaders,
    cast: &Cast,
    records: &[Record],
) -> Result<Vec<Signed>, Error> {
    let meters: Vec<_> = cast
        .members
        .iter()
        .zip(records)
        .filter(|(_, record)| record.meter.is_none())
        .map(|(member, _)| {
            let key = Scheme::Sr25519.key(account_of(&member.keys.meter));
            let call = metering::register(member.account, key, member.capacity);
            EncodedCall::of(session.at(), &call)
        })
        .collect::<Result<_, _>>()?;
    let mut signed = Vec::new();
    for batch in in_batches(meters) {
        let call = calls::batch_all(batch);
        signed.push(session.sign("registering meters", &call, &leaders.installer).await?);
    }
    Ok(signed)
}

fn in_batches(calls: Vec<EncodedCall>) -> Vec<Vec<EncodedCall>> {
    let mut batches = Vec::new();
    let mut rest = calls.into_iter().peekable();
    while rest.peek().is_some() {
        batches.push(rest.by_ref().take(BATCH).collect());
    }
    batches
}
