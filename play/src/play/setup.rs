//! Before the first slot: everybody gets funds, an owner, credentials, and a meter, to which two
//! installers and its owner agree, and grants a broker. What is there already is used.

use super::{
    bounds::Bounds,
    cast::{Cast, Member},
};
use crate::keys::Leaders;
use futures::{StreamExt, TryStreamExt, stream};
use qedex_client::{
    At, Error,
    calls::{self, EncodedCall},
    grants,
    keys::{Keypair, Scheme, account_of},
    market::{Account, Plancks},
    membership,
    metering::{self, Change, ConnectionNumber, MeterKind, MeterRatings, Wanted},
    queries,
    session::{Session, Signed},
    text::account_text,
};
use qedex_primitives::OwnerId;

/// What a participant starts with: many times what a day's bids can hold.
const FUNDS: Plancks = 100_000_000_000_000;

/// Below this, a participant is brought up to its funds again.
const LOW_FUNDS: Plancks = FUNDS / 2;

/// Credentials last thirty days beyond the play.
const CREDENTIAL_LIFE: u64 = 30 * 24 * 3_600_000;

/// Calls in one batch.
const BATCH: usize = 50;

/// Queries under way at the same time.
const AT_ONCE: usize = 32;

/// What a participant has already.
struct Record {
    funds: Plancks,
    naming: Naming,
    missing_attributes: Vec<u32>,
    meter: Option<u32>,
    /// It orders, and has given the broker no grant for that and nothing else.
    wants_grant: bool,
}

/// How it stands with a participant's owner.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// Nobody has named it.
    Missing,
    /// The registrar has, and the participant's consent is wanting.
    Filed,
    /// It has one.
    Settled,
}

