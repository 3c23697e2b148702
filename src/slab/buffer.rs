//! Buffers over blocks of the pool.
#![forbid(unsafe_code)]

use super::{Block, SlabPool};
use bytes::Bytes;
use std::ops::{Deref, DerefMut};

/// An exclusive buffer from a [`SlabPool`]. Dropping it returns the block.
#[derive(Debug)]
pub struct SlabBuf {
    /// `None` only inside `drop`.
    block: Option<Block>,
    /// Bytes the owner asked for; the block may be longer.
    len: usize,
}

impl SlabBuf {
    pub(super) fn new(block: Block, len: usize) -> Self {
        Self {
            block: Some(block),
            len,
        }
    }

    /// Shares the buffer. The block goes back to the pool when the last clone of the `Bytes` is dropped.
    pub fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl Deref for SlabBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.block
            .as_ref()
            .map_or(&[], |block| block.bytes(self.len))
    }
}

impl DerefMut for SlabBuf {
    fn deref_mut(&mut self) -> &mut [u8] {
        let len = self.len;
        self.block
            .as_mut()
            .map_or(&mut [], |block| block.bytes_mut(len))
    }
}

impl AsRef<[u8]> for SlabBuf {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Drop for SlabBuf {
    fn drop(&mut self) {
        if let Some(block) = self.block.take() {
            SlabPool::global().give_back(block);
        }
    }
}
