//! The `axismirror` command.
fn main() {}
