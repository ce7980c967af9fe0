//! Plots as SVG: a group of bars for each case, one bar a contestant, the range of its rounds as a line, times on a logarithmic scale.

use std::path::Path;

use plotters::prelude::*;

use crate::results::{Results, Row};

const SIZE: (u32, u32) = (1100, 560);
/// Places of a group beside its bars: the gap to the next.
const GAP: f64 = 1.2;
/// Room for the legend, as a part of the bars' width.
const LEGEND: f64 = 0.3;
/// Distinguishable by those who do not see all colours, too (Okabe and Ito).
pub(super) const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 0, 0),
    RGBColor(0, 114, 178),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(213, 94, 0),
    RGBColor(204, 121, 167),
    RGBColor(240, 228, 66),
];

/// Draws a suite.
///
/// # Errors
/// What the file system says.
pub fn suite(results: &Results, suite: &str, title: &str, path: &Path) -> Result<(), String> {
    draw(results, suite, title, path).map_err(|e| format!("{}: {e}", path.display()))
}

fn draw(results: &Results, suite: &str, title: &str, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let rows: Vec<&Row> = results.rows.iter().filter(|r| r.suite == suite).collect();
    let (cases, contestants) = (results.cases(suite), results.contestants(suite));
    let of = |f: fn(&Row) -> f64| rows.iter().map(move |r| f(r));
    let least = of(|r| r.measured.ns.p5).fold(f64::MAX, f64::min);
    let most = of(|r| r.measured.ns.p95).fold(0.0, f64::max);
    if rows.is_empty() {
        return Ok(());
    }
    // Whole decades.
    let (low, high) = (10f64.powf(least.max(0.1).log10().floor()), 10f64.powf(most.log10().ceil()));
    let width = contestants.len() as f64 + GAP;
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 22))
        .margin(12)
        .x_label_area_size(46)
        .y_label_area_size(76)
        .build_cartesian_2d(0.0..width * cases.len() as f64 * (1.0 + LEGEND), (low..high).log_scale())?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .disable_x_axis()
        .y_desc("one operation, logarithmic (above the bars: ns, or u for us)")
        .y_label_formatter(&|ns| super::tick(*ns))
        .label_style(("sans-serif", 14))
        .draw()?;
    for (j, (contestant, colour)) in contestants.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let bars = rows.iter().filter(|r| r.measured.contestant == *contestant).filter_map(|r| {
            let case = cases.iter().position(|c| *c == r.case)?;
            Some((GAP / 2.0 + case as f64 * width + j as f64, r.measured.ns))
        });
        let bars: Vec<_> = bars.collect();
        let boxes =
            bars.iter().map(|(x, ns)| Rectangle::new([(x + 0.06, low), (x + 0.94, ns.median)], colour.filled()));
        chart
            .draw_series(boxes)?
            .label(*contestant)
            .legend(move |(x, y)| Rectangle::new([(x, y - 6), (x + 14, y + 6)], colour.filled()));
        let ranges = bars.iter().map(|(x, ns)| {
            PathElement::new(vec![(x + 0.5, ns.p5), (x + 0.5, ns.p95)], RGBColor(130, 130, 130).stroke_width(3))
        });
        chart.draw_series(ranges)?;
        let style = ("sans-serif", 11).into_font().color(&BLACK);
        let style = style.pos(plotters::style::text_anchor::Pos::new(
            plotters::style::text_anchor::HPos::Center,
            plotters::style::text_anchor::VPos::Bottom,
        ));
        let texts = bars
            .iter()
            .map(|(x, ns)| Text::new(short(ns.median), (x + 0.5, ns.p95.max(ns.median) * 1.08), style.clone()));
        chart.draw_series(texts)?;
    }
    let style = ("sans-serif", 15).into_font().color(&BLACK);
    let style = style.pos(plotters::style::text_anchor::Pos::new(
        plotters::style::text_anchor::HPos::Center,
        plotters::style::text_anchor::VPos::Top,
    ));
    let plot = chart.plotting_area();
    for (i, case) in cases.iter().enumerate() {
        let (x, y) = plot.map_coordinate(&((i as f64 + 0.5) * width, low));
        // "ADS1299 to volts" is two lines: ten of them have no room beside each other.
        for (line, text) in case.split(" to ").enumerate() {
            root.draw(&Text::new(text.to_owned(), (x, y + 6 + 17 * line as i32), style.clone()))?;
        }
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.9))
        .border_style(BLACK.mix(0.3))
        .label_font(("sans-serif", 14))
        .draw()?;
    root.present()?;
    Ok(())
}

/// A figure above a bar: as short as can be.
fn short(ns: f64) -> String {
    match ns {
        n if n < 9.95 => format!("{n:.1}"),
        n if n < 999.5 => format!("{n:.0}"),
        n if n < 9950.0 => format!("{:.1}u", n / 1e3),
        n => format!("{:.0}u", n / 1e3),
    }
}
