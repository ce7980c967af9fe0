//! Headers that cannot be announced, and folders of kept names that are not ours.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axismirror_core::extension::{Extension, Writer};
use axismirror_core::header::Generation;

use super::*;

/// A folder in place of /dev/shm.
struct Dir(std::path::PathBuf);

impl Dir {
    fn new(test: &str) -> Self {
        let dir = Path::new(crate::shm::SHM_DIR).join(format!("axismirror-test-{test}-{}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        Self(dir)
    }

    fn entries(&self) -> usize {
        std::fs::read_dir(&self.0).unwrap().count()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn header() -> SegmentName {
    StreamName::new("s").unwrap().header()
}

#[test]
fn a_header_that_cannot_be_announced_leaves_nothing() {
    let dir = Dir::new("announce");
    let mut store = ShmStore::new(&dir.0);
    store.header(&header(), 4096, false).unwrap();
    // Somebody is quicker with the name, and nothing can be renamed to a folder.
    let taken = dir.0.join(header().as_str());
    std::fs::create_dir(&taken).unwrap();
    assert!(store.announce(&header()).is_err());
    std::fs::remove_dir(&taken).unwrap();
    assert_eq!(dir.entries(), 0);
    // And the next try is as good as the first.
    store.header(&header(), 4096, false).unwrap();
    store.announce(&header()).unwrap();
    assert!(taken.is_file());
}

#[test]
fn a_header_that_is_never_announced_leaves_nothing() {
    let dir = Dir::new("dropped");
    let mut store = ShmStore::new(&dir.0);
    store.header(&header(), 4096, false).unwrap();
    drop(store);
    assert_eq!(dir.entries(), 0);
}

#[test]
fn a_new_header_that_cannot_be_announced_leaves_the_one_before() {
    let dir = Dir::new("fresh");
    let mut store = ShmStore::new(&dir.0);
    store.header(&header(), 4096, false).unwrap();
    store.announce(&header()).unwrap();
    let names = store.places.names(&header());
    let before = names::id(&store.locks[&header()], &names.public).unwrap();
    store.header(&header(), 4096, true).unwrap();
    let public = std::fs::rename(&names.public, dir.0.join("aside"));
    public.and_then(|()| std::fs::create_dir(&names.public)).unwrap();
    assert!(store.announce(&header()).is_err());
    std::fs::remove_dir(&names.public).unwrap();
    std::fs::rename(dir.0.join("aside"), &names.public).unwrap();
    // Its kept name comes back with the guard, if not before; its lock was never let go of.
    let deadline = Instant::now() + 10 * START_PATIENCE;
    while names.lead_to(before) != (true, true) {
        assert!(Instant::now() < deadline, "it has lost a name");
        std::thread::sleep(Duration::from_millis(1));
    }
    let other = ShmStore::new(&dir.0).header(&header(), 4096, false);
    assert!(matches!(other, Err(ShmError::InUse { .. })));
}

#[test]
fn a_segment_whose_names_vanish_while_it_is_made_is_one_to_be_replaced() {
    let dir = Dir::new("vanish");
    let mut store = ShmStore::new(&dir.0);
    let data = StreamName::new("s").unwrap().data(Generation::from_number(0));
    let names = [&data, &header()].map(|segment| store.places.names(segment));
    let (stop, mut lost) = (AtomicBool::new(false), 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                for path in names.iter().flat_map(|n| [&n.kept, &n.public]) {
                    let _ = std::fs::remove_file(path);
                }
            }
        });
        let mut outcomes = Vec::new();
        for _ in 0..300 {
            let header_made = store.header(&header(), 4096, true).and_then(|_| store.announce(&header()));
            let made = store.create(&data, 4096).map(|_| ());
            lost += usize::from(store.lost().is_some());
            outcomes.extend([header_made, made]);
        }
        stop.store(true, Ordering::Relaxed);
        let failed: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
        assert!(failed.is_empty(), "{} of 600: {:?}", failed.len(), failed[0]);
    });
    // Otherwise this has tried nothing.
    assert!(lost > 0);
}

