//! The message that describes a board's frames: dimensions, axes, attributes, and the element type that was asked for.
//!
//! Knows settings and boards; touches no segment.

use axismirror_boards::board::{Board, Position};
use axismirror_core::axis_array::{Axis, AxisArray, Samples, Value};
use axismirror_core::dtype::DType;
use axismirror_core::static_metadata::channels::{ChannelFields, ChannelTable, ChannelTableError};

use crate::config::{OnBoard, Settings, Units};

/// All that the messages of a stream have in common.
#[derive(Clone, Debug)]
pub(super) struct Template {
    dtype: DType,
    key: String,
    gain_s: f64,
    channels: usize,
    fields: ChannelFields,
    labels: Vec<u8>,
    unit: &'static str,
    board: &'static str,
    adc: &'static str,
    gain: u32,
    volts_per_code: f64,
    simulated: bool,
}

impl Template {
    /// For a board under settings that it can do.
    pub(super) fn new(
        settings: &Settings,
        on_board: &OnBoard,
        board: &'static Board,
        volts_per_code: f64,
    ) -> Result<Self, ChannelTableError> {
        let labels: Vec<&str> = on_board.labels.iter().map(String::as_str).collect();
        // Single precision is what readers know, and finer than anybody places an electrode.
        let place = |of: fn(&Position) -> f64| -> Option<Vec<f32>> {
            on_board.channels.iter().map(|&c| board.positions.get(c).map(|p| of(p) as f32)).collect()
        };
        let (x, y) = (place(|p| p.x), place(|p| p.y));
        let table = ChannelTable { labels: &labels, x: x.as_deref(), y: y.as_deref(), ..ChannelTable::default() };
        let mut bytes = vec![0; table.size()];
        table.write(&mut bytes)?;
        Ok(Self {
            dtype: settings.dtype(),
            // A board from a file is not called by its path.
            key: settings.key.as_deref().unwrap_or(board.id).to_owned(),
            gain_s: 1.0 / on_board.rate,
            channels: labels.len(),
            fields: table.fields(),
            labels: bytes,
            unit: match settings.units {
                Units::Codes => "code",
                Units::Volts => "V",
            },
            board: board.id,
            adc: board.chips.first().map_or("", |c| c.kind.name()),
            gain: on_board.gain,
            volts_per_code,
            simulated: settings.simulate.enabled,
        })
    }

    /// Seconds from one frame to the next, nominally.
    pub(super) const fn period_s(&self) -> f64 {
        self.gain_s
    }

    /// Type of the samples.
    pub(super) const fn dtype(&self) -> DType {
        self.dtype
    }

    /// Lends the message without a frame, which describes the stream.
    pub(super) fn with_message<T>(&self, f: impl FnOnce(&AxisArray<'_>) -> T) -> T {
        let channels = [self.channels];
        let attrs = [
            ("unit", Value::Str(self.unit)),
            ("board", Value::Str(self.board)),
            ("adc", Value::Str(self.adc)),
            ("gain", Value::Int(self.gain.into())),
            ("volts_per_code", Value::Float(self.volts_per_code)),
            ("simulated", Value::Bool(self.simulated)),
        ];
        f(&AxisArray {
            data: Samples { dtype: self.dtype, shape: &[0, self.channels], bytes: &[] },
            dims: &["time", "ch"],
            axes: &[
                ("time", Axis::Linear { unit: "s", gain: self.gain_s, offset: 0.0 }),
                ("ch", Axis::Coordinate { unit: "", dims: &["ch"], data: self.fields.array(&channels, &self.labels) }),
            ],
            attrs: &attrs,
            key: &self.key,
            stream_dim: Some("time"),
        })
    }
}
