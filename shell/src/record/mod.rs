//! Recordings: a stream's frames in files that other people's programs open, without loss, or with a word about it.
//!
//! [`Recorder`] follows a stream as any mirror does and hands what comes to a [`Writer`], one a format; the file's ending chooses it
//! ([`Format::of`]). Nothing here knows a terminal: progress is a value.
//!
//! # What is where in each format
//!
//! What a reader of these files (`replay`, a script) can rely on. *Description* is the JSON object of [`Head::json`]:
//! `version` (1), `name`, `key`, `dtype`, `rate` (Hz, null when irregular), `shape`, `channels` (numbers in the frame from 1), `labels` (of
//! those), `unit`, `attrs`, `clock` (`monotonic`, `realtime`, `unknown`), `struct_version`, `generation`, `first_frame`, `first_time`,
//! `utc_offset` (seconds to add to a time of the stream to have UTC, seconds since 1970; null when the clock is unknown), `utc_error` (seconds by
//! which the two clocks' readings may be apart; how right the machine's clock is nobody knows), `start_utc` (RFC 3339), `part` (from 1),
//! `health` (counters at the part's beginning), `static_metadata` (the pickle in base64; not in EDF and BDF).
//!
//! | | `.bdf` `.edf` | `.parquet` | `.arrow` `.feather` | `.xdf` | `.csv` |
//! |---|---|---|---|---|---|
//! | description | annotations at +0, in pieces: `axismirror 1/3 {...` | footer metadata `axismirror` | schema metadata `axismirror` | `desc/axismirror` of the stream header | `# axismirror: {...}` |
//! | rate | samples of a record / its duration | description | description | `nominal_srate` (0: irregular) | `# rate: 250 Hz` |
//! | labels | label fields, 16 characters; whole in the description | column names | column names | `desc/channels/channel/label` | header line |
//! | unit | dimension `uV` of volts and of codes with a known LSB | description; field metadata `unit` | the same | `desc/channels/channel/unit` | `# unit: V` |
//! | samples | codes, 24 or 16 bits | a column a channel, the stream's type | the same | int8 to int64, float32, double64 | shortest text that reads back to the same value |
//! | gain, LSB | physical range (6 digits or more); exact in the description's `attrs` and the transducer field: `1 code = 2.2351743960876465e-8 V` | `attrs` | `attrs` | `attrs`, and `desc/volts_per_code` | `attrs` |
//! | frame numbers | description, `axismirror time` annotations, gaps | column `frame` | column `frame` | description and gaps | column `frame` |
//! | times | header and first TAL (UTC); the stream's own in `axismirror time: frame=1000 t=12.000123` annotations, the first, every ten minutes and the last | column `time`, f64 s, null when the stream has none | the same | a stamp a sample | column `time` |
//! | gaps | filled up with the sample before, and marked `BAD_gap: 12 frames ...` with onset and duration; a gap over a minute begins a new part | footer metadata `axismirror.gaps`, JSON | the same, in the footer | stream 3, strings | `# gap: 12 frames ...` |
//! | events | annotations | footer metadata `axismirror.events`, JSON | the same, in the footer | stream 2, strings, type `Markers` | `# event: frame=1000 time=12.5 TEXT` |
//! | end | `axismirror end {...}` annotation in pieces, `BAD_padding: 3 frames` over the last record's rest | footer metadata `axismirror.end` | the same, in the footer | `axismirror` in the stream footer | `# end: {...}` |
//! | open after kill -9 | up to the last flush | up to the last flush | up to the last flush | up to the last flush, perhaps a part of a chunk behind it | up to the last flush, perhaps a part of a line behind it |
//!
//! *End* is the JSON object of [`End`]: `frames`, `gaps`, `overwritten`, `not_acquired`, `lossy` (samples that were changed), `why`, `health`.
//!
//! Gaps say either `12 frames were not acquired` (the ADC or its writer lost them; they have no numbers) or `12 frames were overwritten before
//! they were read` (this recorder was too slow; they have numbers). In JSON a gap is `{"frame", "time", "overwritten", "not_acquired"}` with the
//! frame behind it, an event `{"frame", "time", "text"}`; the lists stop at 10,000 entries, `end` has the sums.
