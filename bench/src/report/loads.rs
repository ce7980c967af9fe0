//! What the whole service takes of a core, as a bar for each case: its own share, and that of the simulated ADC inside of it.

use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::plot::COLOURS;
use crate::results::Load;

const SIZE: (u32, u32) = (1100, 520);
/// Lines of text below a bar, and their height.
const LINES: u32 = 4;
const LINE: u32 = 17;

/// From where to where a part of a bar reaches.
type Part = fn(&Load) -> (f64, f64);

/// Draws all cases. Nothing when there is none.
///
/// # Errors
/// What the file system says.
pub fn loads(loads: &[Load], path: &Path) -> Result<(), String> {
    if loads.is_empty() {
        return Ok(());
    }
    draw(loads, path).map_err(|e| format!("{}: {e}", path.display()))
}

fn draw(loads: &[Load], path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    // Room for the legend above the bars.
    let most = loads.iter().map(|l| l.core).fold(0.05, f64::max) * 145.0;
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption("The whole service: time on a core", ("sans-serif", 22))
        .margin(12)
        .x_label_area_size(LINES * LINE + 12)
        .y_label_area_size(76)
        .build_cartesian_2d(0.0..loads.len() as f64, 0.0..most)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .max_light_lines(1)
        .disable_x_axis()
        .y_desc("share of one core")
        .y_label_formatter(&|percent| format!("{percent:.0} %"))
        .label_style(("sans-serif", 14))
        .draw()?;
    // From below: what is the service's own, then what is not.
    let parts: [(&str, Part); 3] = [
        ("service", |l| (0.0, l.own().max(0.0))),
        ("sleeping until the simulated ADC's edges", |l| (l.own().max(0.0), (l.core - l.device).max(0.0))),
        ("the simulated ADC's answers", |l| ((l.core - l.device).max(0.0), l.core)),
    ];
    let [_, service, edges, .., answers, _] = &COLOURS;
    for ((name, part), colour) in parts.into_iter().zip([service, edges, answers]) {
        let bar = |(i, load): (usize, &Load)| {
            let (from, to) = part(load);
            let x = i as f64;
            Rectangle::new([(x + 0.15, from * 100.0), (x + 0.85, to * 100.0)], colour.filled())
        };
        chart
            .draw_series(loads.iter().enumerate().map(bar))?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 6), (x + 14, y + 6)], colour.filled()));
    }
    let style = |size: u32, v: VPos| ("sans-serif", size).into_font().color(&BLACK).pos(Pos::new(HPos::Center, v));
    let plot = chart.plotting_area();
    for (i, load) in loads.iter().enumerate() {
        let (x, top) = plot.map_coordinate(&(i as f64 + 0.5, load.core * 100.0));
        root.draw(&Text::new(format!("{:.1} %", load.core * 100.0), (x, top - 3), style(12, VPos::Bottom)))?;
        let (_, bottom) = plot.map_coordinate(&(0.0, 0.0));
        let readers = match load.readers {
            1 => "1 reader".to_owned(),
            n => format!("{n} readers"),
        };
        let texts =
            [format!("{} ch", load.channels), format!("{} Hz", load.rate), format!("{} s ring", load.ring_s), readers];
        for (line, text) in (0..).zip(texts) {
            root.draw(&Text::new(text, (x, bottom + 8 + line * LINE as i32), style(13, VPos::Top)))?;
        }
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.9))
        .border_style(BLACK.mix(0.3))
        .label_font(("sans-serif", 14))
        .draw()?;
    root.present()?;
    Ok(())
}
