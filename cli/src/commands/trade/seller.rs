//! What a seller does: `qedex trade commit`, `open` and `reveal`.

use super::Seller;
use crate::{
    accounts::parse_account,
    commands::reading,
    error::Error,
    output::{self, say},
    store::{self, Store, private_folder},
};
use clap::Args;
use qedex_client::{
    calls,
    keys::{self, Keypair},
    market::{Account, SlotEvent},
    meter::Bill,
    opening::Opening,
    session::Session,
    settlement::{self, in_commitment_window, record},
    text::{account_text, owner_text},
};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Options of `trade commit`.
#[derive(Debug, Args)]
pub struct Commit {
    /// Files with what `meter sign` printed, one reading of each meter of the seller.
    #[arg(required = true, value_name = "READING.json")]
    readings: Vec<PathBuf>,
    /// Who commits.
    #[command(flatten)]
    by: Seller,
}

/// Options of `trade open`.
#[derive(Debug, Args)]
pub struct Open {
    /// Opens to this buyer alone.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    to: Option<Account>,
    /// Opens to all buyers whose trades are open, as it does without --to.
    #[arg(long, conflicts_with = "to")]
    all: bool,
    /// Writes the files into this folder.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Who opens.
    #[command(flatten)]
    by: Seller,
}

/// Options of `trade reveal`.
#[derive(Debug, Args)]
pub struct Reveal {
    /// Reveals this opening, which its seller handed over, in place of one's own.
    #[arg(long, value_name = "FILE")]
    opening: Option<PathBuf>,
    /// Who reveals.
    #[command(flatten)]
    by: Seller,
}

/// What all of the seller's commands begin with.
struct Begun {
    key: Keypair,
    account: Account,
    slot: u64,
    store: Store,
    session: Session,
}

async fn begin(by: &Seller) -> Result<Begun, Error> {
    by.sign.key()?;
    let store = Store::at(by.store.as_deref())?;
    let (session, key) = by.sign.begin().await?;
    let slot = by.slot.to_see(session.at()).await?;
    Ok(Begun { account: keys::account_of(&key), key, slot, store, session })
}

/// Commits to a bill, and has what opens it on disk before.
pub async fn commit(args: &Commit) -> Result<(), Error> {
    let mut files = Vec::new();
    for path in &args.readings {
        files.append(&mut reading::read(path)?);
    }
    let by = &args.by;
    let Begun { key, account, slot, store, mut session } = begin(by).await?;
    let genesis = session.chain().genesis();
    let signed = files.iter().map(|reading| reading.signed(genesis));
    let bill = Bill::of(signed.collect::<Result<_, _>>()?)?;
    let delivered = settlement::audit(session.at(), account, slot, &bill)
        .await?
        .map_err(|refusal| Error::refused("the bill".to_owned(), refusal))?;
    let (owner, record) = record(session.at(), slot, account).await?;
    let kept = match record.commitment {
        None => {
            // Or a bill that cannot be committed to now would stand in the way of one that can.
            in_commitment_window(session.at(), slot).await?;
            store.keep(genesis, owner, slot, &bill)?
        }
        Some(_) => store.load(genesis, owner, slot)?,
    };
    let commitment = kept.commitment();
    let block = match record.commitment {
        Some(found) if found.0 == commitment.0 && kept.bill == bill => None,
        Some(_) => {
            return Err(Error::BadInput(format!(
                "the owner of {} has committed to another bill in slot {}, once and for all",
                account_text(account),
                slot
            )));
        }
        None => {
            let call = calls::commit(slot, commitment);
            Some(session.call("the commitment", &call, &key).await?.0.number)
        }
    };
    let file = store.file(genesis, owner, slot);
    if by.sign.json {
        return output::json(&json!({
            "slot": slot,
            "owner": owner_text(owner),
            "commitment": format!("{commitment:?}"),
            "delivered_wh": delivered,
            "sold_wh": record.sold.0,
            "opening": file,
            "block": block,
        }));
    }
    match block {
        Some(block) => say!("committed to slot {} in block {block}", slot)?,
        None => say!("slot {} is committed to already", slot)?,
    }
    say!(
        "the bill shows {delivered} Wh; {} Wh were sold{}",
        record.sold.0,
        if delivered < record.sold.0 { ": it falls short" } else { "" }
    )?;
    say!("what opens the commitment is kept in {}", file.display())?;
    Ok(())
}

