//! From data-ready to frames: waits, reads, checks, counts, and hands on what is whole.
//!
//! Generic over drivers, DRDY sources and sinks; allocates nothing, and keeps no clock of its own. Everything that goes
//! wrong is counted in [`Health`] and shows as a gap in frame numbers and times. Must never know of a chip or of shared memory.
//!
//! One [`step`](Acquisition::step) is one data-ready. What it makes of it:
//!
//! | seen | done | counted |
//! |---|---|---|
//! | an edge, about a period after the last | frame read | |
//! | an edge, n periods after the last | frame read, gap of n - 1 | `drdy_missed`, `frames_lost` |
//! | several edges waiting | the newest frame is read | `overruns`, `frames_lost` |
//! | an edge behind the last look and before the transfer's first clock | the frame that was read is its own | `overruns`, `frames_lost` |
//! | more edges waiting than any queue holds | nothing: the rest is looked at in the next step | `overruns`, `frames_lost` |
//! | an edge whose frame was clocked out already | nothing | `overruns`, `frames_lost` |
//! | no edge, DRDY low (after a read, or when time is up) | frame read, its time estimated | `drdy_missed` |
//! | no edge, DRDY low soon after a frame that an edge told of | nothing: no frame can be there yet | |
//! | no edge, DRDY low, and the chip says that it has no new frame | gap of 1 | `drdy_missed`, `frames_lost` |
//! | no edge, DRDY high | gap of 1 | `drdy_missed`, `frames_lost` |
//! | status word or checksum wrong | gap of 1 | `bad_frames`, `frames_lost` |
//! | SPI transfer failed | gap of 1, however many failed in the frame | `bus_errors` each once, `frames_lost` |
//! | [`Limits::failures`] of these in a row | all chips initialised again | `restarts`, then `frames_lost` by the time it took |
//! | a converter that scans: no edge within a scan, DRDY low | conversion read | `drdy_missed` |
//! | a converter that scans: no edge within a scan, DRDY high | gap of 1, scan begun anew | `drdy_missed`, `frames_lost` |
//! | second chip has no new frame, or two | its frame is read as it is | `slips` |

mod ahead;
mod due;
mod error;
mod follower;
mod rate;
mod scan;
mod sink;
mod waiting;

pub use error::{AcquisitionError, ErrorOf};
pub use sink::{Frame, Sink};

use axismirror_core::health::{Health, LeadOff};
use heapless::Vec;

use self::ahead::Ahead;
use self::due::Due;
use self::follower::Follower;
use self::rate::RateMeter;
use self::sink::OfChip;
use crate::adc::{Adc, AdcError, Codes, FrameStatus};
use crate::board::MAX_CHIPS;
use crate::drdy::{DataReady, Level};

const NS_PER_S: f64 = 1e9;

/// When to lose patience.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// Bad frames, failed transfers and missing edges in a row after which the chips are initialised again.
    pub failures: u32,
    /// Periods after an edge without the next one that make it a missing one. Between 1 and 2, a single missing edge
    /// loses no frame: the level of DRDY tells that it is there.
    pub timeout_periods: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { failures: 10, timeout_periods: 1.5 }
    }
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Step {
    /// A frame was read.
    Frame,
    /// A frame was due, and is lost: bad or not to be read.
    Lost,
    /// Nothing was due in time.
    Timeout,
    /// An edge that belongs to a frame that was read before.
    Stale,
    /// The chips were initialised again and are converting.
    Restarted,
    /// Somebody asked to stop.
    Stopped,
}

/// What came of reading a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    /// The sink has its codes.
    Good,
    /// It is lost, and counted.
    Lost,
    /// Somebody asked to stop in the middle.
    Stopped,
}

/// A running acquisition.
#[derive(Debug)]
pub struct Acquisition<'b, A, D> {
    adcs: &'b mut [A],
    drdy: Ahead<'b, D>,
    followers: Vec<Follower<'b, D>, MAX_CHIPS>,
    channels: usize,
    /// Conversions of a frame, each with an edge of its own.
    conversions: usize,
    /// The last scan was not read to its end.
    scan_broken: bool,
    limits: Limits,
    health: Health,
    rate: RateMeter,
    /// Number and time of the last frame that was due, read or not.
    last: Option<(u64, i64)>,
    last_seqno: Option<u32>,
    /// The last frame's time is an estimate: its edge was missing.
    estimated: bool,
    /// DRDY was low after the last read.
    due_now: bool,
    /// When a good frame that was read was the newest that there was.
    newest_ns: Option<i64>,
    /// The gap up to the next edge is the time of a restart.
    restarted: bool,
    failures: u32,
    needs_restart: bool,
    status: [FrameStatus; MAX_CHIPS],
}

