//! One owned allocation. The unsafe code of the slab; S1 to S3 are in the module header of `slab`.

use super::OutOfMemory;
use crate::sync::{alloc_zeroed, dealloc};
use std::alloc::Layout;
use std::ptr::NonNull;

/// An owned, initialised allocation, aligned to [`Block::ALIGN`].
#[derive(Debug)]
pub(crate) struct Block {
    /// Start of the allocation (S1).
    start: NonNull<u8>,
    /// Bytes, above zero (S1).
    len: usize,
}

// SAFETY: a block is the only handle to its bytes (S3), and bytes are bound to no thread.
unsafe impl Send for Block {}
// SAFETY: `&Block` gives only `&[u8]` and a raw pointer.
unsafe impl Sync for Block {}

impl Block {
    /// What a frame's word area needs, and no more: above the allocator's own alignment the standard library
    /// clears memory by hand instead of asking for fresh zero pages.
    pub(crate) const ALIGN: usize = 8;

    fn layout(len: usize) -> Result<Layout, OutOfMemory> {
        Layout::from_size_align(len, Self::ALIGN).map_err(|_| OutOfMemory)
    }

    /// Allocates `len` zeroed bytes (at least one).
    pub(crate) fn allocate(len: usize) -> Result<Self, OutOfMemory> {
        let len = len.max(1);
        let layout = Self::layout(len)?;
        // SAFETY: the size is above zero by the line above.
        let start = unsafe { alloc_zeroed(layout) };
        let start = NonNull::new(start).ok_or(OutOfMemory)?;
        Ok(Self { start, len })
    }

    /// Bytes in the block.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The start. Access through it must keep S2 and S3.
    #[inline]
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// The first `len` bytes.
    ///
    /// # Panics
    ///
    /// If the block is shorter.
    #[inline]
    pub(crate) fn bytes(&self, len: usize) -> &[u8] {
        assert!(len <= self.len);
        // SAFETY: the allocation has that many initialised bytes (S1, S2) and nobody writes while the block is
        // borrowed (S3).
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), len) }
    }

    /// The first `len` bytes, to write.
    ///
    /// # Panics
    ///
    /// If the block is shorter.
    #[inline]
    pub(crate) fn bytes_mut(&mut self, len: usize) -> &mut [u8] {
        assert!(len <= self.len);
        // SAFETY: as in `bytes`; the borrow is exclusive, and a `[u8]` can only be left initialised (S2).
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), len) }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: `len` passed `Layout` when the block was allocated (S1).
        let layout = unsafe { Layout::from_size_align_unchecked(self.len, Self::ALIGN) };
        // SAFETY: allocated with this layout (S1), and this was the only handle (S3).
        unsafe { dealloc(self.start.as_ptr(), layout) }
    }
}
