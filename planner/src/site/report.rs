//! A plan as people read it.

use qedex_ems::site::{Marginal, Plan, Site};

/// What the day costs, and what runs in each step: kW, and kWh in the stores afterwards.
pub fn lines(site: &Site, plan: &Plan, marginal: &[Marginal]) -> String {
    let Plan { cost, bound, gap, series } = plan;
    let mut columns: Vec<(String, &[f64])> = [
        ("import", &series.import),
        ("export", &series.export),
        ("pv", &series.pv),
        ("wt", &series.wt),
        ("mt", &series.mt),
        ("boiler", &series.boiler),
        ("cooling", &series.cooling),
    ]
    .map(|(name, values)| (name.to_owned(), values.as_slice()))
    .into();
    for (name, run) in [("battery", &series.battery), ("tst", &series.tst), ("ice", &series.ice)] {
        columns.push((format!("{name} in"), &run.charge));
        columns.push((format!("{name} out"), &run.discharge));
        columns.push((format!("{name} kWh"), &run.level));
    }
    columns.extend((1..).zip(&series.ev).map(|(n, ev)| (format!("ev {n}"), ev.as_slice())));
    columns.retain(|(_, values)| !values.is_empty());
    let mut header = vec!["hour".to_owned()];
    header.extend(columns.iter().map(|(name, _)| name.clone()));
    if !marginal.is_empty() {
        header.extend(["worth, more".to_owned(), "worth, less".to_owned()]);
    }
    let mut table = qedex_console::table(header);
    for step in 0..site.steps() {
        let minutes = (step as f64 * site.dt_h * 60.0) as u64;
        let mut row = vec![format!("{:02}:{:02}", minutes / 60, minutes % 60)];
        let values = columns.iter().map(|(_, values)| values.get(step).copied());
        row.extend(values.map(|value| value.map_or_else(String::new, |kw| format!("{kw:.2}"))));
        if let Some(worth) = marginal.get(step) {
            let told = |worth: Option<f64>| {
                worth.map_or_else(|| "none".to_owned(), |worth| format!("{worth:.4}"))
            };
            row.extend([told(worth.more), told(worth.less)]);
        }
        table.add_row(row);
    }
    let percent = gap * 100.0;
    let told =
        format!("cost {cost:.4}; no plan costs less than {bound:.4} (a gap of {percent:.4} %)");
    let name = if site.name.is_empty() { String::new() } else { format!("{}: ", site.name) };
    format!("{name}{told}\n{table}")
}