/// The opening that is kept of what the seller committed to on the chain.
async fn committed(begun: &Begun, slot: u64) -> Result<Opening, Error> {
    let (owner, record) = record(begun.session.at(), slot, begun.account).await?;
    if record.commitment.is_none() {
        return Err(Error::BadInput(format!(
            "the owner of {} has not committed in slot {slot}",
            account_text(begun.account)
        )));
    }
    let genesis = begun.session.chain().genesis();
    let kept = begun.store.load(genesis, owner, slot)?;
    if record.commitment.map(|hash| hash.0) != Some(kept.commitment().0) {
        return Err(Error::BadInput(format!(
            "{} does not open what the owner of {} committed to in slot {slot}",
            begun.store.file(genesis, owner, slot).display(),
            account_text(begun.account)
        )));
    }
    Ok(kept)
}

/// Writes an opening for each buyer.
pub async fn open_to(args: &Open) -> Result<(), Error> {
    let begun = begin(&args.by).await?;
    let slot = begun.slot;
    let opening = committed(&begun, slot).await?;
    // Whichever account of the owner sold.
    let owners = settlement::owners_in(begun.session.at(), slot).await?;
    let mut trades = settlement::trades_in(begun.session.at(), slot).await?;
    trades.retain(|trade| owners.get(&trade.seller) == Some(&opening.owner));
    let mut buyers: Vec<Account> = trades.iter().map(|trade| trade.buyer).collect();
    buyers.sort_unstable();
    buyers.dedup();
    if let Some(to) = args.to {
        buyers.retain(|buyer| *buyer == to);
        if buyers.is_empty() {
            return Err(Error::BadInput(format!(
                "{} has no open trade with the owner of {} in slot {slot}",
                account_text(to),
                account_text(begun.account)
            )));
        }
    }
    private_folder(&args.out)?;
    let mut written = Vec::new();
    for buyer in buyers {
        let trades: Vec<u32> =
            trades.iter().filter(|trade| trade.buyer == buyer).map(|trade| trade.id).collect();
        let name = format!("opening-{slot}-{}.json", account_text(buyer));
        let path = args.out.join(name);
        put(&opening, &path)?;
        written.push((buyer, trades, path));
    }
    if args.by.sign.json {
        let openings: Vec<_> = written
            .iter()
            .map(|(buyer, trades, path)| {
                json!({ "buyer": account_text(*buyer), "trades": trades, "file": path })
            })
            .collect();
        return output::json(&json!({ "slot": slot, "openings": openings }));
    }
    for (buyer, trades, path) in written {
        say!("{} is for {}, trades {trades:?}", path.display(), account_text(buyer))?;
    }
    say!("hand them over privately: whoever reads one learns the bill")?;
    Ok(())
}

/// Writes an opening, unless it is there already.
fn put(opening: &Opening, path: &Path) -> Result<(), Error> {
    if store::write(opening, path)? || store::read(path)? == *opening {
        return Ok(());
    }
    Err(Error::BadInput(format!(
        "{} holds another opening, and is not overwritten",
        path.display()
    )))
}

/// What a seller of the slot opened to somebody, and an account by which it sells.
async fn handed_over(begun: &Begun, slot: u64, file: &Path) -> Result<(Account, Opening), Error> {
    let opening = store::read(file)?;
    let owners = settlement::owners_in(begun.session.at(), slot).await?;
    let seller = owners.iter().find(|(_, owner)| **owner == opening.owner);
    match seller {
        Some((seller, _)) if opening.slot == slot => Ok((*seller, opening)),
        _ => Err(Error::BadInput(format!(
            "{} is of slot {}, and of {}, who has no open trades in slot {slot}",
            file.display(),
            opening.slot,
            owner_text(opening.owner)
        ))),
    }
}

/// Reveals what was committed to.
pub async fn reveal(args: &Reveal) -> Result<(), Error> {
    let mut begun = begin(&args.by).await?;
    let slot = begun.slot;
    let (seller, opening) = match &args.opening {
        None => (begun.account, committed(&begun, slot).await?),
        Some(file) => handed_over(&begun, slot, file).await?,
    };
    let call = calls::reveal(slot, seller, &opening.bill, &opening.nonce);
    let (block, included) = begun.session.call("the reveal", &call, &begun.key).await?;
    let revealed = included.slot_events.iter().find_map(|(_, slot_event)| {
        let SlotEvent::Revealed { delivered, .. } = slot_event else {
            return None;
        };
        Some(delivered.0)
    });
    let delivered = revealed.ok_or_else(|| Error::answer("nothing was revealed".to_owned()))?;
    if args.by.sign.json {
        return output::json(
            &json!({ "slot": slot, "delivered_wh": delivered, "block": block.number }),
        );
    }
    say!("the bill of slot {slot} is public from block {} on: {delivered} Wh", block.number)?;
    Ok(())
}
