use super::*;
use proptest::prelude::*;

fn plan(load: &[u64], generation: &[u64], share_ppm: u32, reach: Reach<'_>) -> Plan {
    let energies = |slots: &[u64]| slots.iter().copied().map(MilliWh).collect::<Vec<_>>();
    let (load, generation) = (energies(load), energies(generation));
    flattest(&Request { load: &load, generation: &generation, share_ppm, reach }).unwrap()
}

fn loads(plan: &Plan) -> Vec<u64> {
    plan.load.iter().map(|slot| slot.0).collect()
}

fn moved(plan: &Plan) -> Vec<(usize, usize, u64)> {
    plan.moves.iter().map(|one| (one.from, one.to, one.energy.0)).collect()
}

#[test]
fn a_quarter_of_a_peak_goes_beside_it() {
    let plan = plan(&[0, 0, 100, 0, 0], &[], 250_000, Reach::Slots(1));
    assert_eq!(loads(&plan), [0, 12, 75, 13, 0]);
    assert_eq!(moved(&plan), [(2, 1, 12), (2, 3, 13)]);
}

#[test]
fn load_goes_where_the_sun_shines() {
    let plan = plan(&[40, 40, 40, 40], &[0, 0, 30, 0], 1_000_000, Reach::Slots(1));
    // Net of generation: 33, 33, 32, 32 would be level; what the first slot gives reaches the second alone.
    let net = net(&plan.load, &[0, 0, 30, 0].map(MilliWh));
    assert_eq!(net, [32, 33, 32, 33]);
    assert_eq!(net.iter().sum::<i128>(), 130);
}

#[test]
fn days_are_planned_each_for_itself() {
    let plan = plan(&[4, 0, 0, 8], &[], 1_000_000, Reach::Days(&[2, 2]));
    assert_eq!(loads(&plan), [2, 2, 4, 4]);
    assert_eq!(moved(&plan), [(0, 1, 2), (3, 2, 4)]);
}

#[test]
fn nothing_moves_where_nothing_may_or_nothing_is_gained() {
    for (share, reach) in [(0, Reach::Slots(5)), (1_000_000, Reach::Slots(0))] {
        let plan = plan(&[5, 1, 9], &[], share, reach);
        assert_eq!((loads(&plan), moved(&plan)), (vec![5, 1, 9], vec![]));
    }
    assert_eq!(moved(&plan(&[7, 7, 7], &[], 1_000_000, Reach::Slots(2))), []);
}

#[test]
fn a_request_that_makes_no_sense_is_refused() {
    let load = [MilliWh(1), MilliWh(2)];
    let request = Request { load: &load, generation: &[], share_ppm: 1, reach: Reach::Slots(1) };
    assert_eq!(flattest(&Request { load: &[], ..request }), Err(Unfit::NoSlot));
    let generation = &load[..1];
    let lengths = Unfit::Lengths { load: 2, generation: 1 };
    assert_eq!(flattest(&Request { generation, ..request }), Err(lengths));
    let share_ppm = 1_000_001;
    assert_eq!(flattest(&Request { share_ppm, ..request }), Err(Unfit::Share(share_ppm)));
    for days in [&[1][..], &[2, 1], &[usize::MAX, usize::MAX]] {
        let refused = flattest(&Request { reach: Reach::Days(days), ..request });
        assert!(matches!(refused, Err(Unfit::Days { load: 2, .. })), "{days:?}");
    }
    let long = vec![MilliWh(1); MOST_SLOTS + 1];
    assert_eq!(flattest(&Request { load: &long, ..request }), Err(Unfit::TooLong(MOST_SLOTS + 1)));
    let full = [MilliWh(u64::MAX), MilliWh(u64::MAX)];
    let all = Request { load: &full, share_ppm: WHOLE, ..request };
    assert!(flattest(&all).is_ok());
    // So much sun in the second slot that both loads belong there.
    let generation = &[MilliWh(0), MilliWh(u64::MAX)];
    assert_eq!(flattest(&Request { generation, ..all }), Err(Unfit::TooLarge));
}

