//! Pictures in ratatui's own test buffer.

use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;
use axismirror_core::mirror::Proof;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::config::is_invisible;
use crate::mirror::{Frames, StreamInfo};
use crate::scope::filter::Filters;
use crate::scope::signals::tests::info;
use crate::scope::{MOST_CHANNELS, Sizes};

fn signals(rate: Option<f64>, labels: &[&str], frames: usize, sample: impl Fn(usize, usize) -> f64) -> Signals {
    let channels = labels.len();
    let mut signals = Signals::new(None, false);
    let labels = labels.iter().map(|l| (*l).to_owned()).collect();
    let of_stream = info(rate, channels);
    signals.stream(&StreamInfo { dtype: DType::F64, labels, clock: Clock::Realtime, ..of_stream });
    feed(&mut signals, 0, channels, frames, sample, 0);
    signals
}

fn feed(
    signals: &mut Signals,
    first: usize,
    channels: usize,
    frames: usize,
    sample: impl Fn(usize, usize) -> f64,
    overwritten: u64,
) {
    let bytes: Vec<u8> = (first..first + frames)
        .flat_map(|i| (0..channels).map(move |c| (i, c)))
        .flat_map(|(i, c)| sample(i, c).to_le_bytes())
        .collect();
    let (first, not_acquired, proof, dtype) = (first as u64 + overwritten, 0, Proof::Untorn, DType::F64);
    signals.frames(&Frames { first, bytes: &bytes, times: &[], overwritten, not_acquired, proof, dtype, channels });
}

fn view() -> View {
    View::new(Some(1.0), Sizes::Each, Filters::default())
}

const PLAIN: Theme = Theme { colour: false, symbols: Symbols::Ascii };

fn drawn(signals: &Signals, view: &View, (width, height): (u16, u16), theme: Theme) -> Buffer {
    let health =
        Health { link: Link::Alive, lost: Some(3), jitter_s: Some(2.5e-6), rate: Some(249.98), ..Health::default() };
    let scene =
        Scene { name: "lab", signals, view, health: &health, arrivals: None, idle_s: None, message: None, theme };
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut picture = Picture::default();
    // Twice: the second follows the first.
    for _ in 0..2 {
        terminal.draw(|frame| picture.draw(&scene, frame.area(), frame.buffer_mut())).unwrap();
    }
    terminal.backend().buffer().clone()
}

fn lines(buffer: &Buffer) -> Vec<String> {
    let rows = buffer.content().chunks(usize::from(buffer.area.width).max(1));
    rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()).collect()
}

/// 30 frames over 30 columns: one each. 3 rows have 9 dots; of a span of 10 around 5, 0 is at the lower edge and 9 a tenth below the upper one:
/// the last dot and the first. An edge goes from the dot after the sample before to the own one.
#[test]
fn samples_are_where_a_hand_would_draw_them() {
    let square = signals(Some(30.0), &["sq"], 30, |i, _| if i / 5 % 2 == 0 { 0.0 } else { 9.0 });
    let lines = lines(&drawn(&square, &view(), (40, 5), PLAIN));
    let expected = [
        ">sq            |''''v    |''''v    |''''",
        " 10 V          |    |    |    |    |",
        "          _____^    |____^    |____^",
    ];
    assert_eq!(lines[1..4], expected, "{lines:#?}");
}

#[test]
fn the_lines_say_what_is_seen() {
    let labels = ["Fp1", "Fp2"];
    let sine = signals(Some(250.0), &labels, 1000, |i, c| 2e-5 * (i as f64 / 10.0 + c as f64).sin());
    let lines = lines(&drawn(&sine, &view(), (80, 24), Theme { colour: true, symbols: Symbols::Braille }));
    assert_eq!(lines[0], " lab · 2 ch × 250 Hz · auto each");
    assert!(lines.iter().any(|l| l.starts_with(">Fp1")) && lines.iter().any(|l| l.starts_with(" Fp2")), "{lines:#?}");
    assert!(lines.iter().any(|l| l.starts_with(" 50 µV")), "{lines:#?}");
    assert!(lines[21].contains("-0.8 s") && lines[21].ends_with('0'), "{}", lines[21]);
    assert_eq!(lines[22], " writer alive · missed 0 · lost 3 · 249.98 Hz · jitter 2.5 µs");
    assert!(lines[23].starts_with(" q quit  ? keys  space pause  [ ] time"), "{}", lines[23]);
}

