//! `axismirror plot`: the newest seconds of a stream as a picture.

use std::ffi::OsStr;
use std::io::{Write as _, stderr};
use std::path::PathBuf;
use std::time::Duration;

use axismirror::causes;
use axismirror::channels::Channels;
use axismirror::config::visible;
use axismirror::count::count;
use axismirror::events::EventReader;
use axismirror::mirror::{Follower, Mirror, News, Start};
use axismirror::plot::{Drawing, Excerpt, LEAST, MOST, Options, PngError, not_in_font, picture, png, svg};
use clap::Args;

use super::tail::no_channel;
use super::view::{FilterArgs, are_events, positive};
use super::{Failure, output};

/// Frames of a stream that has neither a rate nor times.
const FRAMES: usize = 100_000;
/// Letters that a remark names at most.
const NAMED: usize = 12;
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
    /// Width and height in pixels, from 320x200 to 16384x16384 [default: 1200 wide, as high as the channels need]
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<(u32, u32)>,
    /// Draw the ADC's codes as they are, also where the stream says what they are in volts
    #[arg(long)]
    codes: bool,
    #[command(flatten)]
    filters: FilterArgs,
}

const EXAMPLES: &str = "\
Times count back from the newest frame. Where frames are missing, the picture is red, and says how many. Where channels are closer than letters are high, some have no label. PNG has letters of its own, Latin ones alone, and boxes for all others; SVG has those of whatever shows it.

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
    let possible = sides.filter(|(w, h)| (LEAST.0..=MOST).contains(w) && (LEAST.1..=MOST).contains(h));
    let (width, height) = LEAST;
    possible.ok_or_else(|| {
        format!("width and height in pixels are needed, from {width}x{height} to {MOST}x{MOST}: 1200x800")
    })
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
    let (mut excerpt, ring) = take(args)?;
    let mut notes = Vec::new();
    if let Some(note) = fewer(&excerpt, args, ring) {
        tell(&note);
        notes.push(format!("{} s were asked for", args.seconds));
    }
    let filters = args.filters.filters();
    excerpt.filter(&filters).map_err(Failure::usage)?;
    if !filters.is_off() {
        notes.push(filters.to_string());
    }
    let drawing = picture(&excerpt, &Options { size: args.size, alike: args.alike, notes });
    if let Some(note) = boxes(&drawing, format) {
        tell(&note);
    }
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

/// Where standard error is gone there is nobody to tell.
fn tell(note: &str) {
    let _ = writeln!(stderr(), "{note}");
}

/// What to say of letters that the picture has not.
fn boxes(drawing: &Drawing, format: Format) -> Option<String> {
    let missing = match format {
        Format::Svg => return None,
        Format::Png => not_in_font(drawing),
    };
    let more = missing.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named: Vec<&str> = missing.iter().take(NAMED).map(String::as_str).collect();
    // Letters of labels and of events are a stranger's.
    let named = visible(&named.join(" ")).into_owned();
    (!missing.is_empty()).then(|| {
        format!("PNG's font has no letters for {named}{more}: they are boxes; SVG is shown with whatever fonts there are (-o picture.svg)")
    })
}

fn bytes(drawing: &Drawing, format: Format) -> Result<Vec<u8>, PngError> {
    match format {
        Format::Svg => Ok(svg(drawing).into_bytes()),
        Format::Png => png(drawing),
    }
}

/// Why a ring does not go back any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ring {
    /// All that was ever published is in it.
    HoldsAll,
    /// It was begun anew, and has not been written around once.
    IsNew,
    /// Older frames were overwritten.
    IsFull,
}

impl Ring {
    fn of(mirror: &Mirror) -> Self {
        let Some(header) = mirror.header() else { return Self::IsFull };
        let frames = mirror.description().map_or(0, |d| u64::from(d.n_frames()));
        match mirror.extension().map(|extension| extension.counters(header.buffer_generation())) {
            Some(counters) if counters.committed() > frames => Self::IsFull,
            Some(counters) if counters.base() > 0 => Self::IsNew,
            // The published package does not say how many there were before.
            None if header.wrap_counter() > 0 => Self::IsFull,
            _ => Self::HoldsAll,
        }
    }
}

/// The newest frames that are there, and why there are no older ones.
fn take(args: &PlotArgs) -> Result<(Excerpt, Ring), Failure> {
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
    let ring = Ring::of(follower.mirror());
    let mut excerpt = excerpt.filter(|e| !e.is_empty()).ok_or_else(|| {
        Failure::failed(format!("stream `{}` holds no frame", args.name))
            .hint(format!("`axismirror info {}` says how it is", args.name))
    })?;
    // A picture without its events is better than none.
    match EventReader::open(&args.name, Start::Oldest).and_then(|mut events| events.take()) {
        Ok(new) => new.events.into_iter().for_each(|event| excerpt.mark(event.frame, event.text)),
        Err(error) => tell(&visible(&format!("events cannot be read: {}", causes::line(&error)))),
    }
    match rate {
        Some(_) => excerpt.keep_newest(wanted),
        None => excerpt.keep_seconds(args.seconds),
    }
    Ok((excerpt, ring))
}

/// What to say when there is less than was asked for.
fn fewer(excerpt: &Excerpt, args: &PlotArgs, ring: Ring) -> Option<String> {
    let Some(seconds) = excerpt.seconds() else {
        let newest = count(excerpt.len(), "frame");
        return Some(format!("the stream has neither a rate nor times: the picture is of its newest {newest}"));
    };
    // Of an irregular rate, nobody knows when the frame before would have been.
    let fewer = excerpt.rate.is_some() && seconds + 0.5 / excerpt.rate.unwrap_or(1.0) < args.seconds;
    let why = match ring {
        Ring::HoldsAll => "the stream is only so old",
        Ring::IsNew => "the stream's ring was begun anew since (another writer or setting), and holds no more yet",
        Ring::IsFull => "no more is in the stream's ring (buf_dur)",
    };
    fewer.then(|| format!("only {seconds:.3} of the {} seconds that were asked for are there: {why}", args.seconds))
}
