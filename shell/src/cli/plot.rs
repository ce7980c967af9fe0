//! `axismirror plot`: the newest seconds of a stream as a picture.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use axismirror::causes;
use axismirror::channels::Channels;
use axismirror::count::count;
use axismirror::events::EventReader;
use axismirror::mirror::{Follower, Mirror, News, Start};
use axismirror::plot::{Drawing, Excerpt, Options, PngError, picture, png, svg};
use clap::Args;

use super::tail::no_channel;
use super::view::{FilterArgs, are_events, positive};
use super::{Failure, output};

/// Frames of a stream that has neither a rate nor times.
const FRAMES: usize = 100_000;
/// The longest side of a picture in pixels.
const LONGEST: u32 = 16_384;
/// How long frames may take to come that were there at the start.
const PATIENCE: Duration = Duration::from_millis(100);

/// Make a picture of a stream's newest seconds, as SVG or PNG
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PlotArgs {
    /// Name of the stream
    #[arg(value_name = "NAME", default_value = "axismirror")]
    name: String,
    /// How many of the newest seconds; no more than the stream's ring holds (buf_dur)
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = positive)]
    seconds: f64,
    /// The file; its ending says which format: .svg or .png
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Channels to draw, counted from 1 in the published order: 1-4,8 [default: all, at most 256]
    #[arg(long, value_name = "LIST")]
    channels: Option<Channels>,
    /// All channels in one size [default: each as large as fits]
    #[arg(long)]
    alike: bool,
    /// Width and height in pixels [default: 1200 wide, as high as the channels need]
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<(u32, u32)>,
    /// Draw the ADC's codes as they are, also where the stream says what they are in volts
    #[arg(long)]
    codes: bool,
    #[command(flatten)]
    filters: FilterArgs,
}

const EXAMPLES: &str = "\
Times count back from the newest frame. Where frames are missing, the picture is red, and says how many.

Examples:
  axismirror plot -o now.png
  axismirror plot lab --seconds 10 --channels 1-8 --dc --notch 50 -o lab.svg";

/// What a file's ending asks for.
#[derive(Clone, Copy)]
enum Format {
    Svg,
    Png,
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    let possible = sides.filter(|(w, h)| (1..=LONGEST).contains(w) && (1..=LONGEST).contains(h));
    possible.ok_or_else(|| format!("width and height in pixels are needed, each at most {LONGEST}: 1200x800"))
}

/// Makes the picture.
pub(crate) fn run(args: &PlotArgs) -> Result<(), Failure> {
    let format = match args.output.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase).as_deref() {
        Some("svg") => Format::Svg,
        Some("png") => Format::Png,
        _ => {
            let message = format!("{}: the file's ending says neither .svg nor .png", args.output.display());
            return Err(Failure::usage(message).hint("-o picture.svg, or -o picture.png".to_owned()));
        }
    };
    let mut excerpt = take(args)?;
    let mut notes = Vec::new();
    if let Some(note) = fewer(&excerpt, args) {
        eprintln!("{note}");
        notes.push(format!("{} s were asked for", args.seconds));
    }
    let filters = args.filters.filters();
    excerpt.filter(&filters).map_err(Failure::usage)?;
    if !filters.is_off() {
        notes.push(filters.to_string());
    }
    let drawing = picture(&excerpt, &Options { size: args.size, alike: args.alike, notes });
    let bytes = bytes(&drawing, format).map_err(Failure::failed)?;
    output::file(&args.output, &bytes)
        .map_err(|e| Failure::failed(format!("{} cannot be written", args.output.display())).because(e))?;
    let (missing, gaps) = (excerpt.gaps.iter().map(|gap| gap.frames).sum::<u64>(), excerpt.gaps.len());
    let missing = match gaps {
        0 => String::new(),
        gaps => format!(", {missing} missing in {}", count(gaps, "gap")),
    };
    let (frames, channels) = (count(excerpt.len(), "frame"), count(excerpt.labels.len(), "channel"));
    output::print(format!("{}: {frames} of {channels}{missing}\n", args.output.display()))
}

fn bytes(drawing: &Drawing, format: Format) -> Result<Vec<u8>, PngError> {
    match format {
        Format::Svg => Ok(svg(drawing).into_bytes()),
        Format::Png => png(drawing),
    }
}

/// The newest frames that are there.
fn take(args: &PlotArgs) -> Result<Excerpt, Failure> {
    let mirror = Mirror::attach(&args.name)?;
    let rate = mirror.description().map(|d| d.srate()).filter(|rate| *rate > 0.0);
    let wanted = rate.map_or(FRAMES, |rate| (args.seconds * rate).ceil().max(1.0) as usize);
    let mut follower = Follower::of(mirror).from_latest(wanted);
    let mut excerpt: Option<Excerpt> = None;
    // What comes meanwhile is left for the next picture.
    while excerpt.as_ref().is_none_or(|e| e.len() < wanted) {
        match follower.next(if excerpt.is_none() { PATIENCE } else { Duration::ZERO })? {
            News::Stream(info) if info.is_events() => return Err(are_events(&info.name)),
            News::Stream(info) => {
                let places = args.channels.as_ref().map(|c| c.places_in(info.channels));
                let places = places.transpose().map_err(no_channel)?;
                if excerpt.as_ref().is_none_or(|e| !e.goes_on_with(info)) {
                    excerpt = Some(Excerpt::new(info, places.as_deref(), args.codes));
                }
            }
            News::Frames(frames) => {
                if let Some(excerpt) = &mut excerpt {
                    excerpt.push(&frames).map_err(Failure::failed)?;
                }
            }
            News::Nothing | News::Waiting(_) => break,
        }
    }
    let mut excerpt = excerpt.filter(|e| !e.is_empty()).ok_or_else(|| {
        Failure::failed(format!("stream `{}` holds no frame", args.name))
            .hint(format!("`axismirror info {}` says how it is", args.name))
    })?;
    // A picture without its events is better than none.
    match EventReader::open(&args.name, Start::Oldest).and_then(|mut events| events.take()) {
        Ok(new) => new.events.into_iter().for_each(|event| excerpt.mark(event.frame, event.text)),
        Err(error) => eprintln!("events cannot be read: {}", causes::line(&error)),
    }
    match rate {
        Some(_) => excerpt.keep_newest(wanted),
        None => excerpt.keep_seconds(args.seconds),
    }
    Ok(excerpt)
}

/// What to say when there is less than was asked for.
fn fewer(excerpt: &Excerpt, args: &PlotArgs) -> Option<String> {
    let Some(seconds) = excerpt.seconds() else {
        let newest = count(excerpt.len(), "frame");
        return Some(format!("the stream has neither a rate nor times: the picture is of its newest {newest}"));
    };
    // Of an irregular rate, nobody knows when the frame before would have been.
    let fewer = excerpt.rate.is_some() && seconds + 0.5 / excerpt.rate.unwrap_or(1.0) < args.seconds;
    fewer.then(|| {
        format!(
            "only {seconds:.3} of the {} seconds that were asked for are there: no more is in the stream's ring (buf_dur)",
            args.seconds
        )
    })
}