impl<'b, A: Adc, D: DataReady> Acquisition<'b, A, D> {
    /// Over converters (the first one paces) and their DRDY lines (those behind the first one may be missing: then nobody
    /// counts slips).
    ///
    /// # Errors
    /// [`AcquisitionError::Chips`], [`AcquisitionError::ScanWithOthers`].
    pub fn new(adcs: &'b mut [A], drdys: &'b mut [D], limits: Limits) -> Result<Self, ErrorOf<A, D>> {
        let chips = AcquisitionError::Chips { adcs: adcs.len(), drdys: drdys.len() };
        if adcs.is_empty() || adcs.len() > MAX_CHIPS || drdys.len() > adcs.len() {
            return Err(chips);
        }
        let Some((drdy, others)) = drdys.split_first_mut() else { return Err(chips) };
        let channels = adcs.iter().map(Adc::channels).sum();
        let conversions = adcs.iter().map(Adc::conversions_per_frame).max().unwrap_or(1).max(1);
        if conversions > 1 && adcs.len() > 1 {
            return Err(AcquisitionError::ScanWithOthers { adcs: adcs.len() });
        }
        let rate = RateMeter::new(adcs.first().map_or(1.0, Adc::rate));
        Ok(Self {
            adcs,
            drdy: Ahead::new(drdy),
            followers: others.iter_mut().map(Follower::new).collect(),
            channels,
            conversions,
            scan_broken: false,
            limits,
            health: Health::default(),
            rate,
            last: None,
            last_seqno: None,
            estimated: false,
            due_now: false,
            newest_ns: None,
            restarted: false,
            failures: 0,
            needs_restart: false,
            status: [FrameStatus::default(); MAX_CHIPS],
        })
    }

    /// What went wrong up to now, and which electrodes are off, channels counted over all converters.
    pub const fn health(&self) -> &Health {
        &self.health
    }

    /// Whether the next step initialises the converters again, because they failed.
    pub const fn is_about_to_restart(&self) -> bool {
        self.needs_restart
    }

    /// The time now, on the clock of the frames' times. `None` where nobody can tell.
    pub fn now_ns(&mut self) -> Option<i64> {
        self.drdy.now_ns()
    }

    /// What the last good frame of a converter said besides its samples: electrodes that are off, levels of pins.
    pub fn frame_status(&self, chip: usize) -> Option<FrameStatus> {
        self.adcs.get(chip)?;
        self.status.get(chip).copied()
    }

    /// The converters, to ask them for gains and scales.
    pub const fn adcs(&self) -> &[A] {
        self.adcs
    }

    /// Channels of all converters together.
    pub const fn channels(&self) -> usize {
        self.channels
    }

    /// Volts for one step of a channel's code, channels counted over all converters.
    pub fn volts_per_code(&self, mut channel: usize) -> Option<f64> {
        for adc in self.adcs.iter() {
            match channel.checked_sub(adc.channels()) {
                Some(beyond) => channel = beyond,
                None => return adc.volts_per_code(channel),
            }
        }
        None
    }

    /// Initialises and starts the converters.
    ///
    /// # Errors
    /// [`AcquisitionError::Adc`], [`AcquisitionError::DataReady`].
    pub fn start(&mut self) -> Result<(), ErrorOf<A, D>> {
        self.start_all()
    }

    /// Stops the converters; all of them, even when one fails.
    ///
    /// # Errors
    /// [`AcquisitionError::Adc`], of the first that failed.
    pub fn stop(&mut self) -> Result<(), ErrorOf<A, D>> {
        let mut result = Ok(());
        for (chip, adc) in self.adcs.iter_mut().enumerate() {
            if let Err(error) = adc.stop() {
                result = result.and(Err(AcquisitionError::Adc { chip, error }));
            }
        }
        result
    }

    fn start_all<S>(&mut self) -> Result<(), ErrorOf<A, D, S>> {
        let result = self.try_start_all();
        if let Err(AcquisitionError::Adc { error: AdcError::Bus(_), .. }) = result {
            self.health.bus_errors += 1;
        }
        result
    }

    fn try_start_all<S>(&mut self) -> Result<(), ErrorOf<A, D, S>> {
        for (chip, adc) in self.adcs.iter_mut().enumerate() {
            adc.initialise().map_err(|error| AcquisitionError::Adc { chip, error })?;
        }
        // Edges from before would be taken for frames; the chips are stopped now and make none.
        waiting::take(&mut self.drdy).map_err(AcquisitionError::DataReady)?;
        // The first one last: whenever its frame is ready, the others have theirs.
        for (chip, adc) in self.adcs.iter_mut().enumerate().rev() {
            adc.start().map_err(|error| AcquisitionError::Adc { chip, error })?;
        }
        for follower in &mut self.followers {
            follower.forget();
        }
        self.due_now = false;
        self.estimated = false;
        self.scan_broken = false;
        self.failures = 0;
        Ok(())
    }

