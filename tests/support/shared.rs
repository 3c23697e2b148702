//! Memory for rings, as JavaScript would own it.

use std::ptr::NonNull;
use threadport::layout::HEADER;
use threadport::ring::Ring;

/// Zeroed, aligned, and alive as long as this value; the rings over it must not outlive it.
pub struct Shared {
    words: Box<[u64]>,
}

// Not every test binary uses all of it.
#[allow(dead_code)]
impl Shared {
    pub fn new(bytes: usize) -> Shared {
        Shared {
            words: vec![0; bytes.div_ceil(8)].into(),
        }
    }

    pub fn with_capacity(capacity: usize) -> Shared {
        Shared::new(HEADER + capacity)
    }

    pub fn start(&self) -> NonNull<u8> {
        NonNull::from(&*self.words).cast()
    }

    pub fn len(&self) -> usize {
        self.words.len() * 8
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
