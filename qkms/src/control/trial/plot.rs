//! Plots of a comparison as SVG: demand, fill and pulse rate over the day, one line a controller.

use std::fmt::Write;

use super::run::Comparison;

const WIDTH: f64 = 720.0;
const PANEL: f64 = 130.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 44.0;
const GAP: f64 = 26.0;
const COLOURS: [&str; 4] = ["#0b6bcb", "#c2410c", "#1a7f37", "#8250df"];

/// One panel: a title, what its top stands for, and lines of values from 0 to 1.
struct Panel<'a> {
    title: String,
    top: String,
    bottom: &'static str,
    lines: Vec<(&'a str, Vec<f64>)>,
}

/// A figure with the title `title`.
pub fn figure(comparison: &Comparison, title: &str) -> String {
    let most = comparison.demand.iter().copied().fold(comparison.most, f64::max);
    let share = |values: &[f64], most: f64| values.iter().map(|value| value / most).collect();
    let fastest = comparison.reports.iter().flat_map(|report| &report.rates);
    let fastest = fastest.copied().fold(1.0, f64::max);
    // Four decades below the fastest rate; what is slower, or stands still, is at the bottom.
    let decades = |rates: &[f64]| -> Vec<f64> {
        rates.iter().map(|rate| (1.0 + (rate / fastest).log10() / 4.0).max(0.0)).collect()
    };
    let of = |lines: &dyn Fn(usize) -> Vec<f64>| {
        let reports = comparison.reports.iter().enumerate();
        reports.map(|(at, _)| (colour(at), lines(at))).collect::<Vec<_>>()
    };
    let report = |at: usize| comparison.reports.get(at);
    let panels = [
        Panel {
            title: "demand; dotted: the most that the link makes".into(),
            top: bits(most),
            bottom: "0",
            lines: vec![
                ("#1d2733", share(&comparison.demand, most)),
                ("dotted", vec![comparison.most / most; 2]),
            ],
        },
        Panel {
            title: "fill of the pools".into(),
            top: "100 %".into(),
            bottom: "0",
            lines: of(&|at| report(at).map_or_else(Vec::new, |report| report.fills.clone())),
        },
        Panel {
            title: "pulse rate, four decades; the bottom is none".into(),
            top: hertz(fastest),
            bottom: "none",
            lines: of(&|at| report(at).map_or_else(Vec::new, |report| decades(&report.rates))),
        },
    ];
    draw(comparison, title, &panels)
}

fn colour(at: usize) -> &'static str {
    COLOURS.get(at).copied().unwrap_or("#1d2733")
}

fn bits(rate: f64) -> String {
    if rate >= 1e6 { format!("{:.1} Mbit/s", rate / 1e6) } else { format!("{:.0} bit/s", rate) }
}

fn hertz(rate: f64) -> String {
    if rate >= 1e9 { format!("{:.0} GHz", rate / 1e9) } else { format!("{:.0} MHz", rate / 1e6) }
}

fn draw(comparison: &Comparison, title: &str, panels: &[Panel<'_>]) -> String {
    let height = TOP + panels.len() as f64 * (PANEL + GAP) + 14.0;
    let mut svg = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\"><rect width=\"{WIDTH}\" height=\"{height}\" \
         fill=\"#fff\"/><text x=\"{LEFT}\" y=\"16\" font-size=\"13\">{title}</text>"
    );
    for (at, report) in comparison.reports.iter().enumerate() {
        let x = LEFT + 110.0 * at as f64;
        let (name, colour) = (report.controller, colour(at));
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"32\" fill=\"{colour}\">{name}</text>");
    }
    for (at, panel) in panels.iter().enumerate() {
        let top = TOP + GAP + at as f64 * (PANEL + GAP);
        panel.draw(top, &mut svg);
    }
    for hour in (0..=24).step_by(3) {
        let x = LEFT + (WIDTH - LEFT - 12.0) * f64::from(hour) / 24.0;
        let y = height - 4.0;
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{hour}:00</text>");
    }
    svg.push_str("</svg>\n");
    svg
}

impl Panel<'_> {
    fn draw(&self, top: f64, svg: &mut String) {
        let Self { title, top: most, bottom: least, .. } = self;
        let (width, bottom, side) = (WIDTH - LEFT - 12.0, top + PANEL, LEFT - 6.0);
        let _ = writeln!(
            svg,
            "<rect x=\"{LEFT}\" y=\"{top}\" width=\"{width}\" height=\"{PANEL}\" fill=\"none\" \
             stroke=\"#d5dde5\"/><text x=\"{LEFT}\" y=\"{}\">{title}</text>\
             <text x=\"{side}\" y=\"{}\" text-anchor=\"end\">{most}</text>\
             <text x=\"{side}\" y=\"{bottom}\" text-anchor=\"end\">{least}</text>",
            top - 6.0,
            top + 9.0,
        );
        for (colour, values) in &self.lines {
            let (colour, dash) = if *colour == "dotted" {
                ("#1d2733", " stroke-dasharray=\"2 3\"")
            } else {
                (*colour, "")
            };
            let last = (values.len().max(2) - 1) as f64;
            let mut points = String::new();
            for (at, value) in values.iter().enumerate() {
                let x = LEFT + width * at as f64 / last;
                let y = bottom - PANEL * value.clamp(0.0, 1.0);
                let _ = write!(points, "{x:.0},{y:.0} ");
            }
            let _ = writeln!(
                svg,
                "<polyline fill=\"none\" stroke=\"{colour}\"{dash} points=\"{}\"/>",
                points.trim_end()
            );
        }
    }
}
