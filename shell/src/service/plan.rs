//! Settings, checked against their board, and what follows from them.

use std::cell::RefCell;

use axismirror_boards::adc::{Adc, Input};
use axismirror_boards::board::{Board, Pacing};
use axismirror_boards::signal::Signal;
use axismirror_boards::sim::{self, SimBoard, SimSettings};
use axismirror_core::name::StreamName;
use axismirror_core::publisher::PublishError;
use axismirror_core::settings::{PlanError, Settings as RingSettings};

use super::ServiceError;
use super::message::Template;
use super::outlet::Next;
use super::place::{self, Channel};
use super::world::World;
use crate::board_file;
use crate::config::{BoardFacts, Key, OnBoard, PossibleRates, Settings};

/// The longest ring whose index published readers never see torn: its low 16 bits are one indivisible store.
const LONGEST_UNTORN: f64 = 65_536.0;

/// A stream that can be.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) settings: Settings,
    pub(super) board: &'static Board,
    pub(super) on_board: OnBoard,
    pub(super) world: World,
    /// Volts for one step of the code of each of the board's channels.
    scale: Vec<Option<f64>>,
}

impl Plan {
    /// Checks everything that can be checked before anything is touched.
    pub(super) fn new(settings: Settings) -> Result<Self, ServiceError> {
        let board = board_file::find(&settings.board)?;
        let on_board = on_board(&settings, board)?;
        let world = World::load(&settings, on_board.rate, board)?;
        let input = if settings.simulate.enabled { world.signal(&settings).input() } else { Input::Normal };
        let scale = scale(board, &on_board, input)?;
        let plan = Self { settings, board, on_board, world, scale };
        plan.check_ring()?;
        Ok(plan)
    }

    /// Whether the messages of this stream can be published under the settings of the ring.
    fn check_ring(&self) -> Result<(), ServiceError> {
        let ring = self.ring_settings()?;
        let planned = self.template(0.0)?.with_message(|message| ring.plan(message).map(|plan| plan.is_some()));
        match (planned, &ring.axis) {
            (Ok(true), _) => Ok(()),
            (Ok(false) | Err(PlanError::NoAxis | PlanError::AxisValues { .. }), Some(axis)) => {
                let possible = "time (the stream has the dimensions time and ch, and only time has a rate)".to_owned();
                Err(self.settings.impossible(Key::Axis, axis.as_str().to_owned(), possible).into())
            }
            (Ok(false), None) => Err(PublishError::NotDescribed.into()),
            (Err(error), _) => Err(PublishError::from(error).into()),
        }
    }

    /// Says what published readers cannot do with these lengths. Our own can.
    pub(super) fn warn_of_published_readers(&self) {
        let ring = (self.settings.buf_dur * self.on_board.rate).ceil();
        if f64::from(self.on_board.chunk) * 2.0 > ring {
            tracing::warn!(
                "a chunk of {} frames in a ring of {ring}: EZShmMirror takes every second one for an overflow; a longer buf_dur or a shorter chunk helps",
                self.on_board.chunk
            );
        }
        if ring > LONGEST_UNTORN {
            tracing::warn!(
                "a ring of {ring} frames: above {LONGEST_UNTORN}, EZShmMirror may see a torn write_index; a shorter buf_dur helps"
            );
        }
    }

    /// What the publisher is told.
    pub(super) fn ring_settings(&self) -> Result<RingSettings, ServiceError> {
        let s = &self.settings;
        Ok(RingSettings {
            shmem_name: Some(StreamName::new(&s.name)?),
            buf_dur: s.buf_dur,
            axis: s.axis.clone(),
            version: s.struct_version,
        })
    }

    /// The gain in the boards' own measure.
    pub(super) fn gain(&self) -> u8 {
        gain(&self.on_board)
    }

    /// Frames of a chunk.
    fn chunk(&self) -> usize {
        usize::try_from(self.on_board.chunk).unwrap_or(1)
    }

    fn template(&self, volts_per_code: f64) -> Result<Template, ServiceError> {
        Ok(Template::new(&self.settings, &self.on_board, self.board, volts_per_code)?)
    }

    /// What the outlet is told.
    pub(super) fn next(&self) -> Result<Next, ServiceError> {
        let volts_per_code = |index: usize| self.scale.get(index).copied().flatten().unwrap_or(f64::NAN);
        let channel = |&index: &usize| Channel { index, volts_per_code: volts_per_code(index) };
        let channels: Vec<Channel> = self.on_board.channels.iter().map(channel).collect();
        let template = self.template(common(channels.iter().map(|c| c.volts_per_code)))?;
        let slots = place::slots(self.board.channels(), &channels);
        let free_running = self.settings.simulate.enabled && self.settings.simulate.fast;
        Ok(Next { ring: self.ring_settings()?, template, channels, slots, chunk: self.chunk(), free_running })
    }
}

/// What is true of all; no number where channels have gains of their own: one channel's would be wrong of the others.
fn common(mut each: impl Iterator<Item = f64>) -> f64 {
    let first = each.next().unwrap_or(f64::NAN);
    if each.all(|next| next == first) { first } else { f64::NAN }
}

/// The gain in the boards' own measure.
fn gain(on_board: &OnBoard) -> u8 {
    // The board has it, so it fits.
    u8::try_from(on_board.gain).unwrap_or(u8::MAX)
}

/// As the board's drivers say, which know it before there is a board: they are asked without wires.
fn scale(board: &Board, on_board: &OnBoard, input: Input) -> Result<Vec<Option<f64>>, ServiceError> {
    let nothing = RefCell::new(SimBoard::new(board, SimSettings::new(Signal::Counter)));
    let adcs = sim::adcs(&nothing, board, on_board.rate, gain(on_board), input)?;
    Ok(adcs.iter().flat_map(|adc| (0..adc.channels()).map(|channel| adc.volts_per_code(channel))).collect())
}

fn on_board(settings: &Settings, board: &Board) -> Result<OnBoard, ServiceError> {
    let rates: Vec<f64> = board.rates.iter().copied().map(f64::from).collect();
    let possible = match (board.pacing, rates.last()) {
        (Pacing::Clock, Some(&highest)) => PossibleRates::UpTo(highest),
        _ => PossibleRates::Steps(&rates),
    };
    let gains: Vec<u32> = board.gains.iter().copied().map(u32::from).collect();
    let facts = BoardFacts {
        id: board.id,
        rates: possible,
        default_rate: board.default_rate.into(),
        gains: &gains,
        default_gain: board.default_gain.into(),
        channels: board.channels(),
        labels: board.labels,
    };
    Ok(settings.on_board(&facts)?)
}

#[cfg(test)]
mod tests {
    use super::common;

    #[test]
    fn of_channels_with_gains_of_their_own_no_number_is_said() {
        assert_eq!(common([0.5, 0.5].into_iter()), 0.5);
        assert!(common([0.5, 0.25].into_iter()).is_nan() && common([].into_iter()).is_nan());
    }
}
