//! Settings, checked against their board, and what follows from them.

use axismirror_boards::board::{Board, Pacing};
use axismirror_core::extension::Clock;
use axismirror_core::header::StructVersion;
use axismirror_core::name::StreamName;
use axismirror_core::settings::Settings as RingSettings;

use super::ServiceError;
use super::message::{Channel, Template};
use super::outlet::Next;
use super::world::World;
use crate::board_file;
use crate::config::{self, BoardFacts, OnBoard, Settings};

/// A stream that can be.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) settings: Settings,
    pub(super) board: &'static Board,
    pub(super) on_board: OnBoard,
    pub(super) world: World,
}

impl Plan {
    /// Checks everything that can be checked before anything is touched.
    pub(super) fn new(settings: Settings) -> Result<Self, ServiceError> {
        let board = board_file::find(&settings.board)?;
        let on_board = on_board(&settings, board)?;
        let world = World::load(&settings, on_board.rate, board)?;
        let plan = Self { settings, board, on_board, world };
        plan.ring_settings()?;
        plan.template(0.0)?;
        Ok(plan)
    }

    /// What the publisher is told.
    pub(super) fn ring_settings(&self) -> Result<RingSettings, ServiceError> {
        let s = &self.settings;
        Ok(RingSettings {
            shmem_name: Some(StreamName::new(&s.name)?),
            buf_dur: s.buf_dur,
            axis: s.axis.as_deref().and_then(|a| a.try_into().ok()),
            version: StructVersion::from_number(s.struct_version.into()).unwrap_or_default(),
        })
    }

    /// The clock of the stream's times.
    pub(super) fn clock(&self) -> Clock {
        match self.settings.clock {
            config::Clock::Monotonic => Clock::Monotonic,
            config::Clock::Realtime => Clock::Realtime,
        }
    }

    /// The gain in the boards' own measure.
    pub(super) fn gain(&self) -> u8 {
        // The board has it, so it fits.
        u8::try_from(self.on_board.gain).unwrap_or(u8::MAX)
    }

    /// Frames of a chunk.
    fn chunk(&self) -> usize {
        usize::try_from(self.on_board.chunk).unwrap_or(1)
    }

    /// Frames after which the stream ends.
    pub(super) fn last_frame(&self) -> Option<u64> {
        self.settings.duration.map(|d| (d.as_secs_f64() * self.on_board.rate).ceil() as u64)
    }

    fn template(&self, volts_per_code: f64) -> Result<Template, ServiceError> {
        Ok(Template::new(&self.settings, &self.on_board, self.board, volts_per_code)?)
    }

    /// What the outlet is told, with the scale of each of the board's channels.
    pub(super) fn next(&self, volts_per_code: impl Fn(usize) -> Option<f64>) -> Result<Next, ServiceError> {
        let channel = |&index: &usize| Channel { index, volts_per_code: volts_per_code(index).unwrap_or(f64::NAN) };
        let channels: Vec<Channel> = self.on_board.channels.iter().map(channel).collect();
        let template = self.template(channels.first().map_or(f64::NAN, |c| c.volts_per_code))?;
        Ok(Next { ring: self.ring_settings()?, template, channels, chunk: self.chunk() })
    }
}

fn on_board(settings: &Settings, board: &Board) -> Result<OnBoard, ServiceError> {
    let rates: Vec<f64> = board.rates.iter().copied().map(f64::from).collect();
    // Where the host's clock paces, every rate up to the highest is possible.
    let steps = if board.pacing == Pacing::Clock { &[][..] } else { &rates };
    let gains: Vec<u32> = board.gains.iter().copied().map(u32::from).collect();
    let facts = BoardFacts {
        id: board.id,
        rates: steps,
        max_rate: rates.last().copied().unwrap_or(0.0),
        default_rate: board.default_rate.into(),
        gains: &gains,
        default_gain: board.default_gain.into(),
        channels: board.channels(),
        labels: board.labels,
    };
    Ok(settings.on_board(&facts)?)
}