#[test]
fn what_is_missing_is_marked_however_short_and_counted() {
    let mut ramp = signals(Some(250.0), &["a"], 200, |i, _| i as f64);
    feed(&mut ramp, 201, 1, 40, |i, _| i as f64, 1);
    let lines = lines(&drawn(&ramp, &view(), (60, 12), PLAIN));
    let marked: Vec<&String> = lines[1..9].iter().filter(|l| l.matches('#').count() == 1).collect();
    assert_eq!(marked.len(), 8, "one column in each row: {lines:#?}");
    assert!(lines[9].contains("missed 1"), "{lines:#?}");
    assert!(lines[10].contains("missed 1"), "{lines:#?}");
    let column = lines[1].find('#').unwrap();
    // Of 6 columns for labels and 54 for a second; 41 of 250 frames are right of it.
    assert!((column as f64 - (60.0 - 54.0 * 41.0 / 250.0)).abs() <= 1.5, "{column}");
}

#[test]
fn of_more_channels_than_rows_the_title_says_which_are_here() {
    let labels: Vec<String> = (1..=32).map(|n| format!("E{n}")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let sines = signals(Some(250.0), &labels, 500, |i, c| 2e-5 * (i as f64 / 10.0 + c as f64).sin());
    let lines_of = |view: &View, size| lines(&drawn(&sines, view, size, PLAIN));
    // 20 rows: no room for sizes, so that the title has the selected one's.
    let mut view = view();
    assert_eq!(lines_of(&view, (80, 24))[0], " lab | 32 ch (1-20 here) x 250 Hz | auto each, E1 50 uV");
    view.selected = 31;
    let page = lines_of(&view, (80, 24));
    assert!(page[0].contains("(13-32 here)") && page[20].starts_with(">E32"), "{page:#?}");
    // 36 rows: alike is of one height, and four rows are left.
    view.sizes = Sizes::Alike;
    let alike = lines_of(&view, (80, 40));
    let bands: Vec<bool> = (1..37).map(|row| alike[row].trim_start_matches(['>', ' ']).starts_with('E')).collect();
    assert!(bands[..32].iter().all(|is| *is) && !bands[32..].iter().any(|is| *is), "{alike:#?}");
}

#[test]
fn what_has_no_room_on_a_line_is_not_on_it_in_part() {
    let mut ramp = signals(Some(250.0), &["a"], 100, |i, _| i as f64);
    // Half of the picture, where a time is.
    feed(&mut ramp, 180, 1, 60, |i, _| i as f64, 80);
    let lines = lines(&drawn(&ramp, &view(), (50, 12), PLAIN));
    assert_eq!(lines[10], " writer alive | missed 80 | lost 3 | 249.98 Hz");
    let times = lines[9].replace("missed 80", "");
    for word in times.split("  ").map(str::trim).filter(|word| !word.is_empty()) {
        assert!(word == "0" || word.starts_with('-') && word.ends_with(" s"), "{word:?}: {lines:#?}");
    }
}

/// What is as it should be goes before what is not, in whichever order they are said.
#[test]
fn bad_news_is_what_a_narrow_health_line_keeps() {
    let mut ramp = signals(Some(250.0), &["a"], 100, |i, _| i as f64);
    feed(&mut ramp, 100, 1, 60, |i, _| i as f64, 0);
    let health_at = |width: u16| lines(&drawn(&ramp, &view(), (width, 12), PLAIN))[10].clone();
    assert_eq!(health_at(80), " writer alive | missed 0 | lost 3 | 249.98 Hz | jitter 2.5 us");
    assert_eq!(health_at(52), " writer alive | lost 3 | 249.98 Hz | jitter 2.5 us");
    assert_eq!(health_at(40), " writer alive | lost 3 | 249.98 Hz");
    assert_eq!(health_at(24), " writer alive | lost 3");
    assert_eq!(health_at(12), " lost 3");
}

#[test]
fn keys_that_have_no_room_are_scrolled_to() {
    let ramp = signals(Some(250.0), &["a"], 100, |i, _| i as f64);
    let mut view = view();
    view.help = true;
    // 7 rows: 6 lines, and that there are more.
    let mut seen = Vec::new();
    for from in 0..40 {
        view.help_from = from;
        let lines = lines(&drawn(&ramp, &view, (40, 10), PLAIN));
        assert!(lines[7].starts_with(" up down: scroll (") && lines[7].ends_with(" lines)"), "{lines:#?}");
        assert!(!lines[1..7].iter().any(|line| line.contains('~')), "nothing is cut: {lines:#?}");
        seen.extend(lines[1..7].to_vec());
    }
    for key in super::super::keys::KEYS {
        assert!(seen.iter().any(|line| line.starts_with(&format!(" {} ", key.name))), "{}", key.name);
    }
    assert!(lines(&drawn(&ramp, &view, (40, 10), PLAIN))[6].contains("start"), "the last line is reached");
    // Where there is room, nothing is said of scrolling.
    assert!(!lines(&drawn(&ramp, &view, (120, 30), PLAIN)).iter().any(|line| line.contains("scroll (")));
}

#[test]
fn marks_are_lines_with_a_text() {
    let mut ramp = signals(Some(250.0), &["a"], 250, |i, _| i as f64);
    ramp.mark(125, "stimulus \u{1b}[2J".into());
    let lines = lines(&drawn(&ramp, &view(), (66, 14), PLAIN));
    assert!(lines[1].contains(r"!stimulus \u{1b}[2J"), "{lines:#?}");
    assert!((2..10).all(|i| lines[i].contains('!')), "{lines:#?}");
}

#[test]
fn a_held_picture_says_so_and_so_does_the_spectrum_of_a_sine() {
    let sine =
        signals(Some(250.0), &["a"], 2000, |i, _| 3e-5 * (std::f64::consts::TAU * 10.0 * i as f64 / 250.0).sin());
    let mut view = view();
    view.paused = true;
    assert!(lines(&drawn(&sine, &view, (80, 24), PLAIN))[0].starts_with(" HELD | lab"));
    view.spectrum = true;
    let lines = lines(&drawn(&sine, &view, (80, 24), PLAIN));
    assert!(lines[0].contains("spectrum, V/sqrtHz"), "{}", lines[0]);
    assert!(lines[1].starts_with(" a, peak 10 Hz with amplitude 30 uV"), "{}", lines[1]);
    assert!(lines[21].contains("0 Hz") && lines[21].contains("100 Hz"), "{}", lines[21]);
    // 10 Hz of 125 Hz over 70 columns.
    let top = lines.iter().skip(2).find(|l| l.len() > 10 && l[10..].contains(['_', '|', '-', 'v', '\'', '^'])).unwrap();
    assert!((10 + 70 * 10 / 125 - 1..=10 + 70 * 10 / 125 + 1).contains(&(top.rfind(|c| c != ' ').unwrap())), "{top}");
}

#[test]
fn without_a_stream_it_says_what_it_waits_for() {
    let (none, view) = (Signals::new(None, false), view());
    for (link, text) in
        [(Link::Absent, "waiting for the stream lab"), (Link::NotYet, "lab is there; waiting for frames")]
    {
        let health = Health { link, ..Health::default() };
        let scene = Scene {
            name: "lab",
            signals: &none,
            view: &view,
            health: &health,
            arrivals: Some(0.0),
            idle_s: None,
            message: Some("no filter"),
            theme: PLAIN,
        };
        let mut buffer = Buffer::empty(Rect::new(0, 0, 60, 12));
        Picture::default().draw(&scene, buffer.area, &mut buffer);
        let lines = lines(&buffer);
        assert!(lines.iter().any(|l| l.trim() == text), "{lines:#?}");
        assert_eq!(lines[11].trim(), "no filter");
        // Of what is not there nothing is counted.
        let said = if link == Link::Absent { "no stream" } else { "nothing published" };
        assert_eq!(lines[10].trim(), said);
    }
}

/// Nothing that a stranger wrote, and no size, does any harm; without colours there are none, and ASCII is ASCII.
#[test]
fn any_label_and_any_size_can_be_drawn() {
    let labels = [
        "日本語ラベル",
        "\u{1b}[31m",
        "a\u{202e}b",
        "",
        "e\u{301}👩\u{200d}🔬",
        "\n\t",
        "very long label that goes on and on",
    ];
    let strange =
        |i: usize, c: usize| [f64::NAN, f64::INFINITY, 1e300, -1e300, 1e-300, i as f64, 0.0][(c + i / 50) % 7];
    let mut sources = vec![
        signals(Some(250.0), &labels, 600, strange),
        signals(None, &labels, 600, strange),
        signals(Some(1e-9), &["a"], 3, strange),
    ];
    sources.push(signals(Some(1e12), &vec!["x"; MOST_CHANNELS], 100, strange));
    sources.push(Signals::new(None, false));
    for signals in &mut sources {
        signals.mark(10, "\u{7f}\u{202e}x".into());
        for (spectrum, help, back, sizes) in [
            (false, false, 0.0, Sizes::Each),
            (true, false, 0.5, Sizes::Alike),
            (false, true, 0.0, Sizes::Alike),
            (false, false, 7.5, Sizes::Fixed(1e-300)),
        ] {
            let mut view = view();
            (view.spectrum, view.help, view.back, view.sizes) = (spectrum, help, back, sizes);
            for size in [(1, 1), (2, 40), (3, 3), (20, 6), (9, 7), (80, 24), (300, 1)] {
                for theme in [PLAIN, Theme { colour: true, symbols: Symbols::Braille }] {
                    let buffer = drawn(signals, &view, size, theme);
                    for cell in buffer.content() {
                        assert!(!cell.symbol().contains(is_invisible), "{size:?}: {:?}", cell.symbol());
                        assert!(theme.colour || cell.fg == Color::Reset && cell.bg == Color::Reset);
                        assert!(theme.symbols == Symbols::Braille || cell.symbol().is_ascii(), "{:?}", cell.symbol());
                    }
                }
            }
        }
    }
}

#[test]
fn pages_show_the_selected_channel() {
    let labels: Vec<String> = (1..=32).map(|c| format!("ch{c}")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let ramp = signals(Some(250.0), &labels, 300, |i, _| i as f64);
    let shown = |selected: usize, page: Option<usize>| {
        let mut view = view();
        (view.selected, view.page) = (selected, page);
        let lines = lines(&drawn(&ramp, &view, (80, 24), PLAIN));
        let labels = lines[1..21]
            .iter()
            .filter_map(|l| l.get(1..)?.split(' ').next().filter(|w| w.starts_with("ch")).map(str::to_owned));
        labels.collect::<Vec<_>>()
    };
    assert_eq!(shown(0, None).len(), 20, "a row each");
    assert_eq!(shown(25, None).first().unwrap(), "ch13", "the last page is a full one");
    assert_eq!(shown(5, Some(4)), ["ch5", "ch6", "ch7", "ch8"]);
}