#[test]
fn a_load_as_large_as_can_be_is_planned() {
    let load: Vec<MilliWh> =
        (0..96).map(|slot| MilliWh(if slot == 40 { u64::MAX } else { 0 })).collect();
    let request =
        Request { load: &load, generation: &[], share_ppm: WHOLE, reach: Reach::Slots(95) };
    let plan = flattest(&request).unwrap();
    assert_eq!(plan.load.iter().max(), Some(&MilliWh(u64::MAX.div_ceil(96))));
}

/// Every way to put each slot's part into its window, whole unit by unit: the nets it comes to, and how much moves.
fn try_all(
    net: &mut [i128],
    parts: &[Flexible],
    at: usize,
    moved: i128,
    tell: &mut dyn FnMut(&[i128], i128),
) {
    let Some(part) = parts.get(at) else { return tell(net, moved) };
    let Window { first, last } = part.window;
    put(net, first, last, part.energy, at, &mut |net, more| {
        try_all(net, parts, at + 1, moved + more, tell);
    });
}

/// Every way to put `energy` into the slots from `first` to `last`, and how much of it leaves `home`.
fn put(
    net: &mut [i128],
    first: usize,
    last: usize,
    energy: i128,
    home: usize,
    then: &mut dyn FnMut(&mut [i128], i128),
) {
    let least = if first == last { energy } else { 0 };
    for here in least..=energy {
        let moved = if first == home { 0 } else { here };
        net[first] += here;
        if first == last {
            then(net, moved);
        } else {
            let mut later = |net: &mut [i128], more: i128| then(net, moved + more);
            put(net, first + 1, last, energy - here, home, &mut later);
        }
        net[first] -= here;
    }
}

/// Hall's condition, over all sets of slots: the most that the slots of a set have to bear, per slot, rounded up.
fn least_peak(fixed: &[i128], parts: &[Flexible]) -> i128 {
    let sets = 1_usize..1 << fixed.len();
    let level = sets.map(|set| {
        let holds = |slot: &usize| set >> slot & 1 == 1;
        let slots: Vec<usize> = (0..fixed.len()).filter(holds).collect();
        let held: i128 = slots.iter().map(|slot| fixed[*slot]).sum();
        let inside = parts
            .iter()
            .filter(|part| (part.window.first..=part.window.last).all(|slot| holds(&slot)));
        let total = held + inside.map(|part| part.energy).sum::<i128>();
        -(-total).div_euclid(slots.len() as i128)
    });
    level.max().unwrap()
}

/// Loads, what is generated, and reach.
fn any(
    slots: std::ops::RangeInclusive<usize>,
    most: u64,
) -> impl Strategy<Value = (Vec<u64>, Vec<u64>, u32, usize)> {
    let amounts = move |slots: usize| prop::collection::vec(0..=most, slots);
    let of = move |slots| (amounts(slots), amounts(slots), 0..=4_u32, 0..=slots);
    slots
        .prop_flat_map(of)
        .prop_map(|(load, made, quarters, reach)| (load, made, quarters * 250_000, reach))
}

/// A request as the functions below it see it.
fn taken_apart(
    load: &[u64],
    made: &[u64],
    share_ppm: u32,
    reach: Reach<'_>,
) -> (Vec<i128>, Vec<Flexible>) {
    let load: Vec<MilliWh> = load.iter().copied().map(MilliWh).collect();
    let request = Request { load: &load, generation: &[], share_ppm, reach };
    let parts = flexible(&request).unwrap();
    let slots = load.iter().zip(made).zip(&parts);
    (
        slots
            .map(|((load, made), part)| i128::from(load.0) - i128::from(*made) - part.energy)
            .collect(),
        parts,
    )
}

