//! What gaming earns: the same community with one validator that cheats, and its slots.
//!
//! `docs/pov.md` shows the table that the last test computes.

use crate::{mock::*, *};
use qedex_primitives::{Band, Flow, Wh};
use sp_runtime::Permill;
use std::collections::BTreeMap;

/// The slots of a session in this table: a thousandth of them is one slot.
const SESSION: u32 = 1_000;
/// The honest: 2 kWh generated off-peak and 1 kWh consumed on-peak in each delivery slot.
const HONEST: [AccountId; 3] = [1, 2, 3];
/// Whoever tries.
const CHEAT: AccountId = 4;

fn flow(generated: u64, consumed: u64) -> Flow {
    Flow { generated: Wh(generated), consumed: Wh(consumed) }
}

/// A window of which the older half is off-peak and the newer on-peak; `flows` off and on.
fn community(who: &[AccountId], flows: impl Fn(AccountId) -> (Flow, Flow)) {
    let last = Pov::last_final_slot().unwrap().0;
    let mut all = BTreeMap::new();
    for slot in 0..u64::from(rules().window) {
        let on = slot < u64::from(rules().window) / 2;
        Bands::mutate(|bands| {
            bands.insert(last - slot, if on { Band::On } else { Band::Off });
        });
        for who in who {
            let (off_peak, on_peak) = flows(*who);
            all.insert((*who, last - slot), if on { on_peak } else { off_peak });
        }
    }
    SlotFlows::set(all);
}

fn honest() -> (Flow, Flow) {
    (flow(2_000, 0), flow(0, 1_000))
}

/// The slots of `who` together, if the session ended now.
fn slots_of(who: &[AccountId], validators: &[AccountId]) -> u32 {
    SessionSlots::<Test>::put(SESSION);
    let scored = Pov::scored(validators.to_vec(), &[])
        .into_iter()
        .map(|(who, score, reduced)| {
            (who, sp_runtime::testing::UintAuthorityId(who), score, reduced)
        })
        .collect();
    let schedule = Pov::computed(1, None, None, Default::default(), scored);
    SessionSlots::<Test>::put(SLOTS);
    let mine = schedule.authors.iter().filter(|author| who.contains(&author.who));
    mine.map(|author| author.slots).sum()
}

fn baseline() -> u32 {
    let all = [HONEST.as_slice(), &[CHEAT]].concat();
    community(&all, |_| honest());
    slots_of(&[CHEAT], &all)
}

fn with(change: impl Fn() -> (Flow, Flow)) -> u32 {
    let all = [HONEST.as_slice(), &[CHEAT]].concat();
    community(&all, |who| if who == CHEAT { change() } else { honest() });
    slots_of(&[CHEAT], &all)
}

/// Each attempt with the slots that it earns.
fn table() -> Vec<(&'static str, u32)> {
    let all = [HONEST.as_slice(), &[CHEAT]].concat();
    let mut rows = vec![("nothing: an honest fourth", baseline())];
    // A missing reading is nothing generated and the rated capacity consumed.
    let silent = flow(0, CAPACITY.0);
    rows.push(("withholds its on-peak readings", with(|| (flow(2_000, 0), silent))));
    rows.push(("withholds all its readings", with(|| (silent, silent))));

    // One tenth of the plant in each of ten accounts; only one of them can be a validator.
    let tenth = || (flow(200, 0), flow(0, 100));
    rows.push(("splits its meter over ten accounts of its own", with(tenth)));
    // If ten strangers lent it their names.
    let names: Vec<AccountId> = (10..20).collect();
    for who in &names {
        TestMembership::permit(*who, Role::Validate);
        TestMembership::set_owner(*who, owner(*who));
    }
    let everybody = [HONEST.as_slice(), &names].concat();
    community(&everybody, |who| if names.contains(&who) { tenth() } else { honest() });
    rows.push(("splits its meter over ten owners", slots_of(&names, &everybody)));

    // 2 kWh from the grid into a battery off-peak, nine tenths of it out on-peak, and the reverse.
    rows.push((
        "cycles a battery: charges off-peak, covers its load on-peak",
        with(|| (flow(2_000, 2_000), flow(1_800, 0))),
    ));
    rows.push((
        "cycles a battery: charges on-peak, exports off-peak",
        with(|| (flow(3_800, 0), flow(0, 3_000))),
    ));
    rows.push((
        "cycles a battery within off-peak: exports what it imports",
        with(|| (flow(3_800, 2_000), flow(0, 1_000))),
    ));

    community(&all, |_| honest());
    // Trades with strangers raise standing to what a hundred kept full ratings give.
    Standings::set([(CHEAT, Permill::from_parts(990_196))].into());
    rows.push(("buys standing: a hundred full trades kept", slots_of(&[CHEAT], &all)));
    Standings::set(HONEST.map(|who| (who, Permill::from_parts(990_196))).into());
    Standings::mutate(|all| all.insert(CHEAT, Permill::from_parts(999_999)));
    rows.push(("buys standing among others of good standing", slots_of(&[CHEAT], &all)));
    rows
}

#[test]
fn withholding_readings_never_pays() {
    run(&[1, 2, 3, 4], || {
        let honest = baseline();
        let silent = flow(0, CAPACITY.0);
        assert!(with(|| (silent, flow(0, 1_000))) < honest);
        assert!(with(|| (flow(2_000, 0), silent)) < honest);
        assert_eq!(with(|| (silent, flow(0, CAPACITY.0))), with(|| (silent, silent)));
    });
}

#[test]
fn the_table_in_the_documentation_is_what_the_code_computes() {
    run(&[1, 2, 3, 4], || {
        let mut text = String::from("| the fourth validator | slots of 1000 |\n|---|---:|\n");
        for (attempt, slots) in table() {
            text.push_str(&format!("| {attempt} | {slots} |\n"));
        }
        println!("{text}");
        let document = include_str!("../../../../docs/pov.md");
        assert!(document.contains(&text), "docs/pov.md should show:\n{text}");
    });
}
