//! Memory for rings, as JavaScript would own it.

use std::ptr::NonNull;
use threadport::layout::HEADER;
use threadport::ring::Ring;

/// Words before and behind the memory, which nobody may write to.
const GUARD: usize = 32;
const UNTOUCHED: u64 = 0x5AFE_5AFE_5AFE_5AFE;

/// Zeroed, aligned, and alive as long as this value; the rings over it must not outlive it.
pub struct Shared {
    words: Box<[u64]>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        let (before, rest) = self.words.split_at(GUARD);
        let behind = &rest[rest.len() - GUARD..];
        let is_untouched = before.iter().chain(behind).all(|word| *word == UNTOUCHED);
        assert!(is_untouched || std::thread::panicking(), "written outside");
    }
}

// Not every test binary uses all of it.
#[allow(dead_code)]
impl Shared {
    pub fn new(bytes: usize) -> Shared {
        let guard = [UNTOUCHED; GUARD];
        let words = vec![0; bytes.div_ceil(8)];
        Shared {
            words: [&guard[..], &words, &guard].concat().into(),
        }
    }

    pub fn with_capacity(capacity: usize) -> Shared {
        Shared::new(HEADER + capacity)
    }

    pub fn start(&self) -> NonNull<u8> {
        NonNull::from(&self.words[GUARD..]).cast()
    }

    pub fn len(&self) -> usize {
        (self.words.len() - 2 * GUARD) * 8
    }

    pub fn format(&self) -> Ring {
        // SAFETY: the memory lives as long as `self`, which tests keep.
        unsafe { Ring::format(self.start(), self.len(), 0, 0) }.unwrap()
    }

    /// Another attachment.
    pub fn attach(&self) -> Ring {
        // SAFETY: as in `format`.
        unsafe { Ring::attach(self.start(), self.len()) }.unwrap()
    }

    /// Writes a word, as a hostile script would.
    pub fn put(&self, offset: usize, word: u32) {
        assert!(offset + 4 <= self.len());
        // SAFETY: inside the memory; volatile, since rings look at it.
        unsafe { self.start().add(offset).cast::<u32>().write_volatile(word) };
    }
}
