//! One seller and many buyers, some of whom never look: from which share of these on a lie pays.

use super::{evidence::*, scene::*};
use crate::{
    tests::{
        chain::Code,
        games::document::{MILLION, Table, gain, mean, percent},
    },
    *,
};
use qedex_primitives::{Bill, Wh};
use sp_runtime::Permill;

/// What a seller says of what it delivered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Its meter says it in public.
    Published,
    /// It commits to its true bill, shows that to nobody, and answers when complaints are over.
    Hidden,
    /// It commits to nothing that a meter signed, and cannot answer.
    Forged,
}

/// A seller of ten kilowatt-hours to each of so many buyers.
#[derive(Clone, Copy)]
struct Play {
    buyers: usize,
    /// What it delivers to each.
    each: Wh,
    says: Says,
    /// How many of the buyers look, and complain.
    complaining: usize,
    draw_chance: Permill,
}

impl Play {
    /// What the seller gains on a chain of this code, beyond what it could have fed in.
    fn gained(self, code: Code) -> i128 {
        let Self { buyers, each, says, complaining, draw_chance } = self;
        let mut scene = Scene::of(code);
        if !scene.is_first_release() {
            scene.draws(draw_chance);
        }
        let meter = scene.admits_all();
        let slot = scene.gate_after(6);
        let before = scene.money(&[LIAR]);
        let sold: Vec<_> = BUYERS[..buyers].iter().map(|buyer| (*buyer, TEN)).collect();
        let trades = scene.sells_to(slot, LIAR, &sold);
        let delivered = Wh(each.0 * buyers as u64);
        let flow = [delivered, Wh::ZERO];
        let mut bill = Bill::default();
        match says {
            Says::Published => {
                assert!(scene.publishes(LIAR, meter, &own_meter(LIAR), slot, flow));
            }
            Says::Hidden => bill = scene.commits(LIAR, meter, slot, delivered),
            Says::Forged => {
                scene.chain.run_to(times(slot).delivery_ends);
                let forged = (slot, Hash::repeat_byte(1));
                assert!(scene.tries(LIAR, "Settlement", "commit", forged));
            }
        }
        // So late that the first release takes an answer when all others are paid.
        scene.chain.run_to(times(slot).readings_until + 3 * SLOT);
        for trade in &trades[..complaining] {
            assert!(scene.complains(trade));
        }
        scene.chain.run_to(times(slot).complaints_until);
        if says == Says::Hidden {
            let asked = complaining > 0 || draw_chance == Permill::one();
            assert_eq!(scene.reveals(LIAR, LIAR, slot, &bill), asked);
        }
        scene.end(slot);
        let fed_in = presets::leader_terms().floor.cost_floor(delivered).expect("money") as i128;
        scene.money(&[LIAR]) - before - fed_in
    }
}

/// What a lie brings, by the number of those who complain, and what the same seller has otherwise.
struct Lie {
    published: i128,
    honest: i128,
    /// With nobody complaining first, and everybody last.
    by_complaints: Vec<i128>,
}

impl Lie {
    fn told(code: &Code, buyers: usize, each: Wh, says: Says) -> Self {
        let quiet = Play { buyers, each, says, complaining: 0, draw_chance: Permill::zero() };
        let play = |play: Play| play.gained(code.clone());
        Self {
            published: play(Play { says: Says::Published, ..quiet }),
            honest: play(Play { each: TEN, says: Says::Published, ..quiet }),
            by_complaints: (0..=buyers)
                .map(|complaining| play(Play { complaining, ..quiet }))
                .collect(),
        }
    }

    /// What it brings on average where each buyer is careless with this chance, in thousandths, times
    /// that many to the power of their number; and who is drawn, with `chance`, has `drawn` instead if
    /// nobody complains.
    fn expected(&self, careless: i128, chance: Permill, drawn: i128) -> i128 {
        let buyers = self.by_complaints.len() - 1;
        let power = |base: i128, times: usize| base.pow(u32::try_from(times).expect("few"));
        let mut ways = 1_i128;
        let mut sum = 0;
        for (complaining, gained) in self.by_complaints.iter().enumerate() {
            let quiet = buyers - complaining;
            let asked = if complaining > 0 { *gained } else { drawn };
            let gained = mean(chance.deconstruct(), asked, *gained);
            sum += ways * power(1_000 - careless, complaining) * power(careless, quiet) * gained;
            ways = ways * quiet as i128 / (complaining as i128 + 1);
        }
        sum
    }

    /// The share of careless buyers from which on it brings more than `target`, whatever more there are.
    fn pays_above(&self, target: i128, chance: Permill, drawn: i128) -> String {
        let buyers = u32::try_from(self.by_complaints.len() - 1).expect("few");
        let target = target * 1_000_i128.pow(buyers);
        let pays = |careless: &i128| self.expected(*careless, chance, drawn) > target;
        match (0..=1_000).rev().take_while(pays).last() {
            Some(0) => "always".into(),
            Some(careless) => percent(careless * MILLION / 1_000),
            None => "never".into(),
        }
    }
}

/// The rows of so many buyers.
fn rows(table: &mut Table, buyers: usize) {
    for (delivers, shows, each, says) in [
        ("nothing", "a forged commitment", Wh::ZERO, Says::Forged),
        ("nothing", "a commitment, hidden", Wh::ZERO, Says::Hidden),
        ("half", "a commitment, hidden", Wh(TEN.0 / 2), Says::Hidden),
    ] {
        let before = Lie::told(&Code::of_release("v1"), buyers, each, says);
        let now = Lie::told(&Code::Native, buyers, each, says);
        let quiet = Play { buyers, each, says, complaining: 0, draw_chance: Permill::one() };
        let drawn = quiet.gained(Code::Native);
        // Whoever is drawn is found out; and one who looks protects all: the first complaint brings the
        // whole of it to light. Where the bill covers a complainer's trade, that costs the seller a bond.
        let asked = &now.by_complaints[1..];
        assert!(asked.iter().all(|gained| *gained <= drawn), "{}", gain(drawn));
        assert!(each.0 > 0 || asked.iter().all(|gained| *gained == drawn), "{}", gain(drawn));
        assert!(drawn < now.published, "{}", gain(drawn));
        for (what, [target_before, target]) in [
            ("publishing", [before.published, now.published]),
            ("not trading", [0, 0]),
            ("honesty", [before.honest, now.honest]),
        ] {
            let mut cells = vec![
                buyers.to_string(),
                delivers.to_owned(),
                shows.to_owned(),
                what.to_owned(),
                before.pays_above(target_before, Permill::zero(), 0),
            ];
            for chance in [0, 5, 10, 20].map(Permill::from_percent) {
                cells.push(now.pays_above(target, chance, drawn));
            }
            table.row(&cells);
        }
    }
}

#[test]
fn a_lie_to_many_pays_only_where_nearly_nobody_looks() {
    let columns = ["buyers", "delivers", "shows", "beats", "before", "now", "5 %", "10 %", "20 %"];
    let mut table = Table::new(&columns, 4);
    for buyers in [2, 5] {
        rows(&mut table, buyers);
    }
    table.stands_in_the_document_as("crowds");
}
