//! Other people's code on a damaged file: its panics are errors.
//!
//! The `parquet` and `arrow` crates answer most damage with an error, and some with a panic (a column that starts at a negative offset is one). Such
//! a panic ends here and is told as an error; the process's panic hook hears nothing of it. Panics of our own code go to the hook as ever.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

thread_local! {
    /// Whether this thread is in other people's code.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// What a library of other people's does, whose panic is an error.
pub(super) fn guarded<T>(f: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() || is_ours(info) {
                before(info);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    GUARDED.set(outer);
    result.unwrap_or_else(|why| Err(damaged(why.as_ref())))
}

/// Whether the panic is of a file of this folder's.
fn is_ours(info: &PanicHookInfo<'_>) -> bool {
    let folder = file!().trim_end_matches("guard.rs");
    info.location().is_some_and(|at| at.file().starts_with(folder))
}

/// The panic's own words, as far as it has some.
fn damaged(why: &(dyn Any + Send)) -> String {
    let said = why.downcast_ref::<&str>().copied().or_else(|| why.downcast_ref::<String>().map(String::as_str));
    match said {
        Some(said) => said.to_owned(),
        None => "it is damaged".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_other_code_is_an_error_in_its_words_and_the_next_call_is_as_ever() {
        let panics = || -> Result<(), String> { panic!("a length of {} bytes", -1) };
        assert_eq!(guarded(panics), Err("a length of -1 bytes".to_owned()));
        assert_eq!(guarded(|| Ok(1)), Ok(1));
        assert!(!GUARDED.get());
    }
}