/// Makes everybody of `cast` ready to trade until `horizon` milliseconds from now, those who order by a
/// grant within their `bounds`, and gives the cast back with its meters' numbers.
pub(super) async fn prepare(
    session: &mut Session,
    leaders: &Leaders,
    mut cast: Cast,
    bounds: &[Option<Bounds>],
    horizon: u64,
) -> Result<Cast, Error> {
    let now = queries::time(session.at()).await?;
    let until = now.saturating_add(horizon);
    let records = look(session.at(), leaders, &cast, bounds, until).await?;
    welcome(session, leaders, &cast, &records, until).await?;
    install(session, leaders, &cast, &records).await?;

    let mut by_participants = Vec::new();
    for ((member, record), bounds) in cast.members.iter().zip(&records).zip(bounds) {
        if let Some(bounds) = bounds.filter(|_| record.wants_grant) {
            let what = format!("{} names its broker", member.name);
            let grant = bounds.grant(until.saturating_add(CREDENTIAL_LIFE));
            let call = grants::grant(account_of(&leaders.broker), grant);
            by_participants.push(session.sign(what, &call, &member.keys.account).await?);
        }
    }
    session.send_all(by_participants).await?;
    session.settle().await?;
    session.check()?;

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

/// Makes members of everybody of `cast`, with funds, an owner and credentials that hold for `horizon`
/// milliseconds from now, but without meters and grants.
///
/// # Errors
///
/// The chain refuses any of it.
pub async fn admit(
    session: &mut Session,
    leaders: &Leaders,
    cast: &Cast,
    horizon: u64,
) -> Result<(), Error> {
    let until = queries::time(session.at()).await?.saturating_add(horizon);
    let records = look(session.at(), leaders, cast, &vec![None; cast.members.len()], until).await?;
    welcome(session, leaders, cast, &records, until).await
}

/// Funds, owners and credentials.
async fn welcome(
    session: &mut Session,
    leaders: &Leaders,
    cast: &Cast,
    records: &[Record],
    until: u64,
) -> Result<(), Error> {
    let funds = fund(session, leaders, cast, records).await?;
    session.send(funds).await?;
    // Who consents pays a fee.
    session.settle().await?;
    session.check()?;
    name_owners(session, leaders, cast, records).await?;
    let credentials = issue(session, leaders, cast, records, until).await?;
    session.send(credentials).await?;
    // Who gets a meter must be known.
    session.settle().await?;
    session.check()
}

async fn look(
    at: &At,
    leaders: &Leaders,
    cast: &Cast,
    bounds: &[Option<Bounds>],
    until: u64,
) -> Result<Vec<Record>, Error> {
    let broker = account_of(&leaders.broker);
    let look_at = |(member, bounds): (Member, Option<Bounds>)| async move {
        let mut missing_attributes = Vec::new();
        for attribute in &member.attributes {
            if !queries::has_credential(at, member.account, *attribute, until).await? {
                missing_attributes.push(*attribute);
            }
        }
        Ok(Record {
            funds: queries::free_balance(at, member.account).await?,
            naming: naming(at, member.account).await?,
            missing_attributes,
            meter: queries::meter_by_key(at, account_of(&member.keys.meter)).await?,
            wants_grant: match bounds {
                None => false,
                Some(bounds) => !grants::grants_of(at, member.account)
                    .await?
                    .iter()
                    .any(|(who, grant)| *who == broker && bounds.are_those_of(grant, until)),
            },
        })
    };
    let members: Vec<_> = cast.members.iter().cloned().zip(bounds.iter().copied()).collect();
    stream::iter(members).map(look_at).buffered(AT_ONCE).try_collect().await
}

/// How it stands with the owner of `account`.
async fn naming(at: &At, account: Account) -> Result<Naming, Error> {
    if membership::owner(at, account).await?.is_some() {
        return Ok(Naming::Settled);
    }
    let pending = membership::pending_naming(at, account).await?;
    let filed = pending.is_some_and(|naming| !naming.void && naming.owner == owner(account));
    Ok(if filed { Naming::Filed } else { Naming::Missing })
}

/// Each participant is a legal person of its own, whose only account this is.
fn owner(account: Account) -> OwnerId {
    OwnerId(account)
}

/// The registrar names the owners, and the participants consent: as many at a time as may be pending.
async fn name_owners(
    session: &mut Session,
    leaders: &Leaders,
    cast: &Cast,
    records: &[Record],
) -> Result<(), Error> {
    let at_a_time = queries::Limit::Namings.number(session.at())?.max(1);
    let wanting: Vec<_> = cast
        .members
        .iter()
        .zip(records)
        .filter(|(_, record)| record.naming != Naming::Settled)
        .collect();
    for some in wanting.chunks(at_a_time) {
        let namings: Vec<_> = some
            .iter()
            .filter(|(_, record)| record.naming == Naming::Missing)
            .map(|(member, _)| {
                let call = membership::name_owner(member.account, owner(member.account));
                EncodedCall::of(session.at(), &call)
            })
            .collect::<Result<_, _>>()?;
        let mut signed = Vec::new();
        for batch in in_batches(namings) {
            let call = calls::batch_all(batch);
            signed.push(session.sign("naming owners", &call, &leaders.registrar).await?);
        }
        session.send(signed).await?;
        session.settle().await?;
        session.check()?;
        let mut consents = Vec::new();
        for (member, _) in some {
            let what = format!("{} consents to its owner", member.name);
            let call = membership::consent_owner(owner(member.account), false);
            consents.push(session.sign(what, &call, &member.keys.account).await?);
        }
        session.send_all(consents).await?;
        session.settle().await?;
        session.check()?;
    }
    Ok(())
}

/// Funds.
async fn fund(
    session: &mut Session,
    leaders: &Leaders,
    cast: &Cast,
    records: &[Record],
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
    Ok(signed)
}

/// Credentials.
async fn issue(
    session: &mut Session,
    leaders: &Leaders,
    cast: &Cast,
    records: &[Record],
    until: u64,
) -> Result<Vec<Signed>, Error> {
    let mut signed = Vec::new();
    let expires = until.saturating_add(CREDENTIAL_LIFE);
    for attribute in [super::cast::PROSUMER, super::cast::SOLAR, super::cast::BATTERY] {
        let missing: Vec<calls::NewCredential> = cast
            .members
            .iter()
            .zip(records)
            .filter(|(_, record)| record.missing_attributes.contains(&attribute))
            .map(|(member, _)| (member.account, expires))
            .collect();
        for batch in missing.chunks(BATCH) {
            let what = format!("issuing credentials of attribute {attribute}");
            let call = calls::issue_batch(attribute, batch);
            signed.push(session.sign(what, &call, &leaders.registrar).await?);
        }
    }
    Ok(signed)
}

/// How many changes an installer may have pending at a time, and to spare.
const PENDING: usize = 60;

/// Meters: filed by one of the two installers, and confirmed by their owners and by the other one. Each
/// installer files as many as it may; then both confirm each other's.
async fn install(
    session: &mut Session,
    leaders: &Leaders,
    cast: &Cast,
    records: &[Record],
) -> Result<(), Error> {
    let missing: Vec<&Member> = cast
        .members
        .iter()
        .zip(records)
        .filter(|(_, record)| record.meter.is_none())
        .map(|(member, _)| member)
        .collect();
    for some in missing.chunks(2 * PENDING) {
        let (first, second) = some.split_at(some.len().min(PENDING));
        let mut filed = Vec::new();
        for (members, by) in [(first, &leaders.installer), (second, &leaders.registrar)] {
            file(session, members, by).await?;
            filed.extend(members);
        }
        confirm(session, leaders, &filed).await?;
    }
    Ok(())
}

/// The meter of a participant, at a connection of its own.
fn registration(member: &Member) -> Result<Change<Account>, Error> {
    let name = member.name.to_uppercase().replace(|letter| !char::is_alphanumeric(letter), "");
    let number = ConnectionNumber::try_from(format!("PLAY{name}"));
    Ok(Change::Register {
        account: member.account,
        key: Scheme::Sr25519.key(account_of(&member.keys.meter)),
        kind: MeterKind::Connection(number.map_err(|why| Error::BadInput(why.to_owned()))?),
        ratings: MeterRatings { out: member.capacity, into: member.capacity },
    })
}

/// Files the meters of some participants.
async fn file(session: &mut Session, members: &[&Member], by: &Keypair) -> Result<(), Error> {
    let calls: Vec<_> = members
        .iter()
        .map(|member| EncodedCall::of(session.at(), &metering::propose(registration(member)?)))
        .collect::<Result<_, _>>()?;
    let mut signed = Vec::new();
    for batch in in_batches(calls) {
        signed.push(session.sign("filing meters", &calls::batch_all(batch), by).await?);
    }
    session.send(signed).await?;
    session.settle().await?;
    session.check()
}

/// Has all changes that concern these participants confirmed, by themselves and by the installer who
/// did not file them.
async fn confirm(
    session: &mut Session,
    leaders: &Leaders,
    members: &[&Member],
) -> Result<(), Error> {
    let pending = metering::pending(session.at()).await?;
    let mut by_owners = Vec::new();
    let mut by_installers = [Vec::new(), Vec::new()];
    let first = account_text(account_of(&leaders.installer));
    for member in members {
        let account = account_text(member.account);
        let of_member = pending.iter().find(|pending| {
            matches!(&pending.wanted, Wanted::Register { account: of, .. } if *of == account)
        });
        let Some(pending) = of_member else { continue };
        let call = metering::confirm(pending.id, pending.hash);
        let what = format!("{} confirms its meter", member.name);
        by_owners.push(session.sign(what, &call, &member.keys.account).await?);
        let call = EncodedCall::of(session.at(), &call)?;
        // Whoever did not file it.
        let [second, other] = &mut by_installers;
        if pending.filed_by == first { other.push(call) } else { second.push(call) }
    }
    session.send_all(by_owners).await?;
    session.settle().await?;
    session.check()?;
    for (calls, by) in by_installers.into_iter().zip([&leaders.installer, &leaders.registrar]) {
        let mut signed = Vec::new();
        for batch in in_batches(calls) {
            signed.push(session.sign("confirming meters", &calls::batch_all(batch), by).await?);
        }
        session.send(signed).await?;
    }
    session.settle().await?;
    session.check()
}

fn in_batches(calls: Vec<EncodedCall>) -> Vec<Vec<EncodedCall>> {
    let mut batches = Vec::new();
    let mut rest = calls.into_iter().peekable();
    while rest.peek().is_some() {
        batches.push(rest.by_ref().take(BATCH).collect());
    }
    batches
}
