//! In which numbering the frames of a stream are counted: a number that says whether two frame numbers are of the same count.
//!
//! Frames are numbered over all generations of a header's segment, also by a service that was killed and started again. As long as that segment is the
//! same, so is its instance, whoever asks: a relay, a recorder. Knows neither networks nor files of recordings.

use sha2::{Digest as _, Sha256};

use super::Mirror;

impl Mirror {
    /// The instance of the header that is being read; `None` as long as there is none, and of a writer without our block, which counts as it likes.
    ///
    /// Another start of the machine, another header of the same name: another number. That is so too when the same writer puts a new header in the
    /// place of one whose names were removed or which was cut short, although its frames are counted on: who attached to the old header may have frames
    /// that the new one never had. A recorder then begins another part, a relay forgets what it kept of the old header and answers no questions about it
    /// any more, and takes lost frames only out of the parts that are of the new one.
    #[must_use]
    pub fn instance(&self) -> Option<u64> {
        self.extension()?;
        let file = self.header()?.memory().file();
        Some(number(&[boot_id().as_bytes(), &file.device.to_le_bytes(), &file.inode.to_le_bytes()]))
    }
}

/// A number that nothing else has, of what makes it so.
pub(crate) fn number(parts: &[&[u8]]) -> u64 {
    let digest = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize();
    u64::from_le_bytes(digest.first_chunk().copied().unwrap_or_default())
}

/// Differs with each start of the machine, and with it what the numbers of files mean.
fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default()
}
