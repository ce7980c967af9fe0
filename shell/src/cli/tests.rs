//! The definitions of the command line.

use std::collections::BTreeSet;

use axismirror::config::Key;
use clap::{CommandFactory, Parser};

use super::{Cli, Command};

#[test]
fn the_definitions_hold_together() {
    Cli::command().debug_assert();
}

#[test]
fn every_setting_is_a_flag_of_run_and_the_other_way_round() {
    let command = Cli::command();
    let run = command.find_subcommand("run").unwrap();
    let flags: BTreeSet<String> = run.get_arguments().filter_map(|a| a.get_long().map(str::to_owned)).collect();
    let keys: BTreeSet<String> = Key::all().map(Key::flag).collect();
    let others: Vec<_> = flags.difference(&keys).map(String::as_str).collect();
    assert_eq!(others, ["print-settings"]);
    assert_eq!(keys.difference(&flags).count(), 0);
}

#[test]
fn every_flag_reaches_its_own_setting() {
    for key in Key::all() {
        let (value, shown) = match key {
            Key::Rate | Key::BufDur | Key::FrequencyHz | Key::AmplitudeUv | Key::Duration => ("3.5", "3.5"),
            Key::Gain | Key::Chunk | Key::Priority | Key::Cpu => ("3", "3"),
            Key::Mode => ("0660", "\"0660\""),
            Key::Spi => ("mapped", "\"mapped\""),
            Key::Channels => ("3,1", "[3, 1]"),
            Key::Labels => ("a,b", "[\"a\", \"b\"]"),
            Key::Units => ("volts", "\"volts\""),
            Key::Dtype => ("i4", "\"i4\""),
            Key::StructVersion => ("1", "1"),
            Key::Clock => ("realtime", "\"realtime\""),
            Key::Simulate | Key::Fast | Key::LockMemory => ("true", "true"),
            Key::Signal => ("eeg", "\"eeg\""),
            Key::Faults => ("x", "[\"x\"]"),
            Key::Name | Key::Board | Key::Axis | Key::Key | Key::Conn | Key::Events | Key::Group | Key::File => {
                ("x", "\"x\"")
            }
        };
        for flag in [key.flag(), key.flag().replace('-', "_")] {
            let given = format!("--{flag}={value}");
            let cli = Cli::try_parse_from(["axismirror", "run", "--simulate", &given]);
            let cli = match cli {
                // `--simulate` twice.
                Err(_) if key == Key::Simulate => Cli::try_parse_from(["axismirror", "run", &given]).unwrap(),
                other => other.unwrap(),
            };
            let cli = match key {
                // Only together.
                Key::Group => Cli::try_parse_from(["axismirror", "run", "--mode=0660", &given]).unwrap(),
                _ => cli,
            };
            let Command::Run(args) = cli.command else { panic!("not run") };
            let settings = args.sources().load().unwrap();
            assert_eq!(settings.value_text(key).as_deref(), Some(shown), "{given}");
        }
    }
}

#[test]
fn faults_repeat_and_switches_switch_off() {
    let cli = ["axismirror", "run", "--simulate", "--faults", "a", "--faults", "b=1", "--fast=false", "file.toml"];
    let Command::Run(args) = Cli::try_parse_from(cli).unwrap().command else { panic!("not run") };
    let mut sources = args.sources();
    assert_eq!(sources.file.take().unwrap().to_str(), Some("file.toml"));
    let settings = sources.load().unwrap();
    assert_eq!(settings.simulate.faults, ["a", "b=1"]);
    assert!(settings.simulate.enabled && !settings.simulate.fast);
}

#[test]
fn tail_reads_channels_as_the_settings_do() {
    let Command::Tail(args) =
        Cli::try_parse_from(["axismirror", "tail", "-fn5", "--channels", "1-3,7"]).unwrap().command
    else {
        panic!("not tail")
    };
    assert_eq!((args.follow, args.frames, args.name.as_str()), (true, Some(5), "axismirror"));
    assert_eq!(args.channels.unwrap().numbers(), [1, 2, 3, 7]);
    let error = Cli::try_parse_from(["axismirror", "tail", "--channels", "0"]).unwrap_err();
    assert!(error.to_string().contains("from 1"), "{error}");
}
