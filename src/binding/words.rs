//! Buffers that this thread's JS and native code share.

use std::ptr;

use napi::sys;

use super::layout::{rx, tx};

/// A buffer shared with JS (R2 of `env.rs`).
#[derive(Clone, Copy)]
pub struct Words {
    pub start: *mut i32,
    pub len: usize,
    /// Keeps the memory alive.
    pub pin: sys::napi_ref,
}

impl Words {
    pub const NONE: Words = Words {
        start: ptr::null_mut(),
        len: 0,
        pin: ptr::null_mut(),
    };

    pub fn read(self, index: usize) -> i32 {
        debug_assert!(index < tx::BASE);
        // SAFETY: R2; every buffer has at least a header (checked when it is registered).
        unsafe { self.start.add(index).read() }
    }

    pub fn write(self, index: usize, value: i32) {
        debug_assert!(index < rx::BASE);
        // SAFETY: as in `read`.
        unsafe { self.start.add(index).write(value) }
    }

    /// The words of a message, from BASE on, where the word at END says `end`. `None` if that cannot be.
    ///
    /// # Safety
    /// No JS runs while the answer is in use (R2).
    pub unsafe fn message<'a>(self, end: i32) -> Option<&'a [u8]> {
        let end = usize::try_from(end).ok()?;
        let bytes = end.checked_sub(tx::BASE)? * 4;
        let fits = end <= self.len && end.is_multiple_of(2);
        // SAFETY: BASE <= end <= len (checked), and the caller's clause.
        fits.then(|| unsafe {
            std::slice::from_raw_parts(self.start.add(tx::BASE).cast::<u8>(), bytes)
        })
    }
}
