//! Another wire version: another header, and nothing of the old one goes before the new one is there.

mod common;

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use axismirror_core::name::StreamName;
use common::{Service, eventually, files, info, names, set, unique, user, wait_for};

#[test]
fn a_version_whose_header_cannot_be_made_leaves_all_names() {
    let name = unique("version");
    let service = Service::start(&name, &["--rate", "1000"]);
    let [_, kept_header] = names(&StreamName::new(&name).unwrap().header(), user());
    let others: Vec<PathBuf> = files(&name, user()).into_iter().filter(|f| *f != kept_header).collect();
    let inodes = || others.iter().map(|f| std::fs::metadata(f).map(|m| m.ino()).ok()).collect::<Vec<_>>();
    let before = inodes();
    assert!(before.iter().all(Option::is_some));
    // A folder in the place of the new header's first name. The service links the old one again there as long as it can.
    eventually("the folder is there", || {
        let _ = std::fs::remove_file(&kept_header);
        std::fs::create_dir(&kept_header).ok()
    });
    let error = set(&name, &["struct_version=1"]).0.unwrap_err();
    assert!(error.contains(kept_header.to_str().unwrap()), "{error}");
    assert_eq!(inodes(), before);
    wait_for(&name, "the old version goes on", |i| i["struct_version"] == 2);
    std::fs::remove_dir(&kept_header).unwrap();
    set(&name, &["struct_version=1"]).0.unwrap();
    assert_eq!(info(&name).unwrap()["valid"], true);
    service.stop();
    assert!(files(&name, user()).iter().all(|f| !f.exists()));
}
