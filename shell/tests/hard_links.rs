//! A header that has a name elsewhere, too: a link that somebody made. It is nobody's who looks for the stream, and is left alone.

mod common;

use std::fs::metadata;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use axismirror::mirror::{Mirror, Start};
use axismirror_core::name::StreamName;
use common::{Service, eventually, files, names, run, unique, user, wait_for};

/// A running stream, both names of its header, and a third that looks like that of another stream's; with that its inode.
fn linked(test: &str) -> (String, Service, [PathBuf; 2], PathBuf, u64) {
    let name = unique(test);
    let service = Service::start(&name, &["--rate", "1000"]);
    let both = names(&StreamName::new(&name).unwrap().header(), user());
    let [link, _] = names(&StreamName::new(&format!("{name}-link")).unwrap().header(), user());
    std::fs::hard_link(&both[0], &link).unwrap();
    let inode = metadata(&link).unwrap().ino();
    (name, service, both, link, inode)
}

fn is(path: &PathBuf, inode: u64) -> bool {
    metadata(path).is_ok_and(|m| m.ino() == inode)
}

#[test]
fn a_header_that_is_left_with_a_name_elsewhere_is_replaced() {
    let (name, service, both, link, inode) = linked("linked");
    eventually("another header is there", || {
        // The service may have put one name back from the other in between.
        both.iter().filter(|path| is(path, inode)).for_each(|path| drop(std::fs::remove_file(path)));
        (both[0].exists() && !is(&both[0], inode)).then_some(())
    });
    wait_for(&name, "the stream is valid", |_| true);
    let mut mirror = Mirror::open(&name, Start::Next).unwrap();
    eventually("frames come", || (mirror.read().unwrap().frames() > 0).then_some(()));
    drop(mirror);
    service.stop();
    let own = files(&name, user()).into_iter().find(|f| f.exists());
    assert!(own.is_none() && is(&link, inode), "{own:?}");
    std::fs::remove_file(&link).unwrap();
}

#[test]
fn a_killed_writers_header_is_adopted_and_cleaned_by_its_own_names() {
    let (name, mut service, both, link, inode) = linked("linked-killed");
    service.0.kill().unwrap();
    service.0.wait().unwrap();
    let mut service = Service::start(&name, &["--rate", "1000"]);
    assert!(both.iter().all(|path| is(path, inode)), "it is the one that readers have");
    service.0.kill().unwrap();
    service.0.wait().unwrap();
    let (status, out, errors) = run(&["clean", &name]);
    assert_eq!(status, Some(0), "{out}{errors}");
    let own = files(&name, user()).into_iter().find(|f| f.exists());
    assert!(own.is_none() && is(&link, inode), "{own:?}");
    // Nobody's header: what it says of a stream is not its own.
    let (_, out, _) = run(&["clean", &name]);
    assert!(link.exists(), "{out}");
    std::fs::remove_file(&link).unwrap();
}
