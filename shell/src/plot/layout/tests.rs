//! Excerpts by hand, and where their shapes are.

use axismirror_core::dtype::DType;
use axismirror_core::mirror::Proof;

use super::*;
use crate::mirror::{Frames, StreamInfo};
use crate::plot::{png, svg};

fn info(rate: Option<f64>, labels: &[&str]) -> StreamInfo {
    let of_stream = crate::scope::signals::tests::info(rate, labels.len());
    StreamInfo { dtype: DType::F64, labels: labels.iter().map(|l| (*l).to_owned()).collect(), ..of_stream }
}

fn push(excerpt: &mut Excerpt, first: u64, samples: &[f64], times: &[f64], (overwritten, not_acquired): (u64, u64)) {
    let bytes: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
    let (channels, dtype, proof) = (excerpt.samples.len(), DType::F64, Proof::Untorn);
    excerpt.push(&Frames { first, bytes: &bytes, times, overwritten, not_acquired, proof, dtype, channels }).unwrap();
}

fn lines(drawing: &Drawing, of: Rgb) -> Vec<&Vec<(f32, f32)>> {
    let lines = drawing.shapes.iter().filter_map(|shape| match shape {
        Shape::Line { points, colour, .. } if *colour == of => Some(points),
        _ => None,
    });
    lines.collect()
}

