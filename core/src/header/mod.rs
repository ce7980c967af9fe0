//! The header segment that every reader knows: one file that says where each field lies, one that reads and writes fields over shared
//! bytes, one for the description of a stream that cannot be invalid.

mod description;
mod generation;
mod layout;
mod view;

pub use description::{Description, DescriptionError, Key};
pub use generation::Generation;
pub use layout::{HEADER_SEGMENT_LEN, MAGIC, MAX_KEY, StructVersion};
pub use view::{HeaderError, HeaderView};
