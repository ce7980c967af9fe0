//! How long frames took, as a curve for each contestant: the share of frames that took no longer, over time on a logarithmic scale.
//!
//! One panel a case, so that the panels can be compared.

use std::path::Path;

use plotters::prelude::*;

use super::plot::COLOURS;
use crate::results::Histogram;
use crate::stats::percentile;

const PANEL: (u32, u32) = (560, 380);
const COLUMNS: usize = 2;
/// Points of a curve.
const POINTS: usize = 400;

/// Draws all cases into one picture. Nothing when there is none.
///
/// # Errors
/// What the file system says.
pub fn ages(cases: &[Histogram], path: &Path) -> Result<(), String> {
    if cases.is_empty() {
        return Ok(());
    }
    draw(cases, path).map_err(|e| format!("{}: {e}", path.display()))
}

fn draw(cases: &[Histogram], path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let all = || cases.iter().flat_map(|c| c.series.iter().flat_map(|(_, ns)| ns.iter().copied()));
    let low = 10f64.powf(all().fold(f64::MAX, f64::min).max(100.0).log10().floor());
    let high = 10f64.powf(all().fold(0.0, f64::max).max(1e3).log10().ceil());
    let rows = cases.len().div_ceil(COLUMNS);
    let size = (PANEL.0 * COLUMNS as u32, PANEL.1 * rows as u32);
    let root = SVGBackend::new(path, size).into_drawing_area();
    root.fill(&WHITE)?;
    for (panel, case) in root.split_evenly((rows, COLUMNS)).iter().zip(cases) {
        let mut chart = ChartBuilder::on(panel)
            .caption(format!("DRDY to reader at {}", case.case), ("sans-serif", 18))
            .margin(12)
            .margin_right(28)
            .x_label_area_size(44)
            .y_label_area_size(60)
            .build_cartesian_2d((low..high).log_scale(), 0.0..1.0)?;
        chart
            .configure_mesh()
            .x_desc("time, logarithmic")
            .y_desc("share of frames")
            .x_label_formatter(&|ns| super::tick(*ns))
            .y_label_formatter(&|share| format!("{:.0} %", share * 100.0))
            .label_style(("sans-serif", 12))
            .draw()?;
        for ((name, ns), colour) in case.series.iter().zip(COLOURS) {
            let mut sorted = ns.clone();
            sorted.sort_by(f64::total_cmp);
            let share = |i: usize| i as f64 / POINTS as f64;
            let curve = (0..=POINTS).filter_map(|i| Some((percentile(&sorted, share(i))?.max(low), share(i))));
            chart
                .draw_series(LineSeries::new(curve, colour.stroke_width(2)))?
                .label(name)
                .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 16, y)], colour.stroke_width(2)));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE.mix(0.9))
            .border_style(BLACK.mix(0.3))
            .label_font(("sans-serif", 12))
            .draw()?;
    }
    root.present()?;
    Ok(())
}
