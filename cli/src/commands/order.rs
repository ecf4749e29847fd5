//! `qedex order`

use super::options::{EnergyArg, Sign};
use crate::{
    accounts::parse_account,
    error::Error,
    output::{self, say},
    slots::SlotName,
};
use clap::{Args, Subcommand, ValueEnum};
use qedex_client::{
    amounts::{self, parse_energy, parse_price},
    batch, calls, grants,
    market::{Account, NewOrder, Side, SlotEvent},
    queries,
    session::Session,
    told::orders::{refused_as_json, refused_in_words},
};
use qedex_math::{PricePerKwh, Wh};
use serde_json::json;
use std::path::PathBuf;

/// What to do with an order.
#[derive(Debug, Subcommand)]
pub enum Order {
    /// Places an order.
    Place(Place),
    /// Changes an order before gate closure.
    Amend(Amend),
    /// Withdraws an order before gate closure.
    Cancel(Cancel),
    /// Places the orders of a file, each judged by itself.
    Batch(Batch),
    /// Sets or ends the order that is placed anew in every slot.
    Standing(Standing),
}

impl Order {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Place(args) => place(args).await,
            Self::Amend(args) => amend(args).await,
            Self::Cancel(args) => cancel(args).await,
            Self::Batch(args) => place_batch(args).await,
            Self::Standing(args) => standing(args).await,
        }
    }
}

/// Options of `order place`.
#[derive(Debug, Args)]
pub struct Place {
    /// Which slot.
    #[command(flatten)]
    slot: SlotArg,
    /// Buy or sell.
    #[arg(long)]
    side: SideArg,
    /// The limit price in QED per kWh, as 0.21; a bid's includes the grid fee.
    #[arg(long, value_parser = parse_price)]
    price: PricePerKwh,
    /// How much.
    #[command(flatten)]
    energy: EnergyArg,
    /// Who acts.
    #[command(flatten)]
    acting: Acting,
}

/// Options of `order amend`.
#[derive(Debug, Args)]
pub struct Amend {
    /// The delivery slot: its number, next, or a time such as 14:30.
    #[arg(long)]
    slot: SlotName,
    /// The order's number within the slot.
    #[arg(long)]
    id: u32,
    /// The new limit price in QED per kWh, as 0.21.
    #[arg(long, value_parser = parse_price)]
    price: PricePerKwh,
    /// How much from now on.
    #[command(flatten)]
    energy: EnergyArg,
    /// Who acts.
    #[command(flatten)]
    acting: Acting,
}

/// Options of `order cancel`.
#[derive(Debug, Args)]
pub struct Cancel {
    /// The delivery slot: its number, next, or a time such as 14:30.
    #[arg(long)]
    slot: SlotName,
    /// The order's number within the slot.
    #[arg(long)]
    id: u32,
    /// Who acts.
    #[command(flatten)]
    acting: Acting,
}

/// Options of `order batch`.
#[derive(Debug, Args)]
pub struct Batch {
    /// Which slot.
    #[command(flatten)]
    slot: SlotArg,
    /// The orders: a CSV file with the columns side,price,kwh; side is bid or ask, price QED per kWh. Instead of
    /// price there may be price_per_kwh, in plancks, and instead of kwh there may be wh. With a column slot, as of
    /// `plan site --orders`, only the rows of the slot are placed.
    file: PathBuf,
    /// Who acts.
    #[command(flatten)]
    acting: Acting,
}

