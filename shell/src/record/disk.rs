//! How much room a recording's disk has, and when to stop: nobody likes a system without a free byte.

use std::path::Path;

use super::RecordError;

/// Free bytes that are left to others, and the part of the disk that is left at most.
const RESERVE: u64 = 64 << 20;
const RESERVE_PART: u64 = 50;

/// Free bytes of a path's disk, for everybody; `None` where nobody knows.
pub(super) fn free_bytes(path: &Path) -> Option<u64> {
    rustix::fs::statvfs(path).ok().map(|fs| fs.f_bavail.saturating_mul(fs.f_frsize))
}

/// The same, when there is room for so many bytes more beside what is left to others.
pub(super) fn check(path: &Path, pending: u64) -> Result<Option<u64>, RecordError> {
    let Ok(fs) = rustix::fs::statvfs(path) else { return Ok(None) };
    let free = fs.f_bavail.saturating_mul(fs.f_frsize);
    let reserve = RESERVE.min(fs.f_blocks.saturating_mul(fs.f_frsize) / RESERVE_PART);
    if free < reserve.saturating_add(pending) {
        return Err(RecordError::DiskNearlyFull { path: path.to_owned(), needed: pending, free, reserve });
    }
    Ok(Some(free))
}