fn texts(drawing: &Drawing) -> Vec<&str> {
    let texts = drawing.shapes.iter().filter_map(|shape| match shape {
        Shape::Text { text, .. } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// One channel of 11 frames at 10 Hz on a sheet whose frame is 1000 pixels wide: a frame every 100, the first at the left edge. The band shows a
/// span of 10 around 5, so that 0 is at the lower edge, and 9 a tenth below the upper one.
#[test]
fn samples_are_where_a_hand_would_draw_them() {
    let mut excerpt = Excerpt::new(&info(Some(10.0), &["a"]), None, false);
    push(&mut excerpt, 0, &[0.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 9.0], &[], (0, 0));
    // `10 V`, and a column between.
    let left = EDGE + 5.0 * LETTER;
    let size = Some(((1000.0 + left + EDGE) as u32, 400));
    let drawing = picture(&excerpt, &Options { size, ..Options::default() });
    let (top, bottom) = (TOP, 400.0 - BOTTOM);
    let [trace] = lines(&drawing, CHANNELS[0])[..] else { panic!("one line: {drawing:?}") };
    assert_eq!(trace.len(), 11);
    for (i, (x, y)) in trace.iter().enumerate() {
        let expected = if [1, 10].contains(&i) { top + (bottom - top) / 10.0 } else { bottom };
        assert!((x - (left + 100.0 * i as f32)).abs() < 0.5 && (y - expected).abs() < 0.5, "{i}: {x}, {y}");
    }
    let texts = texts(&drawing);
    for text in ["lab: 1 channel × 10 Hz, V", "1.100 s", "a", "10 V", "0", "-1 s", "-0.5 s"] {
        assert!(texts.contains(&text), "{text}: {texts:?}");
    }
}

#[test]
fn gaps_break_the_line_and_are_counted() {
    let mut excerpt = Excerpt::new(&info(Some(10.0), &["a"]), None, false);
    push(&mut excerpt, 0, &[1.0, 2.0, 1.0], &[], (0, 4));
    push(&mut excerpt, 5, &[1.0, 2.0], &[], (2, 3));
    push(&mut excerpt, 8, &[1.0], &[], (1, 0));
    assert_eq!(excerpt.len(), 12);
    excerpt.mark(6, "x<y".into());
    excerpt.mark(99, "not there".into());
    let drawing = picture(&excerpt, &Options::default());
    assert_eq!(
        lines(&drawing, CHANNELS[0]).iter().map(|l| l.len()).collect::<Vec<_>>(),
        [3, 2, 2],
        "the last is a dot"
    );
    let texts = texts(&drawing);
    assert!(
        texts.iter().any(|t| t.ends_with("; 3 frames overwritten before they were read; 3 frames not acquired")),
        "{texts:?}"
    );
    assert!(texts.contains(&"2 missing") && texts.contains(&"x<y") && !texts.contains(&"not there"), "{texts:?}");
    let areas: Vec<(f32, f32)> = drawing
        .shapes
        .iter()
        .filter_map(|s| if let Shape::Area { x, width, .. } = s { Some((*x, *width)) } else { None })
        .collect();
    assert_eq!(areas.len(), 3);
    // From the frame before the gap to the frame behind: 2 frames are missing, then 3, then 1.
    let frame = lines(&drawing, CHANNELS[0])[0][1].0 - lines(&drawing, CHANNELS[0])[0][0].0;
    assert!((areas[2].1 - 2.0 * frame).abs() < 0.5, "{areas:?}");
    let mark = lines(&drawing, MARK)[0][0].0;
    assert!(
        (mark - lines(&drawing, CHANNELS[0])[1][1].0).abs() < 0.5,
        "number 6 is at the second frame of the second line"
    );
    assert!(svg(&drawing).contains("x&lt;y"));
}

#[test]
fn the_newest_are_kept_with_their_gaps_and_marks() {
    let mut excerpt = Excerpt::new(&info(Some(10.0), &["a"]), None, false);
    push(&mut excerpt, 0, &[0.0, 1.0], &[0.0, 0.1], (0, 0));
    push(&mut excerpt, 5, &[2.0, 3.0], &[0.5, 0.6], (3, 0));
    excerpt.mark(1, "old".into());
    excerpt.keep_newest(4);
    excerpt.mark(0, "older".into());
    excerpt.mark(6, "new".into());
    assert_eq!(
        (excerpt.len(), excerpt.samples[0][2..].to_vec(), excerpt.times[2..].to_vec()),
        (4, vec![2.0, 3.0], vec![0.5, 0.6])
    );
    assert_eq!(excerpt.gaps, [Gap { place: 0, frames: 2, missing: Missing::Overwritten }]);
    assert_eq!(excerpt.marks, [Mark { place: 3, text: "new".into() }]);
    let mut irregular = Excerpt::new(&info(None, &["a"]), None, false);
    push(&mut irregular, 0, &[0.0, 1.0, 2.0], &[10.0, 11.0, 14.0], (0, 0));
    assert_eq!((irregular.places(), irregular.seconds()), (vec![-4.0, -3.0, 0.0], Some(4.0)));
    irregular.keep_seconds(3.5);
    assert_eq!(irregular.samples[0], [1.0, 2.0]);
}

/// Many samples on a pixel: what is drawn still goes through the least, the greatest, the first and the last.
#[test]
fn a_pixel_of_many_samples_keeps_its_spikes() {
    let mut samples = vec![0.0; 100_000];
    (samples[50_123], samples[50_124]) = (7.0, -3.0);
    let mut excerpt = Excerpt::new(&info(Some(10_000.0), &["a"]), None, false);
    push(&mut excerpt, 0, &samples, &[], (0, 0));
    let drawing = picture(&excerpt, &Options::default());
    let [trace] = lines(&drawing, CHANNELS[0])[..] else { panic!("one line") };
    assert!(trace.len() < 6 * 1200, "{}", trace.len());
    let height = |y: f32| trace.iter().filter(|p| (p.1 - y).abs() < 0.01).count();
    let ys = || trace.iter().map(|p| p.1);
    let (least, greatest) = (ys().fold(f32::MAX, f32::min), ys().fold(f32::MIN, f32::max));
    assert_eq!((height(least), height(greatest)), (1, 1));
    assert_eq!(
        extremes(&[(0.0, 1.0), (1.0, 5.0), (2.0, 0.0), (3.0, 2.0), (4.0, 1.5)]),
        [(0.0, 1.0), (1.0, 5.0), (2.0, 0.0), (4.0, 1.5)]
    );
}

/// Left, right, upper and lower edge of each text, letters of the font that PNG has: 11 pixels from the top of a capital to the foot of a `p`.
fn boxes(drawing: &Drawing) -> Vec<(&str, [f32; 4])> {
    let boxes = drawing.shapes.iter().filter_map(|shape| match shape {
        Shape::Text { x, y, anchor, text, .. } => {
            let length = text::width(text) as f32 * LETTER;
            let left = match anchor {
                Anchor::Start => *x,
                Anchor::Middle => x - length / 2.0,
                Anchor::End => x - length,
            };
            Some((text.as_str(), [left, left + length, y - 5.5, y + 5.5]))
        }
        _ => None,
    });
    boxes.collect()
}

#[test]
fn on_a_small_sheet_no_text_is_cut_and_none_is_on_another() {
    for size in [LEAST, (400, 200), (400, 500), (700, 200)] {
        for channels in [1, 8, 32] {
            for label in ["E", "left forearm flexor"] {
                let labels: Vec<String> = (1..=channels).map(|n| format!("{label}{n}")).collect();
                let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
                let mut excerpt = Excerpt::new(&info(Some(250.0), &labels), None, false);
                let some = |frames: usize| vec![1e-4; frames * channels];
                push(&mut excerpt, 0, &some(3), &[], (0, 0));
                push(&mut excerpt, 90, &some(1159), &[], (87, 0));
                push(&mut excerpt, 1250, &some(1), &[], (0, 1));
                let notes = vec!["60 s were asked for".to_owned(), "no DC, 50 Hz notch".to_owned()];
                let drawing = picture(&excerpt, &Options { size: Some(size), alike: false, notes });
                assert_eq!((drawing.width, drawing.height), size);
                let boxes = boxes(&drawing);
                for (i, (text, [l, r, t, b])) in boxes.iter().enumerate() {
                    let is_on = *l >= 0.0 && *r <= size.0 as f32 && *t >= 0.0 && *b <= size.1 as f32;
                    assert!(is_on, "{text:?} leaves {size:?}: {l} to {r}");
                    for (other, [l2, r2, t2, b2]) in &boxes[i + 1..] {
                        let apart = r <= l2 || r2 <= l || b <= t2 || b2 <= t;
                        assert!(apart || text.is_empty() || other.is_empty(), "{text:?} is on {other:?} in {size:?}");
                    }
                }
                let is_time = |text: &str| text.starts_with('-') && text.ends_with(" s");
                assert!(boxes.iter().any(|(text, _)| is_time(text)), "{size:?}: {boxes:?}");
            }
        }
    }
}

#[test]
fn letters_that_the_font_lacks_are_told() {
    let mut excerpt = Excerpt::new(&info(Some(10.0), &["日本", "本e\u{301}", "Fp1 µΩЖ"]), None, false);
    push(&mut excerpt, 0, &[0.0; 6], &[], (0, 0));
    excerpt.mark(0, "目 and a long text that ends in …".into());
    let missing = crate::plot::not_in_font(&picture(&excerpt, &Options::default()));
    assert_eq!(missing.iter().map(String::as_str).collect::<Vec<_>>(), ["e\u{301}", "Ω", "Ж", "日", "本", "目"]);
}

/// The PNG's pixels, by its own reader: the ground is white, the trace has its colour, and the title is there without any font.
#[test]
fn a_png_shows_what_the_drawing_has() {
    let mut excerpt = Excerpt::new(&info(Some(10.0), &["日本", "b"]), None, false);
    push(&mut excerpt, 0, &[0.0, 0.0, 9.0, 0.0], &[], (0, 0));
    let drawing = picture(&excerpt, &Options { size: Some((640, 300)), ..Options::default() });
    let file = png(&drawing).unwrap();
    let sheet = tiny_skia::Pixmap::decode_png(&file).unwrap();
    assert_eq!((sheet.width(), sheet.height()), (640, 300));
    let pixel = |x: u32, y: u32| sheet.pixel(x, y).map(|p| (p.red(), p.green(), p.blue())).unwrap();
    assert_eq!(pixel(1, 1), (255, 255, 255));
    let dark = |x0: u32, y0: u32, x1: u32, y1: u32| (x0..x1).any(|x| (y0..y1).any(|y| pixel(x, y).0 < 100));
    assert!(dark(16, 16, 300, 34), "the title");
    assert!(dark(16, 60, 50, 150), "a box for what the font has not");
    assert!(!dark(600, 2, 639, 12), "nothing at the edge");
}

#[test]
fn anything_can_be_laid_out() {
    for labels in [vec![], vec!["\u{1b}[2J\u{202e}"], vec!["x"; 300]] {
        for rate in [None, Some(1e-9), Some(1e12)] {
            for sample in [f64::NAN, f64::INFINITY, 1e300, 0.0, -1e-300] {
                let mut excerpt = Excerpt::new(&info(rate, &labels), None, false);
                let samples = vec![sample; 3 * labels.len().min(256)];
                push(
                    &mut excerpt,
                    u64::MAX - 5,
                    &samples,
                    &[f64::NAN, 1e300, 0.0][..if labels.is_empty() { 0 } else { 3 }],
                    (0, 0),
                );
                excerpt.mark(u64::MAX - 5, "\u{1b}\u{ffff}".into());
                let drawing = picture(&excerpt, &Options { size: Some((1, 1)), alike: true, notes: vec![] });
                assert!(png(&drawing).is_ok() && !svg(&drawing).contains(['\u{1b}', '\u{202e}', '\u{ffff}']));
            }
        }
    }
    let none = Drawing { width: 0, height: 5, title: String::new(), shapes: vec![] };
    assert!(png(&none).is_err());
}
