//! Words and copies lie where they should, and touch nothing else.

use super::*;

#[repr(align(8))]
struct Aligned([u8; 64]);

#[test]
fn words_lie_where_the_bytes_do() {
    let mut bytes = Aligned([0; 64]);
    {
        let m = SharedBytes::from_slice(&mut bytes.0).unwrap();
        m.store_u64(8, u64::from_le_bytes(*b"abcdefgh"));
        m.store_u32(20, u32::from_le_bytes(*b"ijkl"));
        m.store_u16(26, u16::from_le_bytes(*b"mn"));
        m.store_u8(63, b'z');
        assert_eq!(m.load_u64(8), u64::from_le_bytes(*b"abcdefgh"));
        assert_eq!(m.load_u8(63), b'z');
    }
    assert_eq!(&bytes.0[8..16], b"abcdefgh");
    assert_eq!(&bytes.0[20..24], b"ijkl");
    assert_eq!(&bytes.0[26..28], b"mn");
    assert_eq!(bytes.0[63], b'z');
}

#[test]
fn copies_of_every_word_size_come_back() {
    let source: [u8; 24] = core::array::from_fn(|i| i as u8 + 1);
    for word in [Word::B1, Word::B2, Word::B4, Word::B8] {
        // Its own memory for each: a location has words of one size.
        let mut bytes = Aligned([0; 64]);
        {
            let m = SharedBytes::from_slice(&mut bytes.0).unwrap();
            m.store_bytes(16, &source, word);
            let mut back = [0; 24];
            SharedView::from(m).load_bytes(16, &mut back, word);
            assert_eq!(back, source);
        }
        assert_eq!(bytes.0[16..40], source);
    }
}

#[test]
fn out_of_range_or_misaligned_touches_nothing() {
    let mut bytes = Aligned([0; 64]);
    {
        let m = SharedBytes::from_slice(&mut bytes.0).unwrap();
        m.store_u64(60, u64::MAX);
        m.store_u64(usize::MAX - 3, u64::MAX);
        m.store_u32(2, u32::MAX);
        m.store_bytes(56, &[0xFF; 16], Word::B8);
        m.store_bytes(4, &[0xFF; 8], Word::B8);
        assert_eq!(m.load_u64(57), 0);
        let mut back = [7; 16];
        m.load_bytes(56, &mut back, Word::B8);
        assert_eq!(back, [7; 16]);
        assert!(m.part(8, 56).is_some());
        assert!(m.part(8, 57).is_none());
        assert!(m.part(4, 8).is_none());
        assert!(m.part(8, usize::MAX).is_none());
    }
    assert_eq!(bytes.0, [0; 64]);
}

#[test]
fn a_slice_that_starts_off_the_grid_is_refused() {
    let mut bytes = Aligned([0; 64]);
    assert_eq!(SharedBytes::from_slice(&mut bytes.0[3..]).err(), Some(Misaligned { by: 3 }));
}

/// Every length, on both sides of each step from one width to the next, at every place that its word allows.
#[test]
fn copies_exactly_what_it_is_asked_to() {
    #[repr(align(16))]
    struct Aligned([u8; 512]);
    type Load = unsafe fn(*mut u8, &mut [u8], Word);
    type Store = unsafe fn(&[u8], *mut u8, Word);
    let ways: [(Load, Store); 2] = [(copy::load, copy::store), (words::load, words::store)];
    let source: [u8; 300] = core::array::from_fn(|i| (i % 251) as u8 + 1);
    for (load, store) in ways {
        for word in [Word::B1, Word::B2, Word::B4, Word::B8] {
            // The interpreter is slow: a few of each.
            let sparse = if cfg!(miri) { 11 } else { 1 };
            for at in (0..32).step_by(word.size() * sparse) {
                for len in (0..=source.len()).step_by(word.size() * sparse) {
                    let mut shared = Aligned([0; 512]);
                    let mut back = [0; 300];
                    let base = shared.0.as_mut_ptr();
                    // SAFETY: 32 + 300 bytes are less than there are; nobody else has them.
                    unsafe { store(&source[..len], base.wrapping_add(at), word) };
                    // SAFETY: as above.
                    unsafe { load(base.wrapping_add(at), &mut back[..len], word) };
                    assert_eq!(back[..len], source[..len]);
                    assert!(back[len..].iter().all(|b| *b == 0));
                    assert_eq!(shared.0[at..at + len], source[..len]);
                    assert!(shared.0[..at].iter().chain(&shared.0[at + len..]).all(|b| *b == 0));
                }
            }
        }
    }
}

/// The same for lengths at which moves of 32 bytes begin at a cache line of the target, from every place to every place that the word allows: what goes
/// before the first line, whole turns, and what is left.
#[test]
#[cfg_attr(miri, ignore = "of moves, which the interpreter does not take; words are the same at any place")]
fn copies_that_begin_before_a_cache_line_are_exact() {
    const LONGEST: usize = 704;
    #[repr(align(64))]
    struct Aligned([u8; LONGEST + 64]);
    let source: [u8; LONGEST + 32] = core::array::from_fn(|i| (i % 251) as u8 + 1);
    for word in [Word::B1, Word::B2, Word::B4, Word::B8] {
        // Each length up to a turn further, at places that are apart by an odd number of words.
        for (n, len) in (384..=LONGEST).step_by(word.size()).enumerate() {
            for at in (0..32).step_by(word.size()) {
                let from = (at + 3 * n * word.size()) % 32;
                let mut shared = Aligned([0; LONGEST + 64]);
                let mut back = Aligned([0; LONGEST + 64]);
                let base = shared.0.as_mut_ptr();
                // SAFETY: 32 + LONGEST bytes are less than there are; nobody else has them.
                unsafe { copy::store(&source[from..from + len], base.wrapping_add(at), word) };
                // SAFETY: as above.
                unsafe { copy::load(base.wrapping_add(at), &mut back.0[from..from + len], word) };
                for (found, at) in [(&shared.0, at), (&back.0, from)] {
                    assert_eq!(found[at..at + len], source[from..from + len], "{word:?} {len} {at}");
                    assert!(found[..at].iter().chain(&found[at + len..]).all(|b| *b == 0), "{word:?} {len} {at}");
                }
            }
        }
    }
}

/// The same for what is so long that another kind of move may take it.
#[test]
fn long_copies_are_exact_too() {
    const LONGEST: usize = 4096 + 300;
    #[repr(align(16))]
    struct Aligned([u8; LONGEST + 64]);
    let source: [u8; LONGEST] = core::array::from_fn(|i| (i % 251) as u8 + 1);
    for at in (0..32).step_by(Word::B4.size()) {
        for len in [4092, 4096, 4100, LONGEST] {
            let mut shared = Aligned([0; LONGEST + 64]);
            let mut back = [0; LONGEST];
            let base = shared.0.as_mut_ptr();
            // SAFETY: 32 + LONGEST bytes are less than there are; nobody else has them.
            unsafe { copy::store(&source[..len], base.wrapping_add(at), Word::B4) };
            // SAFETY: as above.
            unsafe { copy::load(base.wrapping_add(at), &mut back[..len], Word::B4) };
            assert_eq!(back[..len], source[..len]);
            assert!(back[len..].iter().all(|b| *b == 0));
            assert_eq!(shared.0[at..at + len], source[..len]);
            assert!(shared.0[..at].iter().chain(&shared.0[at + len..]).all(|b| *b == 0));
        }
    }
}
