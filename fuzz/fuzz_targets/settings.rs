//! A settings file of any text. What is read can be printed, and reads back as the same.
#![no_main]

use std::path::Path;

use axismirror::config::Settings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // A relative path in a file starts at the file's folder: in this one it stays as it is.
    let path = Path::new("settings.toml");
    match Settings::from_toml(text, path) {
        Ok(settings) => {
            let printed = settings.to_toml();
            let again = Settings::from_toml(&printed, path);
            assert_eq!(again.expect(&printed), settings, "{printed}");
        }
        Err(e) => drop((e.to_string(), e.hint())),
    }
});