/// Options of `order standing`.
#[derive(Debug, Args)]
pub struct Standing {
    /// Buy or sell.
    #[arg(long, required_unless_present = "end", requires_all = ["price", "amount"])]
    side: Option<SideArg>,
    /// The limit price in QED per kWh, as 0.21.
    #[arg(long, requires = "side", value_parser = parse_price)]
    price: Option<PricePerKwh>,
    /// The energy, as 1.5kWh or 1500Wh.
    #[arg(long, requires = "side", group = "amount", value_parser = parse_energy)]
    energy: Option<Wh>,
    /// The energy in Wh.
    #[arg(long, requires = "side", group = "amount")]
    wh: Option<u64>,
    /// Ends the standing order; what it placed stays.
    #[arg(long, conflicts_with = "side")]
    end: bool,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Who acts, and for whom.
#[derive(Debug, Args)]
struct Acting {
    /// Acts for this principal by its grant: its orders and money, the signer's fee.
    #[arg(long = "for", value_name = "PRINCIPAL", value_parser = parse_account)]
    principal: Option<Account>,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Buy or sell.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum SideArg {
    /// To buy.
    Bid,
    /// To sell.
    Ask,
}

/// Which slot.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct SlotArg {
    /// The delivery slot: its number, next, or a time such as 14:30, which stands for the first open slot
    /// from then on.
    #[arg(long)]
    slot: Option<SlotName>,
    /// The first slot whose gate stays open for three more blocks, as --slot next.
    #[arg(long)]
    next: bool,
}

impl SlotArg {
    /// Its number.
    async fn number(&self, session: &Session) -> Result<u64, Error> {
        self.slot.as_ref().unwrap_or(&SlotName::Next).to_trade(session.at()).await
    }
}

/// Places an order and waits until it is final.
async fn place(args: &Place) -> Result<(), Error> {
    let (mut session, key) = args.acting.by.begin().await?;
    let slot = args.slot.number(&session).await?;
    let (side, limit, energy) = (side(args.side), args.price, args.energy.energy());
    let (block, included) = match args.acting.principal {
        None => {
            let call = calls::place_order(slot, side, limit, energy);
            session.call("the order", &call, &key).await?
        }
        Some(principal) => {
            let call =
                grants::place_orders_for(principal, slot, &[NewOrder { side, limit, energy }]);
            session.call("the order", &call, &key).await?
        }
    };
    // Of a broker's orders each is judged alone, and the transaction succeeds.
    if let Some((_, refusal)) = included.refused_orders.first() {
        return Err(Error::refused("the order".to_owned(), refusal.clone()));
    }
    let placed = included.slot_events.iter().find_map(|(_, slot_event)| match slot_event {
        SlotEvent::Placed(order) => Some(order),
        _ => None,
    });
    let order = placed.ok_or_else(|| Error::answer("no order was placed".to_owned()))?;
    if args.acting.by.json {
        return output::json(&json!({
            "slot": slot,
            "id": order.id,
            "held": amounts::json(order.held),
            "block": block.number,
        }));
    }
    say!(
        "order {} of slot {slot} is placed in block {}; {} are held for it",
        order.id,
        block.number,
        amounts::money(order.held)
    )?;
    Ok(())
}

const fn side(named: SideArg) -> Side {
    match named {
        SideArg::Bid => Side::Bid,
        SideArg::Ask => Side::Ask,
    }
}

/// Changes an order and waits until that is final.
async fn amend(args: &Amend) -> Result<(), Error> {
    let (mut session, key) = args.acting.by.begin().await?;
    let slot = args.slot.to_see(session.at()).await?;
    let (id, limit, energy) = (args.id, args.price, args.energy.energy());
    let (block, included) = match args.acting.principal {
        None => {
            let call = calls::amend_order(slot, id, limit, energy);
            session.call("the change", &call, &key).await?
        }
        Some(principal) => {
            let call = grants::amend_order_for(principal, slot, id, limit, energy);
            session.call("the change", &call, &key).await?
        }
    };
    // An order that only loses energy keeps its number.
    let id = included
        .slot_events
        .iter()
        .find_map(|(_, slot_event)| match slot_event {
            SlotEvent::Placed(order) => Some(order.id),
            _ => None,
        })
        .unwrap_or(args.id);
    if args.acting.by.json {
        return output::json(&json!({ "slot": slot, "id": id, "block": block.number }));
    }
    say!(
        "order {} of slot {slot} is changed in block {}; its number is {id}",
        args.id,
        block.number
    )?;
    Ok(())
}

/// Places the orders of a file and says how many were taken. One refused order is an error only
/// after the others were placed.
async fn place_batch(args: &Batch) -> Result<(), Error> {
    args.acting.by.key()?;
    let rows = batch::read(&qedex_console::read_table(&args.file)?)?;
    let (mut session, key) = args.acting.by.begin().await?;
    let slot = args.slot.number(&session).await?;
    let orders = batch::of_slot(rows, slot)?;
    queries::Limit::Orders.check(session.at(), orders.len())?;
    let (block, included) = match args.acting.principal {
        None => session.call("the orders", &calls::place_orders(slot, &orders), &key).await?,
        Some(principal) => {
            let call = grants::place_orders_for(principal, slot, &orders);
            session.call("the orders", &call, &key).await?
        }
    };
    let placed: Vec<u32> = included
        .slot_events
        .iter()
        .filter_map(|(_, slot_event)| match slot_event {
            SlotEvent::Placed(order) => Some(order.id),
            _ => None,
        })
        .collect();
    let refused = &included.refused_orders;
    if args.acting.by.json {
        let refused: Vec<_> = refused.iter().map(refused_as_json).collect();
        output::json(&json!({
            "slot": slot,
            "block": block.number,
            "ids": placed,
            "refused": refused,
        }))?;
    } else {
        say!(
            "{} of {} orders of slot {slot} are placed in block {}",
            placed.len(),
            orders.len(),
            block.number
        )?;
    }
    if refused.is_empty() {
        return Ok(());
    }
    let each = refused.iter().map(|one| format!("\n  {}", refused_in_words(one)));
    Err(Error::BadInput(format!(
        "{} of {} orders were refused{}",
        refused.len(),
        orders.len(),
        each.collect::<String>()
    )))
}

/// Sets or ends the account's standing order and waits until that is final.
async fn standing(args: &Standing) -> Result<(), Error> {
    let (mut session, key) = args.by.begin().await?;
    let (block, what) = match (args.side, args.price, args.energy.or(args.wh.map(Wh))) {
        (Some(named), Some(price), Some(energy)) => {
            let call =
                calls::set_standing_order(NewOrder { side: side(named), limit: price, energy });
            (session.call("the standing order", &call, &key).await?.0, "stands")
        }
        _ => {
            let call = calls::end_standing_order();
            (session.call("its end", &call, &key).await?.0, "has ended")
        }
    };
    if args.by.json {
        return output::json(&json!({ "block": block.number, "standing": !args.end }));
    }
    say!("the standing order {what} from block {} on", block.number)?;
    Ok(())
}

/// Cancels an order and waits until that is final.
async fn cancel(args: &Cancel) -> Result<(), Error> {
    let (mut session, key) = args.acting.by.begin().await?;
    let slot = args.slot.to_see(session.at()).await?;
    let (block, _) = match args.acting.principal {
        None => session.call("the cancellation", &calls::cancel_order(slot, args.id), &key).await?,
        Some(principal) => {
            let call = grants::cancel_order_for(principal, slot, args.id);
            session.call("the cancellation", &call, &key).await?
        }
    };
    if args.acting.by.json {
        let id = args.id;
        return output::json(&json!({ "slot": slot, "id": id, "block": block.number }));
    }
    say!("order {} of slot {slot} is cancelled in block {}", args.id, block.number)?;
    Ok(())
}