    fn restart<S>(&mut self) -> Result<Step, ErrorOf<A, D, S>> {
        self.health.restarts += 1;
        self.needs_restart = true;
        self.restarted = true;
        self.last_seqno = None;
        self.rate.interrupt();
        self.drdy.resume();
        self.start_all()?;
        self.needs_restart = false;
        Ok(Step::Restarted)
    }

    /// Waits for one data-ready and deals with it; decodes the frame into `sink`.
    ///
    /// # Errors
    /// [`AcquisitionError::Adc`] when the chips could not be initialised again: the next step tries again.
    /// [`AcquisitionError::DataReady`], [`AcquisitionError::Channels`], [`AcquisitionError::Sink`].
    pub fn step<S: Sink>(&mut self, sink: &mut S) -> Result<Step, ErrorOf<A, D, S::Error>> {
        if self.needs_restart {
            return self.restart();
        }
        let due = self.next_due().map_err(AcquisitionError::DataReady)?;
        let step = match due {
            Due::Not(step) => step,
            Due::Frame { time_ns, advance, estimated } => {
                let given = sink.codes().channels();
                if given != self.channels {
                    return Err(AcquisitionError::Channels { channels: self.channels, given });
                }
                let number = self.last.map_or(advance, |(n, _)| n + advance);
                self.last = Some((number, time_ns));
                self.estimated = estimated;
                if !estimated {
                    self.rate.edge(number, time_ns);
                    self.health.measured_rate = self.rate.measured();
                }
                let read =
                    if self.conversions > 1 { self.read_scan(sink) } else { self.read(number, &mut sink.codes()) };
                match read.map_err(AcquisitionError::DataReady)? {
                    Read::Good => {
                        self.follow_transfer().map_err(AcquisitionError::DataReady)?;
                        let (number, time_ns) = self.last.unwrap_or((number, time_ns));
                        let frame = Frame { number, time_ns, health: &self.health };
                        sink.frame(&frame).map_err(AcquisitionError::Sink)?;
                        Step::Frame
                    }
                    Read::Lost => Step::Lost,
                    Read::Stopped => Step::Stopped,
                }
            }
        };
        self.needs_restart = self.failures >= self.limits.failures;
        Ok(step)
    }

    /// Reads a frame of all chips.
    fn read<C: Codes>(&mut self, number: u64, codes: &mut C) -> Result<Read, D::Error> {
        let period = self.period_ns();
        let (mut bad, mut on_bus, mut repeated) = (false, false, false);
        let began_ns = self.drdy.now_ns();
        let (mut first_channel, mut lead_off) = (0, LeadOff::default());
        for (chip, adc) in self.adcs.iter_mut().enumerate() {
            let follower = chip.checked_sub(1).and_then(|i| self.followers.get_mut(i));
            if let Some(follower) = follower {
                follower.follow(number, period, &mut self.health)?;
            }
            let mut codes = OfChip { codes: &mut *codes, first: first_channel, channels: adc.channels() };
            match adc.read_frame(&mut codes) {
                Ok(status) => {
                    repeated |= chip == 0 && status.repeated;
                    lead_off.add(first_channel, status.lead_off_positive, status.lead_off_negative);
                    if let Some(place) = self.status.get_mut(chip) {
                        *place = status;
                    }
                }
                Err(AdcError::Bus(_)) => {
                    adc.skip_unread();
                    on_bus = true;
                    self.health.bus_errors += 1;
                }
                Err(_) => bad = true,
            }
            first_channel += adc.channels();
        }
        self.health.bad_frames += u64::from(bad);
        // The line said that there is a frame, and no edge did: the chip knows better.
        let nothing = self.estimated && repeated;
        if bad || on_bus {
            self.health.frames_lost += 1;
            self.failures += 1;
        } else if nothing {
            self.health.frames_lost += 1;
        } else {
            self.health.lead_off = lead_off;
            if !self.estimated {
                self.failures = 0;
            }
        }
        // An edge that fell close to the one before may be lost to the host; the level is not. After a transfer that
        // failed, DRDY is low because nobody clocked the frame out; after a frame without an edge it may be stuck.
        let ended_ns = if on_bus || self.estimated { None } else { self.drdy.now_ns() };
        let level = if on_bus || self.estimated { None } else { self.drdy.level()? };
        self.due_now = level == Some(Level::Low);
        let queues = self.adcs.first().is_some_and(Adc::queues_frames);
        let newest_ns = match level {
            // Nothing is left of what fell before.
            Some(Level::High) => ended_ns,
            // A chip that queues its frames has DRDY low as long as there is another: it was not the newest that was read.
            Some(Level::Low) if queues => None,
            _ => began_ns,
        };
        self.newest_ns = newest_ns.filter(|_| !bad && !on_bus && !self.estimated);
        Ok(if bad || on_bus || nothing { Read::Lost } else { Read::Good })
    }
}
