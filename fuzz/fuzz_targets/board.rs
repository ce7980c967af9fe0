//! A board file of any text. What is read can be printed, and reads back as the same.
#![no_main]

use std::path::Path;

use axismirror::board_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let path = Path::new("board.toml");
    match board_file::parse(text, path) {
        Ok(board) => {
            let printed = board_file::print(board);
            let again = board_file::parse(&printed, path).expect(&printed);
            assert_eq!(format!("{again:?}"), format!("{board:?}"), "{printed}");
        }
        Err(e) => drop(e.to_string()),
    }
});