#[test]
fn a_folder_of_kept_names_that_is_another_users_is_not_used() {
    let dir = Dir::new("folder");
    let places = Places::own(&dir.0);
    let said = |what: &str| {
        let error = ShmStore::new(&dir.0).header(&header(), 4096, false).unwrap_err().to_string();
        assert!(error.contains(what) && error.contains(&format!("rm {}", places.folder().display())), "{error}");
        std::fs::remove_file(places.folder()).unwrap();
    };
    std::os::unix::fs::symlink("/tmp", places.folder()).unwrap();
    said("a symbolic link");
    std::fs::write(places.folder(), "").unwrap();
    said("no folder");
    std::fs::create_dir(places.folder()).unwrap();
    if std::os::unix::fs::chown(places.folder(), Some(61_235), None).is_ok() {
        let refused = ShmStore::new(&dir.0).header(&header(), 4096, false);
        assert!(matches!(refused, Err(ShmError::FolderOfOther { owner: 61_235, .. })));
    }
}

#[test]
fn no_name_is_given_in_what_somebody_puts_in_the_place_of_the_folder() {
    let dir = Dir::new("link");
    let mut store = ShmStore::new(&dir.0);
    store.header(&header(), 4096, false).unwrap();
    store.announce(&header()).unwrap();
    let (folder, other) = (store.places.folder().to_owned(), dir.0.join("other"));
    std::fs::create_dir(&other).unwrap();
    // The guard may have made the folder again in between.
    while std::os::unix::fs::symlink(&other, &folder).is_err() {
        let _ = std::fs::remove_dir_all(&folder);
    }
    store.kept.heal();
    assert_eq!(std::fs::read_dir(&other).unwrap().count(), 0);
    // With the link gone it has its second name again.
    std::fs::remove_file(&folder).unwrap();
    store.kept.heal();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn a_header_of_another_user_is_that_also_while_it_is_written() {
    let dir = Dir::new("other");
    let mut writer = ShmStore::new(&dir.0);
    writer.header(&header(), 4096, false).unwrap();
    writer.announce(&header()).unwrap();
    let path = dir.0.join(header().as_str());
    if std::os::unix::fs::chown(&path, Some(61_235), None).is_err() {
        eprintln!("SKIPPED a_header_of_another_user_is_that_also_while_it_is_written: needs root");
        return;
    }
    let mut second = ShmStore::new(&dir.0);
    let pid = std::process::id();
    for error in [second.check_free(&header()).unwrap_err(), second.header(&header(), 4096, false).unwrap_err()] {
        let said = error.to_string();
        assert!(said.contains("belongs to user 61235") && said.contains(&format!("process {pid} ")), "{said}");
    }
}

#[test]
fn who_holds_the_lock_is_named_and_not_who_held_it_before() {
    let dir = Dir::new("holder");
    let mut before = ShmStore::new(&dir.0);
    let memory = before.header(&header(), 4096, false).unwrap().memory;
    // A number that another process has by now.
    Extension::create(memory).unwrap().set_writer(Writer { pid: 1, start: u64::MAX });
    before.announce(&header()).unwrap();
    drop(before);
    let path = dir.0.join(header().as_str());
    let file = names::file_at(&path).unwrap();
    let mut holder = Command::new("flock").arg("--no-fork").arg(&path).args(["sleep", "100"]).spawn().unwrap();
    while attached::writer(file) != Some(holder.id()) {
        assert_eq!(holder.try_wait().unwrap(), None);
        std::thread::sleep(Duration::from_millis(1));
    }
    let refused = ShmStore::new(&dir.0).header(&header(), 4096, false);
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert!(matches!(refused, Err(ShmError::InUse { pid }) if pid == holder.id()), "{refused:?}");
}
