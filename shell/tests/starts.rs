//! Many starts of one stream at the same time: one lives, and every other says which.

mod common;

use std::process::Stdio;

use common::{Service, axismirror, eventually, unique};

/// How many at once, and how often.
const STARTS: usize = 16;
const ROUNDS: usize = 4;

/// The only one that lives, and what the others have said.
fn race(name: &str, flags: &[&str]) -> (Service, Vec<String>) {
    let mut command = axismirror(&[&["run", "--simulate", "--name", name], flags].concat());
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut running: Vec<_> = (0..STARTS).map(|_| Service(command.spawn().unwrap())).collect();
    let mut said = Vec::new();
    eventually("all but one have ended", || {
        while let Some(i) = running.iter_mut().position(|s| !s.lives()) {
            let (status, log) = running.swap_remove(i).ends();
            assert_eq!(status.code(), Some(1), "{log}");
            said.push(log);
        }
        (running.len() <= 1).then_some(())
    });
    (running.pop().expect("all have ended"), said)
}

#[test]
fn every_start_that_is_refused_names_the_process_that_lives() {
    let conn = std::env::temp_dir().join(format!("{}.sock", unique("starts")));
    for round in 0..ROUNDS {
        // With the settings of one file the life-cycle channel is wanted by all, too.
        let flags = ["--conn", conn.to_str().unwrap()];
        let (service, said) = race(&unique("starts"), if round % 2 == 0 { &[] } else { &flags });
        let pid = service.0.id().to_string();
        assert_eq!(said.len(), STARTS - 1);
        for said in said {
            assert!(said.split(|c: char| !c.is_ascii_digit()).any(|number| number == pid), "{pid}: {said}");
        }
        service.stop();
    }
}