/// What must hold of any plan: each slot gives no more than its share, within reach, and load is what stays and
/// what comes.
fn check(plan: &Plan, load: &[u64], parts: &[Flexible]) {
    let mut after: Vec<i128> = load.iter().copied().map(i128::from).collect();
    let mut left = vec![0; load.len()];
    for one in &plan.moves {
        let window = parts[one.from].window;
        assert!(one.from != one.to && one.energy.0 > 0, "{one:?}");
        assert!((window.first..=window.last).contains(&one.to), "{one:?} is out of reach");
        left[one.from] += i128::from(one.energy.0);
        after[one.from] -= i128::from(one.energy.0);
        after[one.to] += i128::from(one.energy.0);
    }
    assert!(left.iter().zip(parts).all(|(left, part)| *left <= part.energy), "more than the share");
    assert_eq!(after, plan.load.iter().map(|slot| i128::from(slot.0)).collect::<Vec<_>>());
}

proptest! {
    #[test]
    fn no_plan_is_flatter_and_none_with_its_loads_moves_less((load, made, share, reach) in any(1..=4, 4)) {
        let reach = Reach::Slots(reach);
        let plan = plan(&load, &made, share, reach);
        let (mut fixed, parts) = taken_apart(&load, &made, share, reach);
        check(&plan, &load, &parts);
        let made: Vec<MilliWh> = made.into_iter().map(MilliWh).collect();
        let found = net(&plan.load, &made);
        let squares = |net: &[i128]| net.iter().map(|slot| slot * slot).sum::<i128>();
        let (mut flattest, mut fewest) = (i128::MAX, i128::MAX);
        try_all(&mut fixed, &parts, 0, 0, &mut |net, moved| {
            flattest = flattest.min(squares(net));
            if net == found {
                fewest = fewest.min(moved);
            }
        });
        prop_assert_eq!(squares(&found), flattest);
        prop_assert_eq!(plan.moves.iter().map(|one| i128::from(one.energy.0)).sum::<i128>(), fewest);
    }

    #[test]
    fn the_peak_is_the_least_that_any_set_of_slots_allows((load, made, share, reach) in any(1..=9, 1_000)) {
        for reach in [Reach::Slots(reach), Reach::Days(&[load.len()])] {
            let plan = plan(&load, &made, share, reach);
            let (fixed, parts) = taken_apart(&load, &made, share, reach);
            check(&plan, &load, &parts);
            let made: Vec<MilliWh> = made.iter().copied().map(MilliWh).collect();
            prop_assert_eq!(net(&plan.load, &made).into_iter().max(), Some(least_peak(&fixed, &parts)));
        }
    }

    /// What makes BC-ET-MF's 5.88 and 3.21 impossible.
    #[test]
    fn a_share_takes_no_more_than_itself_from_the_ratio((load, _, share, reach) in any(2..=60, 1 << 40)) {
        let plan = plan(&load, &[], share, Reach::Slots(reach));
        let before: Vec<MilliWh> = load.iter().copied().map(MilliWh).collect();
        let ratio = |load: &[MilliWh]| par_ppm(&net(load, &[]));
        if let (Some(before), Some(after)) = (ratio(&before), ratio(&plan.load)) {
            let kept = u128::from(WHOLE - share);
            prop_assert!(after >= u128::from(WHOLE) && after + 1 >= before * kept / u128::from(WHOLE));
            prop_assert!(after <= before);
        } else {
            prop_assert!(load.iter().all(|slot| *slot == 0));
        }
    }
}

#[test]
fn a_ratio_needs_a_sum_above_zero() {
    assert_eq!(par_ppm(&[1, 3, 2]), Some(1_500_000));
    assert_eq!(par_ppm(&[3, 2, 2]), Some(1_285_714));
    assert_eq!(par_ppm(&[0, 0]), None);
    assert_eq!(par_ppm(&[5, -9]), None);
    assert_eq!(par_ppm(&[]), None);
}
