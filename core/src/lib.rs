//! The shared-memory ring of axismirror: layout, messages, publisher and mirror.
//!
//! Without std and without an allocator; has no clock and does no input or output. Bytes and times go in, values come out. The Linux
//! shell carries it to /dev/shm, a microcontroller to a static slice.
//!
//! | room | what for |
//! |---|---|
//! | [`name`] | long name of a stream to names of its segments |
//! | [`dtype`], [`axis_array`] | element types, and a borrowed AxisArray message |
//! | [`header`] | the packed header of wire versions 0, 1 and 2: where fields lie, access to them, the validated description |
//! | [`extension`], [`health`], [`histogram`] | our block behind the header, and what the acquisition counts and measures in it |
//! | [`event_frame`] | a frame of an event stream, which lies beside a data stream |
//! | [`memory`], [`shared`] | words that another process reads or writes at the same time; the one unsafe room |
//! | [`fence`] | what is ordered against what, and why |
//! | [`ring`] | cursor, circular write, and the reader's proof that nothing was torn |
//! | [`static_metadata`] | the pickle of plain types that tells labels, units and attributes |
//! | [`settings`], [`publisher`] | messages and settings in, segment work out |
//! | [`mirror`] | the reader's state machine |
//! | [`store`], [`slice_store`] | what both ask of the place where segments live, and that place for slices |
//!
//! A stream in four slices of one program, from message to mirror:
//!
//! ```
//! use axismirror_core::axis_array::{Axis, AxisArray, Samples};
//! use axismirror_core::dtype::DType;
//! use axismirror_core::extension::{Clock, Writer};
//! use axismirror_core::header::StructVersion;
//! use axismirror_core::mirror::{Mirror, Reading, Start, Take};
//! use axismirror_core::name::StreamName;
//! use axismirror_core::publisher::Publisher;
//! use axismirror_core::settings::Settings;
//! use axismirror_core::shared::SharedBytes;
//! use axismirror_core::slice_store::SliceStore;
//!
//! #[repr(align(8))]
//! struct Slice([u8; 4096]);
//! let mut slices = [const { Slice([0; 4096]) }; 4];
//! let store = SliceStore::<4>::new(slices.each_mut().map(|s| SharedBytes::from_slice(&mut s.0).unwrap()));
//!
//! let name = StreamName::new("demo")?;
//! let settings = Settings { shmem_name: Some(name.clone()), buf_dur: 0.1, axis: None, version: StructVersion::V2 };
//! let mut publisher = Publisher::open(&store, (), settings, Writer::default(), Clock::Unknown).unwrap();
//! publisher.publish(&AxisArray {
//!     data: Samples { dtype: DType::U8, shape: &[3, 2], bytes: &[1, 2, 3, 4, 5, 6] },
//!     dims: &["time", "ch"],
//!     axes: &[("time", Axis::Linear { unit: "s", gain: 0.01, offset: 5.0 })],
//!     attrs: &[],
//!     key: "demo",
//!     stream_dim: None,
//! }).unwrap();
//!
//! let mut mirror = Mirror::new(&store, name, Start::Oldest);
//! let (mut frames, mut times) = ([0; 64], [0.0; 32]);
//! assert_eq!(mirror.read(Take::UpTo(32), &mut frames, &mut times), Ok(Reading::Changed));
//! let Ok(Reading::Frames(read)) = mirror.read(Take::UpTo(32), &mut frames, &mut times) else { panic!() };
//! assert_eq!((read.frames, read.missed, &frames[..6]), (3, 0, &[1, 2, 3, 4, 5, 6][..]));
//! assert_eq!(times[..3], [5.0, 5.01, 5.02]);
//! # Ok::<(), axismirror_core::name::NameError>(())
//! ```
#![no_std]
#![deny(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod axis_array;
pub mod dtype;
pub mod event_frame;
pub mod extension;
pub mod fence;
pub mod header;
pub mod health;
pub mod histogram;
pub mod memory;
pub mod mirror;
pub mod name;
pub mod publisher;
pub mod ring;
pub mod settings;
pub mod shared;
pub mod slice_store;
pub mod static_metadata;
pub mod store;
