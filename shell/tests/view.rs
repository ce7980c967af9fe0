//! The scope in a terminal of its own (`script` of util-linux makes one), as another terminal emulator (`vt100`) shows it; and pictures of a stream.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::io::{Read, Write};
use std::num::NonZero;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

use common::{Service, axismirror, eventually, run, set, unique, wait_for};

/// A scope in a terminal of 80 by 24.
struct Screen {
    script: Child,
    keys: Option<ChildStdin>,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Screen {
    /// With these words behind `axismirror view`, started from a shell with `before` and followed by `after`.
    fn start(before: &str, view: &str, after: &str) -> Self {
        let command =
            format!("stty rows 24 cols 80; {before} {} view {view} {after}", env!("CARGO_BIN_EXE_axismirror"));
        let mut script = Command::new("script");
        script.args(["-qec", &command, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        script.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8").env("SHELL", "/bin/sh").env_remove("NO_COLOR");
        let mut script = script.spawn().unwrap();
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (mut from, to) = (script.stdout.take().unwrap(), Arc::clone(&bytes));
        std::thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(n @ 1..) = from.read(&mut some) {
                to.lock().unwrap().extend_from_slice(&some[..n]);
            }
        });
        Self { keys: script.stdin.take(), script, bytes }
    }

    fn all(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    /// What the terminal shows now.
    fn shows(&self) -> String {
        let mut terminal = vt100::Parser::new(NonZero::new(24).unwrap(), NonZero::new(80).unwrap(), 0);
        terminal.process(&self.bytes.lock().unwrap());
        terminal.screen().contents()
    }

    fn waits_for(&self, text: &str) -> String {
        let shown = || Some(self.shows()).filter(|screen| screen.contains(text));
        let end = std::time::Instant::now() + common::PATIENCE;
        loop {
            if let Some(screen) = shown() {
                return screen;
            }
            assert!(std::time::Instant::now() < end, "{text:?} is not shown:\n{}", self.shows());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    fn press(&mut self, keys: &str) {
        let to = self.keys.as_mut().unwrap();
        to.write_all(keys.as_bytes()).and_then(|()| to.flush()).unwrap();
    }

    /// Exit status of the scope, once it has ended.
    fn ends(&mut self) -> Option<i32> {
        eventually("the scope ends", || self.script.try_wait().unwrap()).code()
    }

    /// The process that `echo pid=$$` before an `exec` told of.
    fn pid(&self) -> String {
        let line = eventually("the process says its number", || {
            let all = self.all();
            all.lines().find_map(|line| Some(line.trim().strip_prefix("pid=")?.to_owned()))
        });
        line.chars().take_while(char::is_ascii_digit).collect()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

#[test]
fn it_waits_for_its_stream_and_goes_on_with_the_next_writer() {
    let name = unique("view-waits");
    let mut screen = Screen::start("", &name, "");
    screen.waits_for(&format!("waiting for the stream {name}"));
    let service = Service::start(&name, &["--labels", "Fp1,Fp2,C3,C4,P7,P8,O1,O2"]);
    let shown = screen.waits_for(">Fp1");
    assert!(shown.contains(" O2") && shown.contains("8 ch × 250 Hz"), "{shown}");
    screen.waits_for("writer alive · missed 0");
    service.signal("KILL");
    screen.waits_for("no writer");
    drop(service);
    let _service = Service::start(&name, &["--labels", "Fp1,Fp2,C3,C4,P7,P8,O1,O2"]);
    screen.waits_for("not acquired");
    screen.waits_for("new writer");
    screen.press("?");
    screen.waits_for("autoscale: each channel");
    // It hides the keys. Another one does nothing: an arrow key that a slow line has torn begins with one.
    screen.press("\u{1b}");
    screen.waits_for(">Fp1");
    screen.press("\u{1b}");
    screen.press("f");
    // Codes are shown as what they are in volts.
    screen.waits_for("spectrum, V/√Hz");
    screen.press(" ");
    screen.waits_for("HELD");
    screen.press("q");
    assert_eq!(screen.ends(), Some(0));
}

/// `stty -g` prints all that a terminal is set to.
#[test]
fn the_terminal_is_given_back_as_it_was() {
    let name = unique("view-gives-back");
    let _service = Service::start(&name, &[]);
    let mut screen = Screen::start("echo before=$(stty -g);", &name, "; echo status=$?; echo after=$(stty -g)");
    screen.waits_for("writer alive");
    screen.press("q");
    assert_eq!(screen.ends(), Some(0));
    let all = screen.all();
    let said = |what: &str| {
        all.lines().find_map(|l| l.split(what).nth(1)).map(str::trim).unwrap_or_else(|| panic!("{all}")).to_owned()
    };
    assert_eq!(said("before="), said("after="));
    assert_eq!(said("status="), "0");
    assert!(
        all.contains("\u{1b}[?1049h") && all.rfind("\u{1b}[?1049l") > all.rfind("\u{1b}[?1049h"),
        "the other screen is left"
    );
    assert!(all.rfind("\u{1b}[?25h") > all.rfind("\u{1b}[?25l"), "the cursor is back");
}

#[test]
fn signals_and_the_end_of_the_terminal_end_it() {
    let name = unique("view-signals");
    let _service = Service::start(&name, &[]);
    for signal in ["TERM", "INT", "HUP"] {
        let mut screen = Screen::start("echo pid=$$; exec", &name, "");
        screen.waits_for("writer alive");
        assert!(Command::new("kill").args(["-s", signal, &screen.pid()]).status().unwrap().success());
        assert_eq!(screen.ends(), Some(0), "{signal}");
        assert!(screen.all().trim_end().ends_with("\u{1b}[?25h"), "{signal}: {:?}", screen.all());
    }
    // The terminal goes away, and nobody says so.
    let mut screen = Screen::start("trap '' HUP; echo pid=$$; exec", &name, "");
    screen.waits_for("writer alive");
    let pid = screen.pid();
    screen.script.kill().unwrap();
    eventually("it ends without its terminal", || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        (stat.is_empty() || stat.contains(") Z ")).then_some(())
    });
}

#[test]
fn a_terminal_that_cannot_show_it_is_refused() {
    let (status, _, errors) = run(&["view", "x"]);
    assert_eq!(status, Some(1));
    assert!(errors.contains("standard output is no terminal") && errors.contains("axismirror tail"), "{errors}");
    let mut screen = Screen::start("export TERM=dumb;", "x", "");
    assert_eq!(screen.ends(), Some(1));
    let said = eventually("it says why", || Some(screen.all()).filter(|all| all.contains("hint:")));
    assert!(said.contains("the kind \"dumb\"") && !said.contains("\u{1b}[?1049h"), "{said}");
    for args in
        [&["view", "x", "--band", "40-1"][..], &["view", "x", "--seconds", "0"], &["view", "x", "--channels", "0"]]
    {
        assert_eq!(run(args).0, Some(2), "{args:?}");
    }
}

/// no-color.org: no colours when NO_COLOR is set and not empty.
#[test]
fn without_colours_there_are_none() {
    let name = unique("view-plain");
    let _service = Service::start(&name, &[]);
    let coloured = |bytes: &str| bytes.contains("\u{1b}[38;") || bytes.contains("\u{1b}[36m");
    for (before, flags, colours) in
        [("", "", true), ("export NO_COLOR=1;", "", false), ("", "--no-color", false), ("export NO_COLOR=;", "", true)]
    {
        let mut screen = Screen::start(before, &format!("{name} {flags}"), "");
        screen.waits_for("writer alive");
        screen.press("q");
        assert_eq!(screen.ends(), Some(0));
        assert_eq!(coloured(&screen.all()), colours, "{before} {flags}");
    }
    let mut screen = Screen::start("export LC_ALL=C;", &name, "");
    screen.waits_for("writer alive | missed 0");
    screen.press("q");
    screen.ends();
    assert!(screen.all().is_ascii());
}

#[test]
fn a_picture_is_of_what_there_is() {
    let name = unique("plot");
    let _service = Service::start(
        &name,
        &["--labels", "Fp1,<b>,C3,C4,P7,P8,O1,O2", "--buf-dur", "2", "--fast", "--units", "volts"],
    );
    let file = |ending: &str| std::env::temp_dir().join(format!("{name}.{ending}"));
    eventually("two seconds are there", || {
        let (status, out, errors) = run(&["plot", &name, "--seconds", "1.5", "-o", file("svg").to_str().unwrap()]);
        assert_eq!(status, Some(0), "{errors}");
        (errors.is_empty()).then(|| assert!(out.contains("375 frames of 8 channels"), "{out}"))
    });
    let svg = std::fs::read_to_string(file("svg")).unwrap();
    for text in [">Fp1</text>", ">&lt;b&gt;</text>", "8 channels × 250 Hz, V", "1.500 s until "] {
        assert!(svg.contains(text), "{text}");
    }
    let png = file("PNG");
    let (status, _, errors) =
        run(&["plot", &name, "--seconds", "60", "--channels", "1-3", "--dc", "-o", png.to_str().unwrap()]);
    assert_eq!(status, Some(0));
    assert!(errors.contains("of the 60 seconds that were asked for are there"), "{errors}");
    // PNG specification, 5.2: the signature; 11.2.2: width and height.
    let bytes = std::fs::read(&png).unwrap();
    assert_eq!((&bytes[..8], &bytes[16..20]), (&b"\x89PNG\r\n\x1a\n"[..], &1200_u32.to_be_bytes()[..]));
    let refused = |args: &[&str]| run(&[&["plot", &name], args].concat());
    for (args, status, part) in [
        (&["-o", "x.gif"][..], 2, "neither .svg nor .png"),
        (&["-o", "x.svg", "--channels", "9"], 2, "the stream has 8 channels"),
        (&["-o", "x.svg", "--notch", "125"], 2, "no filter at 125 Hz"),
        (&["-o", "/nowhere/x.svg"], 1, "cannot be written"),
        (&["-o", "x.svg", "--size", "0x5"], 2, "1200x800"),
        (&["-o", "x.svg", "--size", "319x200"], 2, "from 320x200 to 16384x16384"),
        (&["-o", "x.svg", "--size", "320x199"], 2, "from 320x200 to 16384x16384"),
    ] {
        let (is, out, errors) = refused(args);
        assert!(is == Some(status) && out.is_empty() && errors.contains(part), "{args:?}: {is:?} {errors}");
    }
    assert!(axismirror(&["plot", "no-such-stream", "-o", "x.svg"]).output().unwrap().status.code() == Some(1));
    for ending in ["svg", "PNG"] {
        std::fs::remove_file(file(ending)).unwrap();
    }
}

#[test]
fn a_picture_says_why_it_is_of_less_than_was_asked_for_and_what_its_font_lacks() {
    let name = unique("plot-less");
    // Ten minutes of a ring: nothing is overwritten while this test runs.
    let _service = Service::start(&name, &["--labels", "日本,2,3,4,5,6,7,8", "--buf-dur", "600"]);
    wait_for(&name, "there are frames", |i| i["frames"]["published"].as_u64() > Some(100));
    let plot = |file: &str| {
        let file = std::env::temp_dir().join(format!("{name}{file}"));
        let (status, _, errors) = run(&["plot", &name, "--seconds", "30", "-o", file.to_str().unwrap()]);
        assert_eq!(status, Some(0), "{errors}");
        std::fs::remove_file(file).unwrap();
        errors
    };
    let errors = plot(".png");
    assert!(errors.contains("of the 30 seconds that were asked for are there: the stream is only so old"), "{errors}");
    assert!(errors.contains("no letters for 日 本:") && errors.contains("-o picture.svg"), "{errors}");
    assert!(!plot(".svg").contains("letters"));
    // 4 s of a ring are full after 4 s.
    set(&name, &["buf_dur=4"]).0.unwrap();
    let new = eventually("the new ring is there", || Some(plot(".svg")).filter(|new| !new.contains("so old")));
    assert!(new.contains("ring was begun anew") || new.contains("(buf_dur)"), "{new}");
    eventually("the ring is full", || plot(".svg").contains("no more is in the stream's ring (buf_dur)").then_some(()));
}
