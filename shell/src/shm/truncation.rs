//! A segment that is cut short while it is mapped.
//!
//! Whoever may write a file in /dev/shm may also truncate it; the next touch of a page that is gone is SIGBUS, and no check beforehand
//! excludes it. A process that asks for it ([`survive_truncation`]) gets a page of zeros in that page's place instead, and a note that this happened, so
//! that a reader lets go of the segment and looks for another, and a writer makes one. Any other SIGBUS does what it always did.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use memmap2::MmapRaw;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use signal_hook::consts::SIGBUS;
use signal_hook::low_level;

use super::segment::FileId;

/// How many mappings are watched over; more are possible, but a SIGBUS in one of those ends the process.
const SLOTS: usize = 64;

/// First address and length of each watched mapping; length 0: the slot is free. The handler reads them at any instant.
static WATCHED: [Slot; SLOTS] = [const { Slot::free() }; SLOTS];
/// Bytes of a page, a power of two; known before the handler is registered, which may not ask.
static PAGE: AtomicUsize = AtomicUsize::new(1);
/// Whether the handler is there.
static SURVIVES: Mutex<bool> = Mutex::new(false);
/// Set by the handler when it has replaced a page.
static TRUNCATED: AtomicBool = AtomicBool::new(false);

struct Slot {
    base: AtomicUsize,
    len: AtomicUsize,
    /// Which file is mapped.
    device: AtomicU64,
    inode: AtomicU64,
    /// Set by the handler when it has replaced a page of this mapping.
    is_cut: AtomicBool,
}

impl Slot {
    const fn free() -> Self {
        Self {
            base: AtomicUsize::new(0),
            len: AtomicUsize::new(0),
            device: AtomicU64::new(0),
            inode: AtomicU64::new(0),
            is_cut: AtomicBool::new(false),
        }
    }

    fn maps(&self, file: FileId) -> bool {
        // Acquire, pairs with the release in `new`: who sees the length sees which file it is of.
        let is_taken = self.len.load(Ordering::Acquire) > 0;
        // Relaxed: ordered by that.
        let (device, inode) = (self.device.load(Ordering::Relaxed), self.inode.load(Ordering::Relaxed));
        is_taken && FileId { device, inode } == file
    }
}

/// A mapping that is watched over as long as it lives.
#[derive(Debug)]
pub(super) struct Watched {
    map: MmapRaw,
    slot: Option<usize>,
}

impl Watched {
    pub(super) fn new(map: MmapRaw, file: FileId) -> Self {
        let base = map.as_ptr().addr();
        let taken = |slot: &Slot| {
            // Relaxed: whoever wins the slot fills it alone; the base is published by the length below.
            let won = slot.base.compare_exchange(0, base, Ordering::Relaxed, Ordering::Relaxed).is_ok();
            if won {
                // Relaxed: published by the length, too.
                slot.device.store(file.device, Ordering::Relaxed);
                slot.inode.store(file.inode, Ordering::Relaxed);
                slot.is_cut.store(false, Ordering::Relaxed);
                // Release, pairs with the handler's acquire: who sees the length sees the base.
                slot.len.store(map.len(), Ordering::Release);
            }
            won
        };
        let slot = WATCHED.iter().position(taken);
        Self { map, slot }
    }

    pub(super) fn as_mut_ptr(&self) -> *mut u8 {
        self.map.as_mut_ptr()
    }

    /// Whether it has lost a page since it was made.
    pub(super) fn is_cut(&self) -> bool {
        // Acquire, pairs with the handler's release: whoever has loaded one of its zeros before finds the flag set.
        self.slot.and_then(|i| WATCHED.get(i)).is_some_and(|slot| slot.is_cut.load(Ordering::Acquire))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.and_then(|i| WATCHED.get(i)) {
            // Before the memory is unmapped. Release, pairs with the handler's acquire: the slot is empty before it is free.
            slot.len.store(0, Ordering::Release);
            slot.base.store(0, Ordering::Release);
        }
    }
}

/// From now on a truncated segment is noted instead of ending this process. For programs; a library leaves signals to its program. May be called again.
///
/// # Errors
/// What the system says about the signal handler.
pub fn survive_truncation() -> io::Result<()> {
    // Once: what makes way for the handler would take it away again.
    let mut survives = SURVIVES.lock().unwrap_or_else(PoisonError::into_inner);
    if *survives {
        return Ok(());
    }
    // Release, pairs with the handler's acquire.
    PAGE.store(page_size()?, Ordering::Release);
    // The standard library's own handler (it tells a stack overflow from other faults) would run before ours and restore the default action: the
    // second page that is gone would end the process. On Linux a stack overflow is SIGSEGV, which stays as it is.
    // SAFETY: the default action needs nothing of us; no handler of ours is installed yet.
    if unsafe { libc::signal(SIGBUS, libc::SIG_DFL) } == libc::SIG_ERR {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handler only loads and stores atomics and makes system calls that are safe in a signal handler (mmap, and what restores the
    // default action); it neither allocates nor locks.
    let registered = unsafe { signal_hook_registry::register_sigaction(SIGBUS, on_bus_error) };
    registered?;
    *survives = true;
    Ok(())
}

/// Whether a mapping of this file has lost a page since it was made: what was written there since then is in no file, whatever length that has by now.
pub(super) fn is_cut(file: FileId) -> bool {
    // Relaxed: a flag alone.
    WATCHED.iter().any(|slot| slot.maps(file) && slot.is_cut.load(Ordering::Relaxed))
}

/// By the C library, which has it from the kernel since the process began: rustix would look for it in /proc, and panic where that is missing.
fn page_size() -> io::Result<usize> {
    // SAFETY: a number in, a number out.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).map_err(|_| io::Error::last_os_error())
}

/// Whether any segment was cut short under a mapping of this process; [`Mapped::is_cut`](super::Mapped::is_cut) says which.
#[must_use]
pub fn was_truncated() -> bool {
    // Relaxed: the thread that ran into the missing page set it itself; of another's zeros the fence that ends a copy takes care.
    TRUNCATED.load(Ordering::Relaxed)
}

fn on_bus_error(info: &libc::siginfo_t) {
    // SAFETY: for SIGBUS the kernel fills in the address (sigaction(2)).
    let address = unsafe { info.si_addr() }.addr();
    let ours = WATCHED.iter().find(|slot| {
        // Acquire, pairs with the releases in `new` and `drop`.
        let len = slot.len.load(Ordering::Acquire);
        let base = slot.base.load(Ordering::Acquire);
        len > 0 && address.wrapping_sub(base) < len
    });
    // Acquire, pairs with the release before the handler was registered.
    let page = PAGE.load(Ordering::Acquire);
    let at = (address & !(page - 1)) as *mut c_void;
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    let replaced = ours.filter(|slot| {
        // Before the zeros are there: another thread that loads them will find this. Release, pairs with the acquire of `Watched::is_cut`.
        slot.is_cut.store(true, Ordering::Release);
        // Release, pairs with the fence that ends a copy.
        TRUNCATED.store(true, Ordering::Release);
        // SAFETY: the page lies in a mapping of ours, which has lost its memory: nothing else can be there, and nothing is lost.
        unsafe { mmap_anonymous(at, page, protection, MapFlags::PRIVATE | MapFlags::FIXED) }.is_ok()
    });
    if replaced.is_none() {
        drop(low_level::emulate_default_handler(SIGBUS));
    }
}
