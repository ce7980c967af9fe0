//! Mode and group of a stream, seen by other users. Needs root, who can become them, and setpriv(1); says so where it is skipped.

mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use axismirror::events::name_of;
use axismirror_core::header::Generation;
use axismirror_core::name::{SegmentName, StreamName};
use common::{Service, info, run, set, unique, wait_for};

/// Users and groups that no machine has.
const READER: u32 = 61_234;
const STRANGER: u32 = 61_235;
const GROUP: u32 = 61_236;

/// The stream's public and kept files, and those of its events.
fn files(name: &str) -> Vec<PathBuf> {
    [name, &name_of(name)].iter().flat_map(|name| common::files(name, common::user())).collect()
}

/// Runs this program as other users; its own folder may be closed to them.
struct Others {
    dir: PathBuf,
}

impl Others {
    fn new(test: &str) -> Option<Self> {
        let dir = std::env::temp_dir().join(format!("axismirror-{}", unique(test)));
        fs::create_dir_all(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        let others = Self { dir };
        fs::copy(env!("CARGO_BIN_EXE_axismirror"), others.dir.join("axismirror")).unwrap();
        let tried = others.command(STRANGER, None, &["--version"]).output();
        if tried.is_ok_and(|o| o.status.success()) {
            return Some(others);
        }
        common::skipped(&format!("{test} needs root and setpriv"));
        None
    }

    fn command(&self, user: u32, group: Option<u32>, args: &[&str]) -> Command {
        let mut command = as_user(user, group);
        command.arg(self.dir.join("axismirror")).args(args);
        command
    }

    fn run(&self, user: u32, group: Option<u32>, args: &[&str]) -> (Option<i32>, String) {
        let Output { status, stdout, stderr } = self.command(user, group, args).output().unwrap();
        (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
    }
}

/// What follows as arguments is run as another user.
fn as_user(user: u32, group: Option<u32>) -> Command {
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={user}"), format!("--regid={user}")]);
    command.arg(group.map_or("--clear-groups".to_owned(), |g| format!("--groups={g}")));
    command.arg("--").current_dir("/");
    command
}

impl Drop for Others {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

#[test]
fn a_group_that_there_is_not_is_an_error_before_anything_is_made() {
    let name = unique("nogroup");
    let (status, _, said) = run(&["run", "--simulate", "--name", &name, "--mode=0660", "--group=no-such-group"]);
    assert!(status == Some(1) && said.contains("no group `no-such-group`"), "{said}");
    let (_, _, said) = run(&["run", "--simulate", "--name", &name, "--group=0"]);
    assert!(said.contains("mode = \"0660\""), "{said}");
    assert!(files(&name).iter().all(|f| !f.exists()));
}

#[test]
fn the_owner_alone_unless_said_otherwise() {
    let name = unique("owner");
    let service = Service::start(&name, &[]);
    for file in files(&name) {
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o600, "{}", file.display());
    }
    if let Some(others) = Others::new("the_owner_alone_unless_said_otherwise") {
        let recording = std::env::temp_dir().join(format!("axismirror-{name}.csv"));
        let owned_by_root = format!(
            "may not be opened by user {READER}: it belongs to user 0 (group 0, mode 0600); its owner alone may; the settings `mode = \"0660\"` and `group`"
        );
        for stream in [&name, &name_of(&name)] {
            let (status, said) = others.run(READER, Some(GROUP), &["tail", stream, "-n1"]);
            assert!(status == Some(1) && said.contains(&owned_by_root), "{said}");
        }
        for command in [
            &["info", &name][..],
            &["tail", &name, "--follow"],
            &["record", &name, "--output", recording.to_str().unwrap()],
            &["plot", &name, "--output", "/nowhere/x.svg"],
            &["metrics", &name],
        ] {
            let (status, said) = others.run(READER, Some(GROUP), command);
            assert!(status == Some(1) && said.contains(&owned_by_root), "{command:?}: {said}");
        }
        let _ = fs::remove_file(&recording);
        // Where all are asked for, those that are missing are counted.
        let (status, said) = others.run(READER, Some(GROUP), &["metrics"]);
        let unreadable = said.lines().find_map(|line| line.strip_prefix("axismirror_unreadable_segments "));
        assert!(status == Some(0) && unreadable.unwrap().parse::<u32>().unwrap() >= 2, "{said}");
        assert!(said.contains("that you may not read: sm_"), "{said}");
        // Whoever gave a file its name gives the terminal nothing by it. This one is before all others.
        let hidden = Path::new("/dev/shm").join(format!("sm_\u{1b}{:_>19}", std::process::id()));
        fs::write(&hidden, "").unwrap();
        fs::set_permissions(&hidden, fs::Permissions::from_mode(0o600)).unwrap();
        let (_, said) = others.run(READER, Some(GROUP), &["list"]);
        fs::remove_file(&hidden).unwrap();
        assert!(said.contains(r"that you may not read: sm_\u{1b}_") && !said.contains('\u{1b}'), "{said}");
        let (status, said) = others.run(READER, Some(GROUP), &["mark", &name, "x"]);
        assert!(status == Some(1) && said.contains("belongs to another user"), "{said}");
    }
    service.stop();
}

#[test]
fn a_group_reads_and_nobody_else_does() {
    let Some(others) = Others::new("a_group_reads_and_nobody_else_does") else { return };
    let name = unique("group");
    let (conn, events) = (others.dir.join("conn.sock"), others.dir.join("events.sock"));
    let group = GROUP.to_string();
    let sockets = ["--conn", conn.to_str().unwrap(), "--events", events.to_str().unwrap()];
    let service = Service::start(&name, &[&["--mode=0660", "--group", &group], &sockets[..]].concat());
    for file in files(&name).iter().chain([&conn, &events]) {
        let meta = fs::metadata(file).unwrap();
        assert_eq!((meta.mode() & 0o7777, meta.gid()), (0o660, GROUP), "{}", file.display());
    }
    // Waits for nothing: the stream is valid.
    let (status, said) = others.run(READER, Some(GROUP), &["tail", &name, "-n1"]);
    assert_eq!(status, Some(0), "{said}");
    let (status, said) = others.run(STRANGER, None, &["tail", &name, "-n1"]);
    let mend = format!("user 0 (group {GROUP}, mode 0660); members of group {GROUP} may: usermod -aG {GROUP} USER");
    assert!(status == Some(1) && said.contains(&mend), "{said}");
    // The folder is sticky: a member can write, but neither unlink nor replace; and the control socket is not the group's.
    for file in files(&name) {
        let mut unlink = Command::new("setpriv");
        unlink.args([format!("--reuid={READER}"), format!("--regid={READER}"), format!("--groups={GROUP}")]);
        assert!(!unlink.args(["--", "unlink"]).arg(&file).output().unwrap().status.success());
        assert!(file.exists(), "{}", file.display());
    }
    for command in [&["set", &name, "buf_dur=5"], &["mark", &name, "x"]] {
        let (status, said) = others.run(READER, Some(GROUP), command);
        assert!(status != Some(0) && said.contains("other user"), "{said}");
    }
    // Its members mark through the socket for programs, and nobody else does.
    let marks = |user, group| {
        let script =
            r#"$s = IO::Socket::UNIX->new($ARGV[0]) or die "refused: $!"; $s->print("x\n"); print scalar <$s>;"#;
        let mut perl = as_user(user, group);
        perl.args(["perl", "-MIO::Socket::UNIX", "-e", script]).arg(&events);
        let output = perl.output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let (member, stranger) = (marks(READER, Some(GROUP)), marks(STRANGER, None));
    assert!(member.starts_with("ok "), "{member}");
    assert!(stranger.contains("refused: Permission denied"), "{stranger}");
    // A header of another owner is not written to, even where its mode permits it.
    service.kill();
    let (status, said) =
        others.run(READER, Some(GROUP), &["run", "--simulate", "--name", &name, "--mode=0660", "--group", &group]);
    assert!(status == Some(1) && said.contains("belongs to user 0"), "{said}");
    // The next one of its owner closes what its last one had opened.
    let service = Service::start(&name, &[]);
    for file in files(&name).iter().filter(|f| f.exists()) {
        assert_eq!(fs::metadata(file).unwrap().mode() & 0o7777, 0o600, "{}", file.display());
    }
    service.stop();
}

#[test]
fn root_changes_the_stream_of_another_user() {
    let Some(others) = Others::new("root_changes_the_stream_of_another_user") else { return };
    let name = unique("rootset");
    let mut service = others.command(STRANGER, None, &["run", "--simulate", "--name", &name]);
    let service = Service(service.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    wait_for(&name, "the stream is valid", |_| true);
    let (answer, _) = set(&name, &["buf_dur=5"]);
    assert!(answer.is_ok(), "{answer:?}");
    let (status, said) = others.run(READER, None, &["set", &name, "buf_dur=4"]);
    assert!(status == Some(1) && said.contains("belongs to another user"), "{said}");
    // Whoever has taken the header's name is not the one who answers.
    let header = &files(&name)[0];
    std::os::unix::fs::chown(header, Some(READER), None).unwrap();
    let (answer, _) = set(&name, &["buf_dur=4"]);
    assert!(answer.as_ref().is_err_and(|said| said.contains("belongs to another user")), "{answer:?}");
    std::os::unix::fs::chown(header, Some(STRANGER), None).unwrap();
    service.stop();
}

#[test]
fn names_that_another_user_has_taken_cost_a_stream_nothing() {
    let Some(others) = Others::new("names_that_another_user_has_taken_cost_a_stream_nothing") else { return };
    let name = unique("taken");
    let stream = StreamName::new(&name).unwrap();
    let mut service = others.command(STRANGER, None, &["run", "--simulate", "--name", &name]);
    let service = Service(service.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let before = wait_for(&name, "the stream is whole", |i| i["meta_generation"].as_u64() > Some(0));
    let take = |segment: SegmentName| {
        let path = Path::new("/dev/shm").join(segment.as_str());
        fs::write(&path, "").unwrap();
        std::os::unix::fs::chown(&path, Some(READER), None).unwrap();
        path
    };
    let meta = u32::try_from(before["meta_generation"].as_u64().unwrap()).unwrap();
    let mut taken = vec![take(stream.data(Generation::from_number(1))), take(stream.static_metadata(meta + 1))];
    let (answer, _) = set(&name, &["buf_dur=4", "labels=1,2,3,4,5,6,7,8"]);
    assert!(answer.is_ok(), "{answer:?}");
    let after = info(&name).unwrap();
    assert!(after["description"]["generation"] == 3 && after["meta_generation"] == meta + 2, "{after}");
    // As many as are tried.
    taken.extend((0..1024).map(|i| take(stream.data(Generation::from_number(4 + 2 * i)))));
    let (answer, _) = set(&name, &["buf_dur=5"]);
    let said = answer.unwrap_err();
    assert!(said.contains(&format!("is a file of user {READER}")), "{said}");
    let frames = |i: &serde_json::Value| i["frames"]["published"].as_u64();
    let then = info(&name).unwrap();
    assert!(then["valid"] == true && then["description"] == after["description"], "{then}");
    wait_for(&name, "it goes on", |now| frames(now) > frames(&then));
    for path in taken {
        fs::remove_file(path).unwrap();
    }
    service.stop();
}

#[test]
fn a_shared_header_is_kept_since_its_readers_cannot_be_seen() {
    let name = unique("kept");
    let service = Service::start(&name, &["--mode=0660"]);
    service.stop();
    let left: Vec<_> = files(&name).into_iter().filter(|f| f.exists()).collect();
    let [header, events] = &left[..] else { panic!("{left:?}") };
    for header in [header, events] {
        assert!(header.parent().unwrap().ends_with(format!(".axismirror-{}", common::user())));
        fs::remove_file(header).unwrap();
    }
}

#[test]
fn only_a_member_shares_with_a_group() {
    let Some(others) = Others::new("only_a_member_shares_with_a_group") else { return };
    let name = unique("member");
    let group = GROUP.to_string();
    let flags = ["run", "--simulate", "--duration=0.1", "--name", &name, "--mode=0660", "--group", &group];
    let (status, said) = others.run(STRANGER, None, &flags);
    assert!(status == Some(1) && said.contains("not a member of group 61236"), "{said}");
    assert!(common::files(&name, STRANGER).iter().all(|f| !f.exists()));
    let (status, said) = others.run(READER, Some(GROUP), &flags);
    assert_eq!(status, Some(0), "{said}");
    // A shared header is kept.
    run(&["clean", "--attached", &name]);
    assert!(common::files(&name, READER).iter().all(|f| !f.exists()));
}
