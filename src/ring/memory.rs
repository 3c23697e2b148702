//! The memory of a ring: the only place of this folder with pointer arithmetic.
//!
//! # Invariants
//! - M1: `start` is valid for `HEADER + capacity` bytes and aligned to [`GRANULE`] as long as this value lives (the
//!   clause of [`Memory::new`]). `capacity` is a power of two and was compared with the real length: nothing that is
//!   read from the memory decides about an address.
//! - M2: whatever is there was written by anybody. No reference to data is ever made but of atomics; the rest is
//!   copied.

use std::ptr::NonNull;

use crate::layout::{GRANULE, HEADER, Header};
use crate::sync::AtomicU64;

pub(super) struct Memory {
    start: NonNull<u8>,
    capacity: usize,
}

impl Memory {
    /// # Safety
    ///
    /// `start` is valid for reads and writes of `HEADER + capacity` bytes and aligned to [`GRANULE`] as long as the
    /// value lives; `capacity` is a power of two and a multiple of [`GRANULE`].
    pub(super) unsafe fn new(start: NonNull<u8>, capacity: usize) -> Memory {
        Memory { start, capacity }
    }

    pub(super) fn header(&self) -> &Header {
        // SAFETY: M1; the header consists of atomics and of gaps that nobody reads.
        unsafe { self.start.cast::<Header>().as_ref() }
    }

    /// Bytes of data.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// The granule at a position.
    pub(super) fn granule(&self, position: u32) -> &AtomicU64 {
        // SAFETY: M1: `index` leaves the place inside the data, at a multiple of the granule.
        unsafe {
            self.start
                .add(HEADER + self.index(position, 0))
                .cast::<AtomicU64>()
                .as_ref()
        }
    }

    /// Copies `bytes` to `offset` bytes behind a position, in two parts where the data ends in between.
    ///
    /// # Panics
    ///
    /// If there are more bytes than the capacity.
    #[inline]
    pub(super) fn write(&self, position: u32, offset: usize, bytes: &[u8]) {
        let (index, first) = self.split(position, offset, bytes.len());
        // SAFETY: M1, and `split`: both parts are inside the data. `copy`, since `bytes` may be of the same memory.
        unsafe {
            let data = self.start.as_ptr().add(HEADER);
            std::ptr::copy(bytes.as_ptr(), data.add(index), first);
            if first < bytes.len() {
                std::ptr::copy(bytes.as_ptr().add(first), data, bytes.len() - first);
            }
        }
    }

    /// As `write`, the other way.
    #[inline]
    pub(super) fn read(&self, position: u32, offset: usize, bytes: &mut [u8]) {
        let (index, first) = self.split(position, offset, bytes.len());
        // SAFETY: as in `write`.
        unsafe {
            let data = self.start.as_ptr().add(HEADER);
            std::ptr::copy(data.add(index), bytes.as_mut_ptr(), first);
            if first < bytes.len() {
                std::ptr::copy(data, bytes.as_mut_ptr().add(first), bytes.len() - first);
            }
        }
    }

    /// The address of `len` bytes at `offset` bytes behind a position, if the data does not end in between.
    pub(super) fn address(&self, position: u32, offset: usize, len: usize) -> Option<NonNull<u8>> {
        let (index, first) = self.split(position, offset, len);
        // SAFETY: M1: the index is inside the data.
        (first == len).then(|| unsafe { self.start.add(HEADER + index) })
    }

    /// Where a part begins, and how much of it lies before the end of the data.
    #[inline]
    fn split(&self, position: u32, offset: usize, len: usize) -> (usize, usize) {
        assert!(len <= self.capacity);
        let index = self.index(position, offset);
        (index, len.min(self.capacity - index))
    }

    #[inline]
    fn index(&self, position: u32, offset: usize) -> usize {
        (position as usize * GRANULE).wrapping_add(offset) & (self.capacity - 1)
    }
}
